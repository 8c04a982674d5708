"""Checks an edit of one camera without reading the whole file again, which takes half a second at 500 cameras.

Sound only where lines stand for themselves: a mapping of one key a line, no anchors, aliases, tags or further
documents, and no variable or flag that speaks of the camera. Else it declines, and the caller reads the whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from popcam.cameras.store import Edit
from popcam.cameras.yaml_text import SECTION, place_of
from popcam.config import Settings, check_camera
from popcam.config.origin import KeyPath, Loading, Origin
from popcam.config.yaml_lines import NotByLinesError, Places
from popcam.config.yaml_tree import parse_yaml
from popcam.core.errors import ConfigError
from popcam.core.spec import CameraSpec

_FAR_REACHING = re.compile(r"(?m)(?:^|[\s\[{,:-])[&*!]\S|^(?:---|\.\.\.|%)|<<")


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a camera's lines say by themselves; nothing when there are none."""

    camera: CameraSpec | None = None
    origins: Mapping[KeyPath, Origin] | None = None


def checked_quickly(text: str, changed: str, places: Places, edit: Edit, now: Settings, base: Path) -> Settings | None:
    """The settings of the changed text, or None when only reading all of it can tell.

    Args:
        text: the file as it is, which says `now`.
        changed: the text after the edit.
        places: where the keys of `text` stand.
        edit: what was wanted.
        now: the settings of `text`.
        base: the folder from which relative paths count.
    """
    loading = now.loading
    if loading is None or _FAR_REACHING.search(text) or _FAR_REACHING.search(changed):
        return None
    origins = loading.origins
    if any(not origin.line for path, origin in origins.items() if path[:2] == (SECTION, edit.camera_id)):
        return None
    old, new = text.split("\n"), changed.split("\n")
    try:
        first, end, indent = place_of(old, places, edit)
    except NotByLinesError:
        return None
    new_end = len(new) - (len(old) - end)
    if new_end < first or old[:first] != new[:first] or old[end:] != new[new_end:]:
        return None
    try:
        before = _read(old[first:end], indent, edit.camera_id, base)
        after = _read(new[first:new_end], indent, edit.camera_id, base)
    except ConfigError:
        return None
    if (before.camera, after.camera) != (edit.before, edit.after):
        return None
    found = _moved(origins, edit.camera_id, end, new_end - end)
    name = str(loading.path)
    for path, origin in (after.origins or {}).items():
        found[(SECTION, *path)] = Origin(name, origin.line + first, origin.column + indent)
    return with_camera(now, edit, replace(loading, origins=found))


def _read(lines: list[str], indent: int, camera_id: str, base: Path) -> _Piece:
    """The camera that these lines are.

    Raises:
        ConfigError: they are not one camera by themselves.
    """
    if not lines:
        return _Piece()
    if any(line.strip() and not line.startswith(" " * indent) for line in lines):
        raise ConfigError("lines of something else")
    tree = parse_yaml("\n".join(line[indent:] for line in lines).encode(), "")
    values = tree.values.get(camera_id)
    if len(tree.values) != 1 or not isinstance(values, dict):
        raise ConfigError("not just this camera")
    return _Piece(check_camera(camera_id, values, base), {path: at for path, at in tree.origins.items() if path})


def _moved(origins: Mapping[KeyPath, Origin], camera_id: str, end: int, by: int) -> dict[KeyPath, Origin]:
    """Where everything else stands now: what stood behind the camera has moved."""
    return {
        path: Origin(at.name, at.line + by, at.column) if by and at.line > end else at
        for path, at in origins.items()
        if path[:2] != (SECTION, camera_id)
    }


def with_camera(now: Settings, edit: Edit, loading: Loading) -> Settings:
    """The settings after the edit, whose places are those of `loading`."""
    cameras = dict(now.cameras)
    if edit.after is None:
        del cameras[edit.camera_id]
    else:
        cameras[edit.camera_id] = edit.after
    settings = now.model_copy(update={"cameras": cameras})
    settings._loading = loading  # noqa: SLF001 - as the loader does
    return settings
