"""The newest state of each camera: what its worker reports, or what the fleet knows when no worker can."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import msgspec
import structlog

from popcam.core.clock import Clock
from popcam.core.facts import CameraState, CameraStatus, Event, FaultReport

Fact = TypeVar("Fact", CameraStatus, Event)
log = structlog.get_logger(__name__)

_MOST_STOPPED = 1000
"""Cameras that nobody wants any more are remembered up to this number."""


class Known(NamedTuple):
    """What only the fleet knows of a camera.

    Attributes:
        restarts: how often it had to be started again.
        worker_id: where it runs or belongs.
        sub_stream: it runs on its sub stream for now.
    """

    restarts: int = 0
    worker_id: str = ""
    sub_stream: bool = False


UNPLACED = Known()


class StatusBoard:
    """Newest states and their listeners. A listener that fails is logged and does not disturb the others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._statuses: dict[str, CameraStatus] = {}
        self._on_status: list[Callable[[CameraStatus], None]] = []
        self._on_event: list[Callable[[Event], None]] = []
        self.statuses: Mapping[str, CameraStatus] = MappingProxyType(self._statuses)

    def on_status(self, listener: Callable[[CameraStatus], None]) -> None:
        self._on_status.append(listener)

    def on_event(self, listener: Callable[[Event], None]) -> None:
        self._on_event.append(listener)

    def report(self, status: CameraStatus, known: Known, *, extra_faults: tuple[FaultReport, ...] = ()) -> None:
        """Take a worker's report, and add what only the fleet knows."""
        own = tuple(fault for fault in extra_faults if all(fault.code != known.code for known in status.faults))
        self._publish(msgspec.structs.replace(status, **known._asdict(), faults=(*status.faults, *own)))

    def declare(
        self, camera_id: str, state: CameraState, what: Known = UNPLACED, *, faults: tuple[FaultReport, ...] = ()
    ) -> None:
        """Say what the fleet itself knows, while no worker reports. The same again changes nothing."""
        known = self._statuses.get(camera_id)
        if known is not None and (known.state, known.faults, known.restarts) == (state, faults, what.restarts):
            return
        now_s = self._clock.unix_s()
        since_s = known.since_unix_s if known is not None and known.state is state else now_s
        blank = CameraStatus(
            camera_id=camera_id,
            state=state,
            since_unix_s=since_s,
            at_unix_s=now_s,
            faults=faults,
            **what._asdict(),
        )
        if known is not None and state is not CameraState.STOPPED:
            blank = _with_history(blank, known)
        self._publish(blank)

    def event(self, event: Event) -> None:
        _tell(self._on_event, event)

    def _publish(self, status: CameraStatus) -> None:
        before = self._statuses.get(status.camera_id)
        self._statuses[status.camera_id] = status
        if before is None or before.state is not status.state or _codes(before) != _codes(status):
            log.info("camera.state", camera_id=status.camera_id, state=status.state.value, faults=_codes(status))
        if status.state is CameraState.STOPPED:
            self._drop_oldest_stopped()
        _tell(self._on_status, status)

    def _drop_oldest_stopped(self) -> None:
        stopped = [one.camera_id for one in self._statuses.values() if one.state is CameraState.STOPPED]
        for camera_id in stopped[: max(0, len(stopped) - _MOST_STOPPED)]:
            del self._statuses[camera_id]


def _with_history(blank: CameraStatus, known: CameraStatus) -> CameraStatus:
    """What stays true of a camera while it is away: its stream's nature and its counters."""
    return msgspec.structs.replace(
        blank,
        epoch=known.epoch,
        frames=known.frames,
        drops=known.drops,
        reconnects=known.reconnects,
        uncovered_frames=known.uncovered_frames,
        whole_covers=known.whole_covers,
        lost_packets=known.lost_packets,
        lively=known.lively,
        codec=known.codec,
        width_px=known.width_px,
        height_px=known.height_px,
    )


def _codes(status: CameraStatus) -> tuple[str, ...]:
    return tuple(fault.code for fault in status.faults)


def _tell(listeners: list[Callable[[Fact], None]], fact: Fact) -> None:
    for listener in listeners:
        try:
            listener(fact)
        except Exception:
            log.exception("fleet.listener_failed", listener=repr(listener))
