"""RTSP against a real server: transports, credentials, loss, and coming back."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from tests.fakes.rtsp_server import RtspServer, missing
from tests.fakes.sockets import Deaf, swallowing_port
from tests.fakes.video_files import luma_of, make_video
from tests.media.sources.reading import luma, open_, read_until

from popcam.core.errors import (
    SourceEndedError,
    SourceError,
    SourceNotFoundError,
    SourceNoVideoTrackError,
    SourceTimeoutError,
    SourceUnauthorizedError,
    SourceUnreachableError,
)
from popcam.core.frame import DecodeMode
from popcam.core.spec import DecodeSpec
from popcam.media.sources import Continuity
from popcam.media.sources.hardware import DEMANDED_WAIT_S

gstreamer = pytest.mark.skipif(bool(missing()), reason=missing() or "installed")


@pytest.fixture(scope="module")
def server() -> Iterator[RtspServer]:
    with RtspServer(gop=45) as running:
        yield running


@gstreamer
@pytest.mark.parametrize("transport", ["tcp", "udp", "auto"])
def test_frames_come_by_each_transport(server: RtspServer, transport: str) -> None:
    source = open_(server.url, transport=transport)
    chunks = [source.read(DecodeMode.ALL) for _ in range(10)]
    source.close()
    frames = [frame for chunk in chunks for frame in chunk.frames]
    assert len(frames) >= 9
    assert {(frame.width_px, frame.height_px) for frame in frames} == {(640, 360)}
    assert all(abs(frame.captured_unix_s - time.time()) < 5 for frame in frames)


@pytest.mark.alone
@gstreamer
def test_first_picture_does_not_wait_for_the_next_keyframe() -> None:
    with RtspServer(fps=15, gop=600) as server:
        start_s = time.monotonic()
        source = open_(server.url)
        read_until(source, lambda chunk: bool(chunk.frames))
        source.close()
        assert time.monotonic() - start_s < 20  # a group of pictures lasts 40 s


@pytest.mark.alone
@gstreamer
def test_hardware_auto_takes_no_time_from_the_start(server: RtspServer) -> None:
    start_s = time.monotonic()
    source = open_(server.url, decode=DecodeSpec(hardware="auto"))
    assert time.monotonic() - start_s < DEMANDED_WAIT_S
    assert source.info.decoder == "software"
    assert source.info.live
    source.close()


@pytest.mark.alone
@gstreamer
def test_watching_starts_at_once_in_the_middle_of_a_group(server: RtspServer) -> None:
    source = open_(server.url)
    read_until(source, lambda chunk: chunk.packet is not None and chunk.packet.keyframe, DecodeMode.KEYFRAMES)
    for _ in range(5):
        source.read(DecodeMode.KEYFRAMES)
    chunk = source.read(DecodeMode.ALL)
    source.close()
    assert chunk.packet is not None
    assert not chunk.packet.keyframe
    assert len(chunk.frames) == 1
    assert chunk.frames[0].pts_s == pytest.approx(chunk.packet.pts_s)


@gstreamer
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_credentials_work_in_the_address_and_beside_it(auth: str) -> None:
    with RtspServer(auth=auth) as server:  # type: ignore[arg-type]
        open_(server.url).close()
        source = open_(server.url_without_credentials, username=server.username, password=server.password)
        assert read_until(source, lambda chunk: bool(chunk.frames)).packet is not None
        source.close()


@gstreamer
@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_wrong_password_has_its_name_and_is_never_shown(auth: str) -> None:
    with RtspServer(auth=auth) as server, pytest.raises(SourceUnauthorizedError) as caught:  # type: ignore[arg-type]
        open_(server.url_without_credentials, username="viewer", password="not/the:word")
    assert "not" not in str(caught.value).replace("refused", "")
    assert "***@" in str(caught.value)


@gstreamer
def test_unknown_path_has_its_name(server: RtspServer) -> None:
    with pytest.raises(SourceNotFoundError):
        open_(server.url + "/none")


@gstreamer
def test_sound_alone_has_its_name() -> None:
    with RtspServer(codec="audio") as server, pytest.raises(SourceNoVideoTrackError):
        open_(server.url, open_timeout_s=20.0)


@gstreamer
def test_motion_jpeg_works() -> None:
    with RtspServer(codec="mjpeg") as server:
        source = open_(server.url)
        chunk = read_until(source, lambda chunk: bool(chunk.frames))
        assert source.info.codec == "mjpeg"
        assert chunk.frames[0].full_range
        source.close()


@gstreamer
def test_a_file_can_be_what_the_camera_shows(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=75, gop=25)
    with RtspServer(file=str(path)) as server:
        source = open_(server.url)
        frames = [frame for _ in range(20) for frame in source.read(DecodeMode.ALL).frames]
        source.close()
    assert len(frames) >= 19
    assert luma(frames[0]) == pytest.approx(luma_of(0), abs=20)


@gstreamer
def test_a_server_that_dies_is_lost_and_found_again() -> None:
    continuity = Continuity()
    with RtspServer() as server:
        source = open_(server.url, continuity, read_timeout_s=3.0)
        before = read_until(source, lambda chunk: bool(chunk.frames)).frames[-1]
        server.stop()
        with pytest.raises(SourceError) as lost:
            read_until(source, lambda _: False)
        assert isinstance(lost.value, SourceUnreachableError | SourceTimeoutError)
        source.close()
        with pytest.raises(SourceUnreachableError):
            open_(server.url, continuity)
        server.start()
        source = open_(server.url, continuity)
        after = read_until(source, lambda chunk: bool(chunk.frames))
        source.close()
    assert after.frames[0].seq > before.seq
    assert after.frames[0].pts_s > before.pts_s
    assert after.packet is not None
    assert after.packet.generation == 2


@gstreamer
def test_a_camera_set_to_another_size_is_followed() -> None:
    continuity = Continuity()
    with RtspServer() as server:
        source = open_(server.url, continuity)
        read_until(source, lambda chunk: bool(chunk.frames))
        server.resize(320, 240)
        with pytest.raises(SourceError):
            read_until(source, lambda _: False)
        source.close()
        source = open_(server.url, continuity)
        chunk = read_until(source, lambda chunk: bool(chunk.frames))
        source.close()
    assert (chunk.frames[0].width_px, chunk.frames[0].height_px) == (320, 240)
    assert continuity.generation == 2


@pytest.mark.alone
@gstreamer
def test_close_ends_a_blocked_read() -> None:
    with RtspServer(fps=1) as server:
        source = open_(server.url)
        threading.Timer(0.3, source.close).start()
        start_s = time.monotonic()
        with pytest.raises(SourceEndedError):
            read_until(source, lambda _: False)
        assert time.monotonic() - start_s < 4


@pytest.mark.alone
@gstreamer
def test_a_late_reader_loses_packets_up_to_a_keyframe_and_they_are_counted() -> None:
    continuity = Continuity()
    with RtspServer(fps=30, gop=30) as server:
        source = open_(server.url, continuity)
        read_until(source, lambda chunk: bool(chunk.frames))
        time.sleep(4.0)
        woke_s = time.monotonic()
        chunk = read_until(source, lambda chunk: chunk.packet is not None and continuity.lost_frames > 0)
        source.close()
    assert chunk.packet is not None
    assert chunk.packet.keyframe
    assert len(chunk.frames) == 1
    assert continuity.lost_frames > 30
    assert chunk.frames[0].captured_monotonic_s > woke_s - 2.5  # a group of pictures lasts 1 s


@gstreamer
def test_packets_can_be_muxed_after_the_camera_is_gone(tmp_path: Path) -> None:
    with RtspServer() as server:
        source = open_(server.url)
        packets = [packet for packet in (source.read(DecodeMode.NOTHING).packet for _ in range(20)) if packet]
        source.close()
    with av.open(str(tmp_path / "copy.mp4"), "w") as output:
        stream = output.add_stream_from_template(packets[0].template, opaque=True)
        for packet in packets:
            packet.native.stream = stream
            output.mux(packet.native)
    with av.open(str(tmp_path / "copy.mp4")) as copy:
        assert sum(1 for _ in copy.decode(video=0)) >= 19


# --- without a server ----------------------------------------------------------------------------------------------


def test_a_closed_port_is_unreachable() -> None:
    with pytest.raises(SourceUnreachableError):
        open_("rtsp://127.0.0.1:1/cam")


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    start_s = time.monotonic()
    with pytest.raises(SourceUnreachableError) as caught:
        open_("rtsp://user:pass@no-such-host.invalid/cam", open_timeout_s=2.0)
    assert time.monotonic() - start_s < 20
    assert "pass" not in str(caught.value)


def test_a_server_that_never_answers_is_a_time_out() -> None:
    with Deaf() as deaf:
        start_s = time.monotonic()
        with pytest.raises(SourceTimeoutError):
            open_(f"rtsp://127.0.0.1:{deaf.port}/cam", open_timeout_s=1.0, read_timeout_s=60.0)
        assert time.monotonic() - start_s < 20


def test_the_network_s_own_time_limit_is_a_time_out_too() -> None:
    """FFmpeg calls it invalid data, which would mean that trying again is of no use."""
    with Deaf() as deaf, pytest.raises(SourceTimeoutError):
        open_(f"rtsp://127.0.0.1:{deaf.port}/cam", open_timeout_s=20.0, read_timeout_s=0.5)


def test_a_port_that_swallows_connections_is_unreachable() -> None:
    with swallowing_port() as port:
        start_s = time.monotonic()
        with pytest.raises(SourceUnreachableError):
            open_(f"rtsp://127.0.0.1:{port}/cam", open_timeout_s=1.0, read_timeout_s=60.0)
        assert time.monotonic() - start_s < 20


def test_a_server_that_speaks_something_else_fails_by_name() -> None:
    with Deaf(says=b"220 mail.example ESMTP\r\n") as other, pytest.raises(SourceError):
        open_(f"rtsp://127.0.0.1:{other.port}/cam", open_timeout_s=1.0)


@pytest.mark.parametrize("url", ["rtsp://", "rtsp:///cam", "rtsp://host:99999/x"])
def test_impossible_addresses_are_refused(url: str) -> None:
    with pytest.raises(SourceError):
        open_(url, open_timeout_s=1.0)
