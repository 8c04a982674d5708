"""YAML becomes plain values with their places; all else is refused with a line."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.config.yaml_tree import MAX_BYTES, parse_yaml
from popcam.core.errors import ConfigError, ConfigProblem


def values(text: str) -> dict[str, Any]:
    return parse_yaml(text.encode(), "f.yaml").values


def refusal(raw: bytes | str) -> ConfigProblem:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(raw.encode() if isinstance(raw, str) else raw, "f.yaml")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\nb: 1.5\nc: true\nd: text\ne: ~\nf: [1, x]\n",
            {"a": 1, "b": 1.5, "c": True, "d": "text", "e": None, "f": [1, "x"]},
        ),
        ("no: 1\n1: yes\n", {"no": 1, "1": "yes"}),
        ("day: 2026-11-21\n", {"day": "2026-11-21"}),
        ("a: 010\n", {"a": 10}),
        ("# only a comment\n", {}),
        ("~\n", {}),
        ("---\na: 1\n", {"a": 1}),
        ("x: &x {b: 1, c: 2}\ny:\n  <<: *x\n  b: 3\n", {"x": {"b": 1, "c": 2}, "y": {"b": 3, "c": 2}}),
        (
            "x: &x {b: 1}\ny: &y {b: 2, c: 3}\nz:\n  <<: [*x, *y]\n",
            {"x": {"b": 1}, "y": {"b": 2, "c": 3}, "z": {"b": 1, "c": 3}},
        ),
        ("\ufeffa: 1\n", {"a": 1}),
    ],
    ids=range(10),
)
def test_text_becomes_plain_values(text: str, expected: dict[str, Any]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        ("a: 1\n\tb: 2\n", 2, "tabs"),
        ("a:\n\t- b\n", 2, "tabs"),
        ("a: 1\nb: 2\na: 3\n", 3, "twice, first in line 1"),
        ("- 1\n", 1, "keys and values"),
        ("hello\n", 1, "keys and values"),
        ("a: 'unfinished\n", 2, "ends in the middle"),
        ("a: [1, 2\n", 2, "ends in the middle"),
        ("a:\n  b: 1\n c: 2\n", 3, "not valid YAML"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: !!python/object:os.system x\n", 1, "tags"),
        ("a: !!set {b}\n", 1, "tags"),
        ("a: *nobody\n", 1, "quotes"),
        ("? [a]\n: b\n", 1, "one word"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: &a [*a]\n", 1, "deeply"),
        ("a:\n  <<: 3\n", 2, "alias of a mapping"),
        (b"a: 1\nb: \xff\n", 2, "UTF-8"),
        (b"a: 1\nb: \x00\n", 2, "control character"),
        (b"", 0, "empty"),
        (b" \n\n", 0, "empty"),
        (b"#" * (MAX_BYTES + 1), 0, "larger"),
        ("[" * 1000, 1, "not valid YAML"),
    ],
    ids=range(22),
)
def test_what_is_no_settings_file_is_refused_with_its_line(raw: bytes | str, line: int, reason: str) -> None:
    problem = refusal(raw)
    assert (problem.line, problem.origin) == (line, "f.yaml")
    assert reason in problem.reason.en
    assert problem.reason.zh != problem.reason.en


def test_nested_aliases_cant_fill_the_memory() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "values" in refusal("\n".join(levels)).reason.en


@pytest.mark.parametrize(
    "text",
    [
        "password: s3cret\npassword: s3cret\n",
        "password: *s3cret\n",
        "password: 's3cret\n",
        "password: s3cret: x\n",
        "password: [s3cret\n",
        "password: !s3cret x\n",
        'password: "s3cret" s3cret\n',
        "password: @s3cret\n",
        "password: `s3cret`\n",
        "password: %s3cret\n",
        "password: |s3cret\n",
        'password: "\\s3cret"\n',
        "%s3cret s3cret\n",
    ],
)
def test_no_message_repeats_a_value(text: str) -> None:
    problem = refusal(text)
    assert "s3cret" not in problem.in_language("en") + problem.in_language("zh")


def test_each_key_knows_its_place() -> None:
    tree = parse_yaml(b"server:\n  port: 1\ncameras:\n  a: {source: x}\n", "f.yaml")
    places = {path: (origin.line, origin.column) for path, origin in tree.origins.items()}
    assert places[("server", "port")] == (2, 3)
    assert places[("cameras", "a", "source")] == (4, 7)


@given(raw=st.binary(max_size=200) | st.text("ab:-#'\"[]{}&*!|>%@`, \t\n0", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_by_name(raw: bytes) -> None:
    with suppress(ConfigError):
        assert isinstance(parse_yaml(raw, "f.yaml").values, dict)
