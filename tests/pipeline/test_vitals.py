"""What the stream of a real RTSP camera says about the camera."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.fakes.engines import ScriptedEngine
from tests.fakes.noisy_scene import write_noisy_scene
from tests.fakes.pipeline_host import FakeHost
from tests.fakes.rtsp_server import RtspServer, missing

from popcam.core.facts import CameraState, CameraStatus
from popcam.core.protocol import topic
from popcam.core.spec import CameraSpec, DecodeSpec, GateSpec, SourceSpec
from popcam.media.sources import backoff
from popcam.pipeline.camera import CameraPipeline

WIDTH_PX, HEIGHT_PX = 320, 180
needs_server = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FakeHost]:
    with ThreadPoolExecutor(2) as threads:
        yield FakeHost(tmp_path / "recordings", threads, ScriptedEngine())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    scene = write_noisy_scene(tmp_path / "scene.i420", WIDTH_PX, HEIGHT_PX)
    with RtspServer(raw=str(scene), width=WIDTH_PX, height=HEIGHT_PX, gop=15, quantizer=26) as server:
        yield server


@pytest.fixture
def start(host: FakeHost) -> Iterator[Callable[..., CameraPipeline]]:
    running: list[CameraPipeline] = []

    def start(url: str, *, lively: bool = False, gate: bool = True) -> CameraPipeline:
        spec = CameraSpec(
            id="cam", source=SourceSpec(url=url), gate=GateSpec(enabled=gate), decode=DecodeSpec(hardware="none")
        )
        camera = CameraPipeline(spec, 1, host, lively=lively)
        running.append(camera)
        camera.start()
        return camera

    yield start
    for camera in running:
        camera.stop()


def status_where(camera: CameraPipeline, met: Callable[[CameraStatus], object], within_s: float = 60) -> CameraStatus:
    """The first status for which it is true; statuses are asked for once a second in a worker."""
    deadline_s = time.monotonic() + within_s
    while not met(status := camera.status()):
        assert time.monotonic() < deadline_s, status
        time.sleep(0.25)
    return status


@needs_server
@pytest.mark.parametrize("gate", [True, False], ids=["idle", "busy"])
def test_a_frozen_picture_is_noticed_within_ten_seconds(
    server: RtspServer, start: Callable[..., CameraPipeline], gate: bool
) -> None:
    camera = start(server.url, lively=True, gate=gate)
    status_where(camera, lambda now: now.frozen_s == 0.0)
    server.freeze()
    status_where(camera, lambda now: (now.frozen_s or 0.0) >= 1.0)
    server.live()
    status_where(camera, lambda now: now.frozen_s == 0.0)


@needs_server
def test_a_covered_lens_is_noticed(server: RtspServer, start: Callable[..., CameraPipeline]) -> None:
    camera = start(server.url, gate=False)
    status_where(camera, lambda now: now.dark is False)
    server.cover()
    status_where(camera, lambda now: now.dark is True)


@pytest.mark.alone
@needs_server
def test_rate_bits_jitter_and_clock_of_a_camera(
    server: RtspServer, host: FakeHost, start: Callable[..., CameraPipeline]
) -> None:
    host.topics = {topic("cam", "preview.jpeg"), topic("cam", "facts")}
    camera = start(server.url)
    status = status_where(
        camera,
        lambda now: (
            now.every_frame
            and now.jitter_s is not None
            and now.clock_skew_s
            and now.received_fps == pytest.approx(15.0, rel=0.2)
        ),
    )
    assert status.bitrate_bps > 10_000
    assert (status.jitter_s or 0.0) < 0.5
    assert (status.clock_skew_s or 9.0) < 2.0
    stages = {stage.stage: stage for stage in status.stages}
    assert set(stages) == {"decode", "scale", "gate", "detect", "track", "act", "encode", "publish"}
    assert stages["decode"].frames_in >= stages["decode"].frames_out >= stages["gate"].frames_in > 0
    assert stages["publish"].frames_out == stages["encode"].frames_out + stages["gate"].frames_in
    assert stages["encode"].p99_ms >= stages["encode"].p50_ms > 0.0
    assert status.bottleneck in stages


@needs_server
def test_a_server_that_comes_back_is_noticed_at_once(
    server: RtspServer, start: Callable[..., CameraPipeline], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", 60.0)  # without looking for it the next attempt would be a minute away
    camera = start(server.url)
    status_where(camera, lambda now: now.frames)
    server.stop()
    lost = status_where(camera, lambda now: now.state is CameraState.RECONNECTING)
    assert (lost.frozen_s, lost.dark) == (None, None)
    time.sleep(1.0)
    server.start()
    status_where(camera, lambda now: now.frames > lost.frames)


@needs_server
def test_a_stream_is_opened_anew_when_asked(server: RtspServer, start: Callable[..., CameraPipeline]) -> None:
    camera = start(server.url)
    before = status_where(camera, lambda now: now.frames)
    camera.restart_stream()
    status = status_where(camera, lambda now: now.reconnects == 1 and now.frames > before.frames)
    assert status.faults == ()
    assert status.state in (CameraState.RUNNING, CameraState.IDLE)


@needs_server
def test_a_restart_ends_the_wait_for_the_next_attempt(start: Callable[..., CameraPipeline]) -> None:
    with RtspServer(auth="basic") as server:
        camera = start(server.url_without_credentials)
        status_where(camera, lambda now: now.faults)  # with a wrong login the next attempt is a minute away
        camera.restart_stream()
        status = status_where(camera, lambda now: now.faults and now.faults[0].count == 2, within_s=30.0)
    assert status.faults[0].code == "source.unauthorized"


def test_a_painted_source_has_no_line_and_never_freezes(start: Callable[..., CameraPipeline]) -> None:
    status = status_where(start("synthetic:?fps=20"), lambda now: now.received_fps)
    assert (status.frozen_s, status.clock_skew_s, status.jitter_s, status.rtt_s) == (None, None, None, None)
    assert (status.bitrate_bps, status.lost_packets) == (0.0, 0)
