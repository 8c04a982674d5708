"""What runs the models: ONNX Runtime and OpenVINO behind one interface, `popcam.core.interfaces.Runtime`."""

from popcam.vision.runtimes.batching import BatchingRuntime
from popcam.vision.runtimes.device_budget import DeviceBudget
from popcam.vision.runtimes.loading import load_runtime
from popcam.vision.runtimes.pictures import PictureTurn, TakesPictures
from popcam.vision.runtimes.providers import available_providers

__all__ = ["BatchingRuntime", "DeviceBudget", "PictureTurn", "TakesPictures", "available_providers", "load_runtime"]
