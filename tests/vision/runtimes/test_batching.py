"""Calls that wait while the device is busy run together; one bad call fails alone."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.fakes.runtimes import FakeRuntime, Inputs

from popcam.core.errors import EngineOutputError, InferenceError
from popcam.vision.runtimes import BatchingRuntime

Results = list[Future[Sequence[npt.NDArray[Any]]]]


class Device(FakeRuntime):
    """Doubles numbers. Its first run waits until `go` is set, so that others queue up."""

    def __init__(self) -> None:
        super().__init__(self._double)
        self.go = threading.Event()
        self.busy = threading.Event()
        self.batches: list[int] = []
        self._running = threading.Lock()

    def _double(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        assert self._running.acquire(blocking=False), "the device runs one batch at a time"
        try:
            picture = inputs["x"]
            self.batches.append(picture.shape[0])
            self.busy.set()
            assert self.go.wait(10)
            if np.isnan(picture).any():
                raise EngineOutputError("no number")
            return [picture * 2, picture.sum(axis=1, keepdims=True)]
        finally:
            self._running.release()


def picture(value: float, width: int = 3) -> Inputs:
    return {"x": np.full((1, width), value, np.float32)}


def queue_up(runtime: BatchingRuntime, device: Device, pool: ThreadPoolExecutor, calls: list[Inputs]) -> Results:
    """The first call occupies the device; the others wait; then the device goes on."""
    first = pool.submit(runtime.run, calls[0])
    assert device.busy.wait(10)
    others = [pool.submit(runtime.run, call) for call in calls[1:]]
    while len(runtime._waiting) < len(calls) - 1:
        threading.Event().wait(0.001)
    device.go.set()
    return [first, *others]


@pytest.fixture
def device() -> Device:
    return Device()


def test_waiting_calls_run_together_and_get_their_own_results(device: Device) -> None:
    runtime = BatchingRuntime(device)
    with ThreadPoolExecutor(5) as pool:
        results = queue_up(runtime, device, pool, [picture(value) for value in range(5)])
        for value, result in enumerate(results):
            doubled, total = result.result(10)
            assert doubled.tolist() == [[2 * value] * 3]
            assert total.tolist() == [[3 * value]]
    assert device.batches == [1, 4]


def test_a_batch_has_a_largest_size(device: Device) -> None:
    runtime = BatchingRuntime(device, most=2)
    with ThreadPoolExecutor(6) as pool:
        for result in queue_up(runtime, device, pool, [picture(value) for value in range(6)]):
            result.result(10)
    assert device.batches == [1, 2, 2, 1]


def test_pictures_of_different_sizes_are_not_mixed(device: Device) -> None:
    runtime = BatchingRuntime(device)
    with ThreadPoolExecutor(5) as pool:
        calls = [picture(0), picture(1), picture(2, width=4), picture(3), picture(4, width=4)]
        results = [result.result(10)[0].shape for result in queue_up(runtime, device, pool, calls)]
    assert results == [(1, 3), (1, 3), (1, 4), (1, 3), (1, 4)]
    assert sorted(device.batches) == [1, 2, 2]


def test_one_bad_call_fails_alone_with_its_own_error(device: Device) -> None:
    runtime = BatchingRuntime(device)
    with ThreadPoolExecutor(4) as pool:
        results = queue_up(runtime, device, pool, [picture(0), picture(1), picture(np.nan), picture(3)])
        assert results[1].result(10)[0].tolist() == [[2, 2, 2]]
        assert results[3].result(10)[0].tolist() == [[6, 6, 6]]
        with pytest.raises(EngineOutputError, match="no number"):
            results[2].result(10)


def test_a_single_call_runs_at_once_and_as_it_is(device: Device) -> None:
    device.go.set()
    assert BatchingRuntime(device).run(picture(4))[0].tolist() == [[8, 8, 8]]
    assert device.batches == [1]


def test_outputs_that_do_not_follow_the_batch_are_run_alone() -> None:
    device = Device()
    lost = BatchingRuntime(device)
    device._compute = lambda inputs: [device._double(inputs)[0][:1]]
    with ThreadPoolExecutor(3) as pool:
        results = queue_up(lost, device, pool, [picture(value) for value in range(3)])
        assert [result.result(10)[0][0, 0] for result in results] == [0, 2, 4]


def test_an_unforeseen_failure_leaves_nobody_waiting(device: Device) -> None:
    runtime = BatchingRuntime(device)
    calls = 0

    def crash(inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise MemoryError
        return device._double(inputs)

    device._compute = crash
    with ThreadPoolExecutor(3) as pool:
        results = queue_up(runtime, device, pool, [picture(value) for value in range(3)])
        errors = [type(result.exception(10)) for result in results]
    assert errors[0] is type(None)
    assert sorted(error.__name__ for error in errors[1:]) == ["InferenceError", "MemoryError"]


def test_many_threads_get_the_right_answers() -> None:
    device = Device()
    device.go.set()
    runtime = BatchingRuntime(device)
    with ThreadPoolExecutor(8) as pool:
        values = list(range(300))
        answers = [float(out[0][0, 0]) for out in pool.map(lambda value: runtime.run(picture(value)), values)]
    assert answers == [2.0 * value for value in values]
    assert sum(device.batches) == 300


def test_it_names_and_closes_what_is_inside(device: Device) -> None:
    runtime = BatchingRuntime(device)
    assert (runtime.name, runtime.provider, runtime.fallback) == ("fake", "fake-device", "")
    runtime.close()
    assert device.closed


def test_failure_of_a_single_call_keeps_class_and_detail(device: Device) -> None:
    device.go.set()
    with pytest.raises(InferenceError) as caught:
        BatchingRuntime(device).run(picture(np.nan))
    assert (type(caught.value), caught.value.detail) == (EngineOutputError, "no number")
