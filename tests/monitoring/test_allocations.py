"""Allocations of this very process."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from popcam.core.allocations import short_path
from popcam.core.errors import SnapshotBusyError
from popcam.monitoring.allocations import Allocations


@pytest.fixture
async def allocations() -> AsyncIterator[Allocations]:
    allocations = Allocations(time.time)
    yield allocations
    await allocations.end()


async def test_the_line_that_holds_more_and_more_is_found(allocations: Allocations) -> None:
    began = await allocations.begin(60)
    held = [bytes(100_000) for _ in range(50)]
    found = await allocations.look()
    line = found.lines[0]
    assert began.running
    assert line.file.endswith("monitoring/test_allocations.py")
    assert line.code == "held = [bytes(100_000) for _ in range(50)]"
    assert line.grown_bytes >= 5_000_000 <= line.size_bytes
    assert found.until_unix_s == pytest.approx(time.time() + 60, abs=10)
    assert len(held) == 50


async def test_what_was_found_last_stays_after_the_end(allocations: Allocations) -> None:
    await allocations.begin(60)
    held = [bytes(100_000) for _ in range(20)]
    ended = await allocations.end()
    assert not ended.running
    assert ended.began_unix_s is None
    assert ended.lines[0].grown_bytes >= 2_000_000
    assert await allocations.look() == ended
    assert not tracemalloc.is_tracing()
    assert len(held) == 20


async def test_it_ends_by_itself(allocations: Allocations) -> None:
    await allocations.begin(0.05)
    async with asyncio.timeout(60):
        while allocations.running:  # noqa: ASYNC110 - nobody is told of the end
            await asyncio.sleep(0.02)
    assert not tracemalloc.is_tracing()


async def test_one_recording_runs_at_a_time(allocations: Allocations) -> None:
    await allocations.begin(60)
    with pytest.raises(SnapshotBusyError):
        await allocations.begin(60)


async def test_what_another_records_is_left_to_them(allocations: Allocations) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(SnapshotBusyError):
            await allocations.begin(60)
        await allocations.end()
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


async def test_before_the_first_recording_there_is_nothing(allocations: Allocations) -> None:
    nothing = await allocations.look()
    assert (nothing.running, nothing.lines) == (False, ())


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/opt/venv/lib/python3.11/site-packages/starlette/routing.py", "starlette/routing.py"),
        ("/usr/lib/python3/dist-packages/a/b.py", "a/b.py"),
        ("/usr/lib/python3.11/asyncio/events.py", "asyncio/events.py"),
        (tracemalloc.__file__, "/".join(tracemalloc.__file__.rsplit("/", 2)[1:])),
    ],
)
def test_nobody_is_told_where_popcam_lies(path: str, short: str) -> None:
    assert short_path(path) == short
