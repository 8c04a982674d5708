"""The faces are really covered: what preview and recorder put out is decoded, and the detector finds nobody in it.

The demo source shows one large face that moves, leaves and comes back. A run without hiding proves that the detector
would find it in the very same outputs.
"""

import io
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import av
import msgspec
import pytest
from tests.fakes.engines import ScriptedEngine
from tests.fakes.pipeline_host import FakeHost

from popcam.core.errors import InferenceError
from popcam.core.facts import Detection, PreviewFrame
from popcam.core.frame import Frame
from popcam.core.interfaces import Engine
from popcam.core.protocol import topic
from popcam.core.spec import ActSpec, CameraSpec, DetectSpec, HideStyle, RecordSpec, SourceSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.media.sources.picture import planes_of
from popcam.pipeline import load
from popcam.pipeline.camera import SETTLE_S, CameraPipeline
from popcam.pipeline.load import LoadState

pytestmark = pytest.mark.slow

RUN_S = 6.0
CAMERA = "cam"


class Troubled:
    """A real engine in trouble: `before` is called ahead of each inference and may sleep or raise."""

    labels = ("face",)
    provider = "test"
    provider_fallback = ""

    def __init__(self, engine: Engine, before: Callable[[], None]) -> None:
        self._engine = engine
        self._before = before
        self.name = engine.name

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        self._before()
        return self._engine.infer(frame)

    def close(self) -> None:
        self._engine.close()


@pytest.fixture(scope="module")
def judge() -> Iterator[Engine]:
    """The detector that looks for faces in what came out."""
    engine = load_engine("yunet", input_width_px=640, min_score=0.6, inference=InferenceSpec())
    yield engine
    engine.close()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    with ThreadPoolExecutor(2) as threads:
        yield FakeHost(tmp_path, threads, ScriptedEngine())


def run_camera(host: FakeHost, act: ActSpec, before: Callable[[], None], seconds: float = RUN_S) -> CameraPipeline:
    """Run the demo camera with preview and recorder, and stop it."""
    engine = load_engine("yunet", input_width_px=640, min_score=0.3, inference=InferenceSpec())
    host.real = Troubled(engine, before)
    host.topics = {topic(CAMERA, "preview.jpeg"), topic(CAMERA, "preview.h264")}
    camera = CameraPipeline(
        CameraSpec(
            id=CAMERA,
            source=SourceSpec(url="demo:"),
            act=act,
            detect=DetectSpec(faces="yunet"),
            record=RecordSpec(mode="continuous", segment_s=2.0),
        ),
        0,
        host,
    )
    camera.start()
    time.sleep(seconds)
    assert camera.stop()
    return camera


def preview_pictures(host: FakeHost, kind: Literal["preview.jpeg", "preview.h264"]) -> list[Frame]:
    """What viewers of this preview saw."""
    parts = [message for message in host.published if message[0] == topic(CAMERA, kind)]
    headers = [msgspec.msgpack.decode(header, type=PreviewFrame) for _, header, _ in parts]
    assert headers == sorted(headers, key=lambda header: header.seq)
    if kind == "preview.jpeg":
        return [frame for _, _, payload in parts for frame in decoded(payload, "mjpeg")]
    return decoded(b"".join(payload for _, _, payload in parts), "h264")


def recorded_pictures(folder: Path) -> list[Frame]:
    """What the recordings hold."""
    files = sorted((folder / CAMERA).rglob("*.mp4"))
    assert files
    return [frame for file in files for frame in decoded(file.read_bytes(), "mp4")]


def decoded(data: bytes, container_format: str) -> list[Frame]:
    with av.open(io.BytesIO(data), mode="r", format=container_format) as container:
        return [as_frame(seq, picture) for seq, picture in enumerate(container.decode(video=0))]


def as_frame(seq: int, picture: av.VideoFrame) -> Frame:
    colour = picture if picture.format.name in {"yuv420p", "yuvj420p"} else picture.reformat(format="yuv420p")
    planes = planes_of(colour, writable=False).copy()
    return Frame(planes=planes, seq=seq, pts_s=seq / 15, captured_monotonic_s=0.0, captured_unix_s=0.0)


def pictures_with_a_face(judge: Engine, pictures: Sequence[Frame]) -> list[int]:
    return [picture.seq for picture in pictures if judge.infer(picture)]


def all_outputs(host: FakeHost) -> dict[str, list[Frame]]:
    return {
        "jpeg": preview_pictures(host, "preview.jpeg"),
        "h264": preview_pictures(host, "preview.h264"),
        "recording": recorded_pictures(host.recordings_dir),
    }


def nothing() -> None:
    """No trouble."""


def slow() -> None:
    time.sleep(0.25)


def far_too_slow() -> None:
    time.sleep(1.5)


def now_and_then_stuck() -> None:
    time.sleep(random.choice([0.0, 0.0, 0.0, 0.9]))


def failing() -> None:
    raise InferenceError("told to fail")


def failing_often() -> None:
    if random.random() < 0.5:
        raise InferenceError("told to fail")


def defective() -> None:
    raise ZeroDivisionError("a defect")


def test_the_judge_finds_the_face_when_it_is_not_hidden(host: FakeHost, judge: Engine) -> None:
    run_camera(host, ActSpec(kind="boxes"), nothing)
    for name, pictures in all_outputs(host).items():
        found = pictures_with_a_face(judge, pictures)
        assert len(found) > len(pictures) / 2, name


@pytest.mark.parametrize("style", ["blur", "pixelate", "solid"])
def test_no_face_in_any_output(host: FakeHost, judge: Engine, style: HideStyle) -> None:
    camera = run_camera(host, ActSpec(kind="hide", style=style), nothing)
    for name, pictures in all_outputs(host).items():
        assert len(pictures) > RUN_S * 2, name
        assert pictures_with_a_face(judge, pictures) == [], name
    assert camera.status().uncovered_frames == 0


@pytest.mark.parametrize(
    "trouble", [slow, far_too_slow, now_and_then_stuck, failing, failing_often, defective], ids=lambda t: t.__name__
)
def test_no_face_in_any_output_when_the_engine_is_in_trouble(
    host: FakeHost, judge: Engine, trouble: Callable[[], None]
) -> None:
    random.seed(7)
    camera = run_camera(host, ActSpec(kind="hide"), trouble)
    for name, pictures in all_outputs(host).items():
        assert pictures, name
        assert pictures_with_a_face(judge, pictures) == [], name
    assert camera.status().uncovered_frames == 0


def test_failing_engine_covers_the_whole_picture_and_says_so(host: FakeHost) -> None:
    camera = run_camera(host, ActSpec(kind="hide"), failing, seconds=3)
    status = camera.status()
    assert status.whole_covers > 0
    assert "inference.failed" in [fault.code for fault in status.faults]


def test_no_face_in_any_output_when_frames_are_lost(
    host: FakeHost, judge: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    random.seed(7)
    offered = CameraPipeline.take_analysed

    def lossy(self: CameraPipeline, chunk):  # type: ignore[no-untyped-def]
        if random.random() < 0.6:
            offered(self, chunk)

    monkeypatch.setattr(CameraPipeline, "take_analysed", lossy)
    run_camera(host, ActSpec(kind="hide"), nothing)
    for name, pictures in all_outputs(host).items():
        assert pictures, name
        assert pictures_with_a_face(judge, pictures) == [], name


STARVERS = 40
"""So many that even a fast core has too little left for thirty pictures a second."""


@contextmanager
def processor_taken_away() -> Iterator[None]:
    """Other programs want all of the one core that the camera has."""
    core = min(os.sched_getaffinity(0))
    burn = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    others = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(STARVERS)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


@pytest.fixture
def on_one_core() -> Iterator[None]:
    """Threads that are started from here on share one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


def level_becomes(camera: CameraPipeline, right: Callable[[int], bool], timeout_s: float) -> bool:
    """Ask for the status like a worker, until the load's level is right."""
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        time.sleep(1.0)
        if right(camera.status().load_level):
            return True
    return False


@pytest.mark.alone
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
@pytest.mark.usefixtures("on_one_core")
def test_a_starved_camera_shows_less_and_hides_as_well_and_recovers(
    host: FakeHost, judge: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "RELAPSE_S", 0.0)
    host.real = load_engine("yunet", input_width_px=640, min_score=0.3, inference=InferenceSpec())
    host.topics = {topic(CAMERA, "preview.jpeg")}
    spec = CameraSpec(id=CAMERA, source=SourceSpec(url="demo:?fps=30"), act=ActSpec(kind="hide"))
    camera = CameraPipeline(spec, 0, host)
    camera._report.load = LoadState(patience_s=1.0)
    camera.start()
    try:
        time.sleep(SETTLE_S + 1)
        with processor_taken_away():
            assert level_becomes(camera, lambda level: level >= 2, 30)
            before, began_s = camera.status().frames, time.monotonic()
            time.sleep(3)
            starved = camera.status().load_level
            assert (camera.status().frames - before) / (time.monotonic() - began_s) < 30 / 2
        # Down to 0 where a core carries thirty pictures a second, as not every one does.
        assert level_becomes(camera, lambda level: level < starved, 60)
        assert camera.status().drops["load"] > 0
    finally:
        camera.stop()
    pictures = preview_pictures(host, "preview.jpeg")
    assert len(pictures) > 20
    assert pictures_with_a_face(judge, pictures) == []
    assert camera.status().uncovered_frames == 0


def test_packets_of_a_hidden_camera_reach_no_output(host: FakeHost) -> None:
    camera = run_camera(host, ActSpec(kind="hide"), nothing, seconds=2)
    assert camera.spec.hides_faces
    recordings = recorded_pictures(host.recordings_dir)
    assert recordings
