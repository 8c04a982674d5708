"""Where cameras are kept: the promise of a store, and the store of cameras that nobody may change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from popcam.cameras.document import field_changes
from popcam.cameras.model import StoreState
from popcam.core.errors import CameraConflictError, CameraFixedError
from popcam.core.spec import CameraSpec


@dataclass(frozen=True, slots=True)
class Edit:
    """One camera's change: `before` as the editor knew it (None: new), `after` as it shall be (None: gone)."""

    camera_id: str
    before: CameraSpec | None
    after: CameraSpec | None


class CameraStore(Protocol):
    """A place that keeps cameras. What it read last is in memory; each version is a word that changes with its camera.

    Used from one asyncio loop; `read` and `write` do not overlap.
    """

    @property
    def base(self) -> Path:
        """The folder from which relative paths of new cameras count."""
        ...

    def state(self) -> StoreState:
        """Where this is and why newer content is not in force, if so."""
        ...

    def cameras(self) -> Mapping[str, CameraSpec]:
        """All cameras by id, as last read or written."""
        ...

    def version(self, camera_id: str) -> str:
        """The version of a camera that exists."""
        ...

    def offer(self, cameras: Mapping[str, CameraSpec]) -> None:
        """The settings have these cameras now; the next `read` makes of it what is right for this store."""
        ...

    async def read(self) -> None:
        """Look for changes that others made.

        Raises:
            PopcamError: it can't be read; what was known stays.
        """
        ...

    async def write(self, edits: Sequence[Edit]) -> None:
        """Carry out all of them or none.

        Raises:
            CameraConflictError: a camera is not what its edit knew; read again.
            PopcamError: it can't be written; all is as it was.
        """
        ...


class SettingsCameraStore:
    """Cameras that come from elsewhere and can't be changed here."""

    def __init__(self, cameras: Mapping[str, CameraSpec]) -> None:
        self._cameras = dict(cameras)
        self._round = 0

    @property
    def base(self) -> Path:
        return Path.cwd()

    def state(self) -> StoreState:
        return StoreState("fixed")

    def cameras(self) -> Mapping[str, CameraSpec]:
        return self._cameras

    def version(self, camera_id: str) -> str:
        return f"fixed-{self._round}" if camera_id in self._cameras else ""

    def offer(self, cameras: Mapping[str, CameraSpec]) -> None:
        """Take them instead."""
        self.replace(cameras)

    async def read(self) -> None:
        """Nobody else changes them."""

    async def write(self, edits: Sequence[Edit]) -> None:
        """Refuse.

        Raises:
            CameraFixedError.
        """
        raise CameraFixedError(", ".join(edit.camera_id for edit in edits))

    def replace(self, cameras: Mapping[str, CameraSpec]) -> None:
        """Take other cameras instead."""
        self._cameras = dict(cameras)
        self._round += 1


def check_unmoved(edits: Sequence[Edit], cameras: Mapping[str, CameraSpec], versions: Mapping[str, str]) -> None:
    """See that each edit knew its camera as it is.

    Raises:
        CameraConflictError.
    """
    for edit in edits:
        now = cameras.get(edit.camera_id)
        if now != edit.before:
            raise CameraConflictError(
                edit.camera_id, changes=field_changes(edit.before, now), version=versions.get(edit.camera_id, "")
            )
