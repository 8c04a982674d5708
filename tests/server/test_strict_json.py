"""JSON bodies: what is read, and what is not."""

import json
from typing import Any

import pytest

from popcam.core.errors import RequestInvalidError, RequestTooDeepError
from popcam.server.strict_json import MAX_DEPTH, read_json


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "é 前门 📷"], "b": {}},
        [[]] * 100,
        {"brackets in text": "[" * 500 + "{" * 500},
        2**63 - 1,
        -1e308,
        "",
    ],
)
def test_plain_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_the_last_level_that_is_allowed() -> None:
    assert read_json(nested(MAX_DEPTH)) is not None


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 500, 5000, 400_000])
def test_one_more_is_refused(levels: int) -> None:
    with pytest.raises(RequestTooDeepError):
        read_json(nested(levels))


@pytest.mark.parametrize(
    "text",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"9223372036854775808",
        b"1" * 10_000,
        b'"\\u0000"',
        b'"\\ud800"',
        b"\xff",
    ],
)
def test_what_other_parsers_read_differently_is_refused(text: bytes) -> None:
    with pytest.raises(RequestInvalidError):
        read_json(b'{"a": ' + text + b"}")


def test_what_is_no_json_says_so() -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(b"{")


def test_a_letter_of_two_halves_is_whole() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "😀"
