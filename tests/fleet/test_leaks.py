"""Nothing is left behind, however often a fleet starts and stops."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
from tests.fleet.bench import Bench, cameras, until, until_running

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts file descriptors by /proc")


async def one_day(bench: Bench, *, kill: bool) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        async with fleet.watch("a", "preview.jpeg") as pictures:
            await asyncio.wait_for(anext(pictures), 60)
        if kill:
            os.kill(bench.started_pids()[-1], signal.SIGKILL)
            await until(lambda: fleet.restarts("a") == 1)


def left_behind(bench: Bench) -> tuple[int, int, int, list[str]]:
    me = psutil.Process()
    files = sorted(path.name for path in (bench.folder / "run").iterdir())
    return me.num_fds(), threading.active_count(), len(me.children(recursive=True)), files


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
async def test_twenty_starts_and_stops_leave_nothing_behind(bench: Bench) -> None:
    await one_day(bench, kill=True)
    before = left_behind(bench)
    for number in range(20):
        await one_day(bench, kill=number % 4 == 0)
    assert left_behind(bench) == before
    assert before[2:] == (0, ["fleet.lock"])


async def test_a_crash_loop_leaves_no_files(bench: Bench) -> None:
    async with bench.running(cameras(a="crash=0.02")) as fleet:
        await until(lambda: fleet.restarts("a") >= 4)
    assert [path.name for path in (bench.folder / "run").iterdir()] == ["fleet.lock"]
