"""What a recovery may do: restart a stream or a worker, move a camera, use its sub stream."""

import os
import signal
from typing import Any

import pytest
from tests.fleet.bench import Bench, camera, cameras, fresh, status_of, until, until_restarted, until_running

from popcam.core.errors import CameraNotRunningError, NotFoundError, RecoveryRefusedError, WorkerUnavailableError
from popcam.core.facts import CameraState, WorkerSlot, WorkerStatus
from popcam.core.protocol import RecordAllocations
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.local import LocalFleet


def slot_of(fleet: LocalFleet, worker_id: str) -> WorkerSlot:
    return next(slot for slot in fleet.worker_slots() if slot.worker_id == worker_id)


async def living(fleet: LocalFleet) -> WorkerStatus:
    """The one worker, once its heart beats."""
    await until(fleet.workers)
    (worker,) = fleet.workers()
    return worker


def urls(bench: Bench) -> list[Any]:
    return [entry["url"] for entry in bench.journal("camera")]


async def test_a_stream_is_restarted_by_its_worker_alone(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        await fleet.restart_stream("a")
        assert [entry["camera"] for entry in bench.journal("restart_stream")] == ["a"]
        assert bench.journal("stop") == []


async def test_a_stream_of_nobody_is_not_restarted(bench: Bench) -> None:
    async with bench.running({}) as fleet:
        with pytest.raises(CameraNotRunningError):
            await fleet.restart_stream("a")


async def test_a_stream_without_worker_is_not_restarted(bench: Bench) -> None:
    async with bench.running(cameras(a="ok"), "--start=crash") as fleet:
        with pytest.raises(WorkerUnavailableError):
            await fleet.restart_stream("a")


async def test_a_camera_moves_to_the_worker_with_fewer(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=2)
    async with bench.running(cameras(a="ok", b="ok", c="ok")) as fleet:
        await until_running(fleet, "a", "b", "c")
        before = status_of(fleet, "a")
        assert before.worker_id == "w1"
        assert await fleet.move("a") == "w2"
        assert status_of(fleet, "a").state is CameraState.STARTING
        await until(lambda: fresh(fleet, "a") and status_of(fleet, "a").worker_id == "w2")
        assert status_of(fleet, "a").epoch > before.epoch
        stop, start = [one for one in bench.journal("stop", "camera") if one["camera"] == "a"][-2:]
        assert (stop["what"], stop["worker"], start["what"], start["worker"]) == ("stop", "w1", "camera", "w2")


async def test_a_camera_moves_to_the_worker_that_is_named_and_stays(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=3)
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        assert await fleet.move("a", "w3") == "w3"
        await until(lambda: fresh(fleet, "a") and status_of(fleet, "a").worker_id == "w3")
        assert await fleet.move("a", "w3") == "w3"
        await fleet.apply(cameras(a="ok", b="ok"))
        await until_running(fleet, "a", "b")
        assert status_of(fleet, "a").worker_id == "w3"


async def test_where_there_is_no_other_worker_a_camera_stays(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        with pytest.raises(RecoveryRefusedError, match="no other worker"):
            await fleet.move("a")
        with pytest.raises(RecoveryRefusedError, match="no worker w7"):
            await fleet.move("a", "w7")
        with pytest.raises(CameraNotRunningError):
            await fleet.move("nobody")
        assert status_of(fleet, "a").state is CameraState.RUNNING


async def test_a_suspect_stays_in_its_own_worker(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=2, restart_window_s=600.0)
    async with bench.running(cameras(a="crash=0.1")) as fleet:
        await until_restarted(fleet, "a", 3)
        with pytest.raises(RecoveryRefusedError, match="worker of its own"):
            await fleet.move("a")


async def test_a_worker_is_restarted_with_its_cameras_and_without_blame(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        before = await living(fleet)
        await fleet.restart_worker("w1")
        await until(lambda: [one for one in fleet.workers() if one.pid != before.pid])
        assert {status_of(fleet, one).state for one in "ab"} <= {CameraState.STARTING, CameraState.RUNNING}
        await until_running(fleet, "a", "b")
        assert {entry["camera"] for entry in bench.journal("finished")} == {"a", "b"}
        assert fleet.restarts("a") == 0
        assert slot_of(fleet, "w1").restarts == 0


async def test_a_worker_that_rests_is_restarted_at_once(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=1, restart_budget=1, restart_window_s=600.0)
    async with bench.running(cameras(a="ok"), "--start=crash") as fleet:
        await until(lambda: any(slot.resting for slot in fleet.worker_slots()))
        restarts = slot_of(fleet, "w1").restarts
        await fleet.restart_worker("w1")
        await until(lambda: slot_of(fleet, "w1").restarts > restarts)


async def test_an_unknown_worker_is_not_restarted(bench: Bench) -> None:
    async with bench.running({}) as fleet:
        with pytest.raises(RecoveryRefusedError, match="no worker w9"):
            await fleet.restart_worker("w9")


async def test_a_camera_runs_on_its_sub_stream_until_it_is_changed(bench: Bench) -> None:
    spec = CameraSpec(id="a", source=SourceSpec(url="fake:main"), sub_source=SourceSpec(url="fake:sub"))
    async with bench.running({"a": spec}) as fleet:
        await until_running(fleet, "a")
        await fleet.use_sub_stream("a", True)
        await until(lambda: status_of(fleet, "a").sub_stream)
        await until(lambda: urls(bench)[-1] == "fake:sub")
        await fleet.apply({"a": CameraSpec(id="a", name="A", source=spec.source, sub_source=spec.sub_source)})
        await until(lambda: urls(bench)[-1] == "fake:main")
        await until(lambda: not status_of(fleet, "a").sub_stream)


async def test_slots_tell_of_workers_that_are_gone(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        assert slot_of(fleet, "w1") == WorkerSlot(worker_id="w1", up=True, camera_ids=("a", "b"))
        os.kill((await living(fleet)).pid, signal.SIGKILL)
        await until(lambda: not slot_of(fleet, "w1").up)
        await until(lambda: slot_of(fleet, "w1").restarts == 1)
        gone = slot_of(fleet, "w1")
        assert (gone.camera_ids, gone.why) == (("a", "b"), "ended by SIGKILL")
        assert status_of(fleet, "a").worker_id == "w1"


async def test_a_new_worker_hears_that_the_picture_is_known_to_change(bench: Bench) -> None:
    async with bench.running(cameras(a="lively")) as fleet:
        await until_running(fleet, "a")
        await until(lambda: status_of(fleet, "a").lively)
        os.kill((await living(fleet)).pid, signal.SIGKILL)
        await until(lambda: len(bench.journal("camera")) == 2)
        assert [entry["lively"] for entry in bench.journal("camera")] == [False, True]


async def test_a_worker_that_hangs_is_restarted_too(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=1, heartbeat_timeout_s=60.0, stop_timeout_s=1.0)
    async with bench.running({"a": camera("a")}) as fleet:
        await until_running(fleet, "a")
        before = await living(fleet)
        os.kill(before.pid, signal.SIGSTOP)
        await fleet.restart_worker("w1")
        await until(lambda: [one for one in fleet.workers() if one.pid != before.pid])


async def test_memory_of_a_worker_is_recorded_by_that_worker(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        worker = await living(fleet)
        recording = await fleet.record_allocations(worker.worker_id, RecordAllocations(what="begin"))
        assert recording.running
        assert [entry["wish"] for entry in bench.journal("record_allocations")] == ["begin"]
        with pytest.raises(NotFoundError):
            await fleet.record_allocations("w99", RecordAllocations())
