"""Models in ONNX Runtime, on the processor or on a device."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnxruntime
import platformdirs

from popcam.core.errors import DeviceMemoryError, InferenceError, ProviderUnavailableError
from popcam.core.worker_settings import InferenceSpec
from popcam.vision.runtimes.model_files import ModelFile
from popcam.vision.runtimes.providers import ONNX_PROVIDERS
from popcam.vision.runtimes.shortage import named_failure

_QUIET = 3  # errors only: it warns of every unused initialiser


class OnnxRuntime:
    """One ONNX Runtime session. Sessions run from any thread, several at a time."""

    def __init__(self, name: str, provider: str, session: onnxruntime.InferenceSession, fallback: str) -> None:
        self.name = name
        self.provider = provider
        self.fallback = fallback
        self._session: onnxruntime.InferenceSession | None = session

    def run(self, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Sequence[npt.NDArray[np.float32]]:
        session = self._session
        if session is None:
            raise InferenceError(f"{self.name} is closed")
        try:
            return cast("Sequence[npt.NDArray[np.float32]]", session.run(None, dict(inputs)))
        # Its errors share no base: RuntimeError for a device, ValueError for a wrong input, classes of its own.
        except Exception as exc:
            raise named_failure(f"{self.name} on {self.provider}: {_first_line(exc)}") from exc

    def close(self) -> None:
        self._session = None


def open_onnx(model: ModelFile, provider: str, inference: InferenceSpec, fallback: str = "") -> OnnxRuntime:
    """Load a model on one provider of ONNX Runtime.

    Raises:
        ProviderUnavailableError: the provider does not start here, or refuses the model.
        DeviceMemoryError: the device has no room for it.
    """
    native = ONNX_PROVIDERS[provider]
    try:
        session = onnxruntime.InferenceSession(
            model.content,
            session_options(inference, packed_weights=model.entry.packed_weights),
            providers=_with_cpu(native),
            provider_options=_with_cpu_options(native, provider_options(provider, inference)),
        )
    except Exception as exc:  # see `run`
        failure = named_failure(f"{provider}: {_first_line(exc)}")
        if isinstance(failure, DeviceMemoryError):
            raise failure from exc
        raise ProviderUnavailableError(failure.detail) from exc
    # Without a driver ONNX Runtime only warns and takes the processor: that must not count as the device.
    if session.get_providers()[0] != native:
        raise ProviderUnavailableError(f"{provider}: it did not start, its driver or libraries are missing")
    session.disable_fallback()
    return OnnxRuntime(model.entry.name, provider, session, fallback)


def session_options(inference: InferenceSpec, *, packed_weights: bool) -> onnxruntime.SessionOptions:
    """One thread, no spinning (51 % of a core at 15 pictures a second becomes 12 %), weights unpacked once."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = inference.threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if packed_weights:
        options.add_session_config_entry("session.disable_quant_qdq", "1")
    return options


def provider_options(provider: str, inference: InferenceSpec) -> dict[str, Any]:
    """Options of a provider: the memory limit first of all.

    Source: the pages of ONNX Runtime's execution providers, version 1.22 and later.
    """
    limit_bytes = str(inference.gpu_memory_mb * 1024 * 1024)
    match provider:
        case "cuda" | "rocm":
            return {
                "gpu_mem_limit": limit_bytes,
                "arena_extend_strategy": "kSameAsRequested",
                # The exhaustive search would run again for each new batch size.
                **({"cudnn_conv_algo_search": "HEURISTIC"} if provider == "cuda" else {}),
            }
        case "tensorrt":
            return {
                "trt_max_workspace_size": limit_bytes,
                "trt_engine_cache_enable": "1",
                "trt_engine_cache_path": platformdirs.user_cache_dir("popcam", appauthor=False) + "/tensorrt",
            }
        case "migraphx":
            return {"migraphx_mem_limit": limit_bytes}
        case _:
            return {}


def _with_cpu(native: str) -> list[str]:
    """Devices lack a few operators; those alone run on the processor."""
    cpu = ONNX_PROVIDERS["onnxruntime-cpu"]
    return [native] if native == cpu else [native, cpu]


def _with_cpu_options(native: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    return [options, {}][: len(_with_cpu(native))]


def _first_line(exc: Exception) -> str:
    return str(exc).strip().split("\n", 1)[0][:300] or type(exc).__name__
