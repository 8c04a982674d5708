"""Load a model on the first provider of the settings that works here, and say so when it is not the demanded one."""

from dataclasses import replace
from typing import Final

from popcam.core.errors import DeviceMemoryError, ProviderUnavailableError
from popcam.core.interfaces import Runtime
from popcam.core.worker_settings import InferenceSpec
from popcam.vision.runtimes.batching import BatchingRuntime
from popcam.vision.runtimes.device import DeviceRuntime
from popcam.vision.runtimes.device_budget import DeviceBudget
from popcam.vision.runtimes.model_files import ModelFile, read_model
from popcam.vision.runtimes.onnx import open_onnx
from popcam.vision.runtimes.openvino import open_openvino
from popcam.vision.runtimes.providers import (
    DEVICE_ORDER,
    ON_PROCESSOR,
    OPENVINO_DEVICES,
    available_providers,
    expand,
    processor_has_bf16,
    processor_has_int8,
)

RUN_MB: Final = 192
"""What a model's pictures, layers and scratch memory are expected to take on a device, beside its weights."""

INT8_PROVIDERS: Final = frozenset({"openvino-cpu"})
"""Where int8 was measured to be faster; in ONNX Runtime on processors it takes twice the time of float32."""


def load_runtime(model_name: str, inference: InferenceSpec, budget: DeviceBudget | None = None) -> Runtime:
    """Load a model.

    Args:
        model_name: name in a manifest.
        inference: providers, threads and limits.
        budget: memory on a device that it shares with the worker's other models; one of its own when left out.

    Returns:
        The loaded model, in int8 where that is faster and the manifest has such a sibling of it; `name` tells which.
        `fallback` says why it does not run on what was demanded: a provider that was named before the
        one that works, or a device that `auto` found but that did not start. It is empty when all is as it should be.

    Raises:
        ModelNotFoundError, ModelCorruptError, ModelError: see `read_model`.
        ProviderUnavailableError: none of the providers works; the detail names each with its reason.
    """
    model = read_model(model_name, inference.model_dir)
    int8 = model.entry.quantised if processor_has_int8() else ""
    shared = budget or DeviceBudget(inference.gpu_memory_mb)
    reasons: list[str] = []
    for provider in expand(inference.providers, openvino_first=processor_has_bf16() or bool(int8)):
        if provider not in available_providers():
            if provider in inference.providers:
                reasons.append(f"{provider}: not offered by the installed libraries on this machine")
            continue
        chosen = read_model(int8, inference.model_dir) if int8 and provider in INT8_PROVIDERS else model
        try:
            return _opened(chosen, provider, inference, "; ".join(reasons), shared)
        except (ProviderUnavailableError, DeviceMemoryError) as exc:
            reasons.append(exc.detail)
    raise ProviderUnavailableError("; ".join(reasons) or "no provider is named in the settings")


def _opened(model: ModelFile, provider: str, inference: InferenceSpec, fallback: str, budget: DeviceBudget) -> Runtime:
    if provider not in DEVICE_ORDER:
        return _open(model, provider, inference, fallback)
    runtime = DeviceRuntime(
        model.entry.name,
        provider,
        need_mb(model),
        budget,
        load=lambda: _open(model, provider, inference, ""),
        load_on_cpu=lambda: load_runtime(model.entry.name, replace(inference, providers=ON_PROCESSOR)),
        fallback=fallback,
    )
    runtime.start()
    return _batched(runtime, model)


def _open(model: ModelFile, provider: str, inference: InferenceSpec, fallback: str) -> Runtime:
    if provider in OPENVINO_DEVICES:
        return open_openvino(model, provider, inference, fallback)
    return open_onnx(model, provider, inference, fallback)


def need_mb(model: ModelFile) -> int:
    """Memory that a model is expected to take on a device: its weights twice, as they are loaded and as they are laid
    out for the device, and what running takes. An estimate, for deciding who goes first; the device has the last word.
    """
    return RUN_MB + 2 * len(model.content) // 1_000_000


def _batched(runtime: Runtime, model: ModelFile) -> Runtime:
    """Batch on devices when the model takes any batch; on processors it gains nothing (benchmarks)."""
    shape = model.entry.input.shape
    free_batch = bool(shape) and isinstance(shape[0], str)
    return BatchingRuntime(runtime) if runtime.provider in DEVICE_ORDER and free_batch else runtime
