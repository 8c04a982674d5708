"""The cameras as they are known now: what is wanted of each, what the fleet reports, who hears of changes."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from popcam.cameras import model
from popcam.cameras.document import masked
from popcam.cameras.history import History
from popcam.cameras.model import CameraChanges, CameraGroup, CameraView, StoreState
from popcam.cameras.store import CameraStore
from popcam.core.errors import CameraNotFoundError
from popcam.core.facts import CameraStatus
from popcam.core.interfaces import Fleet
from popcam.core.known_secrets import keep_camera
from popcam.core.spec import CameraSpec

log = structlog.get_logger(__name__)


class CameraRoster:
    """The looking half of `CamerasService`, and the step that makes true what the store knows.

    Args:
        store: where cameras are kept.
        fleet: what runs them.
        log_dir: cameras log to `<log_dir>/cameras/<id>.log`.
    """

    def __init__(self, store: CameraStore, fleet: Fleet, log_dir: Path) -> None:
        self._store = store
        self._fleet = fleet
        self._log_dir = log_dir
        self._log_prefix = str(log_dir / "cameras") + os.sep  # paths are made for each view of each camera
        self._overrides: dict[str, bool] = {}
        self._specs: dict[str, CameraSpec] = dict(store.cameras())
        _keep(self._specs)
        self._versions: dict[str, str] = {camera_id: store.version(camera_id) for camera_id in self._specs}
        self._wanted: dict[str, CameraSpec] = {}
        self._muted = False
        self._history = History()
        self._listeners: list[Callable[[CameraChanges], None]] = []

    def ids(self) -> tuple[str, ...]:
        """All ids, in the order of the settings."""
        return tuple(self._specs)

    def spec(self, camera_id: str) -> CameraSpec:
        """Settings of one camera.

        Raises:
            CameraNotFoundError: there is none of this id.
        """
        try:
            return self._specs[camera_id]
        except KeyError:
            raise CameraNotFoundError(camera_id) from None

    def view(self, camera_id: str) -> CameraView:
        """One camera as it is now.

        Raises:
            CameraNotFoundError: there is none of this id.
        """
        return self._view_of(self.spec(camera_id), self._fleet.status(camera_id))

    def views(self) -> list[CameraView]:
        """All cameras as they are now."""
        statuses = self._fleet.statuses()
        return [self._view_of(spec, statuses.get(camera_id)) for camera_id, spec in self._specs.items()]

    def document(self, camera_id: str) -> dict[str, Any]:
        """See `CameraOperations.document`.

        Raises:
            CameraNotFoundError.
        """
        return masked(self.spec(camera_id))

    def version(self, camera_id: str) -> str:
        """See `CameraOperations.version`.

        Raises:
            CameraNotFoundError.
        """
        spec = self.spec(camera_id)
        version = self._versions.get(camera_id, "")
        self._history.note(spec, version)
        return version

    def groups(self) -> list[CameraGroup]:
        """All groups by name."""
        return model.groups_of(self._specs)

    def store_state(self) -> StoreState:
        """Where cameras are kept, and why a hand edit is not in force."""
        return self._store.state()

    def log_file(self, camera_id: str) -> Path:
        """The camera's log; it may not exist yet.

        Raises:
            CameraNotFoundError: there is none of this id.
        """
        return self._log_dir / "cameras" / f"{self.spec(camera_id).id}.log"

    def _view_of(self, spec: CameraSpec, status: CameraStatus | None) -> CameraView:
        worker = self._fleet.worker_of(spec.id)
        return CameraView(
            spec=spec,
            wanted=spec.id in self._wanted,
            status=status,
            pid=worker.pid if worker is not None else None,
            log=f"{self._log_prefix}{spec.id}.log",
        )

    def on_change(self, listener: Callable[[CameraChanges], None]) -> Callable[[], None]:
        """Call whenever cameras, their settings, or what is wanted of them changed. Returns what ends the calls."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def _take_over(self, ours: Collection[str]) -> CameraChanges:
        """Make true what the store knows. Called with the lock held."""
        old, new = self._specs, dict(self._store.cameras())
        difference = model.changes(old, new)
        _keep({camera_id: spec for camera_id, spec in new.items() if old.get(camera_id) != spec})
        # Both at once: a version must never be shown with other settings than its own.
        self._specs, self._versions = new, {camera_id: self._store.version(camera_id) for camera_id in new}
        if not difference:
            return difference
        self._overrides = model.surviving_overrides(self._overrides, old, new, self._wanted, ours)
        await self._apply()
        log.info("cameras.changed", added=difference.added, removed=difference.removed, changed=difference.changed)
        self._tell(difference)
        return difference

    async def _apply(self) -> None:
        self._wanted = model.desired(self._specs, self._overrides)
        if self._muted:
            self._wanted = {camera_id: replace(spec, restream=()) for camera_id, spec in self._wanted.items()}
        await self._fleet.apply(self._wanted)

    def _tell(self, difference: CameraChanges) -> None:
        for listener in tuple(self._listeners):
            listener(difference)


def _keep(specs: Mapping[str, CameraSpec]) -> None:
    """Logs and errors of this process show nothing of their secrets from now on."""
    for spec in specs.values():
        keep_camera(spec)
