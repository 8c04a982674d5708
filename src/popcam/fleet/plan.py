"""What to do next so that cameras run where they should. Pure: the same view gives the same actions.

The fleet calls `plan` whenever something changed, carries out what it says, and calls it again. Nothing is remembered
between two calls, so it may run at any time, twice, or after a crash.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from popcam.core.spec import CameraSpec

SOLO = "solo-"


class Standing(StrEnum):
    """How far a camera is trusted to share a worker."""

    SHARED = "shared"
    PROBATION = "probation"
    ISOLATED = "isolated"


class Phase(StrEnum):
    """Where a worker is in its life. A worker that is gone has no view."""

    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Placed:
    """A camera that a worker may be running.

    `spec` is what it was told last, None when unknown (an adopted worker). `confirmed`: it answered. `busy`: a command
    for this camera is under way. `restarting`: it must stop before it may start again.
    """

    spec: CameraSpec | None
    confirmed: bool = True
    busy: bool = False
    restarting: bool = False


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One running worker process."""

    slot: str
    phase: Phase
    cameras: Mapping[str, Placed] = field(default_factory=dict)
    idle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetView:
    """All that a plan depends on.

    `homes` says in which slot a camera was placed last; it survives the worker. `slot_waits` and `camera_waits` name
    what must not be started yet: back-off, an open breaker. `spawns` is how many processes may start now. `kept` are
    slots whose workers stay though no camera needs them.
    """

    desired: Mapping[str, CameraSpec]
    workers: tuple[WorkerView, ...] = ()
    homes: Mapping[str, str] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    slot_waits: frozenset[str] = frozenset()
    camera_waits: frozenset[str] = frozenset()
    shared_limit: int = 1
    spawns: int = 1
    idle_linger_s: float = 30.0
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a worker process for this slot."""

    slot: str


@dataclass(frozen=True, slots=True)
class Retire:
    """End a worker that nobody needs."""

    slot: str


@dataclass(frozen=True, slots=True)
class Start:
    """Run the camera on this worker; with `update` it already does, with another spec or without having said so."""

    slot: str
    camera_id: str
    update: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the camera on this worker."""

    slot: str
    camera_id: str


Action = Spawn | Retire | Start | Stop


def solo_slot(camera_id: str) -> str:
    """The slot of a camera that has a worker of its own."""
    return SOLO + camera_id


def shared_slots(limit: int) -> tuple[str, ...]:
    """The names of the shared slots: w1, w2, ..."""
    return tuple(f"w{number}" for number in range(1, limit + 1))


def plan(view: FleetView) -> tuple[Action, ...]:
    """The next actions, in the order in which they shall begin."""
    homes = place(view)
    running = _running(view.workers)
    return (
        *_stops(view, homes),
        *_starts(view, homes, running),
        *_spawns(view, homes, running),
        *_retirements(view, homes),
    )


def place(view: FleetView) -> dict[str, str]:
    """Where each wanted camera belongs: its own slot when it is a suspect, the slot that it had, or the least loaded.

    Slots that rest after too many failures are the last choice for a camera without a home.
    """
    slots = shared_slots(view.shared_limit)
    homes: dict[str, str] = {}
    homeless = []
    for camera_id in sorted(view.desired):
        if view.standings.get(camera_id, Standing.SHARED) is not Standing.SHARED:
            homes[camera_id] = solo_slot(camera_id)
        elif view.homes.get(camera_id) in slots:
            homes[camera_id] = view.homes[camera_id]
        else:
            homeless.append(camera_id)
    load = dict.fromkeys(slots, 0)
    for slot in homes.values():
        if slot in load:
            load[slot] += 1
    for camera_id in homeless:
        slot = min(slots, key=lambda one: (one in view.slot_waits, load[one]))
        load[slot] += 1
        homes[camera_id] = slot
    return homes


def move_target(
    camera_id: str, homes: Mapping[str, str], shared_limit: int, waits: frozenset[str], wanted: str = ""
) -> str | None:
    """Where a camera goes that shall leave its worker: the wanted slot, else the least loaded other one that does not
    rest. None when there is none."""
    slots = shared_slots(shared_limit)
    if wanted:
        return wanted if wanted in slots else None
    load = Counter(homes.values())
    others = [slot for slot in slots if slot != homes.get(camera_id)]
    return min(others, key=lambda one: (one in waits, load[one]), default=None)


def _running(workers: tuple[WorkerView, ...]) -> dict[str, set[str]]:
    """The slots whose workers may be running a camera."""
    running: dict[str, set[str]] = {}
    for worker in workers:
        for camera_id in worker.cameras:
            running.setdefault(camera_id, set()).add(worker.slot)
    return running


def _stops(view: FleetView, homes: Mapping[str, str]) -> Iterator[Stop]:
    for worker in view.workers:
        if worker.phase is not Phase.READY:
            continue
        for camera_id, placed in worker.cameras.items():
            misplaced = homes.get(camera_id) != worker.slot
            if (misplaced or placed.restarting) and not placed.busy:
                yield Stop(worker.slot, camera_id)


def _starts(view: FleetView, homes: Mapping[str, str], running: Mapping[str, set[str]]) -> Iterator[Start]:
    ready = {worker.slot: worker for worker in view.workers if worker.phase is Phase.READY}
    for camera_id, slot in homes.items():
        worker = ready.get(slot)
        # The old worker must have let go first: a camera, its device and its files have one owner.
        if worker is None or camera_id in view.camera_waits or running.get(camera_id, set()) - {slot}:
            continue
        placed = worker.cameras.get(camera_id)
        if placed is None:
            yield Start(slot, camera_id)
        elif placed.busy or placed.restarting:
            continue
        elif placed.spec != view.desired[camera_id] or not placed.confirmed:
            yield Start(slot, camera_id, update=True)


def _spawns(view: FleetView, homes: Mapping[str, str], running: Mapping[str, set[str]]) -> Iterator[Spawn]:
    existing = {worker.slot for worker in view.workers}
    needed = dict.fromkeys(
        slot
        for camera_id, slot in homes.items()
        if camera_id not in view.camera_waits and not running.get(camera_id, set()) - {slot}
    )
    missing = [slot for slot in needed if slot not in existing and slot not in view.slot_waits]
    for slot in missing[: view.spawns]:
        yield Spawn(slot)


def _retirements(view: FleetView, homes: Mapping[str, str]) -> Iterator[Retire]:
    wanted = set(homes.values())
    allowed = set(shared_slots(view.shared_limit))
    for worker in view.workers:
        if worker.phase is not Phase.READY or worker.cameras or worker.slot in wanted | view.kept:
            continue
        if worker.slot not in allowed or worker.idle_s >= view.idle_linger_s:
            yield Retire(worker.slot)
