"""Testing a source before it is saved, with real sources, good and bad."""

import time
from pathlib import Path

import pytest
import simplejpeg  # type: ignore[import-untyped]
from tests.fakes.http_server import MediaServer
from tests.fakes.ports import free_port
from tests.fakes.video_files import make_audio, make_video

from popcam.core import protocol
from popcam.core.errors import PopcamError
from popcam.core.spec import SourceSpec
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline import inquiry


def look(url: str, **more: float) -> protocol.SourceTested:
    return inquiry.look_at(protocol.TestSource(source=SourceSpec(url=url), **more))  # type: ignore[arg-type]


def test_a_file_is_described_and_shown(tmp_path: Path) -> None:
    tested = look(str(make_video(tmp_path / "a.mp4", width=320, height=180)))
    assert (tested.codec, tested.width_px, tested.height_px, tested.fps) == ("h264", 320, 180, 25.0)
    assert "mp4" in tested.container
    assert (tested.decoder, tested.live) == ("software", False)
    assert simplejpeg.decode_jpeg_header(tested.jpeg)[:2] == (180, 320)


def test_the_picture_is_as_small_as_asked() -> None:
    assert simplejpeg.decode_jpeg_header(look("synthetic:?width=640&height=360", max_width_px=160).jpeg)[1] == 160


def test_no_picture_comes_when_none_is_asked() -> None:
    assert look("demo:", max_width_px=0).jpeg == b""


def test_each_failure_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    codes = {}
    for url in ("nofile.mp4", str(tmp_path / "empty.mp4"), str(make_audio(tmp_path / "a.mp4")), "gopher://x/y"):
        with pytest.raises(PopcamError) as failed:
            look(url)
        codes[Path(url).name] = failed.value.code
    assert codes == {
        "nofile.mp4": "source.not_found",
        "empty.mp4": "source.empty",
        "a.mp4": "source.no_video_track",
        "y": "source.bad_address",
    }


def test_a_source_that_sends_nothing_ends_in_time() -> None:
    began_s = time.monotonic()
    with MediaServer() as server, pytest.raises(PopcamError) as failed:
        look(server.url("/silent", "viewer:s3cret@"), timeout_s=0.7)
    assert time.monotonic() - began_s < 20
    assert failed.value.code == "source.timeout"
    assert "s3cret" not in failed.value.detail


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(PopcamError) as failed:
        look(f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/", timeout_s=2.0)
    assert failed.value.code == "source.unreachable"
    assert "s3cret" not in failed.value.detail


def test_a_clip_of_a_camera_that_never_recorded_is_none(tmp_path: Path) -> None:
    answer = inquiry.answer(protocol.CutClip(folder=str(tmp_path / "front"), at_unix_s=1.7e9), InferenceSpec())
    assert answer == protocol.ClipCut(reason="nothing was recorded then")
