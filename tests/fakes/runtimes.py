"""A runtime that computes what a test says."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Inputs = Mapping[str, npt.NDArray[np.float32]]


class FakeRuntime:
    """Calls `compute` for each run and writes down the shapes that it saw."""

    name = "fake"
    provider = "fake-device"
    fallback = ""

    def __init__(self, compute: Callable[[Inputs], Sequence[npt.NDArray[Any]]]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self.shapes: list[tuple[int, ...]] = []
        self.closed = False

    def run(self, inputs: Inputs) -> Sequence[npt.NDArray[Any]]:
        with self._lock:
            self.shapes.append(next(iter(inputs.values())).shape)
        return self._compute(inputs)

    def close(self) -> None:
        self.closed = True
