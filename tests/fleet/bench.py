"""A fleet of fake workers: real processes, real sockets, behaviour on demand."""

import asyncio
import dataclasses
import math
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil

from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState, CameraStatus
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec, WorkersSpec
from popcam.fleet.local import LocalFleet
from popcam.fleet.timings import FleetTimings

FAKE_WORKER = (sys.executable, str(Path(__file__).parents[1] / "fakes" / "fake_worker.py"))
QUICK = FleetTimings(kill_grace_s=0.3, tick_s=0.2, idle_linger_s=0.5, probation_s=3600.0, spare_after_s=math.inf)


def camera(camera_id: str, behaviour: str = "ok") -> CameraSpec:
    return CameraSpec(id=camera_id, source=SourceSpec(url=f"fake:{behaviour}"))


def cameras(**behaviours: str) -> dict[str, CameraSpec]:
    return {camera_id: camera(camera_id, behaviour) for camera_id, behaviour in behaviours.items()}


@dataclasses.dataclass
class Bench:
    """A folder for one fleet, and what its fake workers wrote into it."""

    folder: Path
    workers: WorkersSpec = dataclasses.field(
        default_factory=lambda: WorkersSpec(
            count=1, heartbeat_timeout_s=1.5, server_loss_s=1.0, restart_window_s=600.0, stop_timeout_s=5.0
        )
    )
    timings: FleetTimings = QUICK
    pids: set[int] = dataclasses.field(default_factory=set)

    def fleet(self, *arguments: str, **options: Any) -> LocalFleet:
        return LocalFleet(
            self.workers,
            InferenceSpec(),
            self.folder / "data",
            self.folder / "run",
            self.folder / "log",
            SystemClock(),
            worker_command=(*FAKE_WORKER, *arguments),
            timings=self.timings,
            **options,
        )

    def journal(self, *kinds: str) -> list[dict[str, Any]]:
        path = self.folder / "data" / "fake.log"
        lines = path.read_bytes().splitlines() if path.exists() else []
        entries = [msgspec.json.decode(line) for line in lines]
        return [entry for entry in entries if not kinds or entry["what"] in kinds]

    def started_pids(self) -> list[int]:
        return [entry["pid"] for entry in self.journal("start")]

    @asynccontextmanager
    async def running(
        self, desired: Mapping[str, CameraSpec] | None = None, *arguments: str, **options: Any
    ) -> AsyncIterator[LocalFleet]:
        fleet = self.fleet(*arguments, **options)
        await fleet.start()
        try:
            if desired is not None:
                await fleet.apply(desired)
            yield fleet
        finally:
            await fleet.stop()


async def until(what: Callable[[], object], within_s: float = 60) -> float:
    """Wait until it is true; the seconds that took."""
    began_s = time.monotonic()
    while not what():
        if time.monotonic() - began_s > within_s:
            raise AssertionError(f"not within {within_s} s")
        await asyncio.sleep(0.01)
    return time.monotonic() - began_s


def fresh(fleet: LocalFleet, camera_id: str, after_unix_s: float = 0.0) -> bool:
    """Whether the camera runs, by a report made after that time."""
    status = fleet.status(camera_id)
    return status is not None and status.state is CameraState.RUNNING and status.at_unix_s > after_unix_s


async def until_running(fleet: LocalFleet, *camera_ids: str, within_s: float = 60) -> float:
    now_s = time.time()
    return await until(lambda: all(fresh(fleet, camera_id, now_s) for camera_id in camera_ids), within_s)


async def until_restarted(fleet: LocalFleet, camera_id: str, times: int) -> float:
    return await until(lambda: fleet.restarts(camera_id) >= times)


def status_of(fleet: LocalFleet, camera_id: str) -> CameraStatus:
    status = fleet.status(camera_id)
    assert status is not None
    return status


def codes(fleet: LocalFleet, camera_id: str) -> list[str]:
    return [fault.code for fault in status_of(fleet, camera_id).faults]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
