"""What becomes of workers when their server is killed, and what the next server does with them."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.fleet.bench import FAKE_WORKER, QUICK, Bench, alive, cameras, fresh, until, until_running

from popcam.core.protocol import PROTOCOL_VERSION
from popcam.fleet.state_file import WorkerRecord, write_record

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")

SERVER = """
import asyncio, sys
from pathlib import Path
import msgspec
from tests.fleet.bench import Bench, cameras
from popcam.core.worker_settings import WorkersSpec

async def main():
    bench = Bench(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=WorkersSpec))
    fleet = bench.fleet()
    await fleet.start()
    await fleet.apply(cameras(a="ok", b="ok"))
    await asyncio.sleep(60)

asyncio.run(main())
"""


@contextmanager
def server_process(bench: Bench) -> Iterator["subprocess.Popen[bytes]"]:
    """A real server process over the bench's folder."""
    arguments = (str(bench.folder), msgspec.json.encode(bench.workers).decode())
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", SERVER, *arguments], cwd=root, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def both_run(bench: Bench) -> list[int]:
    await until(lambda: len(bench.journal("camera")) >= 2)
    return bench.started_pids()


async def test_no_orphan_is_left_when_the_server_is_killed_and_workers_shall_end(bench: Bench) -> None:
    with server_process(bench) as server:
        pids = await both_run(bench)
        server.kill()
    await until(lambda: not any(alive(pid) for pid in pids), bench.workers.server_loss_s + 10.0)
    assert sorted(entry["camera"] for entry in bench.journal("finished")) == ["a", "b"]


async def test_a_new_server_takes_over_workers_that_went_on(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, on_server_loss="continue")
    with server_process(bench) as server:
        pids = await both_run(bench)
        server.kill()
    await asyncio.sleep(bench.workers.server_loss_s + 0.5)
    assert all(alive(pid) for pid in pids)
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        assert bench.started_pids() == pids
        assert [fleet.restarts("a"), fleet.restarts("b")] == [0, 0]
        started = {entry["epoch"] for entry in bench.journal("camera")[:2]}
        assert {entry["epoch"] for entry in bench.journal("camera")} == started
    assert not any(alive(pid) for pid in pids)


async def test_an_adopted_worker_that_dies_is_replaced_like_any_other(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, on_server_loss="continue")
    with server_process(bench) as server:
        (pid,) = await both_run(bench)
        server.kill()
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        os.kill(pid, signal.SIGKILL)
        now_s = time.time() + 0.05
        await until(lambda: fresh(fleet, "a", now_s) and fresh(fleet, "b", now_s))
        assert bench.started_pids() != [pid]


async def test_a_camera_that_is_not_wanted_any_more_is_stopped_on_an_adopted_worker(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, on_server_loss="continue")
    with server_process(bench) as server:
        await both_run(bench)
        server.kill()
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await until(lambda: [entry["camera"] for entry in bench.journal("stop")] == ["b"])


async def test_a_starting_server_ends_what_is_left_over_before_it_starts_its_own(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, server_loss_s=60.0)
    with server_process(bench) as server:
        (pid,) = await both_run(bench)
        server.kill()
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        assert not alive(pid)
        what = [entry["what"] for entry in bench.journal("start", "finished")]
        assert what == ["start", "finished", "finished", "start"]


async def test_left_over_workers_with_other_settings_are_replaced(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, on_server_loss="continue")
    with server_process(bench) as server:
        (pid,) = await both_run(bench)
        server.kill()
    bench.workers = dataclasses.replace(bench.workers, server_loss_s=30.0)
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        assert not alive(pid)


async def test_a_left_over_worker_that_hangs_is_ended_and_replaced(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, on_server_loss="continue")
    bench.timings = dataclasses.replace(QUICK, command_timeout_s=0.5)
    with server_process(bench) as server:
        (pid,) = await both_run(bench)
        server.kill()
    os.kill(pid, signal.SIGSTOP)
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        assert not alive(pid)


async def test_records_of_workers_that_are_gone_are_cleaned_away(bench: Bench) -> None:
    run = bench.folder / "run"
    run.mkdir(mode=0o700)
    gone = await asyncio.create_subprocess_exec("/bin/true")
    await gone.wait()
    write_record(run, record(bench, gone.pid, 1.0))
    (run / "deadbeef.c").touch()
    (run / "worker-half.tmp").write_text("{")
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
    assert [path.name for path in run.iterdir()] == ["fleet.lock"]


async def test_another_process_with_the_number_of_a_worker_is_left_alone(bench: Bench) -> None:
    run = bench.folder / "run"
    run.mkdir(mode=0o700)
    stranger = await asyncio.create_subprocess_exec("/bin/sleep", "60")
    write_record(run, record(bench, stranger.pid, psutil.Process(stranger.pid).create_time()))
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
    assert stranger.returncode is None
    stranger.kill()
    await stranger.wait()


async def test_stop_during_the_takeover_is_clean(bench: Bench) -> None:
    bench.workers = dataclasses.replace(bench.workers, server_loss_s=60.0, stop_timeout_s=0.5)
    with server_process(bench) as server:
        (pid,) = await both_run(bench)
        server.kill()
    os.kill(pid, signal.SIGSTOP)  # it can't react to SIGTERM, so the takeover takes a while
    async with bench.running(cameras(a="ok")):
        await asyncio.sleep(0.1)
    os.kill(pid, signal.SIGCONT)
    await until(lambda: not alive(pid))


def record(bench: Bench, pid: int, create_time_s: float) -> WorkerRecord:
    run = bench.folder / "run"
    return WorkerRecord(
        token="deadbeef",
        slot="w1",
        pid=pid,
        create_time_s=create_time_s,
        commands=f"ipc://{run}/deadbeef.c",
        facts=f"ipc://{run}/deadbeef.f",
        protocol_version=PROTOCOL_VERSION,
        popcam_version="0",
        command=FAKE_WORKER,
    )
