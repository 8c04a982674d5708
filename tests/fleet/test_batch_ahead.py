"""Batch workers that are started before their settings are known: used, let go, and never in the way."""

import asyncio
import json
import sys
from pathlib import Path

import psutil
from tests.fakes.batch_worker import COMMAND

from popcam.core.batch import Inspect, Inspected
from popcam.core.worker_settings import InferenceSpec
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.fleet.batch_pool import BatchPool
from popcam.fleet.batch_worker import BATCH_COMMAND


def pool_with(ahead: WorkersAhead, folder: Path, command: tuple[str, ...] = COMMAND, workers: int = 2) -> BatchPool:
    return BatchPool(workers, InferenceSpec(), nice=0, log_dir=folder, command=command, ahead=ahead)


async def inspected(pool: BatchPool, folder: Path) -> Inspected:
    (folder / "a.mp4").write_text(json.dumps({"frames": 10}))
    result = await pool.run(Inspect(path=str(folder / "a.mp4")))
    assert isinstance(result, Inspected)
    return result


async def test_a_pool_takes_them_first_and_ends_them(tmp_path: Path) -> None:
    ahead = WorkersAhead(COMMAND)
    await ahead.begin(2)
    begun = ahead.pids
    pool = pool_with(ahead, tmp_path)
    try:
        await inspected(pool, tmp_path)
        assert pool.pids == begun[:1]
    finally:
        await pool.close()
    await ahead.end()
    assert not any(psutil.pid_exists(pid) for pid in begun)


async def test_a_pool_lets_those_go_that_it_has_no_place_for(tmp_path: Path) -> None:
    ahead = WorkersAhead(COMMAND)
    await ahead.begin(2)
    pool = pool_with(ahead, tmp_path, workers=1)
    assert len(ahead.pids) == 1
    await pool.close()
    await ahead.end()


async def test_one_that_died_meanwhile_is_replaced(tmp_path: Path) -> None:
    ahead = WorkersAhead((sys.executable, "-c", "pass"))
    await ahead.begin(1)
    (pid,) = ahead.pids
    async with asyncio.timeout(60):
        while psutil.pid_exists(pid):  # noqa: ASYNC110 - its end has no event
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    pool = pool_with(ahead, tmp_path)
    try:
        assert (await inspected(pool, tmp_path)).facts.frames == 10
    finally:
        await pool.close()


async def test_a_system_that_starts_none_is_no_failure_yet() -> None:
    ahead = WorkersAhead(("/nowhere/at/all",))
    await ahead.begin(2)
    assert (ahead.pids, ahead.take()) == ((), None)


async def test_a_real_one_writes_its_log_where_its_settings_say(tmp_path: Path) -> None:
    ahead = WorkersAhead()
    await ahead.begin(1)
    pool = pool_with(ahead, tmp_path, BATCH_COMMAND)
    path = tmp_path / "empty.mp4"
    path.write_bytes(b"")
    try:
        await asyncio.gather(pool.run(Inspect(path=str(path))), return_exceptions=True)
    finally:
        await pool.close()
    assert "task.failed" in (tmp_path / "batch" / "batch-1.log").read_text()
