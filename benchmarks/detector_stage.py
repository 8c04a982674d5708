"""Throughput of the detector stage against the model alone in a loop, in the same runtime and at the same size.

    python -m benchmarks.detector_stage [--quick]

The stage is what the product runs per frame: the small picture from 4:2:0 planes of 1280x720, the model, the boxes.
The loop is the runtime's own call on a ready tensor and nothing else: ONNX Runtime's `session.run`, OpenVINO's infer
request. One thread each, as in a worker. Blocks of both take turns, several a run; a run's figure is frames by wall
time. Frames are those of a clip with moving faces, so that nothing is known to the processor's branches by heart.
About 3 minutes with defaults, 1 with `--quick`.
"""

import argparse
import itertools
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
from benchmarks.lib.clips import active_clip
from benchmarks.lib.table import Figure, Wanted, ratios, show
from popcam_models import path as model_path

from popcam.core.frame import DecodeMode, Frame, Planes
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec, ProviderName
from popcam.engines import ENGINES, load_engine
from popcam.media.sources import Continuity, open_source
from popcam.vision.preprocess import Preprocessor
from popcam.vision.runtimes import available_providers

PROVIDERS: tuple[ProviderName, ...] = ("onnxruntime-cpu", "openvino-cpu")
FRAMES = 60
BLOCK_S = 0.5
Tensor = npt.NDArray[np.float32]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=8, help="blocks of half a second a run, of each of both")
    parser.add_argument("--engines", nargs="+", default=["yunet", "centerface"])
    parser.add_argument("--quick", action="store_true", help="3 runs of 3 blocks, YuNet alone")
    chosen = parser.parse_args()
    runs, blocks = (3, 3) if chosen.quick else (chosen.runs, chosen.blocks)
    cv2.setNumThreads(1)  # as in a worker
    frames = clip_frames()
    figures: list[Figure] = []
    for name in ["yunet"] if chosen.quick else chosen.engines:
        for provider in PROVIDERS:
            if provider in available_providers():
                figures += rows(name, provider, frames, runs, blocks)
    show("Detector stage of 1280x720, one thread", figures)


def rows(name: str, provider: ProviderName, frames: list[Frame], runs: int, blocks: int) -> list[Figure]:
    """Figures of one detector on one runtime."""
    engine = load_engine(name, inference=InferenceSpec(providers=(provider,)))
    pictures = itertools.cycle(frames)
    alone_once = model_alone(name, provider, frames)
    stage, alone = [], []
    for once in (alone_once, lambda: engine.infer(next(pictures))):
        block_speed(once)  # warm up
    for _ in range(runs):
        taken = [(block_speed(lambda: engine.infer(next(pictures))), block_speed(alone_once)) for _ in range(blocks)]
        # Frames by time over the whole run: the mean of each half's time per frame.
        stage.append(len(taken) / sum(1 / one for one, _ in taken))
        alone.append(len(taken) / sum(1 / one for _, one in taken))
    label = f"{name}, {provider}"
    return [
        Figure(f"{label}: stage", "frames/s", tuple(stage)),
        Figure(f"{label}: model alone", "frames/s", tuple(alone)),
        ratios(f"{label}: stage / model alone", stage, alone, Wanted(0.9, 0.97)),
    ]


def block_speed(once: Callable[[], object]) -> float:
    """Calls per second over about half a second."""
    count, began_s = 0, time.perf_counter()
    while (spent_s := time.perf_counter() - began_s) < BLOCK_S:
        once()
        count += 1
    return count / spent_s


def model_alone(name: str, provider: ProviderName, frames: list[Frame]) -> Callable[[], object]:
    """The runtime's own call on tensors of these frames."""
    entry = ENGINES[name]
    preprocess = Preprocessor(640, entry.contract)
    tensors = itertools.cycle([preprocess(one.planes, full_range=False).tensor.copy() for one in frames[:8]])
    if provider == "onnxruntime-cpu":
        return _onnxruntime(str(model_path(entry.model)), entry.input_name, tensors)
    return _openvino(str(model_path(entry.model)), next(tensors), tensors)


def _onnxruntime(model: str, input_name: str, tensors: "itertools.cycle[Tensor]") -> Callable[[], object]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {input_name: next(tensors)})


def _openvino(model: str, first: Tensor, tensors: "itertools.cycle[Tensor]") -> Callable[[], object]:
    import openvino

    core = openvino.Core()
    network = core.read_model(model)
    network.reshape(list(first.shape))
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    return lambda: request.infer([next(tensors)], share_inputs=True, share_outputs=True)


def clip_frames() -> list[Frame]:
    """Frames of the clip, with planes of their own."""
    url = str(active_clip(seconds=8))
    source = open_source(SourceSpec(url=url, realtime=False), DecodeSpec(hardware="none"), Continuity())
    frames: list[Frame] = []
    while len(frames) < FRAMES:
        frames += [
            Frame(Planes(*(plane.copy() for plane in one.planes)), one.seq, one.pts_s, 0.0, 0.0)
            for one in source.read(DecodeMode.ALL).frames
        ]
    source.close()
    return frames


if __name__ == "__main__":
    main()
