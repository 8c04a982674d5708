"""Models in OpenVINO, on Intel processors and their graphics. The library is an optional extra."""

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import platformdirs

from popcam.core.errors import InferenceError, PopcamError, ProviderUnavailableError
from popcam.core.frame import FloatArray, UInt8Array
from popcam.core.worker_settings import InferenceSpec
from popcam.vision.preprocess import ColourCanvas, PictureContract
from popcam.vision.runtimes.model_files import ModelFile
from popcam.vision.runtimes.providers import OPENVINO_DEVICES, processor_has_bf16
from popcam.vision.runtimes.shortage import named_failure

_MOST_SHAPES: Final = 4
_ALIGNED_BYTES: Final = 64

Shape = tuple[int, ...]


class OpenVinoRuntime:
    """One model, compiled for each picture shape it meets: a fixed shape runs 10 to 20 % faster than a free one."""

    def __init__(self, name: str, provider: str, model: Any, compiler: "Compiler", fallback: str) -> None:
        self.name = name
        self.provider = provider
        self.fallback = fallback
        self._model = model
        self._compiler = compiler
        self._lock = threading.Lock()
        self._by_shape: OrderedDict[tuple[Shape, ...], _RequestPool] = OrderedDict()
        self._closed = False

    def run(self, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Sequence[npt.NDArray[np.float32]]:
        key = tuple(array.shape for array in inputs.values())
        with (
            self._named_failures(),
            self._pool(key, lambda: self._compiler.compile(self._model, inputs)).turn() as turn,
        ):
            turn.request.infer(dict(inputs), share_inputs=True, share_outputs=True)
            # Copies: the request's own memory is written again by its next user.
            return [np.array(output) for output in turn.outputs]

    @contextmanager
    def turn(self, input_wh: tuple[int, int], contract: PictureContract) -> "Iterator[_PictureTurn]":
        """See `TakesPictures`. Bytes become numbers inside the compiled model."""
        shape = (1, input_wh[1], input_wh[0] * 3)
        with self._named_failures():
            pool = self._pool((shape,), lambda: self._compiler.compile_bytes(self._model, input_wh, contract), contract)
            with pool.turn() as turn:
                yield turn

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except PopcamError:
            raise
        except Exception as exc:  # OpenVINO raises RuntimeError, ValueError, TypeError for the same causes
            raise named_failure(f"{self.name} on {self.provider}: {_last_line(exc)}") from exc

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._by_shape.clear()
            self._model = None

    def _pool(
        self, shapes: tuple[Shape, ...], compiled: Callable[[], Any], contract: PictureContract | None = None
    ) -> "_RequestPool":
        with self._lock:
            if self._closed:
                raise InferenceError(f"{self.name} is closed")
            pool = self._by_shape.get(shapes)
            if pool is None:
                pool = _RequestPool(compiled(), contract)
                self._by_shape[shapes] = pool
            self._by_shape.move_to_end(shapes)
            while len(self._by_shape) > _MOST_SHAPES:
                self._by_shape.popitem(last=False)
            return pool


class _PictureTurn:
    """A request with views of its memory. See `PictureTurn`."""

    def __init__(self, request: Any, contract: PictureContract | None) -> None:
        self.request = request
        self._contract = contract
        self.outputs = _in_one_memory(request) or [output.data for output in request.output_tensors]
        self._input: UInt8Array = request.input_tensors[0].data

    @cached_property
    def canvas(self) -> ColourCanvas:
        assert self._contract is not None  # noqa: S101 - pools of pictures have one
        return ColourCanvas(self._input, self._contract.colour)

    def run(self) -> Sequence[FloatArray]:
        self.request.infer(share_outputs=True)  # else it copies them all for its own answer
        return self.outputs


def _in_one_memory(request: Any) -> list[FloatArray]:
    """Let a request write all its outputs into one array, and give the pieces: one question tells whether any value in
    it is no number. Nothing where sizes or kinds of outputs don't allow it."""
    import openvino

    given = list(request.output_tensors)
    if any(one.element_type != openvino.Type.f32 or one.byte_size % _ALIGNED_BYTES for one in given):
        return []
    values = sum(one.size for one in given)
    # No numbers at first: outputs written elsewhere would be noticed at once, and never taken for an empty scene.
    spacious = np.full(values + _ALIGNED_BYTES // 4, np.nan, np.float32)
    begin = -spacious.ctypes.data % _ALIGNED_BYTES // 4
    memory = np.frombuffer(spacious[begin : begin + values].data, np.float32)  # what its pieces call their base
    pieces: list[FloatArray] = []
    begin = 0
    for index, one in enumerate(given):
        piece = memory[begin : begin + one.size].reshape(one.shape)
        request.set_output_tensor(index, openvino.Tensor(piece, shared_memory=True))
        pieces.append(piece)
        begin += one.size
    return pieces


class _RequestPool:
    """A compiled model and its idle requests: a request serves one thread at a time."""

    def __init__(self, compiled: Any, contract: PictureContract | None) -> None:
        self._compiled = compiled
        self._contract = contract
        self._idle: deque[_PictureTurn] = deque()

    @contextmanager
    def turn(self) -> Iterator[_PictureTurn]:
        try:
            turn = self._idle.pop()
        except IndexError:
            turn = _PictureTurn(self._compiled.create_infer_request(), self._contract)
        yield turn  # after a failure the request is not used again
        self._idle.append(turn)


class Compiler:
    """Compiles models for one device with the settings of this worker."""

    def __init__(self, device: str, inference: InferenceSpec) -> None:
        import openvino

        _initialise_types()
        self._core = openvino.Core()
        self._device = device
        self._options = device_options(device, inference)
        cache = cache_dir()
        if cache is not None:
            self._core.set_property({"CACHE_DIR": str(cache)})

    def read(self, content: bytes) -> Any:
        """Parse the bytes of an ONNX file."""
        return self._core.read_model(content)

    def compile(self, model: Any, inputs: Mapping[str, npt.NDArray[np.float32]]) -> Any:
        """Compile a copy of the model for the shapes of these inputs."""
        fixed = model.clone()
        fixed.reshape({name: list(array.shape) for name, array in inputs.items()})
        return self._core.compile_model(fixed, self._device, self._options)

    def compile_bytes(self, model: Any, input_wh: tuple[int, int], contract: PictureContract) -> Any:
        """Compile a copy of the model that takes a picture of this size as bytes, (1, H, W * 3)."""
        import openvino
        from openvino import opset13

        (width, height), numbers = input_wh, np.float32
        fixed = model.clone()
        fixed.reshape([1, 3, height, width])
        taken = opset13.parameter([1, height, width * 3], openvino.Type.u8, name="picture")
        # Rows of bytes become numbers before they become pixels: in the other order OpenVINO moves the change of the
        # order of values before the conversion, and makes a pass over the picture of each.
        pixels = opset13.reshape(opset13.convert(taken, "f32"), np.array([1, height, width, 3]), special_zero=False)
        if any(contract.mean):
            pixels = opset13.subtract(pixels, np.array(contract.mean, numbers))
        if any(value != 1.0 for value in contract.deviation):
            pixels = opset13.divide(pixels, np.array(contract.deviation, numbers))
        planes = opset13.transpose(pixels, np.array([0, 3, 1, 2]))
        for reader in fixed.inputs[0].get_target_inputs():
            reader.replace_source_output(planes.output(0))
        return self._core.compile_model(openvino.Model(fixed.get_results(), [taken]), self._device, self._options)


_TYPES = threading.Lock()


def _initialise_types() -> None:
    """Let OpenVINO's binding make its table of number types now, in one thread.

    It makes it at the first use of `Tensor.data`, behind a lock of C++, and gives Python's lock away meanwhile: two
    threads that come there together wait for each other for ever, and with them the whole process.
    """
    import openvino

    with _TYPES:
        made: Any = openvino.Tensor(openvino.Type.f32, openvino.Shape([1]))
        made.data[:] = 0.0
        assert openvino.Tensor(np.zeros(1, np.uint8)).data.shape == (1,)  # noqa: S101 - the other way round, too


def open_openvino(model: ModelFile, provider: str, inference: InferenceSpec, fallback: str = "") -> OpenVinoRuntime:
    """Load a model on a device of OpenVINO.

    Raises:
        ProviderUnavailableError: OpenVINO is not installed, has no such device, or can't read the model.
    """
    try:
        compiler = Compiler(OPENVINO_DEVICES[provider], inference)
        parsed = compiler.read(model.content)
    except ImportError as exc:
        raise ProviderUnavailableError(f"{provider}: the package openvino is not installed") from exc
    except Exception as exc:  # see `run`
        raise ProviderUnavailableError(f"{provider}: {_last_line(exc)}") from exc
    return OpenVinoRuntime(model.entry.name, provider, parsed, compiler, fallback)


def device_options(device: str, inference: InferenceSpec) -> dict[str, Any]:
    """One stream: there is a worker for each core, and a second one in each cost a tenth of the time of every inference
    (benchmarks/inference_throughput.py). bf16 where the processor has it."""
    if device != "CPU":
        return {"PERFORMANCE_HINT": "LATENCY"}
    return {
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": inference.threads,
        "INFERENCE_PRECISION_HINT": "bf16" if processor_has_bf16() else "f32",
        # Several workers share the processor: pinned, they would all sit on the same cores.
        "ENABLE_CPU_PINNING": False,
    }


def cache_dir() -> Path | None:
    """Where compiled models are kept, so that the next start is fast; None when no such folder can be written."""
    folder = Path(platformdirs.user_cache_dir("popcam", appauthor=False)) / "openvino"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _last_line(exc: Exception) -> str:
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(exc).__name__
