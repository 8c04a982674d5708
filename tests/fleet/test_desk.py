"""Questions that concern no camera are put to a worker of their own."""

import asyncio

import pytest
from tests.fleet.bench import Bench, cameras, until

from popcam.core import protocol
from popcam.core.errors import SourceUnreachableError, WorkerUnavailableError
from popcam.core.facts import CameraState
from popcam.core.spec import SourceSpec
from popcam.fleet.desk import DESK


def look(url: str) -> protocol.TestSource:
    return protocol.TestSource(source=SourceSpec(url=url))


async def test_a_question_is_answered_though_no_camera_runs(bench: Bench) -> None:
    async with bench.running() as fleet:
        assert await fleet.ask(protocol.FindDevices(), 5.0) == protocol.DevicesFound(devices=())


async def test_the_named_error_comes_back(bench: Bench) -> None:
    async with bench.running() as fleet:
        with pytest.raises(SourceUnreachableError):
            await fleet.ask(look("fake:refuse"), 5.0)


async def test_a_source_that_crashes_its_reader_costs_no_camera(bench: Bench) -> None:
    async with bench.running() as fleet:
        await fleet.apply(cameras(one="ok"))
        await until(lambda: fleet.status("one") is not None and fleet.worker_of("one") is not None)
        owner = fleet.worker_of("one")
        with pytest.raises(WorkerUnavailableError):
            await fleet.ask(look("fake:crash"), 5.0)
        assert isinstance(await fleet.ask(look("fake:ok"), 5.0), protocol.SourceTested)
        status, still = fleet.status("one"), fleet.worker_of("one")
        assert status is not None
        assert status.state is CameraState.RUNNING
        assert owner is not None
        assert still is not None
        assert still.pid == owner.pid


async def test_questions_side_by_side_share_one_worker(bench: Bench) -> None:
    async with bench.running() as fleet:
        await asyncio.gather(*(fleet.ask(look("fake:ok"), 5.0) for _ in range(5)))
    assert [entry["worker"] for entry in bench.journal("start")] == [DESK]


async def test_no_answer_in_time_is_told(bench: Bench) -> None:
    async with bench.running() as fleet:
        with pytest.raises(WorkerUnavailableError):
            await fleet.ask(look("fake:silent"), 0.3)


async def test_the_worker_ends_when_nobody_asks_any_more(bench: Bench) -> None:
    async with bench.running() as fleet:
        await fleet.apply({})
        await fleet.ask(look("fake:ok"), 5.0)
        await until(lambda: len(fleet.workers()) == 1)
        await until(lambda: not fleet.workers())
