"""Batch workers: replaced when they die or stand still, paused, cancelled, and gone with their server."""

import asyncio
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fakes.batch_worker import COMMAND

from popcam.core.batch import Find, Inspect, Inspected, Span, TaskProgress
from popcam.core.errors import (
    JobWorkerLostError,
    SourceCorruptError,
    SourceNotFoundError,
    WorkerUnavailableError,
)
from popcam.core.jobs import FindSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.fleet.batch_pool import BatchPool

SPAN = Span(index=0, start_pts=0, end_pts=None, first_frame=0, frames=10)


@asynccontextmanager
async def pool_at(folder: Path, command: tuple[str, ...] = COMMAND, **more: Any) -> AsyncIterator[BatchPool]:
    wanted: dict[str, Any] = {"workers": 2, "nice": 0} | more
    pool = BatchPool(wanted.pop("workers"), InferenceSpec(), log_dir=folder, command=command, **wanted)
    try:
        yield pool
    finally:
        pids = pool.pids
        await pool.close()
        assert not any(psutil.pid_exists(pid) for pid in pids), "a worker outlived its pool"


def medium(folder: Path, name: str = "a.mp4", **facts: Any) -> str:
    (folder / name).write_text(json.dumps({"frames": 10} | facts))
    return str(folder / name)


def find(path: str) -> Find:
    return Find(path=path, span=SPAN, find=FindSpec(), output=f"{path}.found")


async def until(true: Callable[[], bool], within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def test_a_task_is_answered_and_its_worker_used_again(tmp_path: Path) -> None:
    async with pool_at(tmp_path) as pool:
        path = medium(tmp_path)
        told: list[TaskProgress] = []
        for _ in range(3):
            result = await pool.run(Inspect(path=path))
            assert isinstance(result, Inspected)
            assert result.facts.frames == 10
        await pool.run(find(path), told.append)
        assert told[-1].frames_done == 10
        assert len(pool.pids) == 1


async def test_errors_come_with_their_names(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("no medium")
    async with pool_at(tmp_path) as pool:
        with pytest.raises(SourceCorruptError) as caught:
            await pool.run(Inspect(path=str(tmp_path / "b")))
        assert caught.value.retryable
        with pytest.raises(SourceNotFoundError):
            await pool.run(Inspect(path=str(tmp_path / "none")))


async def test_a_dead_worker_is_named_and_replaced(tmp_path: Path) -> None:
    path = medium(tmp_path, crash={"stage": "find", "times": 1})
    async with pool_at(tmp_path) as pool:
        with pytest.raises(JobWorkerLostError, match="status 11"):
            await pool.run(find(path))
        await pool.run(find(path))


async def test_a_worker_that_stands_still_is_ended(tmp_path: Path) -> None:
    path = medium(tmp_path, hang={"stage": "find", "times": 1})
    async with pool_at(tmp_path, hang_s=0.5) as pool:
        begun_s = time.monotonic()
        with pytest.raises(JobWorkerLostError, match="no sign of life"):
            await pool.run(find(path))
        assert time.monotonic() - begun_s < 30  # by itself it hangs for ever
        assert pool.pids == ()


async def test_a_paused_worker_is_not_taken_for_hung(tmp_path: Path) -> None:
    path = medium(tmp_path, slow_s=0.05)
    async with pool_at(tmp_path, hang_s=1.5, workers=1) as pool:
        await pool.run(Inspect(path=path))  # it has started
        pool.pause()
        task = asyncio.create_task(pool.run(find(path)))
        await asyncio.sleep(2.0)
        assert not task.done()
        pool.resume()
        await asyncio.wait_for(task, 60)


async def test_fewer_workers_may_work_than_there_are(tmp_path: Path) -> None:
    async with pool_at(tmp_path) as pool:
        paths = [medium(tmp_path, f"{number}.mp4", slow_s=1.0) for number in range(2)]
        pool.set_limit(1)
        ends_s: list[float] = []
        tasks = [asyncio.create_task(pool.run(find(path))) for path in paths]
        for task in tasks:
            task.add_done_callback(lambda _task: ends_s.append(time.monotonic()))
        await asyncio.gather(*tasks)  # the second may go on when the first is done
        assert ends_s[1] - ends_s[0] >= 0.5


async def test_a_cancelled_task_ends_and_its_worker_is_free_again(tmp_path: Path) -> None:
    slow, quick = medium(tmp_path, "a.mp4", slow_s=60), medium(tmp_path, "b.mp4")
    async with pool_at(tmp_path, workers=1) as pool:
        await pool.run(find(quick))  # it has started
        task = asyncio.create_task(pool.run(find(slow)))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pids = pool.pids
        await asyncio.wait_for(pool.run(find(quick)), 60)
        assert pool.pids == pids


async def test_warm_workers_are_there_before_the_work_and_are_no_more_than_asked_for(tmp_path: Path) -> None:
    async with pool_at(tmp_path) as pool:
        pool.warm(2)
        pool.warm(2)
        path = medium(tmp_path)
        await asyncio.gather(*(pool.run(Inspect(path=path)) for _ in range(4)))
        await until(lambda: len(pool.pids) == 2)
        await pool.run(Inspect(path=path))
        assert len(pool.pids) == 2


async def test_no_more_workers_start_than_there_is_work_for(tmp_path: Path) -> None:
    async with pool_at(tmp_path, workers=4) as pool:
        pool.warm(1)
        await until(lambda: len(pool.pids) == 1)
        pool.warm(1)
        await pool.run(Inspect(path=medium(tmp_path)))
        assert len(pool.pids) == 1


async def test_warming_a_pool_that_is_closed_at_once_leaves_nothing(tmp_path: Path) -> None:
    async with pool_at(tmp_path) as pool:
        pool.warm(2)
        await until(lambda: bool(pool.pids))
        pids = pool.pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_idle_workers_are_ended(tmp_path: Path) -> None:
    async with pool_at(tmp_path, idle_s=0.2) as pool:
        await pool.run(Inspect(path=medium(tmp_path)))
        await until(lambda: pool.pids == ())


@pytest.mark.parametrize(
    "command",
    [
        ("/does/not/exist",),
        (sys.executable, "-c", "raise SystemExit(3)"),
        (sys.executable, "-c", "print('this is no message', flush=True); import time; time.sleep(90)"),
    ],
    ids=["missing", "ends", "chatters"],
)
async def test_a_worker_that_can_not_start_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    async with pool_at(tmp_path, command) as pool:
        with pytest.raises(WorkerUnavailableError):
            await asyncio.wait_for(pool.run(Inspect(path="a")), 60)
        assert pool.pids == ()


def test_workers_end_with_their_server(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import asyncio
        from pathlib import Path
        from popcam.core.batch import Inspect
        from popcam.core.worker_settings import InferenceSpec
        from popcam.fleet.batch_pool import BatchPool

        async def main():
            pool = BatchPool(1, InferenceSpec(), nice=0, log_dir=Path({str(tmp_path)!r}), command={COMMAND!r})
            await pool.run(Inspect(path={medium(tmp_path)!r}))
            print(pool.pids[0], flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        worker = psutil.Process(int(server.stdout.readline()))
        server.kill()
    worker.wait(5)
