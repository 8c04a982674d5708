import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.errors import RequestInvalidError
from popcam.security.names import clean_name, name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "ANN"),
        ("Ann", "Ａｎｎ"),  # full-width letters
        ("Ünal", "U\u0308nal"),  # one letter, and a letter with a mark
        ("Strasse", "Straße"),
        ("Ann Lee", " Ann   Lee "),
        ("ﬁsh", "fish"),
    ],
)
def test_names_that_look_alike_compare_alike(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_different_names_compare_differently() -> None:
    assert name_key("Ann") != name_key("Anna")


@pytest.mark.parametrize(
    "name",
    ["", "   ", "a" * 81, "A\x00nn", "Ann\u202e", "An\u200bn", "An\u2028n", "\ue000", "\ud800", "\u0378"],
)
def test_a_name_that_can_t_be_seen_as_it_is_is_refused(name: str) -> None:
    with pytest.raises(RequestInvalidError):
        clean_name(name)


@pytest.mark.parametrize("name", ["Ann", "王小明", "Zoë van 't Hoff", "Ann 👍", "ann@example.org"])
def test_names_of_people_are_taken_as_they_are(name: str) -> None:
    assert clean_name(f" {name} ") == name


@given(st.text(max_size=100))
def test_a_name_that_was_taken_is_taken_again_unchanged(text: str) -> None:
    try:
        name = clean_name(text)
    except RequestInvalidError:
        return
    assert clean_name(name) == name
    assert name_key(name) == name_key(name_key(name))
