"""What a route tells the audit log about a change: what it was done to, and what of it is other than before."""

from collections.abc import Collection, Mapping
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from popcam.cameras.document import field_changes
from popcam.cameras.operations import CameraOperations
from popcam.config.views import Saved, SettingsView
from popcam.core.errors import CameraNotFoundError
from popcam.core.spec import CameraSpec

Specs = Mapping[str, CameraSpec]
Values = dict[str, object]


class Telling:
    """Leaves it at the request, where `auditing` finds it. Only what differs is told; a secret that differs shows as
    `***` on both sides.

    Args:
        connection: the request.
    """

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def change(self, on: str, before: object = None, after: object = None) -> None:
        """Any change."""
        self._connection.state.audit = {"on": on, "before": before, "after": after}

    def camera(self, before: CameraSpec | None, after: CameraSpec | None) -> None:
        """One camera came (no `before`), changed, or went (no `after`)."""
        one = after or before
        if one is not None:
            self.change(f"camera:{one.id}", *_sides(before, after))

    def cameras(self, on: str, before: Specs, after: Specs) -> None:
        """Several cameras changed at once; `on` is what they have in common, such as `group:doors`."""
        old: Values = {}
        new: Values = {}
        for camera_id in dict.fromkeys([*before, *after]):
            was, now = _sides(before.get(camera_id), after.get(camera_id))
            if was or now:
                old[camera_id], new[camera_id] = was, now
        self.change(on, old, new)

    def group(self, name: str, cameras: CameraOperations, before: Specs) -> None:
        """A group was renamed or deleted: in cameras that are in it no more."""
        self.cameras(f"group:{name}", before, specs_of(cameras, before))

    def settings(self, before: SettingsView, saved: Saved) -> None:
        """Settings were saved."""
        keys = {*saved.applied, *saved.needs_restart}
        old = {entry.key: entry.value for entry in before.entries if entry.key in keys}
        new: Values = {entry.key: entry.value for entry in saved.view.entries if entry.key in keys}
        cameras = {
            "added": list(saved.diff.cameras_added),
            "removed": list(saved.diff.cameras_removed),
            "changed": list(saved.diff.cameras_changed),
        }
        new |= {f"cameras.{what}": ids for what, ids in cameras.items() if ids}
        self.change("settings", old, new)


async def telling_of(connection: HTTPConnection) -> Telling:
    """For routes; a coroutine because FastAPI sends plain functions through a thread."""
    return Telling(connection)


Tells = Annotated[Telling, Depends(telling_of)]


def spec_of(cameras: CameraOperations, camera_id: str) -> CameraSpec | None:
    """A camera as it is now, or None: what the route itself refuses is no matter of the log."""
    try:
        return cameras.spec(camera_id)
    except CameraNotFoundError:
        return None


def members_of(cameras: CameraOperations, name: str) -> Specs:
    """The cameras of a group as they are now; none of one that is unknown."""
    members = [group.camera_ids for group in cameras.groups() if group.name == name]
    return specs_of(cameras, members[0]) if members else {}


def specs_of(cameras: CameraOperations, camera_ids: Collection[str]) -> Specs:
    """Those of these cameras that exist now."""
    found = {camera_id: spec_of(cameras, camera_id) for camera_id in camera_ids}
    return {camera_id: spec for camera_id, spec in found.items() if spec is not None}


def _sides(before: CameraSpec | None, after: CameraSpec | None) -> tuple[Values | None, Values | None]:
    changes = field_changes(before, after)
    old = None if before is None else {change.key: change.before for change in changes}
    new = None if after is None else {change.key: change.now for change in changes}
    return old, new
