"""A simulated device: memory that models and batches take, and a library that refuses when there is none left."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tests.fakes.runtimes import FakeRuntime, Inputs

from popcam.vision.runtimes.shortage import named_failure


class FakeGpu:
    """Counts megabytes. `others_mb` is what programs beside popcam take."""

    def __init__(self, total_mb: int) -> None:
        self.total_mb = total_mb
        self.others_mb = 0
        self.used_mb = 0
        self.most_used_mb = 0
        self.batches: list[int] = []
        self._lock = threading.Lock()

    def take(self, size_mb: int) -> None:
        with self._lock:
            if self.used_mb + self.others_mb + size_mb > self.total_mb:
                raise named_failure(f"CUDA failure 2: out of memory; asked for {size_mb} MB")
            self.used_mb += size_mb
            self.most_used_mb = max(self.most_used_mb, self.used_mb)

    def give_back(self, size_mb: int) -> None:
        with self._lock:
            self.used_mb -= size_mb

    def load(self, name: str, weights_mb: int, picture_mb: int) -> "ModelOnGpu":
        """A model of so many megabytes, of which each picture in work takes some more."""
        return ModelOnGpu(self, name, weights_mb, picture_mb)


class ModelOnGpu(FakeRuntime):
    """Doubles numbers, while there is memory."""

    provider = "cuda"

    def __init__(self, gpu: FakeGpu, name: str, weights_mb: int, picture_mb: int) -> None:
        super().__init__(self._double)
        gpu.take(weights_mb)
        self.name = name
        self._gpu = gpu
        self._weights_mb = weights_mb
        self._picture_mb = picture_mb

    def _double(self, inputs: Inputs) -> Sequence[npt.NDArray[Any]]:
        assert not self.closed, "a model that was unloaded is run"
        picture = inputs["x"]
        size_mb = self._picture_mb * picture.shape[0]
        self._gpu.take(size_mb)
        try:
            self._gpu.batches.append(picture.shape[0])
            return [picture * 2]
        finally:
            self._gpu.give_back(size_mb)

    def close(self) -> None:
        if not self.closed:
            self._gpu.give_back(self._weights_mb)
        super().close()


def on_processor() -> FakeRuntime:
    """The same model on the processor."""
    runtime = FakeRuntime(lambda inputs: [np.asarray(inputs["x"]) * 2])
    runtime.provider = "onnxruntime-cpu"
    return runtime
