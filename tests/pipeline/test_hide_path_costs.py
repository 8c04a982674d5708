"""What hiding faces may never cost: memory for each frame, and a conversion to RGB."""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import structlog
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.frames import grey_frame
from tests.fakes.pipeline_host import FakeHost

from popcam.core.facts import Detection
from popcam.core.frame import Frame, StreamInfo
from popcam.core.protocol import topic
from popcam.core.spec import ActSpec, CameraSpec, HideStyle, SourceSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.pipeline.outputs import Outputs
from popcam.pipeline.processor import Processor
from popcam.pipeline.stage_times import StageTimes

MOST_BYTES = 64 * 1024
WARM_UP, MEASURED = 30, 10
ON_ONNX = InferenceSpec(providers=("onnxruntime-cpu",))
INFO = StreamInfo(codec="h264", width_px=1280, height_px=720, fps=15.0)


class QuietHost(FakeHost):
    """Keeps nothing of what is published."""

    def publish(self, topic: bytes, *parts: bytes) -> None:
        """Sent and forgotten."""


class HidingCamera:
    """The path of a frame behind the decoder, in this thread."""

    def __init__(self, host: FakeHost, *, style: HideStyle = "blur", watched: str = "preview.jpeg") -> None:
        host.topics = {topic("cam", watched)}  # type: ignore[arg-type]
        spec = CameraSpec(id="cam", source=SourceSpec(url="synthetic:"), act=ActSpec(kind="hide", style=style))
        log = structlog.get_logger()
        self.processor = Processor(spec, host, StageTimes(), log)
        self.outputs = Outputs(spec, INFO, host, StageTimes(), log)

    def show(self, frames: Iterator[Frame]) -> None:
        for frame in frames:
            self.processor.process(self.processor.arrive(frame, shown=True), self.outputs)


def moving_frames(begin: int, count: int) -> Iterator[Frame]:
    """A decoder's memory is its own: the same picture comes again and again, with a bright thing that moves."""
    picture = grey_frame(0, width_px=1280, height_px=720)
    for seq in range(begin, begin + count):
        x = (seq * 40) % 1000
        picture.planes.y[:] = 128
        picture.planes.y[200:400, x : x + 200] = 220
        yield replace(picture, seq=seq, pts_s=seq / 15)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    with ThreadPoolExecutor(1) as threads:
        yield QuietHost(tmp_path, threads, ScriptedEngine([face_at(0.3), face_at(0.7)]))


def large_allocations(camera: HidingCamera) -> list[str]:
    """Pieces of at least 64 KiB that one frame after another asks for, once everything is warm."""
    found: list[str] = []
    for number, frame in enumerate(moving_frames(WARM_UP, MEASURED)):
        tracemalloc.start(8)
        try:
            camera.show(iter([frame]))
            pieces = tracemalloc.take_snapshot().traces
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if peak_bytes > MOST_BYTES:
            found.append(f"frame {number}: {peak_bytes} bytes at most, {len(pieces)} pieces left")
    return found


@pytest.mark.parametrize("style", ["blur", "pixelate", "solid"])
def test_no_frame_of_a_hidden_camera_asks_for_memory(host: FakeHost, style: HideStyle) -> None:
    camera = HidingCamera(host, style=style)
    camera.show(moving_frames(0, WARM_UP))
    assert large_allocations(camera) == []


def test_a_frame_that_asks_for_memory_would_be_seen(host: FakeHost) -> None:
    camera = HidingCamera(host)
    camera.show(moving_frames(0, WARM_UP))
    real = host.scripted.infer

    def wasteful(frame: Frame) -> tuple[Detection, ...]:
        assert np.empty(2 * MOST_BYTES, np.uint8).size
        return real(frame)

    host.scripted.infer = wasteful  # type: ignore[method-assign]
    assert large_allocations(camera) != []


RGB_CODES = frozenset(
    code
    for name, code in vars(cv2).items()
    if name.startswith("COLOR_") and any(f"2{kind}" in name for kind in ("BGR", "RGB"))
)


@pytest.fixture
def no_rgb(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every way to make an RGB picture of one tells that it was used. A model that takes planes converts the small
    picture inside itself; one that does not is the only one that may ask for it."""
    used: list[str] = []
    convert = cv2.cvtColor

    def converted(picture: Any, code: int, *more: Any, **options: Any) -> Any:
        if code in RGB_CODES:
            used.append(f"cvtColor {picture.shape[1]}x{picture.shape[0]}")
        return convert(picture, code, *more, **options)

    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("planes were put together to a picture with colours")

    monkeypatch.setattr(cv2, "cvtColor", converted)
    for name in ("cvtColorTwoPlane", "merge"):
        monkeypatch.setattr(cv2, name, refused)
    return used


@pytest.mark.parametrize("watched", ["preview.jpeg", "preview.h264", "preview.jpeg.full"])
def test_no_picture_of_a_hidden_camera_becomes_rgb(host: FakeHost, no_rgb: list[str], watched: str) -> None:
    camera = HidingCamera(host, watched=watched)
    camera.show(moving_frames(0, 5))
    assert no_rgb == []


def test_a_detector_that_takes_no_planes_gets_the_small_picture_alone(host: FakeHost, no_rgb: list[str]) -> None:
    host.real = load_engine("yunet", input_width_px=640, min_score=0.3, inference=ON_ONNX)
    HidingCamera(host).show(moving_frames(0, 3))
    host.real.close()
    assert set(no_rgb) == {"cvtColor 640x540"}  # 640x360 in planes one below the other


def test_a_conversion_would_be_seen(host: FakeHost, no_rgb: list[str]) -> None:
    def converting(frame: Frame) -> tuple[Detection, ...]:
        cv2.cvtColor(frame.planes.y, cv2.COLOR_GRAY2BGR)
        return ()

    host.scripted.infer = converting  # type: ignore[method-assign]
    HidingCamera(host).show(moving_frames(0, 2))
    assert no_rgb
