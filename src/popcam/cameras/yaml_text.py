"""Edits the cameras of a settings file as text. Pure.

Only the lines of cameras that change are written anew, by ruamel.yaml, which keeps their comments, order and quotes;
every other byte stays. A file in another shape than one key a line (JSON, aliases) goes through ruamel as a whole.
The caller checks the result against what was wanted before it takes effect.
"""

import io
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from popcam.cameras.store import Edit
from popcam.cameras.yaml_fields import change_camera, detached, new_camera
from popcam.config.yaml_lines import (
    Block,
    NotByLinesError,
    Places,
    block_end,
    rendered,
    rewritten,
    ruamel_yaml,
)
from popcam.core.spec import CameraSpec

SECTION = "cameras"


def edited(text: str, places: Places, edits: Sequence[Edit], *, exact: bool) -> str:
    """The text with the edits, by lines. `exact` keeps also the spaces of unchanged lines of changed cameras.

    Raises:
        NotByLinesError: use `edited_whole`.
    """
    lines = text.split("\n")
    section = places.get((SECTION,))
    blocks = _blocks(lines, places)
    if section is not None and not blocks and not re.fullmatch(rf"{SECTION}:\s*(#.*)?", lines[section[0] - 1]):
        raise NotByLinesError
    indent = next(iter(blocks.values())).indent if blocks else 2
    added: list[str] = []
    replaced: list[tuple[Block, list[str]]] = []
    for edit in edits:
        if edit.before is None:
            if edit.after is not None:
                added += rendered(
                    ruamel_yaml(text, indent), CommentedMap({edit.camera_id: new_camera(edit.after)}), indent
                )
            continue
        block = blocks.get(edit.camera_id)
        if block is None:
            raise NotByLinesError
        if edit.after is None:
            replaced.append((_with_heading(lines, block), []))
        else:
            own = lines[block.first : block.end]
            change = (edit.camera_id, edit.before, edit.after)
            replaced.append((block, _changed(text, own, block.indent, change, exact=exact)))
    last = max((block.end for block in blocks.values()), default=None)
    for block, new in sorted(replaced, key=lambda item: -item[0].first):
        lines[block.first : block.end] = new
        if last is not None:
            last += len(new) - (block.end - block.first)
    return _with_added(lines, added, last if blocks else section[0] if section else None, text)


def place_of(lines: list[str], places: Places, edit: Edit) -> tuple[int, int, int]:
    """First line and end, counted from 0, and indent of what `edited` puts other lines in the place of.

    Raises:
        NotByLinesError: it does not stand on lines of its own.
    """
    blocks = _blocks(lines, places)
    if not blocks:
        raise NotByLinesError
    if edit.before is None:
        end = max(block.end for block in blocks.values())
        return end, end, next(iter(blocks.values())).indent
    block = blocks.get(edit.camera_id)
    if block is None:
        raise NotByLinesError
    first = _with_heading(lines, block).first if edit.after is None else block.first
    return first, block.end, block.indent


def edited_whole(text: str, edits: Sequence[Edit], *, apart: bool) -> str:
    """The text with the edits, all of it written by ruamel.

    Args:
        text: the file.
        edits: the edits.
        apart: write aliases of changed cameras out, so that what they share with others stays as it is there.

    Raises:
        YAMLError: it is no YAML.
    """
    yaml = ruamel_yaml(text)
    root = yaml.load(text)
    if not isinstance(root, CommentedMap):
        root = CommentedMap()
    cameras = root.get(SECTION)
    if not isinstance(cameras, CommentedMap):
        cameras = root[SECTION] = CommentedMap()
    for edit in edits:
        if edit.after is None:
            cameras.pop(edit.camera_id, None)
        elif edit.before is None:
            cameras[edit.camera_id] = new_camera(edit.after)
        else:
            node = cameras[edit.camera_id]
            if not isinstance(node, CommentedMap):
                raise YAMLError("a camera without keys")
            if apart:
                node = cameras[edit.camera_id] = detached(node)
            change_camera(node, edit.before, edit.after)
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue()


def _blocks(lines: list[str], places: Places) -> dict[str, Block]:
    """Where each camera stands.

    Raises:
        NotByLinesError: some camera does not begin a line of its own.
    """
    keys = {str(path[1]): place for path, place in places.items() if len(path) == 2 and path[0] == SECTION}
    taken = Counter(place[0] - 1 for place in keys.values())
    roots = {place[0] - 1 for path, place in places.items() if len(path) == 1}
    starts = [*sorted(taken.keys() | roots), len(lines)]
    blocks = {}
    for camera_id, (line, column) in keys.items():
        first = line - 1
        if column < 2 or lines[first][: column - 1].strip() or taken[first] > 1:
            raise NotByLinesError
        following = starts[bisect_right(starts, first)]
        blocks[camera_id] = Block(first, block_end(lines, first, following), column - 1)
    return blocks


def _with_heading(lines: list[str], block: Block) -> Block:
    """The camera with the comment lines right above it, which speak of it."""
    first = block.first
    while first > 0 and lines[first - 1].startswith(" " * block.indent + "#"):
        first -= 1
    return Block(first, block.end, block.indent)


def _changed(
    text: str, own: list[str], indent: int, change: tuple[str, CameraSpec, CameraSpec], *, exact: bool
) -> list[str]:
    camera_id, before, after = change

    def apply(tree: CommentedMap) -> None:
        node = tree[camera_id]
        if not isinstance(node, CommentedMap):
            raise NotByLinesError
        change_camera(node, before, after)

    return rewritten(text, own, indent, camera_id, apply, exact=exact)


def _with_added(lines: list[str], added: list[str], at: int | None, text: str) -> str:
    if added and at is None:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += [f"{SECTION}:", *added, ""]
    elif added:
        at = at or 0
        lines[at:at] = added
        if at + len(added) == len(lines) and not text.endswith("\n"):
            lines.append("")
    return "\n".join(lines)
