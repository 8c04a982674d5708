"""Settings written around what people wrote: each test says which bytes change."""

import pytest

from popcam.config.layers import merge
from popcam.config.yaml_edit import (
    ABSENT,
    Change,
    applied,
    edited,
    edited_whole,
    outside_of_cameras,
    ways,
    without_empty,
)
from popcam.config.yaml_lines import NotByLinesError, Places
from popcam.config.yaml_tree import parse_yaml

TEXT = """\
# our house

server:   # who may come in
    # agreed with the neighbours
    port:   9000   # since 2024
    # both
    allowed_hosts:
      - cams.example.org   # ours
      # theirs
      - other.example.org

log:
    level: "info"

# the cameras
cameras:
    door: {source: 'demo:'}  # front

events: {max_count: 500}
"""


def places_of(text: str) -> Places:
    origins = parse_yaml(text.encode(), "f").origins
    origins.pop((), None)
    return {path: (at.line, at.column) for path, at in origins.items() if len(path) == 1 or path[:1] != ("cameras",)}


def change(text: str, **wanted: object) -> str:
    """The text with keys as `server__port=1` changed, by lines."""
    changes = tuple(Change(tuple(key.split("__")), value) for key, value in wanted.items())
    result = edited(text, places_of(text), changes, exact=True)
    values = parse_yaml(result.encode(), "f").values
    assert without_empty(values) == without_empty(applied(parse_yaml(text.encode(), "f").values, changes))
    return result


def test_a_changed_value_changes_its_line_alone() -> None:
    assert change(TEXT, log__level="debug") == TEXT.replace('level: "info"', 'level: "debug"')


def test_a_changed_value_keeps_its_comment() -> None:
    (line,) = (line for line in change(TEXT, server__port=9001).split("\n") if "9001" in line)
    assert line.split() == ["port:", "9001", "#", "since", "2024"]


def test_a_new_key_stands_at_the_end_of_its_section_with_its_indent() -> None:
    assert change(TEXT, log__format="json") == TEXT.replace('"info"\n', '"info"\n    format: json\n')


def test_a_new_section_stands_before_the_cameras() -> None:
    changed = change(TEXT, workers__count=2)
    assert changed == TEXT.replace('"info"\n', '"info"\nworkers:\n    count: 2\n')


def test_a_new_plain_key_stands_before_the_cameras() -> None:
    assert change(TEXT, data_dir="/x") == TEXT.replace('"info"\n', '"info"\ndata_dir: /x\n')


def test_a_key_that_is_taken_out_leaves_the_comments_around_it() -> None:
    assert change(TEXT, server__port=ABSENT) == TEXT.replace("    port:   9000   # since 2024\n", "")


def test_a_section_without_keys_and_words_goes() -> None:
    assert change(TEXT, log__level=ABSENT) == TEXT.replace('log:\n    level: "info"\n', "")


def test_taking_out_and_putting_in_at_once() -> None:
    changed = change(TEXT, server__port=ABSENT, server__max_viewers=5, log__level="error")
    assert "port:" not in changed
    assert "    max_viewers: 5\n" in changed
    assert "# agreed with the neighbours" in changed


def test_a_list_keeps_the_words_between_items_that_stay() -> None:
    hosts = ["cams.example.org", "new.example.org", "other.example.org"]
    changed = change(TEXT, server__allowed_hosts=hosts)
    assert "- cams.example.org   # ours" in changed
    assert "# theirs" in changed


def test_what_is_not_there_needs_no_taking_out() -> None:
    assert change(TEXT, workers__count=ABSENT) == TEXT


def test_a_section_in_one_line_is_written_anew_in_one_line() -> None:
    assert change(TEXT, events__max_count=600) == TEXT.replace("{max_count: 500}", "{max_count: 600}")


def test_a_file_of_comments_alone_gets_a_section() -> None:
    assert change("# nothing yet\n", log__level="debug") == "# nothing yet\nlog:\n  level: debug\n"


@pytest.mark.parametrize(
    "text", ['{"server": {"port": 1}, "cameras": {}}\n', "server: &s {port: 1}\nlog: {level: info}\n"]
)
def test_other_shapes_are_changed_as_a_whole(text: str) -> None:
    changes = (Change(("server", "port"), 2), Change(("log", "level"), "debug"))
    wanted = without_empty(applied(parse_yaml(text.encode(), "f").values, changes))
    results = [without_empty(parse_yaml(way.encode(), "f").values) for way in ways(text, places_of(text), changes)]
    assert wanted in results


def test_two_keys_in_one_line_are_not_told_apart_by_lines() -> None:
    text = '{"server": {"port": 1}, "log": {"level": "info"}}\n'
    with pytest.raises(NotByLinesError):
        edited(text, places_of(text), (Change(("server", "port"), 2),), exact=True)
    assert '"port": 2' in edited_whole(text, (Change(("server", "port"), 2),))


def test_cameras_are_left_out_where_lines_stand_for_themselves() -> None:
    values = parse_yaml(outside_of_cameras(TEXT).encode(), "f").values
    assert (values["events"], "cameras" in values) == ({"max_count": 500}, False)
    assert outside_of_cameras(TEXT).count("\n") == TEXT.count("\n")


@pytest.mark.parametrize("text", ["cameras: {a: {}}\n", "x: &a 1\ncameras:\n  a: *a\n", "---\ncameras:\n  a: {}\n"])
def test_cameras_stay_where_something_else_may_lean_on_them(text: str) -> None:
    assert outside_of_cameras(text) == text


def test_layers_are_not_touched_by_what_is_applied() -> None:
    tree = parse_yaml(TEXT.encode(), "f")
    applied(tree.values, (Change(("server", "port"), 1),))
    assert merge([tree]).values["server"]["port"] == 9000
