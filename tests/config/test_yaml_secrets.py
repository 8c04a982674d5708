"""A settings file for people to see: nothing secret in it, and everything back when it returns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.config.yaml_secrets import mask_text, restore_text

TEXT = """\
# my cameras; the old one was rtsp://admin:hunter2@10.0.0.1/
server:
  port: 9000  # password: top
cameras:
  door:
    source: rtsp://admin:s3cret@10.0.0.5/main  # the "door"
  yard:
    source:
      url: "rtsp://u:q9@h/x?token=abc7"
      username: bob
      password: "it's # secret"
  attic: {source: {url: 'http://h/x?password=zzz', username: a1, password: 1234}}
  shed: &b
    source: {url: 'demo:', password: &pw hush}
  barn:
    <<: *b
    source: {url: 'demo:', password: *pw}
  long:
    source:
      url: 'demo:'
      password: |
        multi
        line
    restream: [{url: 'rtmp://key:k3y@h/live'}]
"""
SECRETS = ("hunter2", "top", "s3cret", "q9", "abc7", "bob", 'secret"', "zzz", "a1", "1234", "hush", "multi", "k3y")


def test_nothing_secret_is_seen() -> None:
    shown = mask_text(TEXT)
    assert [secret for secret in SECRETS if secret in shown] == []


def test_all_else_is_seen_as_it_is() -> None:
    shown = mask_text(TEXT)
    assert 'source: rtsp://***@10.0.0.5/main  # the "door"\n' in shown
    assert "password: &pw '***'}" in shown
    assert "password: *pw}" in shown


def test_what_was_shown_comes_back_byte_for_byte() -> None:
    restored = restore_text(mask_text(TEXT), TEXT)
    assert (restored.text, restored.problems) == (TEXT, ())


def test_an_address_with_another_host_keeps_its_password() -> None:
    sent = mask_text(TEXT).replace("10.0.0.5", "10.0.0.9")
    assert "rtsp://admin:s3cret@10.0.0.9/main" in restore_text(sent, TEXT).text


def test_secrets_stay_with_their_cameras_when_those_change_places() -> None:
    door, yard = "  door:\n    source: {password: one}\n", "  yard:\n    source: {password: two}\n"
    sent = mask_text("cameras:\n" + door + yard)
    lines = sent.splitlines(keepends=True)
    turned = "".join([lines[0], *lines[3:], *lines[1:3]])
    assert restore_text(turned, "cameras:\n" + door + yard).text == "cameras:\n" + yard + door


def test_a_mask_where_nothing_is_saved_is_told_with_its_place() -> None:
    sent = "cameras:\n  gate:\n    source: {url: 'demo:', password: '***'}\n"
    (problem,) = restore_text(sent, TEXT).problems
    assert (problem.line, problem.column, problem.key) == (3, 38, "cameras.gate.source.password")


def test_stars_elsewhere_are_no_masks() -> None:
    sent = "cameras: {door: {name: '***'}}\n"
    assert restore_text(sent, TEXT).problems == ()


@pytest.mark.parametrize(
    "broken",
    [TEXT + "  x: [\n", TEXT.replace("  yard", "\tyard"), TEXT.replace("port: 9000", "port: 'open")],
    ids=["half", "tab", "quote"],
)
def test_a_text_that_is_no_yaml_hides_them_too(broken: str) -> None:
    shown = mask_text(broken)
    assert [secret for secret in SECRETS if secret in shown] == []


def test_a_mended_text_gets_its_secrets_back() -> None:
    simple = TEXT[: TEXT.index("  shed")]
    shown = mask_text(simple + "  x: [\n")
    restored = restore_text(shown.replace("  x: [\n", ""), simple + "  x: [\n")
    assert (restored.text, restored.problems) == (simple, ())


def test_the_same_key_twice_with_other_secrets_is_not_guessed() -> None:
    text = "cameras:\n  a: {source: {password: one}}\n  a: {source: {password: two}}\n"
    assert "one" not in mask_text(text)
    sent = "cameras:\n  a: {source: {password: '***'}}\n"
    assert len(restore_text(sent, text).problems) == 1


def test_places_are_those_of_the_sent_text() -> None:
    saved = "cameras:\n  a:\n    source:\n      password: |\n        one\n        two\n    name: x\n"
    sent = mask_text(saved)
    restored = restore_text(sent, saved)
    line = restored.text.split("\n").index("    name: x") + 1
    assert restored.place_in_sent(line, 5) == (sent.split("\n").index("    name: x") + 1, 5)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_any_password_is_hidden_and_comes_back(password: str) -> None:
    quoted = "'" + password.replace("'", "''") + "'"
    text = f"cameras:\n  a:\n    source:\n      url: 'demo:'\n      password: {quoted}\n    name: n\n"
    shown = mask_text(text)
    assert "password: '***'\n" in shown
    assert restore_text(shown, text).text == text


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    restore_text(mask_text(text), text)
    restore_text(text, TEXT)
