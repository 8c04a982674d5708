"""HTTP: the three ways pictures come by it, and what comes instead."""

import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from tests.fakes.http_server import MediaServer
from tests.fakes.sockets import Deaf
from tests.fakes.video_files import luma_of, make_video
from tests.media.sources.reading import luma, open_, open_fast, read_all, read_until

from popcam.core.errors import (
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourceTimeoutError,
    SourceUnauthorizedError,
    SourceUnreachableError,
)
from popcam.core.frame import DecodeMode
from popcam.media.sources import Continuity


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with MediaServer() as running:
        yield running


def serve_hls(server: MediaServer, folder: Path, *, ended: bool = True) -> str:
    """Cut a video into segments and serve it with its playlist."""
    make_video(folder / "whole.mp4", frames=75, gop=25)
    with av.open(str(folder / "whole.mp4")) as came:
        options = {"hls_time": "1", "hls_list_size": "0", "hls_segment_filename": str(folder / "part%d.ts")}
        with av.open(str(folder / "list.m3u8"), "w", format="hls", options=options) as output:
            stream = output.add_stream_from_template(came.streams.video[0])
            for packet in came.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
    playlist = (folder / "list.m3u8").read_text()
    server.serve(
        "/list.m3u8",
        "application/vnd.apple.mpegurl",
        (playlist if ended else playlist.replace("#EXT-X-ENDLIST", "")).encode(),
    )
    for part in folder.glob("part*.ts"):
        server.serve(f"/{part.name}", "video/mp2t", part.read_bytes())
    return server.url("/list.m3u8")


def test_motion_jpeg_is_live(server: MediaServer) -> None:
    source = open_(server.url("/mjpeg"))
    frames = [frame for _ in range(10) for frame in source.read(DecodeMode.ALL).frames]
    assert source.info.live
    assert source.info.codec == "mjpeg"
    source.close()
    assert len(frames) >= 9
    assert all(frame.keyframe and frame.full_range for frame in frames)


def test_progressive_file_is_played_like_a_file(server: MediaServer, tmp_path: Path) -> None:
    server.serve("/a.mp4", "video/mp4", make_video(tmp_path / "a.mp4", frames=30).read_bytes())
    source = open_fast(server.url("/a.mp4"))
    assert not source.info.live
    frames, _ = read_all(source)
    assert [luma(frame) for frame in frames] == pytest.approx([luma_of(n) for n in range(30)], abs=3)


def test_recorded_hls(server: MediaServer, tmp_path: Path) -> None:
    frames, packets = read_all(open_fast(serve_hls(server, tmp_path)))
    assert len(frames) == len(packets) == 75


def test_live_hls_is_paced(server: MediaServer, tmp_path: Path) -> None:
    source = open_(serve_hls(server, tmp_path, ended=False))
    assert source.info.live
    start_s = time.monotonic()
    for _ in range(26):
        source.read(DecodeMode.ALL)
    assert time.monotonic() - start_s > 0.7
    source.close()


def test_live_hls_loses_nothing_though_its_segments_come_at_once(server: MediaServer, tmp_path: Path) -> None:
    continuity = Continuity()
    source = open_(serve_hls(server, tmp_path, ended=False), continuity)
    frames = [frame for _ in range(70) for frame in source.read(DecodeMode.ALL).frames]
    source.close()
    assert continuity.lost_frames == 0
    assert [frame.seq for frame in frames] == list(range(len(frames)))


def test_playlist_can_not_reach_files_of_this_machine(server: MediaServer, tmp_path: Path) -> None:
    secret = make_video(tmp_path / "secret.ts", container="mpegts", frames=30)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.2,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    server.serve("/evil.m3u8", "application/vnd.apple.mpegurl", playlist.encode())
    with pytest.raises(SourceError):
        read_until(open_(server.url("/evil.m3u8"), loop=False), lambda chunk: bool(chunk.frames))


def test_redirect_can_not_reach_files_of_this_machine(server: MediaServer) -> None:
    with pytest.raises(SourceError):
        open_(server.url("/elsewhere"))


def test_credentials_are_used(server: MediaServer) -> None:
    source = open_(server.url("/secret"), username=server.username, password=server.password)
    assert read_until(source, lambda chunk: bool(chunk.frames)).packet is not None
    source.close()


def test_wrong_credentials_have_their_name_and_are_never_shown(server: MediaServer) -> None:
    with pytest.raises(SourceUnauthorizedError) as caught:
        open_(server.url("/secret", "viewer:not-the-word@"))
    assert "not-the-word" not in str(caught.value)


def test_query_secrets_are_never_shown(server: MediaServer) -> None:
    with pytest.raises(SourceNotFoundError) as caught:
        open_(server.url("/none?token=abcdef"))
    assert "abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/none", SourceNotFoundError),
        ("/forbidden", SourceUnauthorizedError),
        ("/error", SourceError),
        ("/page", SourceNotVideoError),
        ("/text", SourceNotVideoError),
        ("/empty", SourceError),
    ],
)
def test_bad_answers_have_their_names(server: MediaServer, path: str, error: type[SourceError]) -> None:
    server.serve("/page", "text/html", b"<!doctype html><html><body>Camera login</body></html>" * 40)
    server.serve("/text", "text/plain", b"hello\n" * 500)
    server.serve("/empty", "video/mp4", b"")
    with pytest.raises(SourceError) as caught:
        open_(server.url(path))
    assert isinstance(caught.value, error)


@pytest.mark.parametrize("path", ["/silent", "/trickle"])
def test_silence_is_a_time_out(server: MediaServer, path: str) -> None:
    start_s = time.monotonic()
    with pytest.raises(SourceError) as caught:
        open_(server.url(path), open_timeout_s=1.0, read_timeout_s=1.0)
    assert isinstance(caught.value, SourceTimeoutError | SourceNotVideoError)
    assert time.monotonic() - start_s < 20


def test_a_server_that_never_answers_is_a_time_out() -> None:
    with Deaf() as deaf, pytest.raises(SourceTimeoutError):
        open_(f"http://127.0.0.1:{deaf.port}/", open_timeout_s=1.0)


def test_a_closed_port_is_unreachable() -> None:
    with pytest.raises(SourceUnreachableError):
        open_("http://127.0.0.1:1/")


def test_a_stream_that_stops_is_lost() -> None:
    with MediaServer() as server:
        source = open_(server.url("/mjpeg"), read_timeout_s=1.0)
        read_until(source, lambda chunk: bool(chunk.frames))
        server.stopping.set()
        with pytest.raises(SourceError) as lost:
            read_until(source, lambda _: False)
        source.close()
    assert isinstance(lost.value, SourceUnreachableError | SourceTimeoutError)
