"""What the detector stage costs beyond the model itself, and whether batching pays.

    python benchmarks/inference_throughput.py

In one run and in turns, so that a busy machine disturbs all rows alike: the model alone in a loop, each part of the
stage (small picture, model, decoding), and the product's whole stage from the frame to detections. Then batches of 4
against single pictures, per picture. Figures are milliseconds of processor time for a 1280x720 frame; ratios are of
the medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from popcam.core.frame import Frame, Planes
from popcam.core.worker_settings import InferenceSpec, ProviderName
from popcam.engines import ENGINES, load_engine
from popcam.vision.preprocess import Preprocessor
from popcam.vision.runtimes import available_providers, load_runtime

PHOTO: Final = Path(__file__).parents[1] / "tests" / "data" / "stills" / "astronaut.png"
PROVIDERS: Final[tuple[ProviderName, ...]] = ("onnxruntime-cpu", "openvino-cpu")
BATCH: Final = 4
Times = Mapping[str, Sequence[float]]


def main() -> None:
    """Measure all engines on all processor providers and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    options = parser.parse_args()
    cv2.setNumThreads(1)  # as in a worker
    print("| engine | runs on | step | min | median | max | share of the model alone |")
    print("|---|---|---|---|---|---|---|")
    for name in options.engines:
        for provider in PROVIDERS:
            if provider in available_providers():
                print_rows(name, provider, measure(name, InferenceSpec(providers=(provider,)), options.rounds))


def measure(name: str, inference: InferenceSpec, rounds: int) -> Times:
    """Milliseconds of each step, in turns."""
    entry, frame = ENGINES[name], frame_720p()
    runtime, engine = load_runtime(entry.model, inference), load_engine(name, inference=inference)
    preprocess = Preprocessor(640, entry.contract)
    tensor = preprocess(frame.planes, full_range=False).tensor.copy()
    batch = np.concatenate([tensor] * BATCH)
    outputs = runtime.run({entry.input_name: tensor})
    input_wh = (tensor.shape[3], tensor.shape[2])
    steps: dict[str, tuple[Callable[[], object], int]] = {
        "model alone": (lambda: runtime.run({entry.input_name: tensor}), 1),
        "small picture": (lambda: preprocess(frame.planes, full_range=False), 1),
        "decoding": (lambda: entry.decode(outputs, input_wh, entry.scores.keep), 1),
        "whole stage": (lambda: engine.infer(frame), 1),
        f"model, batch of {BATCH}, per picture": (lambda: runtime.run({entry.input_name: batch}), BATCH),
    }
    times: dict[str, list[float]] = {step: [] for step in steps}
    for index in range(rounds + 2):
        for step, (call, pictures) in steps.items():
            start = time.process_time()
            call()
            if index >= 2:  # the first rounds warm up
                times[step].append((time.process_time() - start) * 1000 / pictures)
    return times


def frame_720p() -> Frame:
    """A frame of 1280x720 with one face."""
    photo = cv2.imread(str(PHOTO))
    if photo is None:
        raise SystemExit("run it from a checkout: tests/data/stills is missing")
    i420 = cv2.cvtColor(cv2.resize(photo[:288], (1280, 720)), cv2.COLOR_BGR2YUV_I420)
    flat: npt.NDArray[np.uint8] = np.asarray(i420, np.uint8).reshape(-1)
    luma, chroma = 1280 * 720, (360, 640)
    planes = Planes(
        flat[:luma].reshape(720, 1280),
        flat[luma : luma * 5 // 4].reshape(chroma),
        flat[luma * 5 // 4 :].reshape(chroma),
    )
    return Frame(planes, seq=0, pts_s=0.0, captured_monotonic_s=0.0, captured_unix_s=0.0)


def print_rows(name: str, provider: str, times: Times) -> None:
    """One row for each step."""
    alone = statistics.median(times["model alone"])
    for step, values in times.items():
        median = statistics.median(values)
        print(
            f"| {name} | {provider} | {step} | {min(values):.2f} | {median:.2f} | {max(values):.2f} | "
            f"{median / alone:.3f} |"
        )


if __name__ == "__main__":
    main()
