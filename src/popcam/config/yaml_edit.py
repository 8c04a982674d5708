"""Edits settings outside of `cameras` in the text of a settings file. Pure.

Only the lines of sections that change are written anew. A file in another shape than one key a line (JSON, aliases)
goes through ruamel as a whole.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Final

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from popcam.config.yaml_lines import (
    Block,
    NotByLinesError,
    Places,
    block_end,
    rendered,
    rewritten,
    ruamel_yaml,
)
from popcam.core.errors import ConfigByHandError

CAMERAS = "cameras"
_FAR_REACHING = re.compile(r"(?m)(?:^|[\s\[{,:-])[&*!]\S|^(?:---|\.\.\.|%)|<<")
_CAMERAS_BEGIN = re.compile(r"(?m)^cameras:[ \t]*(?:#.*)?$")
_ROOT_KEY = re.compile(r"(?m)^[^\s#]")


class _Absent(Enum):
    ABSENT = 0


ABSENT: Final = _Absent.ABSENT
"""In the place of a value: the key shall not stand in the file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key as it shall be: `("server", "port")` with a plain value or `ABSENT`."""

    path: tuple[str, ...]
    value: Any


def applied(values: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """The file's values as they shall be, without sections that are empty."""
    result = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    for change in changes:
        *above, last = change.path
        here = result
        for part in above:
            inner = here.get(part)
            if not isinstance(inner, dict):
                inner = here[part] = {}
            here = inner
        if change.value is ABSENT:
            here.pop(last, None)
        else:
            here[last] = change.value
    return without_empty(result)


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without sections in which nothing is set: `server:` alone means that nothing is."""
    return {key: value for key, value in values.items() if value is not None and value != {}}


def outside_of_cameras(text: str) -> str:
    """The text with the lines of the cameras empty: hundreds of them take a second to read.

    The text itself where lines do not stand for themselves, because of anchors, aliases, tags or further documents.
    """
    begin = _CAMERAS_BEGIN.search(text)
    if begin is None or _FAR_REACHING.search(text):
        return text
    following = _ROOT_KEY.search(text, begin.end())
    end = following.start() if following else len(text)
    return text[: begin.start()] + "\n" * text.count("\n", begin.start(), end) + text[end:]


def edited(text: str, places: Places, changes: Sequence[Change], *, exact: bool) -> str:
    """The text with the changes, by lines. `exact` keeps also the spaces of unchanged lines of changed sections.

    Raises:
        NotByLinesError: use `edited_whole`.
    """
    lines = text.split("\n")
    replaced: list[tuple[int, int, list[str]]] = []
    for root in dict.fromkeys(change.path[0] for change in changes):
        own = [change for change in changes if change.path[0] == root]
        if (root,) in places:
            replaced.append(_section(text, lines, places, own, exact=exact))
        elif any(change.value is not ABSENT for change in own):
            tree = CommentedMap()
            _apply(tree, own)
            at = _place_for_new(lines, places)
            replaced.append((at, at, rendered(ruamel_yaml(text, _step(places)), tree, 0)))
    for first, end, new in sorted(replaced, key=lambda item: item[:2], reverse=True):
        lines[first:end] = new
    return "\n".join(lines)


def edited_whole(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes, all of it written by ruamel.

    Raises:
        YAMLError: it is no YAML.
    """
    yaml = ruamel_yaml(text)
    root = yaml.load(text)
    if not isinstance(root, CommentedMap):
        root = CommentedMap()
    _apply(root, changes)
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue()


def ways(text: str, places: Places, changes: Sequence[Change]) -> Iterator[str]:
    """Edited texts, the most careful one first; the caller takes the first that says what is wanted."""
    for exact in (True, False):
        try:
            yield edited(text, places, changes, exact=exact)
        except (NotByLinesError, YAMLError):
            continue
    try:
        yield edited_whole(text, changes)
    except YAMLError as error:
        raise ConfigByHandError(type(error).__name__) from error


def _section(
    text: str, lines: list[str], places: Places, changes: list[Change], *, exact: bool
) -> tuple[int, int, list[str]]:
    root = changes[0].path[0]
    block = _block(lines, places, (root,))
    if block.indent:
        raise NotByLinesError
    own = lines[block.first : block.end]
    for change in changes:
        if change.value is ABSENT and change.path in places:
            inner = _block(lines, places, change.path)
            # Marked rather than deleted: the others' places stay true.
            for number in range(inner.first, inner.end):
                own[number - block.first] = _GONE
    own = [line for line in own if line is not _GONE]
    rest = [change for change in changes if change.value is not ABSENT]
    if not rest:
        return block.first, block.end, own if len(own) > 1 else []
    if not own:
        tree = CommentedMap()
        _apply(tree, rest)
        return block.first, block.end, rendered(ruamel_yaml(text, _step(places)), tree, 0)
    new = rewritten(text, own, 0, root, lambda tree: _apply(tree, rest), exact=exact, step=_step(places))
    return block.first, block.end, new


def _step(places: Places) -> int:
    """Spaces from a section to its keys, as this file has them."""
    columns = [at[1] - 1 for path, at in places.items() if len(path) == 2 and at[0] != places[path[:1]][0]]
    return min((column for column in columns if column > 0), default=2)


_GONE = "\0gone"


def _block(lines: list[str], places: Places, path: tuple[str, ...]) -> Block:
    """The lines of one key.

    Raises:
        NotByLinesError: it does not begin a line of its own, or something else stands on its lines.
    """
    line, column = places[path]
    first = line - 1
    if lines[first][: column - 1].strip():
        raise NotByLinesError
    others = sorted(at[0] - 1 for other, at in places.items() if other and other[: len(path)] != path)
    if first in others and len(path) == 1:
        raise NotByLinesError
    limit = next((start for start in others if start > first), len(lines))
    return Block(first, block_end(lines, first, limit), column - 1)


def _place_for_new(lines: list[str], places: Places) -> int:
    """A new section stands behind the last one before the cameras, else at the end."""
    roots = sorted((at[0], str(path[0])) for path, at in places.items() if len(path) == 1)
    before = [name for line, name in roots if name != CAMERAS and line < places.get((CAMERAS,), (len(lines) + 1, 1))[0]]
    if before:
        return _block(lines, places, (before[-1],)).end
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _apply(tree: CommentedMap, changes: Sequence[Change]) -> None:
    for change in changes:
        *above, last = change.path
        here = tree
        for part in above:
            inner = here.get(part)
            if not isinstance(inner, CommentedMap):
                inner = here[part] = CommentedMap()
            here = inner
        if change.value is ABSENT:
            here.pop(last, None)
        else:
            _set(here, last, change.value)
    for name in [name for name, value in tree.items() if value == {}]:
        del tree[name]


def _set(here: CommentedMap, key: str, value: Any) -> None:
    old = here.get(key)
    if isinstance(old, CommentedSeq) and isinstance(value, list) and value and not _deep(value):
        _set_items(old, value)
    else:
        here[key] = _node(value)


def _set_items(items: CommentedSeq, wanted: list[Any]) -> None:
    """Item by item, so that comments between those that stay do so too."""
    matcher = SequenceMatcher(None, [repr(item) for item in items], [repr(item) for item in wanted], autojunk=False)
    for kind, first, end, new_first, new_end in reversed(matcher.get_opcodes()):
        if kind == "equal":
            continue
        for index in reversed(range(first, end)):
            del items[index]
        for offset, item in enumerate(wanted[new_first:new_end]):
            items.insert(first + offset, item)


def _node(value: Any) -> Any:
    if isinstance(value, Mapping):
        return CommentedMap({str(name): _node(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        items = CommentedSeq([_node(item) for item in value])
        if not _deep(value):
            items.fa.set_flow_style()
        return items
    return value


def _deep(value: Sequence[Any]) -> bool:
    return any(isinstance(item, Mapping | list | tuple) for item in value)
