"""NVIDIA GPUs, as their driver tells. Without one there is nothing to look at."""

import importlib
from pathlib import Path
from typing import Any

from popcam.core.language import Text
from popcam.core.monitoring import Outcome

HOT_CELSIUS = 90.0
"""Data sheets slow GPUs down from about here."""
FULL_SHARE = 0.97
DEVICES = Path("/dev")


def look() -> Outcome:
    """Every GPU of this machine; blocks for a while."""
    pynvml: Any = importlib.import_module("pynvml")  # it carries no types
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return _without(str(error))
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        told = [_one(pynvml, handle) for handle in handles]
    except pynvml.NVMLError as error:
        return Outcome("failed", Text(f"the driver refuses: {error}", f"驱动拒绝：{error}"))
    finally:
        pynvml.nvmlShutdown()
    if not told:
        return Outcome("absent", Text("no GPU", "没有 GPU"))
    text = "; ".join(one for one, _ in told)
    return Outcome("warning" if any(bad for _, bad in told) else "ok", Text(text, text), figure=float(len(told)))


def _without(reason: str) -> Outcome:
    if any(DEVICES.glob("nvidia[0-9]*")):
        detail = Text(f"there is a GPU, but its driver does not answer: {reason}", f"有 GPU，但驱动没有响应：{reason}")
        return Outcome("failed", detail)
    return Outcome("absent", Text("no GPU", "没有 GPU"))


def _one(nvml: Any, handle: Any) -> tuple[str, bool]:
    """What is told of one GPU, and whether it needs attention."""
    name = nvml.nvmlDeviceGetName(handle)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    celsius = float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
    share = memory.used / memory.total if memory.total else 0.0
    text = f"{name}: {celsius:.0f} °C, {share:.0%} of {memory.total / 2**30:.0f} GiB"
    return text, celsius >= HOT_CELSIUS or share >= FULL_SHARE
