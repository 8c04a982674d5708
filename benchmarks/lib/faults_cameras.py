"""Cameras that are lost in three ways: their worker is killed, their server goes, their picture freezes."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.lib.faults import PATIENCE_S, Bench, NothingMeasuredError, Times
from tests.fakes.noisy_scene import write_noisy_scene
from tests.fakes.rtsp_server import RtspServer, missing

from popcam.config.model import MonitoringSettings
from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState, CameraStatus
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec, WorkersSpec
from popcam.fleet.local import LocalFleet
from popcam.fleet.timings import FleetTimings

WIDTH_PX, HEIGHT_PX = 640, 360
TIMINGS = FleetTimings(spare_after_s=5.0)
SETTLED_S = 6.0
"""After the start: engines are loaded, and the stream looks at every picture no longer because it is new."""
SPARE_READY_S = 4.0
CAMERAS = ("left", "right")
NOTICED, WELL = "noticed after", "well again after"


class Bed:
    """A running fleet, its cameras, and when each showed its newest picture."""

    def __init__(self, fleet: LocalFleet) -> None:
        self.fleet = fleet
        self.captured_unix_s = dict.fromkeys(CAMERAS, 0.0)

    def status(self, camera_id: str) -> CameraStatus:
        return self.fleet.statuses()[camera_id]

    def shown_since(self, unix_s: float, camera_ids: Sequence[str]) -> bool:
        return all(self.captured_unix_s[camera_id] > unix_s for camera_id in camera_ids)

    async def watch(self, camera_id: str) -> None:
        async with self.fleet.watch(camera_id, "preview.jpeg") as pictures:
            async for picture in pictures:
                self.captured_unix_s[camera_id] = picture.header.captured_unix_s


@asynccontextmanager
async def running(folder: Path, urls: dict[str, str]) -> AsyncIterator[Bed]:
    """A fleet whose cameras all show pictures."""
    runtime, data, log = (folder / name for name in ("run", "data", "log"))
    fleet = LocalFleet(WorkersSpec(count=1), InferenceSpec(), data, runtime, log, SystemClock(), timings=TIMINGS)
    await fleet.start()
    bed = Bed(fleet)
    cameras = {one: CameraSpec(id=one, source=SourceSpec(url=url)) for one, url in urls.items()}
    watchers = [asyncio.create_task(bed.watch(one)) for one in cameras]
    try:
        await fleet.apply(cameras)
        await until(lambda: bed.shown_since(0.0, tuple(cameras)))
        await asyncio.sleep(SETTLED_S)
        yield bed
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.wait(watchers)
        await fleet.stop()


async def until(what: Callable[[], object]) -> float:
    """Seconds until it is true.

    Raises:
        NothingMeasuredError: it never was.
    """
    begun_s = time.monotonic()
    while not what():
        if time.monotonic() - begun_s > PATIENCE_S:
            raise NothingMeasuredError("what was waited for did not happen; nothing is measured")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun_s


async def killed_worker(bench: Bench) -> Times:
    """Kill the worker of two cameras, in a new fleet each time."""
    times = Times({WELL: 3.0})
    camera, scene, folder = _cameras(bench)
    with camera(raw=str(scene)) as left, camera(raw=str(scene)) as right:
        for number in range(bench.runs):
            async with running(folder / f"worker-{number}", {"left": left.url, "right": right.url}) as bed:
                await until(lambda: bed.fleet.spare_waits)
                await asyncio.sleep(SPARE_READY_S)
                (worker,) = bed.fleet.workers()
                killed_unix_s = time.time()
                os.kill(worker.pid, signal.SIGKILL)
                times.add(NOTICED, await until(lambda: bed.status("left").state is CameraState.RECONNECTING))
                await until(partial(bed.shown_since, killed_unix_s + 0.2, CAMERAS))
                times.add(WELL, time.time() - killed_unix_s)
    return times


async def lost_server(bench: Bench) -> Times:
    """Take the camera's server away and bring it back."""
    times, chance = Times({WELL: 3.0}), bench.chance
    camera, scene, folder = _cameras(bench)
    with camera(raw=str(scene)) as server:
        async with running(folder / "server", {"left": server.url}) as bed:
            for _ in range(bench.runs):
                server.stop()
                times.add(NOTICED, await until(lambda: bed.status("left").state is CameraState.RECONNECTING))
                await asyncio.sleep(chance.uniform(2.0, 12.0))
                await asyncio.to_thread(server.start)
                back_unix_s = time.time()
                await until(partial(bed.shown_since, back_unix_s, ("left",)))
                times.add(WELL, time.time() - back_unix_s)
                await asyncio.sleep(chance.uniform(2.0, 4.0))
    return times


async def frozen_picture(bench: Bench) -> Times:
    """Freeze the picture, and let it live again."""
    times, chance = Times({NOTICED: 10.0}), bench.chance
    camera, scene, folder = _cameras(bench)
    with camera(raw=str(scene)) as server:
        async with running(folder / "frozen", {"left": server.url}) as bed:
            limit_s = MonitoringSettings().frozen_s
            await until(lambda: bed.status("left").lively)
            for _ in range(bench.runs):
                await asyncio.sleep(chance.uniform(4.0, 6.0))
                server.freeze()
                times.add(NOTICED, await until(lambda: (bed.status("left").frozen_s or 0.0) >= limit_s))
                await asyncio.sleep(chance.uniform(1.0, 3.0))
                server.live()
                times.add(WELL, await until(lambda: bed.status("left").frozen_s == 0))
    return times


def _cameras(bench: Bench) -> tuple[Callable[..., RtspServer], Path, Path]:
    """What makes cameras, the scene that they show, and a folder.

    Raises:
        NothingMeasuredError: RTSP cameras can't be had here.
    """
    if reason := missing():
        raise NothingMeasuredError(reason)
    rate: dict[str, Any] = {"bitrate_kbps": bench.kbps} if bench.kbps else {"quantizer": 26}
    scene = bench.folder / "scene.i420"
    if not scene.exists():
        write_noisy_scene(scene, WIDTH_PX, HEIGHT_PX)
    return partial(RtspServer, width=WIDTH_PX, height=HEIGHT_PX, **rate), scene, bench.folder
