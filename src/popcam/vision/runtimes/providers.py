"""Which providers exist here, and in which order to try them."""

import platform
from collections.abc import Sequence
from functools import cache
from typing import Final

import onnxruntime

from popcam.core.worker_settings import ProviderName

ONNX_PROVIDERS: Final[dict[str, str]] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "onnxruntime-cpu": "CPUExecutionProvider",
}
"""ONNX Runtime's own names."""

OPENVINO_DEVICES: Final[dict[str, str]] = {"openvino-gpu": "GPU", "openvino-cpu": "CPU"}
"""OpenVINO's own names."""

DEVICE_ORDER: Final = ("tensorrt", "cuda", "migraphx", "rocm", "directml", "coreml", "openvino-gpu")
"""Providers with a memory and a queue of their own: calls are batched there. They are always tried first."""

ON_PROCESSOR: Final[tuple[ProviderName, ...]] = ("openvino-cpu", "onnxruntime-cpu")
"""Where a model goes that a device has no room for."""

# docs/adr/0003-inference-runtimes.md has the figures. With bf16 arithmetic in the processor, or int8 weights of the
# model, OpenVINO is 1.4 to 4.8 times faster, and both face detectors are as accurate; with neither it gains nothing.
_CPU_ORDER_OPENVINO: Final = ("openvino-cpu", "onnxruntime-cpu")
_CPU_ORDER_PLAIN: Final = ("onnxruntime-cpu", "openvino-cpu")
_X86: Final = frozenset({"x86_64", "amd64"})


def expand(providers: Sequence[ProviderName], *, openvino_first: bool) -> tuple[str, ...]:
    """The order to try, `auto` written out, each provider once.

    Args:
        providers: the order of the settings.
        openvino_first: of those on the processor OpenVINO is the faster one.
    """
    automatic = (*DEVICE_ORDER, *(_CPU_ORDER_OPENVINO if openvino_first else _CPU_ORDER_PLAIN))
    order: list[str] = []
    for provider in providers:
        order.extend(automatic if provider == "auto" else (provider,))
    return tuple(dict.fromkeys(order))


@cache
def available_providers() -> frozenset[str]:
    """Providers that the installed libraries offer. One of them may still fail to start, for lack of a driver."""
    listed = set(onnxruntime.get_available_providers())
    found = {name for name, native in ONNX_PROVIDERS.items() if native in listed}
    devices = openvino_devices()
    found |= {name for name, device in OPENVINO_DEVICES.items() if any(d.split(".")[0] == device for d in devices)}
    return frozenset(found)


@cache
def openvino_devices() -> tuple[str, ...]:
    """OpenVINO's devices on this machine; empty when it is not installed."""
    try:
        import openvino  # optional
    except ImportError:
        return ()
    return tuple(openvino.Core().available_devices)


@cache
def processor_has_bf16() -> bool:
    """Whether OpenVINO computes in bfloat16 here in hardware (AVX-512 BF16 or AMX)."""
    return "BF16" in _processor_capabilities()


@cache
def processor_has_int8() -> bool:
    """Whether models in int8 are faster here and were found as accurate: OpenVINO on x86 with AVX2 or more."""
    return platform.machine().lower() in _X86 and "INT8" in _processor_capabilities()


@cache
def _processor_capabilities() -> frozenset[str]:
    if "CPU" not in openvino_devices():
        return frozenset()
    import openvino  # optional

    return frozenset(openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
