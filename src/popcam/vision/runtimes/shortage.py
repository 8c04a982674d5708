"""How the libraries say that a device's memory is full: each in its own words, and none by a class of its own."""

from typing import Final

from popcam.core.errors import DeviceMemoryError, InferenceError

_WORDS: Final = (
    "out of memory",
    "out_of_memory",
    "outofmemory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    "not enough memory",
    "cl_mem_object_allocation_failure",
    "available memory of",
)
"""CUDA, ROCm and TensorRT; ONNX Runtime's arena; C++; DirectML; OpenCL; ONNX Runtime's arena at its limit."""


def named_failure(text: str) -> InferenceError:
    """A failure of a library under our name: a lack of memory has one of its own."""
    lower = text.lower()
    return DeviceMemoryError(text) if any(word in lower for word in _WORDS) else InferenceError(text)
