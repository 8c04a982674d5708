"""Concurrent calls of one model, run together where that pays: on devices, never on processors."""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from popcam.core.errors import DeviceMemoryError, InferenceError
from popcam.core.interfaces import Runtime

GROW_AFTER: Final = 500
"""After so many batches that fitted, larger ones are tried again."""

Inputs = Mapping[str, npt.NDArray[np.float32]]
Outputs = Sequence[npt.NDArray[np.float32]]


class BatchingRuntime:
    """Batches what has queued up while the device was busy. Nobody waits for a batch to fill.

    The thread that gets the device runs the oldest waiting call together with all waiting calls of the same shapes, and
    hands out the results. All inputs and outputs of the model have the batch as their first dimension.

    Args:
        inner: the loaded model, on a device.
        most: largest batch; more would only add delay and memory.
    """

    def __init__(self, inner: Runtime, *, most: int = 8) -> None:
        self._inner = inner
        self._largest = most
        self._most = most
        self._fitted = 0
        self._device = threading.Lock()
        self._waiting: list[_Call] = []
        self._waiting_lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def most(self) -> int:
        """Largest batch now: smaller than asked for while the device's memory is short."""
        return self._most

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def fallback(self) -> str:
        return self._inner.fallback

    def run(self, inputs: Inputs) -> Outputs:
        call = _Call(inputs)
        with self._waiting_lock:
            self._waiting.append(call)
        while not call.done:
            with self._device:
                if not call.done:
                    self._run_batch()
        return call.result()

    def close(self) -> None:
        self._inner.close()

    def _run_batch(self) -> None:
        batch = self._take()
        try:
            self._run(batch)
        finally:
            for call in batch:  # whatever happened, nobody waits for ever
                if not call.done:
                    call.fail(InferenceError("the batch was given up"))

    def _run(self, batch: list["_Call"]) -> None:
        try:
            outputs = self._inner.run(_joined(batch))
            for call, part in zip(batch, _split(outputs, [call.size for call in batch]), strict=True):
                call.finish(part)
        except DeviceMemoryError as exc:
            self._after_shortage(batch, exc)
        except InferenceError as exc:
            self._after_failure(batch, exc)
        else:
            self._grow()

    def _take(self) -> list["_Call"]:
        with self._waiting_lock:
            shapes = self._waiting[0].shapes
            batch = [call for call in self._waiting if call.shapes == shapes][: self._most]
            self._waiting = [call for call in self._waiting if call not in batch]
            return batch

    def _after_shortage(self, batch: list["_Call"], error: DeviceMemoryError) -> None:
        """The batch does not fit: from now on smaller ones, and this one in two halves."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        self._most, self._fitted = max(1, len(batch) // 2), 0
        for half in (batch[: self._most], batch[self._most :]):
            self._run(half)

    def _grow(self) -> None:
        """Many batches fitted: memory may be free again that was short once."""
        if self._most < self._largest:
            self._fitted += 1
            if self._fitted >= GROW_AFTER:
                self._most, self._fitted = min(self._largest, 2 * self._most), 0

    def _after_failure(self, batch: list["_Call"], error: InferenceError) -> None:
        """One camera's bad picture must not fail the others' good ones: run each alone."""
        if len(batch) == 1:
            batch[0].fail(error)
            return
        for call in batch:
            try:
                call.finish(self._inner.run(call.inputs))
            except InferenceError as exc:
                call.fail(exc)


class _Call:
    """One waiting run."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.size = next(iter(inputs.values())).shape[0]
        self.shapes = tuple((name, array.shape[1:]) for name, array in sorted(inputs.items()))
        self._outputs: Outputs | None = None
        self._error: InferenceError | None = None

    @property
    def done(self) -> bool:
        return self._outputs is not None or self._error is not None

    def finish(self, outputs: Outputs) -> None:
        self._outputs = outputs

    def fail(self, error: InferenceError) -> None:
        self._error = error

    def result(self) -> Outputs:
        if self._outputs is None:
            # A new error of the same class for each caller: one object would gather the tracebacks of all threads.
            raise type(self._error or InferenceError())(self._error.detail if self._error else "") from self._error
        return self._outputs


def _joined(batch: list[_Call]) -> Inputs:
    if len(batch) == 1:
        return batch[0].inputs
    return {name: np.concatenate([call.inputs[name] for call in batch]) for name in batch[0].inputs}


def _split(outputs: Outputs, sizes: Sequence[int]) -> list[Outputs]:
    if len(sizes) == 1:
        return [outputs]
    if any(output.shape[:1] != (sum(sizes),) for output in outputs):
        raise InferenceError("the model's outputs do not follow the batch")
    cuts = np.cumsum(sizes)[:-1]
    pieces = [np.split(output, cuts) for output in outputs]
    return [[piece[i] for piece in pieces] for i in range(len(sizes))]
