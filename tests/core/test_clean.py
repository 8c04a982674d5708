"""What leaves the process shows no credential: by form, by name, and by value where the process knows it."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core import clean as cleaning
from popcam.core.clean import clean, clean_event, clean_value
from popcam.core.crashes import crash_text
from popcam.core.known_secrets import KnownSecrets, keep_camera, secrets_of_address, secrets_of_camera
from popcam.core.spec import CameraSpec, RestreamSpec, SourceSpec

WORD = "s3cr&t/Pä\"ss'1"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> KnownSecrets:
    known = KnownSecrets()
    monkeypatch.setattr(cleaning, "KNOWN", known)
    return known


# --- by value -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelled",
    [
        WORD,
        quote(WORD, safe=""),
        quote(WORD, safe="").replace("%2F", "%2f").replace("%C3%A4", "%c3%a4"),
        quote_plus(WORD),
        json.dumps(WORD)[1:-1],
        repr(WORD)[1:-1],
        "s3cr&amp;t/Pä&quot;ss&#x27;1",
        base64.b64encode(WORD.encode()).decode(),
        base64.b64encode(f"admin:{WORD}".encode()).decode(),
    ],
)
def test_a_known_password_is_masked_in_each_spelling(spelled: str) -> None:
    known = KnownSecrets()
    known.keep("camera:front", secrets_of_address("rtsp://h/", "admin", WORD))
    shown = known.mask(f"the library said <{spelled}> and more")
    assert spelled.rstrip("=") not in shown
    assert shown.startswith("the library said <***")


@given(words=st.lists(st.text(min_size=8, max_size=20), min_size=1, max_size=5), before=st.text(), after=st.text())
def test_no_known_word_of_some_length_survives(words: list[str], before: str, after: str) -> None:
    known = KnownSecrets()
    known.keep("a", words)
    for word in words:
        if "*" not in word:
            assert word not in known.mask(f"{before} {word} {after}").replace("***", "")


@given(text=st.text(max_size=100))
def test_a_text_without_known_words_stays(text: str) -> None:
    known = KnownSecrets()
    known.keep("a", ["\U0010ffff secret"])
    assert known.mask(text) == text


def test_a_short_password_is_masked_only_where_it_stands_alone() -> None:
    known = KnownSecrets()
    known.keep("a", ["camera"])
    assert known.mask("the camera's cameras, camera") == "the ***'s cameras, ***"


def test_words_of_three_letters_would_make_a_log_unreadable() -> None:
    known = KnownSecrets()
    known.keep("a", ["the"])
    assert known.mask("the camera") == "the camera"


def test_an_owner_has_other_secrets_now() -> None:
    known = KnownSecrets()
    known.keep("a", ["firstPassword"])
    known.keep("b", ["sharedPassword"])
    known.keep("a", ["sharedPassword"])
    assert known.mask("firstPassword sharedPassword") == "firstPassword ***"
    known.keep("b", [])
    assert known.mask("sharedPassword") == "***"
    known.keep("a", [])
    assert known.mask("sharedPassword") == "sharedPassword"


def test_the_memory_is_bounded_and_forgets_the_oldest() -> None:
    known = KnownSecrets(max_values=40)
    for n in range(100):
        known.keep(f"camera:{n}", [f"password number {n:03}"])
    assert known.mask("password number 000") == "password number 000"
    assert known.mask("password number 099") == "***"
    assert len(known._uses) <= 40


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("rtsp://tom:pass1234@10.0.0.1/main", {"pass1234", "tom:pass1234"}),
        ("rtsp://tom:p%40ss1234@[fd00::7]:554/main", {"p%40ss1234", "tom:p%40ss1234", "tom:p@ss1234"}),
        ("http://apiToken77@h/video", {"apiToken77"}),
        ("http://h/video?user=a&pwd=inQuery77&x=1", {"inQuery77"}),
        ("rtmp://h/app/streamKey77", {"streamKey77"}),
        ("rtsp://10.0.0.1/main", set()),
    ],
)
def test_what_is_secret_of_an_address(url: str, secrets: set[str]) -> None:
    assert set(secrets_of_address(url)) == secrets


def test_a_camera_has_secrets_in_each_of_its_addresses() -> None:
    spec = CameraSpec(
        id="c",
        source=SourceSpec(url="rtsp://h/", username="u", password="mainPassword"),
        sub_source=SourceSpec(url="rtsp://u:subPassword@h/"),
        restream=(RestreamSpec(url="rtmp://h/app/streamKey"),),
    )
    assert {"mainPassword", "subPassword", "streamKey"} <= set(secrets_of_camera(spec))


def test_a_camera_that_the_process_knows_is_masked_everywhere() -> None:
    keep_camera(CameraSpec(id="of-this-test", source=SourceSpec(url="rtsp://h/", password="veryOwnPassword77")))
    assert clean("it said veryOwnPassword77") == "it said ***"


# --- by form ------------------------------------------------------------------------------------------------------

TOKEN = "popcam_" + "aB3-" * 10 + "xyz"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"token {TOKEN} was used", "token popcam_*** was used"),
        ("Cookie: popcam_session=abcdef; other=1", "Cookie: ***"),
        ("got popcam_session=abcdef; Path=/", "got popcam_session=***; Path=/"),
        ('{"name": "anna", "password": "a \\"b\\" c"}', '{"name": "anna", "password": "***"}'),
        ("User(name='anna', password='it is', x=1)", "User(name='anna', password='***', x=1)"),
        ("{'api_key': 'abc'}", "{'api_key': '***'}"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"),
        ("sent bearer abcdefghijklmnop1234", "sent bearer ***"),
        ("http://127.0.0.1:8080/setup#token=abc", "http://127.0.0.1:8080/setup#token=***"),
        ("the password is wrong, and the token too", "the password is wrong, and the token too"),
        ("popcam_status is a word", "popcam_status is a word"),
    ],
)
def test_credentials_are_found_by_their_form(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(text=st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


# --- log lines ----------------------------------------------------------------------------------------------------


def test_fields_within_fields_are_cleaned(known: KnownSecrets) -> None:
    known.keep("a", ["hunter2hunter2"])
    event = {"event": "x.y", "args": [{"url": "rtsp://u:p@h/"}, ("hunter2hunter2", 5, None, True)]}
    assert clean_event(event) == {"event": "x.y", "args": [{"url": "rtsp://***@h/"}, ["***", 5, None, True]]}


def test_a_field_that_is_called_a_secret_is_not_shown() -> None:
    assert clean_event({"event": "x.y", "password": "abc", "user_token": "abc", "tokens": 3}) == {
        "event": "x.y",
        "password": "***",
        "user_token": "***",
        "tokens": 3,
    }


def test_things_are_written_by_their_cleaned_text() -> None:
    assert clean_value(ValueError("rtsp://u:p@h/")) == "rtsp://***@h/"


def test_names_of_events_stay_whatever_is_taken_for_a_password(known: KnownSecrets) -> None:
    known.keep("a", ["camera.started"])
    assert clean_event({"event": "camera.started", "level": "info"}) == {"event": "camera.started", "level": "info"}
    assert clean_event({"event": "what a library says of camera.started"})["event"] == "what a library says of ***"


def test_a_traceback_shows_no_credential() -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("rtsp://u:hunter2@h/")
    shown = crash_text(caught.value)
    assert "'rtsp://***@h/'" in shown
    assert "Traceback" in shown
