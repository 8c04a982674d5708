"""A model on a device: loaded when needed, unloaded for another, and run on the processor when it does not fit."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np
import numpy.typing as npt
import structlog

from popcam.core.errors import DeviceMemoryError, InferenceError
from popcam.core.interfaces import Runtime
from popcam.vision.runtimes.device_budget import DeviceBudget

log = structlog.get_logger(__name__)

RETRY_S: Final = 60.0
"""A model that did not fit is tried on the device again after this time."""

Load = Callable[[], Runtime]


class DeviceRuntime:
    """Runs one model on a device while its memory suffices, else on the processor.

    A batch that does not fit is its caller's to make smaller. A single picture that does not fit lets idle models go
    first; when that does not help, the model leaves the device for a while, and says so in `fallback`.

    Args:
        name: the model's.
        provider: the device's.
        need_mb: memory that it is expected to take.
        budget: of the device, shared by all models of the worker.
        load: opens it on the device.
        load_on_cpu: opens it on the processor.
        fallback: why it is not on a provider that was named before this one.
        now_s: monotonic time.
    """

    def __init__(
        self,
        name: str,
        provider: str,
        need_mb: int,
        budget: DeviceBudget,
        *,
        load: Load,
        load_on_cpu: Load,
        fallback: str = "",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.need_mb = need_mb
        self._device = provider
        self._budget = budget
        self._load = load
        self._load_on_cpu = load_on_cpu
        self._fallback = fallback
        self._now_s = now_s
        self._lock = threading.Lock()
        self._loaded: Runtime | None = None
        self._on_cpu: Runtime | None = None
        self._away_until_s = float("-inf")
        self._why_away = ""
        self._closed = False

    @property
    def provider(self) -> str:
        on_cpu = self._on_cpu
        return on_cpu.provider if self._why_away and on_cpu is not None else self._device

    @property
    def fallback(self) -> str:
        return "; ".join(filter(None, (self._fallback, self._why_away)))

    def run(self, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Sequence[npt.NDArray[np.float32]]:
        if self._closed:
            raise InferenceError(f"{self.name} is closed")
        if self._now_s() < self._away_until_s:
            return self._cpu().run(inputs)
        try:
            return self._run_on_device(inputs)
        except DeviceMemoryError as error:
            if next(iter(inputs.values())).shape[0] > 1:
                raise
            return self._run_somewhere(inputs, error)

    def start(self) -> None:
        """Load it on the device now.

        Raises:
            ProviderUnavailableError: the device does not start here, or refuses the model.
            DeviceMemoryError: it does not fit.
        """
        with self._at_the_device():
            return

    def unload(self) -> None:
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()
            log.info("model.unloaded", model=self.name, device=self._device)

    def close(self) -> None:
        self._closed = True
        self._budget.forget(self)
        self.unload()
        on_cpu, self._on_cpu = self._on_cpu, None
        if on_cpu is not None:
            on_cpu.close()

    def _run_on_device(self, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Sequence[npt.NDArray[np.float32]]:
        with self._at_the_device() as loaded:
            outputs = loaded.run(inputs)
        self._why_away = ""
        return outputs

    def _run_somewhere(
        self, inputs: Mapping[str, npt.NDArray[np.float32]], error: DeviceMemoryError
    ) -> Sequence[npt.NDArray[np.float32]]:
        """One picture did not fit: make room and try again, or leave the device."""
        if self._budget.make_room(self):
            try:
                return self._run_on_device(inputs)
            except DeviceMemoryError as again:
                error = again
        self._leave(error)
        return self._cpu().run(inputs)

    @contextmanager
    def _at_the_device(self) -> Iterator[Runtime]:
        self._budget.enter(self)
        try:
            yield self._device_runtime()
        finally:
            self._budget.leave(self)

    def _device_runtime(self) -> Runtime:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = self._load()
                except DeviceMemoryError:
                    if not self._budget.make_room(self):
                        raise
                    self._loaded = self._load()
                log.info("model.loaded", model=self.name, device=self._device)
            return self._loaded

    def _leave(self, error: DeviceMemoryError) -> None:
        log.warning("model.left_device", model=self.name, device=self._device, reason=error.detail)
        self._why_away = f"{self._device}: {error.detail or 'its memory is full'}"
        self._away_until_s = self._now_s() + RETRY_S
        self._budget.forget(self)
        self.unload()

    def _cpu(self) -> Runtime:
        with self._lock:
            if self._on_cpu is None:
                self._on_cpu = self._load_on_cpu()
            return self._on_cpu
