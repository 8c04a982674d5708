"""One camera from source to outputs, with real sources and a scripted engine."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import msgspec
import numpy as np
import pytest
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.pipeline_host import FakeHost

from popcam.core.errors import CameraNoFrameError
from popcam.core.facts import CameraState, CameraStatus, Event, FrameFacts
from popcam.core.frame import DecodeMode, Frame
from popcam.core.protocol import topic
from popcam.core.spec import (
    ActSpec,
    CameraSpec,
    DecodeSpec,
    DetectSpec,
    GateSpec,
    RecordSpec,
    RestreamSpec,
    SourceSpec,
    ZoneSpec,
)
from popcam.pipeline import camera as camera_module
from popcam.pipeline.camera import CameraPipeline
from popcam.pipeline.load import LoadState
from popcam.pipeline.processor import Processor

SYNTHETIC = SourceSpec(url="synthetic:?width=320&height=180&fps=20")
NO_HARDWARE = DecodeSpec(hardware="none")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    with ThreadPoolExecutor(2) as threads:
        yield FakeHost(tmp_path / "recordings", threads, ScriptedEngine([face_at(0.5)]))


@pytest.fixture
def start(host: FakeHost) -> Iterator[Callable[..., CameraPipeline]]:
    running: list[CameraPipeline] = []

    def start(source: SourceSpec = SYNTHETIC, **more: Any) -> CameraPipeline:
        values = {"act": ActSpec(kind="pass"), "decode": NO_HARDWARE, **more}
        pipeline = CameraPipeline(CameraSpec(id="cam", source=source, **values), 1, host)
        running.append(pipeline)
        pipeline.start()
        return pipeline

    yield start
    for pipeline in running:
        pipeline.stop()


def wait_until(condition: Callable[[], Any], timeout_s: float = 60) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.02)


def status_where(camera: CameraPipeline, condition: Callable[[CameraStatus], bool]) -> CameraStatus:
    newest: list[CameraStatus] = []

    def met() -> bool:
        time.sleep(0.1)
        newest.append(camera.status())
        return condition(newest[-1])

    wait_until(met)
    return newest[-1]


def write_clip(
    path: Path, *, still_s: float, moving_s: float = 0.0, size: tuple[int, int] = (320, 180), fps: int = 15
) -> Path:
    """A textured wall, still at first, then with a bright thing that moves."""
    rng = np.random.default_rng(7)
    wall = cv2.resize(rng.integers(60, 180, (9, 16, 3), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "g": str(2 * fps), "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(int(fps * (still_s + moving_s))):
            picture = np.asarray(wall, np.uint8).copy()
            if number >= fps * still_s:
                x = (number * 17) % (size[0] - 60)
                picture[40:120, x : x + 60] = 250
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        output.mux(stream.encode(None))
    return path


def events(host: FakeHost) -> list[Event]:
    wanted = topic("cam", "event")
    return [msgspec.msgpack.decode(parts[1], type=Event) for parts in list(host.published) if parts[0] == wanted]


def recordings(host: FakeHost) -> list[Path]:
    return sorted(path for path in (host.recordings_dir / "cam").rglob("*") if path.is_file())


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_frames_go_through_and_the_status_says_so(start: Callable[..., CameraPipeline]) -> None:
    status = status_where(start(), lambda now: now.state is CameraState.RUNNING and now.frames > 5)
    assert (status.width_px, status.height_px, status.epoch) == (320, 180, 1)
    assert status.faults == ()
    assert status.latency_ms is not None
    assert 0 < status.latency_ms < 10_000  # how soon: the benchmarks


def test_nothing_is_encoded_while_nobody_watches(start: Callable[..., CameraPipeline], host: FakeHost) -> None:
    status_where(start(), lambda now: now.frames > 10)
    assert not [parts for parts in host.published if b"preview" in parts[0]]


def test_camera_without_a_picture_says_so(start: Callable[..., CameraPipeline], tmp_path: Path) -> None:
    camera = start(SourceSpec(url=str(tmp_path / "nowhere.mp4")))
    with pytest.raises(CameraNoFrameError):
        camera.snapshot(0)
    status = status_where(camera, lambda now: bool(now.faults))
    assert status.state is CameraState.RECONNECTING
    assert [fault.code for fault in status.faults] == ["source.not_found"]


def test_source_that_heals_is_taken_up_again(start: Callable[..., CameraPipeline], tmp_path: Path) -> None:
    path = tmp_path / "later.mkv"
    camera = start(SourceSpec(url=str(path)))
    status_where(camera, lambda now: bool(now.faults))
    write_clip(path, still_s=2)
    status = status_where(camera, lambda now: now.frames > 0)
    assert status.faults == ()


@pytest.mark.alone
@pytest.mark.slow
def test_idle_unwatched_camera_decodes_only_keyframes(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "AWAKE_AT_START_S", 0.5)
    clip = write_clip(tmp_path / "still.mkv", still_s=60)
    camera = start(SourceSpec(url=str(clip)), act=ActSpec(kind="boxes"), gate=GateSpec(cooldown_s=0.2))
    status = status_where(camera, lambda now: now.state is CameraState.IDLE and now.decoding == "keyframes")
    time.sleep(4)
    idle = camera.status()
    assert idle.frames - status.frames <= 3  # at most a keyframe every two seconds; none while packets are empty
    host.topics.add(topic("cam", "preview.jpeg"))
    watched = status_where(camera, lambda now: now.decoding == "all")
    status_where(camera, lambda now: now.frames - watched.frames >= 10)


@pytest.mark.alone
@pytest.mark.slow
def test_motion_wakes_an_idle_camera_before_the_next_keyframe(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "AWAKE_AT_START_S", 0.5)
    clip = write_clip(tmp_path / "moves.mkv", still_s=7.2, moving_s=6)
    camera = start(SourceSpec(url=str(clip), loop=False), act=ActSpec(kind="boxes"), gate=GateSpec(cooldown_s=0.2))
    status_where(camera, lambda now: now.state is CameraState.IDLE)
    wait_until(lambda: "motion_started" in [event.kind for event in events(host)])
    started = next(event for event in events(host) if event.kind == "motion_started")
    first = next(parts for parts in host.published if parts[0] == topic("cam", "event"))
    assert first
    began_unix_s = camera._readers[0].since_unix_s
    assert started.started_unix_s - began_unix_s < 12
    assert started.snapshot_jpeg[:3] == b"\xff\xd8\xff"


def test_faces_make_events_with_snapshots(start: Callable[..., CameraPipeline], host: FakeHost) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    start(act=ActSpec(kind="boxes"), zones=(ZoneSpec(name="room", points=whole),))
    wait_until(lambda: {"face_appeared", "zone_entered"} <= {event.kind for event in events(host)})
    host.scripted.found = ()
    wait_until(lambda: {"face_left", "zone_left"} <= {event.kind for event in events(host)})
    for event in events(host):
        assert event.snapshot_jpeg[:3] == b"\xff\xd8\xff"


def test_facts_are_published_to_whoever_subscribed(start: Callable[..., CameraPipeline], host: FakeHost) -> None:
    host.topics.add(topic("cam", "facts"))
    start(act=ActSpec(kind="boxes"))

    def newest() -> FrameFacts | None:
        bodies = [parts[1] for parts in list(host.published) if parts[0] == topic("cam", "facts")]
        return msgspec.msgpack.decode(bodies[-1], type=FrameFacts) if bodies else None

    wait_until(lambda: (facts := newest()) is not None and any(track.confirmed for track in facts.tracks))


def test_file_that_plays_once_ends_and_its_recording_is_whole(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "once.mkv", still_s=3)
    source = SourceSpec(url=str(clip), loop=False, realtime=False)
    camera = start(source, record=RecordSpec(mode="continuous"))
    status = status_where(camera, lambda now: now.state is CameraState.ENDED)
    assert status.faults == ()
    wait_until(lambda: [path.suffix for path in recordings(host)] == [".mp4"])
    assert len(frames_of(recordings(host)[0])) == 45
    assert camera.status().frames == 45  # as fast as possible drops none


def test_unchanged_pictures_are_copied_into_recordings(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", still_s=3)
    camera = start(SourceSpec(url=str(clip), loop=False, realtime=False), record=RecordSpec(mode="continuous"))
    status_where(camera, lambda now: now.state is CameraState.ENDED)
    wait_until(lambda: [path.suffix for path in recordings(host)] == [".mp4"])
    recorded, original = frames_of(recordings(host)[0]), frames_of(clip)
    assert np.array_equal(recorded[7].to_ndarray(), original[7].to_ndarray())


def test_boxes_are_burnt_into_recordings_when_asked(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", still_s=3)
    camera = start(
        SourceSpec(url=str(clip), loop=False, realtime=False),
        act=ActSpec(kind="boxes", burn_boxes=True),
        record=RecordSpec(mode="continuous"),
    )
    status_where(camera, lambda now: now.state is CameraState.ENDED)
    wait_until(lambda: [path.suffix for path in recordings(host)] == [".mp4"])
    recorded, original = frames_of(recordings(host)[0])[20].to_ndarray(), frames_of(clip)[20].to_ndarray()
    difference = np.abs(recorded[:180].astype(int) - original[:180].astype(int))
    assert difference[70:75, 120:200].max() > 60  # around the upper edge of the box
    assert difference[5:20, 5:60].max() < 60


def test_sub_stream_is_looked_at_and_the_main_one_recorded(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    main = write_clip(tmp_path / "main.mkv", still_s=20, size=(640, 360))
    sub = write_clip(tmp_path / "sub.mkv", still_s=20, size=(320, 180))
    host.topics.add(topic("cam", "preview.jpeg"))
    camera = start(
        SourceSpec(url=str(main)),
        sub_source=SourceSpec(url=str(sub)),
        act=ActSpec(kind="boxes"),
        record=RecordSpec(mode="continuous", segment_s=1),
    )
    status = status_where(camera, lambda now: now.recording and now.frames > 10)
    assert (status.width_px, status.height_px) == (320, 180)
    wait_until(lambda: any(path.suffix == ".mp4" for path in recordings(host)))
    assert frames_of(next(path for path in recordings(host) if path.suffix == ".mp4"))[0].width == 640


def test_full_preview_of_a_split_camera_comes_from_the_main_stream(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    main = write_clip(tmp_path / "main.mkv", still_s=20, size=(640, 360))
    sub = write_clip(tmp_path / "sub.mkv", still_s=20, size=(320, 180))
    full = topic("cam", "preview.jpeg.full")
    host.topics.add(full)
    start(SourceSpec(url=str(main)), sub_source=SourceSpec(url=str(sub)), act=ActSpec(kind="boxes"))
    wait_until(lambda: any(parts[0] == full for parts in list(host.published)))
    jpeg = next(parts[2] for parts in host.published if parts[0] == full)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[:2] == (360, 640)


def test_hidden_camera_ignores_its_sub_stream(
    start: Callable[..., CameraPipeline], host: FakeHost, tmp_path: Path
) -> None:
    main = write_clip(tmp_path / "main.mkv", still_s=20, size=(640, 360))
    camera = start(
        SourceSpec(url=str(main)),
        sub_source=SourceSpec(url=str(tmp_path / "never-opened.mkv")),
        act=ActSpec(kind="hide"),
    )
    status = status_where(camera, lambda now: now.frames > 5)
    assert (status.width_px, status.faults) == (640, ())


def test_output_that_fails_is_reported_and_the_others_go_on(
    start: Callable[..., CameraPipeline], host: FakeHost
) -> None:
    host.topics.add(topic("cam", "preview.jpeg"))
    camera = start(restream=(RestreamSpec(url="rtsp://user:geheim@127.0.0.1:9/x"),))
    status = status_where(camera, lambda now: bool(now.faults))
    assert status.faults[0].code == "restream.failed"
    assert "geheim" not in repr(status)
    before = len(host.published)
    wait_until(lambda: len(host.published) > before + 10)


def test_update_changes_the_action_and_keeps_the_stream(start: Callable[..., CameraPipeline], host: FakeHost) -> None:
    camera = start(act=ActSpec(kind="boxes"))
    status_where(camera, lambda now: now.frames > 5)
    changed = replace(camera.spec, act=ActSpec(kind="hide"), detect=DetectSpec())
    assert camera.can_update(changed)
    camera.update(changed, 2)
    status = status_where(camera, lambda now: now.frames > 10)
    assert status.epoch == 2
    assert status.reconnects == 0
    assert not camera.can_update(replace(changed, source=SourceSpec(url="demo:")))


def test_slow_processing_drops_the_oldest_and_counts(start: Callable[..., CameraPipeline], host: FakeHost) -> None:
    host.scripted.delay_s = 0.3
    host.topics.add(topic("cam", "preview.jpeg"))
    camera = start(act=ActSpec(kind="hide"))
    status_where(camera, lambda now: now.drops.get("processing_slow", 0) > 5)
    status_where(camera, lambda now: now.bottleneck == "detect")


def overloaded(start: Callable[..., CameraPipeline], monkeypatch: pytest.MonkeyPatch, **more: Any) -> CameraPipeline:
    """A camera whose detector is too slow, some seconds later."""
    monkeypatch.setattr(camera_module, "SETTLE_S", 0.3)
    camera = start(**more)
    status_where(camera, lambda now: now.load_level > 0)
    return camera


def test_overload_skips_frames_that_nobody_needs(
    start: Callable[..., CameraPipeline], host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.scripted.delay_s = 0.3
    host.topics.add(topic("cam", "preview.jpeg"))
    camera = overloaded(start, monkeypatch, act=ActSpec(kind="hide"))
    assert camera.analysed_mode() is DecodeMode.NONREF
    wait_until(lambda: camera.status().drops.get("load", 0) > 5)


@pytest.mark.alone
@pytest.mark.slow
def test_overload_takes_no_frame_from_a_recording_that_hides_nothing(
    start: Callable[..., CameraPipeline], host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.topics.add(topic("cam", "preview.jpeg"))
    camera = start(act=ActSpec(kind="boxes", burn_boxes=True), record=RecordSpec(mode="continuous"))
    status_where(camera, lambda now: now.frames > 5)
    camera._report.load = LoadState(level=2)
    camera._settled_s = float("inf")
    status_where(camera, lambda now: now.load_level == 2)
    published, frames = len(host.published), camera.status().frames
    status_where(camera, lambda now: now.frames - frames > 30)
    assert len(host.published) - published < 15


def test_defect_in_processing_shows_nothing_and_is_reported(
    start: Callable[..., CameraPipeline], host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("popcam.pipeline.processor.Processor.process", broken)
    host.topics.add(topic("cam", "preview.jpeg"))
    status = status_where(start(), lambda now: bool(now.faults))
    assert status.faults[0].code == "internal"
    assert status.drops["processing_failed"] > 0
    assert not [parts for parts in host.published if b"preview" in parts[0]]


def test_a_frame_that_can_not_be_scaled_is_lost_and_the_next_ones_are_not(
    start: Callable[..., CameraPipeline], host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive, calls = Processor.arrive, iter(range(10_000))

    def broken_at_first(self: Any, frame: Frame, *, shown: bool) -> Any:
        if next(calls) < 3:
            raise MemoryError("no room for a picture")
        return arrive(self, frame, shown=shown)

    monkeypatch.setattr(Processor, "arrive", broken_at_first)
    camera = start()
    assert status_where(camera, lambda now: now.frames > 3).drops["processing_failed"] == 3


def test_hung_frame_makes_the_camera_silent(
    start: Callable[..., CameraPipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "HUNG_AFTER_S", 0.5)
    processed = Processor.process

    def stuck(self: Any, arrival: Any, outputs: Any) -> None:
        time.sleep(1.5)
        processed(self, arrival, outputs)

    monkeypatch.setattr(Processor, "process", stuck)
    camera = start()
    wait_until(lambda: camera.hung)


def test_stopping_twice_is_the_same_as_once(start: Callable[..., CameraPipeline]) -> None:
    camera = start()
    status_where(camera, lambda now: now.frames > 0)
    assert camera.stop()
    assert camera.stop()
    assert camera.status().state is CameraState.STOPPED
