"""Models on a device with little memory: others go, batches shrink, the processor takes over, and nothing crashes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from unittest import mock

import numpy as np
import pytest
from tests.fakes.gpu import FakeGpu, on_processor
from tests.fakes.runtimes import FakeRuntime, Inputs

from popcam.core.errors import DeviceMemoryError, InferenceError, ProviderUnavailableError
from popcam.core.worker_settings import InferenceSpec
from popcam.vision.runtimes import BatchingRuntime, loading
from popcam.vision.runtimes import batching as batching_module
from popcam.vision.runtimes.device import RETRY_S, DeviceRuntime
from popcam.vision.runtimes.device_budget import DeviceBudget
from popcam.vision.runtimes.shortage import named_failure


@dataclass
class Bench:
    """One simulated device, its budget, and a clock."""

    gpu: FakeGpu
    budget: DeviceBudget
    now_s: float = 1000.0
    processors: list[FakeRuntime] = field(default_factory=list)

    def model(self, name: str, *, weights_mb: int = 100, picture_mb: int = 10) -> DeviceRuntime:
        def load_on_cpu() -> FakeRuntime:
            self.processors.append(on_processor())
            return self.processors[-1]

        return DeviceRuntime(
            name,
            "cuda",
            weights_mb,
            self.budget,
            load=lambda: self.gpu.load(name, weights_mb, picture_mb),
            load_on_cpu=load_on_cpu,
            now_s=lambda: self.now_s,
        )


def bench(*, total_mb: int = 1000, limit_mb: int = 1000) -> Bench:
    return Bench(FakeGpu(total_mb), DeviceBudget(limit_mb))


def pictures(count: int = 1, value: float = 1.0) -> Inputs:
    return {"x": np.full((count, 3), value, np.float32)}


def test_a_model_is_loaded_when_it_is_needed() -> None:
    here = bench()
    model = here.model("faces")
    assert here.gpu.used_mb == 0
    model.run(pictures())
    assert (here.budget.residents, model.provider, model.fallback) == (("faces",), "cuda", "")


def test_the_model_unused_for_longest_goes_for_another() -> None:
    here = bench(limit_mb=250)
    first, second, third = here.model("first"), here.model("second"), here.model("third")
    for model in (first, second, first, third):
        model.run(pictures())
    assert here.budget.residents == ("first", "third")
    assert here.gpu.used_mb == 200


def test_an_unloaded_model_comes_back_when_it_is_needed() -> None:
    here = bench(limit_mb=150)
    first, second = here.model("first"), here.model("second")
    for model in (first, second, first):
        (doubled,) = model.run(pictures(value=4.0))
        assert doubled[0, 0] == 8.0
    assert here.budget.residents == ("first",)


def test_models_never_take_more_than_the_limit() -> None:
    here = bench(total_mb=10_000, limit_mb=350)
    models = [here.model(str(number), picture_mb=0) for number in range(8)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda number: models[number % 8].run(pictures()), range(64)))
    assert here.gpu.most_used_mb <= 350


def test_a_picture_that_does_not_fit_sends_idle_models_away_first() -> None:
    here = bench(total_mb=260, limit_mb=1000)
    idle, working = here.model("idle"), here.model("working", picture_mb=100)
    idle.run(pictures())
    working.run(pictures())
    assert (here.budget.residents, working.provider) == (("working",), "cuda")


def test_a_model_that_does_not_fit_at_all_runs_on_the_processor_and_says_so() -> None:
    here = bench(total_mb=50)
    model = here.model("faces")
    (doubled,) = model.run(pictures(value=3.0))
    assert doubled[0, 0] == 6.0
    assert model.provider == "onnxruntime-cpu"
    assert "out of memory" in model.fallback


def test_a_model_beyond_the_budget_runs_on_the_processor() -> None:
    model = bench(limit_mb=64).model("faces")
    model.run(pictures())
    assert model.provider == "onnxruntime-cpu"
    assert "64 MB" in model.fallback


def test_the_device_is_tried_again_after_a_while() -> None:
    here = bench(total_mb=150)
    here.gpu.others_mb = 100
    model = here.model("faces")
    model.run(pictures())
    here.gpu.others_mb = 0
    model.run(pictures())
    assert model.provider == "onnxruntime-cpu"
    here.now_s += RETRY_S
    model.run(pictures())
    assert (model.provider, model.fallback) == ("cuda", "")


def test_other_failures_stay_failures() -> None:
    here = bench()
    model = here.model("faces")
    model.run(pictures())
    with (
        mock.patch("tests.fakes.gpu.FakeGpu.take", side_effect=InferenceError("a defect")),
        pytest.raises(InferenceError, match="a defect"),
    ):
        model.run(pictures())
    assert model.provider == "cuda"


def test_a_closed_model_gives_everything_back() -> None:
    here = bench(total_mb=150)
    model = here.model("faces")
    model.run(pictures())
    here.gpu.others_mb = 150
    model.run(pictures())
    model.close()
    assert (here.gpu.used_mb, here.budget.residents, here.processors[0].closed) == (0, (), True)
    with pytest.raises(InferenceError):
        model.run(pictures())


# --- batches --------------------------------------------------------------------------------------------------------


def run_together(runtime: BatchingRuntime, count: int) -> list[float]:
    """So many cameras ask at once; what each of them got."""
    begin = threading.Barrier(count)

    def ask(number: int) -> float:
        begin.wait(10)
        return float(runtime.run(pictures(value=number))[0][0, 0])

    with runtime._device, ThreadPoolExecutor(count) as threads:  # the device is busy until all have asked
        answers = [threads.submit(ask, number) for number in range(count)]
        while len(runtime._waiting) < count:
            threading.Event().wait(0.001)
        runtime._device.release()
        results = [answer.result(10) for answer in answers]
        runtime._device.acquire()
    return results


def test_a_batch_that_does_not_fit_is_made_smaller_and_every_camera_gets_its_own() -> None:
    here = bench(total_mb=100 + 3 * 50)
    runtime = BatchingRuntime(here.model("faces", picture_mb=50))
    assert run_together(runtime, 8) == [2.0 * number for number in range(8)]
    assert max(here.gpu.batches) == 2
    assert (runtime.most, runtime.provider) == (2, "cuda")


def test_smaller_batches_grow_again_when_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching_module, "GROW_AFTER", 5)
    here = bench(total_mb=100 + 3 * 50)
    runtime = BatchingRuntime(here.model("faces", picture_mb=50))
    run_together(runtime, 8)
    here.gpu.total_mb = 10_000
    for _ in range(20):
        runtime.run(pictures())
    assert runtime.most == 8


def test_when_not_even_one_picture_fits_all_cameras_go_on_on_the_processor() -> None:
    here = bench(total_mb=120)
    runtime = BatchingRuntime(here.model("faces", picture_mb=50))
    assert run_together(runtime, 6) == [2.0 * number for number in range(6)]
    assert runtime.provider == "onnxruntime-cpu"


# --- loading --------------------------------------------------------------------------------------------------------


def test_a_device_is_loaded_at_once_and_falls_back_to_the_next_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = FakeGpu(50)
    monkeypatch.setattr(loading, "available_providers", lambda: frozenset({"cuda", "onnxruntime-cpu"}))
    opened = loading._open

    def open_(model, provider, inference, fallback):  # type: ignore[no-untyped-def]
        return gpu.load("yunet", 100, 1) if provider == "cuda" else opened(model, provider, inference, fallback)

    monkeypatch.setattr(loading, "_open", open_)
    runtime = loading.load_runtime("yunet", InferenceSpec(providers=("cuda", "onnxruntime-cpu")))
    assert runtime.provider == "onnxruntime-cpu"
    assert "out of memory" in runtime.fallback
    gpu.total_mb = 1000
    runtime = loading.load_runtime("yunet", InferenceSpec(providers=("cuda", "onnxruntime-cpu")))
    assert (runtime.provider, gpu.used_mb) == ("cuda", 100)
    gpu.total_mb = 0
    with pytest.raises(ProviderUnavailableError):
        loading.load_runtime("yunet", InferenceSpec(providers=("cuda",)))


@pytest.mark.parametrize(
    "text",
    [
        "CUDA failure 2: out of memory",
        "bfc_arena.cc: Failed to allocate memory for requested buffer of size 1228800",
        "BFCArena: Available memory of 1024 is smaller than requested bytes of 4096",
        "std::bad_alloc",
        "clEnqueueNDRangeKernel: CL_OUT_OF_MEMORY",
    ],
)
def test_lack_of_memory_is_told_apart_by_the_libraries_words(text: str) -> None:
    assert isinstance(named_failure(text), DeviceMemoryError)


def test_another_failure_is_no_lack_of_memory() -> None:
    assert type(named_failure("invalid dimensions")) is InferenceError
