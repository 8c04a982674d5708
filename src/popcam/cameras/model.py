"""Plain types and pure rules of cameras: who shall run, what a reload changes, when a camera counts as running."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from popcam.core.errors import PopcamError
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.spec import CameraSpec

RUNNING_STATES = frozenset(
    {CameraState.STARTING, CameraState.RUNNING, CameraState.IDLE, CameraState.RECONNECTING, CameraState.ISOLATED}
)
"""States in which a pipeline exists for the camera."""


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera as people see it: what is wanted, and what is.

    `wanted` says that it shall run now; `pid` is its worker's process; `log` its log file, which may not exist yet.
    """

    spec: CameraSpec
    wanted: bool
    status: CameraStatus | None
    pid: int | None
    log: str

    @property
    def state(self) -> CameraState:
        """Its state; a wanted camera that never reported is starting."""
        if self.status is not None:
            return self.status.state
        return CameraState.STARTING if self.wanted else CameraState.STOPPED

    @property
    def running(self) -> bool:
        """True while a worker holds a pipeline for it."""
        return self.pid is not None and self.state in RUNNING_STATES

    @property
    def fault(self) -> FaultReport | None:
        """What is wrong now, the most important first; None when all is well."""
        return self.status.faults[0] if self.status is not None and self.status.faults else None


@dataclass(frozen=True, slots=True)
class CameraChanges:
    """What a reload changed, as ids in order."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class StartResult:
    """Answer to start, stop and restart. `error` is the fault that the camera reports now, or empty."""

    ok: bool
    pid: int | None
    log: str
    error: str


@dataclass(frozen=True, slots=True)
class CameraGroup:
    """A group: its name and the ids of its cameras, in the order of the cameras."""

    name: str
    camera_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deactivated:
    """Answer to deactivate. `stopped`: it ran, and does no more."""

    view: CameraView
    stopped: bool


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Answer to refresh: what differs since before. `error`: why the store could not be read; the old state holds."""

    changes: CameraChanges
    at_unix_s: float
    error: PopcamError | None = None


@dataclass(frozen=True, slots=True)
class StoreState:
    """Where cameras are kept and how that stands.

    Attributes:
        kind: `file`, `database`, or `fixed` for cameras that can't be changed.
        place: the file's path.
        error: why the newest content is not in force; it may be a ConfigError with `problems` (line and reason).
    """

    kind: Literal["file", "database", "fixed"]
    place: str = ""
    error: PopcamError | None = None


def desired(specs: Mapping[str, CameraSpec], overrides: Mapping[str, bool]) -> dict[str, CameraSpec]:
    """The cameras that shall run: active ones, by what a person said last, else by `auto_start`."""
    return {
        camera_id: for_worker(spec)
        for camera_id, spec in specs.items()
        if spec.active and overrides.get(camera_id, spec.auto_start)
    }


def for_worker(spec: CameraSpec) -> CameraSpec:
    """Without what means nothing to a pipeline, so that a new name or group disturbs none."""
    return replace(spec, name="", groups=(), auto_start=True)


def groups_of(specs: Mapping[str, CameraSpec]) -> list[CameraGroup]:
    """All groups by name."""
    members: dict[str, list[str]] = {}
    for camera_id, spec in specs.items():
        for name in spec.groups:
            members.setdefault(name, []).append(camera_id)
    return [CameraGroup(name, tuple(members[name])) for name in sorted(members)]


def changes(old: Mapping[str, CameraSpec], new: Mapping[str, CameraSpec]) -> CameraChanges:
    """What differs between two sets of cameras."""
    return CameraChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(key for key in old.keys() & new.keys() if old[key] != new[key])),
    )


def surviving_overrides(
    overrides: Mapping[str, bool],
    old: Mapping[str, CameraSpec],
    new: Mapping[str, CameraSpec],
    running: Collection[str] = (),
    ours: Collection[str] = (),
) -> dict[str, bool]:
    """The people's starts and stops that outlive a reload: the newest wish counts.

    One ends with its camera, and when the settings' own `active` or `auto_start` of that camera changed after it. In
    `ours`, changed by a form or command rather than by hand, `auto_start` speaks of the next start of the server only:
    what is `running` goes on.
    """
    kept = {}
    for camera_id, after in new.items():
        before = old.get(camera_id)
        if before is None or before.active != after.active:
            continue
        if before.auto_start == after.auto_start:
            if camera_id in overrides:
                kept[camera_id] = overrides[camera_id]
        elif camera_id in ours:
            kept[camera_id] = camera_id in running
    return kept
