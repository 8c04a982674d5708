"""Figures of graphics processors: what the driver tells, and nothing where there is none."""

from types import SimpleNamespace
from typing import Any

import pytest

from popcam.monitoring.gpu import GpuFigures
from popcam.monitoring.registry import Registry


class NvmlError(Exception):
    """As the library's."""


class NotSupportedError(NvmlError):
    """As the library's."""


class Driver:
    """NVIDIA's library as far as it is used: one card, without a video encoder."""

    NVMLError = NvmlError
    NVMLError_NotSupported = NotSupportedError
    NVML_TEMPERATURE_GPU = 0

    def __init__(self) -> None:
        self.lost = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802 the library's names
        if self.lost:
            raise NvmlError("GPU is lost")
        return 1

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetMemoryInfo(self, _device: int) -> Any:  # noqa: N802
        return SimpleNamespace(used=2_000, total=8_000)

    def nvmlDeviceGetUtilizationRates(self, _device: int) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=37)

    def nvmlDeviceGetEncoderUtilization(self, _device: int) -> list[int]:  # noqa: N802
        raise NotSupportedError

    def nvmlDeviceGetTemperature(self, _device: int, _sensor: int) -> int:  # noqa: N802
        return 61

    def nvmlDeviceGetName(self, _device: int) -> str:  # noqa: N802
        return "Card"


def latest(registry: Registry, name: str) -> dict[tuple[str, ...], float]:
    return registry.family(f"popcam_gpu_{name}").latest()


def test_a_card_tells_its_use_memory_and_temperature() -> None:
    registry = Registry()
    gpu = GpuFigures(registry, Driver)
    gpu.sample()
    assert latest(registry, "use_ratio") == {("0",): 0.37}
    assert latest(registry, "memory_used_bytes") == {("0",): 2000.0}
    assert latest(registry, "memory_ratio") == {("0",): 0.25}
    assert latest(registry, "temperature_celsius") == {("0",): 61.0}
    assert gpu.names == ("Card",)


def test_what_a_card_does_not_have_is_absent() -> None:
    registry = Registry()
    GpuFigures(registry, Driver).sample()
    assert latest(registry, "encoder_ratio") == {}


def test_a_card_that_is_lost_has_no_figures_and_is_not_asked_again_at_once() -> None:
    registry, driver, loads = Registry(), Driver(), []

    def load() -> Driver:
        loads.append(1)
        return driver

    gpu = GpuFigures(registry, load)
    gpu.sample()
    driver.lost = True
    gpu.sample()
    gpu.sample()
    assert latest(registry, "use_ratio") == {}
    assert (gpu.names, len(loads)) == ((), 1)


@pytest.mark.parametrize("error", [ImportError("no library"), NvmlError("Driver Not Loaded")])
def test_without_a_driver_there_is_nothing(error: Exception) -> None:
    def load() -> Driver:
        raise error

    registry = Registry()
    gpu = GpuFigures(registry, load)
    gpu.sample()
    assert gpu.names == ()
    assert latest(registry, "use_ratio") == {}


def test_the_library_has_what_is_asked_of_it() -> None:
    import pynvml

    asked = [name for name in vars(Driver) if name.lower().startswith("nvml")]
    assert [name for name in asked if not hasattr(pynvml, name)] == []
    assert issubclass(pynvml.NVMLError_NotSupported, pynvml.NVMLError)


def test_this_machine_is_looked_at_for_real() -> None:
    registry = Registry()
    gpu = GpuFigures(registry)
    gpu.sample()
    assert len(latest(registry, "memory_ratio")) == len(gpu.names)
