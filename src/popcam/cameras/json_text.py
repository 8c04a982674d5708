"""Edits one camera of a settings file that is written as JSON, as text. Pure.

YAML reads JSON, so such a file is welcome; but reading and writing all of it as YAML takes seconds at 500 cameras. Here
only the camera's own piece is read and written anew, by the same reader; every other byte stays. Whatever is not plain
JSON is declined, and the caller goes the long way.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from popcam.cameras.store import Edit
from popcam.cameras.yaml_fields import change_camera, detached, new_camera
from popcam.cameras.yaml_quick import with_camera
from popcam.cameras.yaml_text import SECTION
from popcam.config import Settings, check_camera
from popcam.config.origin import KeyPath, Origin
from popcam.config.yaml_tree import parse_yaml
from popcam.core.errors import ConfigError
from popcam.core.spec import CameraSpec

_SPACE = re.compile(r"[ \n]*")
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
"""YAML takes some of these for the end of a line, or refuses them."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A key with its value: where they stand in the text."""

    start: int
    value: int
    end: int


def edited_json(text: str, edit: Edit, now: Settings, base: Path) -> tuple[str, Settings] | None:
    """The text after the edit, and the settings that it means; None when it has to be done another way.

    Args:
        text: the file as it is, which says `now`.
        edit: what is wanted.
        now: the settings of `text`.
        base: the folder from which relative paths count.
    """
    loading = now.loading
    if loading is None or not text.lstrip().startswith("{") or "\t" in text or "\r" in text:
        return None
    origins = loading.origins
    if any(not origin.line for path, origin in origins.items() if path[:2] == (SECTION, edit.camera_id)):
        return None  # a variable speaks of it, too
    try:
        members = _cameras(text)
        span, piece = _piece(text, members, edit)
        changed = text[: span[0]] + piece + text[span[1] :]
        after = _cameras(changed).get(edit.camera_id)
        if after is None and edit.after is not None:
            return None
        found = _moved(origins, edit.camera_id, _place(text, span[1]), _place(changed, span[0] + len(piece)))
        if after is not None:
            found |= _read(changed, after, edit, base, str(loading.path))
    except (ConfigError, LookupError, ValueError, RecursionError):
        return None
    return changed, with_camera(now, edit, replace(loading, origins=found))


def _cameras(text: str) -> dict[str, _Member]:
    """Where each camera stands.

    Raises:
        LookupError: there are none. ValueError: it is no JSON.
    """
    section = _members(text, _SPACE.match(text).end())[SECTION]  # type: ignore[union-attr]  # matches always
    if text[section.value] != "{":
        raise LookupError
    return _members(text, section.value)


def _members(text: str, at: int) -> dict[str, _Member]:
    """The members of the object that begins there."""
    decoder = json.JSONDecoder()

    def skip(here: int) -> int:
        return _SPACE.match(text, here).end()  # type: ignore[union-attr]  # matches always

    found: dict[str, _Member] = {}
    here = skip(at + 1)
    while text[here] != "}":
        if text[here] == ",":
            here = skip(here + 1)
        if text[here] != '"':
            raise ValueError(here)
        key, colon = decoder.raw_decode(text, here)
        colon = skip(colon)
        value = skip(colon + 1)
        _, end = decoder.raw_decode(text, value)
        if text[colon] != ":" or key in found:
            raise ValueError(colon)
        found[key] = _Member(here, value, end)
        here = skip(end)
    return found


def _piece(text: str, members: Mapping[str, _Member], edit: Edit) -> tuple[tuple[int, int], str]:
    """Which part of the text gives way to what."""
    order = list(members.values())
    member = members.get(edit.camera_id)
    if member is None:
        if edit.before is not None or edit.after is None:
            raise LookupError
        last = order[-1]
        margin = re.search(r"\n[ ]*$", text[: last.start])
        between = margin.group() if margin else " "
        key = json.dumps(edit.camera_id)
        value = _written(text, last, new_camera(edit.after))
        return (last.end, last.end), f",{between}{key}: {value}"
    if edit.before is None:
        raise LookupError
    if edit.after is None:
        at = order.index(member)
        if at > 0:
            return (order[at - 1].end, member.end), ""
        if len(order) == 1:
            raise LookupError  # `{}` would be no camera at all: the long way knows what to leave
        return (member.start, order[1].start), ""
    node = detached(json.loads(text[member.value : member.end]))
    change_camera(node, edit.before, edit.after)
    return (member.value, member.end), _written(text, member, node)


def _written(text: str, like: _Member, value: Any) -> str:
    """A value as JSON, on one line or many as the one that it is like."""
    old = text[like.value : like.end]
    if "\n" not in old:
        return _plain(json.dumps(value, ensure_ascii=False))
    line = text[text.rfind("\n", 0, like.start) + 1 : like.start]
    margin = len(line) - len(line.lstrip(" "))
    inner = re.match(r"[{\[]\s*\n( *)", old)
    step = max(1, len(inner[1]) - margin) if inner else 2
    return _plain(json.dumps(value, ensure_ascii=False, indent=step).replace("\n", "\n" + " " * margin))


def _plain(text: str) -> str:
    return _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", text)


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _read(text: str, member: _Member, edit: Edit, base: Path, name: str) -> dict[KeyPath, Origin]:
    """Where the camera's settings stand; its piece is read as the file itself would be.

    Raises:
        ConfigError: it does not say what is wanted.
    """
    tree = parse_yaml(("{" + text[member.start : member.end] + "}").encode(), "")
    values = tree.values.get(edit.camera_id)
    found: CameraSpec | None = None
    if len(tree.values) == 1 and isinstance(values, dict):
        found = check_camera(edit.camera_id, values, base)
    if found != edit.after:
        raise ConfigError("not what is wanted")
    line, column = _place(text, member.start)
    return {
        (SECTION, *path): Origin(name, at.line + line - 1, at.column + (column - 2 if at.line == 1 else 0))
        for path, at in tree.origins.items()
        if path
    }


def _moved(
    origins: Mapping[KeyPath, Origin], camera_id: str, end: tuple[int, int], new_end: tuple[int, int]
) -> dict[KeyPath, Origin]:
    """Where everything else stands once what ended at `end` ends at `new_end`."""
    lines, columns = new_end[0] - end[0], new_end[1] - end[1]
    found = {path: at for path, at in origins.items() if path[:2] != (SECTION, camera_id)}
    if not (lines or columns):
        return found
    for path, at in found.items():
        if at.line == end[0] and at.column >= end[1]:
            found[path] = Origin(at.name, at.line + lines, at.column + columns)
        elif lines and at.line > end[0]:
            found[path] = Origin(at.name, at.line + lines, at.column)
    return found
