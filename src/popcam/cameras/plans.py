"""What an edit means, worked out on cameras as they are at its turn. Pure: nothing is kept, nobody is asked."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from popcam.cameras.document import field_changes, merged, plain, with_addresses, with_secrets
from popcam.cameras.slug import RESERVED, free_id
from popcam.cameras.store import Edit
from popcam.config import check_camera
from popcam.core.errors import (
    CameraConflictError,
    CameraExistsError,
    CameraInactiveError,
    CameraInvalidError,
    CameraNotFoundError,
    ConfigError,
    ConfigProblem,
    GroupNotFoundError,
)
from popcam.core.language import Text
from popcam.core.spec import CameraSpec

Document = Mapping[str, Any]
Remembered = Callable[[str, str], CameraSpec | None]
"""The camera of an id as it was at a version; None when that is too long ago."""

_OTHER_ID = Text("the id of a camera can't be changed", "摄像头的编号不能更改")
_RESERVED_ID = Text("this word has a meaning of its own; choose another id", "该词有特殊含义，请换一个编号")
_ID_TEXT = Text("must be text; put quotes around it", "必须是文本；请加引号")


class Draft:
    """Cameras with the edits that were made on them so far, in order."""

    def __init__(self, cameras: Mapping[str, CameraSpec], versions: Callable[[str], str]) -> None:
        self._start = cameras
        self._now = dict(cameras)
        self._versions = versions

    def fork(self) -> "Draft":
        """A copy to try one more edit on."""
        copy = Draft(self._start, self._versions)
        copy._now = dict(self._now)
        return copy

    @property
    def cameras(self) -> Mapping[str, CameraSpec]:
        return self._now

    def spec(self, camera_id: str) -> CameraSpec:
        """One camera.

        Raises:
            CameraNotFoundError.
        """
        try:
            return self._now[camera_id]
        except KeyError:
            raise CameraNotFoundError(camera_id) from None

    def version(self, camera_id: str) -> str:
        """Its version; empty once it was edited here, because the store has not given it a new one yet."""
        same = self._now.get(camera_id) is self._start.get(camera_id)
        return self._versions(camera_id) if same else ""

    def put(self, spec: CameraSpec) -> None:
        """Add or replace a camera; one that is equal changes nothing."""
        if self._now.get(spec.id) != spec:
            self._now[spec.id] = spec

    def remove(self, camera_id: str) -> None:
        del self._now[camera_id]

    def edits(self) -> tuple[Edit, ...]:
        """One edit for each camera that differs: changed and deleted ones first, then new ones in their order."""
        kept = [camera_id for camera_id in self._start if self._now.get(camera_id) != self._start[camera_id]]
        new = [camera_id for camera_id in self._now if camera_id not in self._start]
        return tuple(Edit(key, self._start.get(key), self._now.get(key)) for key in kept + new)


def create(draft: Draft, document: Document, base: Path, past: Collection[str]) -> str:
    """Add a camera and give its id. `past` are ids that a derived id must not take: events and recordings have them.

    Raises:
        CameraInvalidError, CameraExistsError.
    """
    values = with_secrets(with_addresses(document), None, keep_absent=False)
    wanted = values.pop("id", None)
    if wanted is not None and not isinstance(wanted, str):
        raise _invalid("id", _ID_TEXT)
    name = values.get("name")
    camera_id = wanted or free_id(name if isinstance(name, str) else "", {*draft.cameras, *past})
    if camera_id in RESERVED:
        raise _invalid("id", _RESERVED_ID)
    spec = _checked(camera_id, values, base)
    if camera_id in draft.cameras:
        raise CameraExistsError(camera_id)
    draft.put(spec)
    return camera_id


def update(
    draft: Draft, camera_id: str, changes: Document, base: Path, seen: Callable[[CameraSpec], None], *, whole: bool
) -> None:
    """Change a camera: `whole` replaces it by the document, else the document is merged into it.

    Args:
        seen: called with the camera as it is; raises when the editor knew another one.

    Raises:
        CameraNotFoundError, CameraInvalidError, CameraConflictError.
    """
    before = draft.spec(camera_id)
    seen(before)
    saved = plain(before)
    sent = with_addresses(changes)
    if sent.get("id", camera_id) != camera_id:
        raise _invalid("id", _OTHER_ID)
    values = sent if whole else merged(saved, sent)
    values = with_secrets(values, saved, keep_absent=whole)
    values.pop("id", None)
    draft.put(_checked(camera_id, values, base))


def unchanged_since(draft: Draft, expected: str | None, remembered: Remembered) -> Callable[[CameraSpec], None]:
    """The check that an editor knew the camera as it is; None expects nothing."""

    def check(now: CameraSpec) -> None:
        version = draft.version(now.id)
        if expected is None or version == expected:
            return
        known = remembered(now.id, expected)
        raise CameraConflictError(now.id, changes=field_changes(known, now) if known else (), version=version)

    return check


def set_active(draft: Draft, camera_id: str, *, active: bool) -> None:
    """Activate, or deactivate and take out of auto-start.

    Raises:
        CameraNotFoundError.
    """
    spec = draft.spec(camera_id)
    draft.put(replace(spec, active=True) if active else replace(spec, active=False, auto_start=False))


def set_auto_start(draft: Draft, camera_id: str, *, auto_start: bool) -> None:
    """Start with the server, or not.

    Raises:
        CameraNotFoundError, CameraInactiveError.
    """
    spec = draft.spec(camera_id)
    if not spec.active:
        raise CameraInactiveError(camera_id)
    draft.put(replace(spec, auto_start=auto_start))


def rename_group(draft: Draft, name: str, new_name: str, base: Path) -> tuple[str, ...]:
    """Put another name, or none for "", in the place of a group's name. Gives the ids of its cameras.

    Raises:
        GroupNotFoundError, CameraInvalidError.
    """
    members = [spec for spec in draft.cameras.values() if name in spec.groups]
    if not members:
        raise GroupNotFoundError(name)
    for spec in members:
        names = _unique([new_name if group == name else group for group in spec.groups])
        draft.put(_checked(spec.id, {**_without_id(spec), "groups": names}, base))
    return tuple(spec.id for spec in members)


def group_name(name: str) -> str:
    """A name that a group may get.

    Raises:
        CameraInvalidError.
    """
    if not name.strip():
        raise _invalid("name", Text("needs at least 1 character(s)", "至少需要 1 个字符"))
    return name.strip()


def _unique(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))


def _without_id(spec: CameraSpec) -> dict[str, Any]:
    values = plain(spec)
    del values["id"]
    return values


def _checked(camera_id: str, values: Document, base: Path) -> CameraSpec:
    try:
        return check_camera(camera_id, values, base)
    except ConfigError as error:
        raise CameraInvalidError(problems=error.problems) from None


def _invalid(key: str, reason: Text) -> CameraInvalidError:
    return CameraInvalidError(problems=(ConfigProblem(reason, key),))
