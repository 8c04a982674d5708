"""What an upload is, by its first bytes: real files of each kind, and what is none."""

import io
import zipfile
from pathlib import Path

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from tests.fakes.video_files import make_video, picture

from popcam.server.media_bytes import HEAD_BYTES, media_kind


def photo(codec: str) -> bytes:
    pixel_format = {"mjpeg": "yuvj420p", "libwebp": "yuv420p"}.get(codec, "rgb24")
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    pixel_format = "bgr24" if codec == "bmp" else pixel_format
    context.width, context.height, context.pix_fmt, context.framerate = 64, 48, pixel_format, 25  # type: ignore[assignment]
    frame = picture(3, 64, 48, pixel_format)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts", "flv", "webm", "mpg", "h264"])
def test_a_video_is_one_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    codec = {"webm": "libvpx", "mpg": "mpeg2video"}.get(suffix, "libx264")
    file = make_video(tmp_path / f"clip.{suffix}", codec=codec, width=64, height=48, frames=3)
    assert media_kind(file.read_bytes()[:HEAD_BYTES]) == "video"


@pytest.mark.parametrize("codec", ["mjpeg", "png", "libwebp", "bmp", "tiff"])
def test_a_photo_is_one(codec: str) -> None:
    assert media_kind(photo(codec)[:HEAD_BYTES]) == "photo"


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("a.mp4", "x")
    return held.getvalue()


@pytest.mark.parametrize(
    "head",
    [
        b"", b"x", b"#!/bin/sh\nrm -rf /\n", b"<html>", b"%PDF-1.7", b"MZ\x90\0" + bytes(600), b"\x7fELF" + bytes(600),
        archive(), bytes(600), b"BMW is a car, and this a letter about it", b"GIF87", b"G" + b"o" * 599,
        b'{"json": true}', b"RIFF\0\0\0\0WAVEfmt ",
    ],
    ids=lambda head: repr(head[:8]),
)  # fmt: skip
def test_what_is_no_medium_is_none(head: bytes) -> None:
    assert media_kind(head) is None
