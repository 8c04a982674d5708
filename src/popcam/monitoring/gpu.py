"""Figures of graphics processors (NVIDIA). Without one, or without its driver, there are none: absent, not 0."""

import math
import time
from collections.abc import Callable
from typing import Any

import structlog

from popcam.monitoring import catalogue as c
from popcam.monitoring.registry import Family, Registry

log = structlog.get_logger(__name__)

RETRY_S = 300.0
"""A driver that is not there may be installed while popcam runs, yet hardly within minutes."""
MAX_GPUS = 64


class GpuFigures:
    """All that the driver tells. For a sampler's thread: a driver may take its time.

    Args:
        registry: where figures are put.
        load: gives NVIDIA's library, or raises what it can't be used for.
    """

    def __init__(self, registry: Registry, load: "Callable[[], Any] | None" = None) -> None:
        self._load = load or _nvml
        self._use = registry.declare(c.GPU_USE, MAX_GPUS)
        self._memory = registry.declare(c.GPU_MEMORY, MAX_GPUS)
        self._memory_ratio = registry.declare(c.GPU_MEMORY_RATIO, MAX_GPUS)
        self._temperature = registry.declare(c.GPU_TEMPERATURE, MAX_GPUS)
        self._encoder = registry.declare(c.GPU_ENCODER, MAX_GPUS)
        self._library: Any = None
        self._retry_at_s = 0.0
        self.names: tuple[str, ...] = ()
        """What they are called; empty without one."""

    def sample(self) -> None:
        """Look now; nothing happens while there is no driver."""
        if self._library is None and not self._open():
            return
        library = self._library
        try:
            count = library.nvmlDeviceGetCount()
            self.names = tuple(self._tell(library, number) for number in range(count))
        except library.NVMLError as error:
            log.warning("gpu.lost", error=str(error))
            self._close()

    def forget(self) -> None:
        """Nothing is known: the driver does not answer."""
        for family in (self._use, self._memory, self._memory_ratio, self._temperature, self._encoder):
            family.replace({})

    def _open(self) -> bool:
        if time.monotonic() < self._retry_at_s:
            return False
        self._retry_at_s = time.monotonic() + RETRY_S
        try:
            self._library = self._load()
        except Exception as error:  # noqa: BLE001 no library, no driver, no device: each has an error of its own
            log.debug("gpu.absent", reason=str(error))
            return False
        return True

    def _close(self) -> None:
        self._library = None
        self.names = ()
        self.forget()

    def _tell(self, library: Any, number: int) -> str:
        device = library.nvmlDeviceGetHandleByIndex(number)
        labels = (str(number),)
        memory = library.nvmlDeviceGetMemoryInfo(device)
        self._memory.set(labels, memory.used)
        self._memory_ratio.set(labels, memory.used / memory.total if memory.total else math.nan)
        _put(library, self._use, labels, lambda: library.nvmlDeviceGetUtilizationRates(device).gpu / 100.0)
        _put(library, self._encoder, labels, lambda: library.nvmlDeviceGetEncoderUtilization(device)[0] / 100.0)
        celsius = library.NVML_TEMPERATURE_GPU
        _put(library, self._temperature, labels, lambda: library.nvmlDeviceGetTemperature(device, celsius))
        return str(library.nvmlDeviceGetName(device))


def _put(library: Any, family: Family, labels: tuple[str, ...], read: Callable[[], float]) -> None:
    """One figure, or none where this device does not tell it: a server's card has no encoder."""
    try:
        family.set(labels, read())
    except library.NVMLError_NotSupported:
        family.remove(labels)


def _nvml() -> Any:
    import pynvml

    pynvml.nvmlInit()
    return pynvml
