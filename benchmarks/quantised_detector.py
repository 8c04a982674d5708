"""Whether int8 pays for the face detectors: its speed beside float32 and bfloat16, and what it costs in accuracy.

    python -m benchmarks.quantised_detector [--quick] [--data ../shared/data]

`scripts/quantise_model.py` makes the int8 weights with NNCF, in an environment of its own, calibrated on made photos
and close-ups (`lib/int8.py`). Then the models run in turns, in all ways that this processor has, at 640x384 on one
thread; figures are milliseconds of processor time. With annotated photos (`--data`, as in `detector_accuracy`) each way
finds faces through the product's own stage.

A model may be taken for hiding faces when it is faster than the fastest other way and loses less than a hundredth of
average precision. About 5 minutes with defaults (the first time installs NNCF), 2 with `--quick`.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
from benchmarks.detector_accuracy import Photo, ProductDetector, dlib_faces, facemask, measure
from benchmarks.lib.int8 import CALIBRATION_PHOTOS, OPTIONS, SIZE_WH, quantised, tools
from benchmarks.lib.photo_set import photo_set
from benchmarks.lib.table import Figure, Wanted, ratios, show
from popcam_models import path as model_path

from popcam.core.worker_settings import InferenceSpec, ProviderName
from popcam.engines import ENGINES
from popcam.vision.runtimes.providers import processor_has_bf16

Tensor = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run a detector."""

    name: str
    provider: ProviderName
    int8: bool
    hint: str = ""


WAYS: Final = (
    Way("ONNX Runtime, float32", "onnxruntime-cpu", int8=False),
    Way("ONNX Runtime, int8", "onnxruntime-cpu", int8=True),
    Way("OpenVINO, float32", "openvino-cpu", int8=False, hint="f32"),
    Way("OpenVINO, bfloat16", "openvino-cpu", int8=False, hint="bf16"),
    Way("OpenVINO, int8 and float32", "openvino-cpu", int8=True, hint="f32"),
    Way("OpenVINO, int8 and bfloat16", "openvino-cpu", int8=True, hint="bf16"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="3 runs, YuNet alone")
    parser.add_argument("--data", type=Path)
    chosen = parser.parse_args()
    runs, names = (3, ["yunet"]) if chosen.quick else (chosen.runs, list(OPTIONS))
    ways = [way for way in WAYS if way.hint != "bf16" or processor_has_bf16()]
    sets = {"facemask_a": facemask(chosen.data / "facemask_a"), "dlib_faces": dlib_faces(chosen.data / "dlib_faces")} \
        if chosen.data else {}  # fmt: skip
    figures: list[Figure] = []
    for name in names:
        int8 = quantised(name)
        figures += speeds(name, int8, ways, runs)
        if sets:
            figures += accuracies(name, int8, sets)
    versions = {key: value for key, value in tools().versions().items() if key in {"nncf", "onnx"}}
    show("int8 face detectors, 640x384, one thread", figures, peers=versions)


def speeds(name: str, int8: Path, ways: list[Way], runs: int) -> list[Figure]:
    """Milliseconds of processor time of each way, in turns, and the fastest with int8 beside the fastest without."""
    tensor = calibration_like()
    calls = {way: call_of(way, int8 if way.int8 else model_path(name), tensor) for way in ways}
    taken: dict[Way, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, call in calls.items():
            taken[way].append(cpu_ms(call))
    rows = [Figure(f"{name}: {way.name}", "ms CPU", tuple(values)) for way, values in taken.items()]
    fast = [[min(taken[way][run] for way in ways if way.int8 is int8) for run in range(runs)] for int8 in (False, True)]
    rows.append(ratios(f"{name}: fastest without int8 / fastest with it", fast[0], fast[1]))
    if processor_has_bf16():
        plain = [[min(taken[w][run] for w in ways if w.int8 is yes and w.hint != "bf16") for run in range(runs)]
                 for yes in (False, True)]  # fmt: skip
        rows.append(ratios(f"{name}: the same on a processor without bfloat16", plain[0], plain[1]))
    return rows


def calibration_like() -> Tensor:
    """A made photo as the models take it."""
    photos = photo_set(CALIBRATION_PHOTOS)
    photo = cv2.imread(str(photos.folder / sorted(photos.faces)[1]))
    if photo is None:
        raise SystemExit("a made photo can't be read")
    small = np.asarray(cv2.resize(photo, SIZE_WH), np.float32)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None])


def call_of(way: Way, path: Path, tensor: Tensor) -> Callable[[], Any]:
    """One inference."""
    if way.provider == "onnxruntime-cpu":
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda: session.run(None, {name: tensor})
    import openvino

    core = openvino.Core()
    model = core.read_model(str(path))
    model.reshape(list(tensor.shape))
    hints = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": way.hint}
    request = core.compile_model(model, "CPU", hints).create_infer_request()
    return lambda: request.infer([tensor], share_inputs=True, share_outputs=True)


def cpu_ms(call: Callable[[], Any], times: int = 40) -> float:
    """Processor time of one call, the mean of many."""
    for _ in range(3):
        call()
    began_s = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - began_s) / times * 1000


def accuracies(name: str, int8: Path, sets: dict[str, list[Photo]]) -> list[Figure]:
    """Average precision and recall for hiding, and what int8 loses of both."""
    figures = []
    for label, photos in sets.items():
        found = {}
        with TemporaryDirectory(prefix="popcam-int8-") as folder:
            for way, file in (("float", model_path(name)), ("int8", int8)):
                inference = as_model_folder(name, file, Path(folder))
                found[way] = measure(ProductDetector(name, SIZE_WH[0], "openvino-cpu", inference), label, photos)
        for key, result in found.items():
            figures += [
                Figure(f"{name}, {key}, {label}: AP@0.5", "share", (result.ap50,)),
                Figure(f"{name}, {key}, {label}: recall for hiding", "share", (result.recall_hide,)),
            ]
        lost = found["float"].ap50 - found["int8"].ap50
        figures.append(Figure(f"{name}, {label}: AP lost by int8", "share", (lost,), Wanted(0.01, 0.0, most=True)))
    return figures


def as_model_folder(name: str, file: Path, folder: Path) -> InferenceSpec:
    """A user's model folder that has this file in the place of popcam's own."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    (folder / file.name).write_bytes(file.read_bytes())
    entry = {"name": ENGINES[name].model, "file": file.name, "sha256": digest}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "models": [entry]}), "utf-8")
    return InferenceSpec(providers=("openvino-cpu",), model_dir=str(folder))


if __name__ == "__main__":
    main()
