"""Real video files, made with PyAV: good ones of every kind, and damaged ones."""

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream


def make_video(
    path: Path,
    *,
    codec: str = "libx264",
    container: str | None = None,
    pixel_format: str = "yuv420p",
    width: int = 320,
    height: int = 240,
    fps: int = 25,
    frames: int = 50,
    gop: int = 10,
    bframes: int = 0,
    rotation_deg: int = 0,
    interlaced: bool = False,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a video whose pictures brighten: frame n has the luma `luma_of(n)`, and a bright corner at the top left.

    Args:
        rotation_deg: how far players shall turn the picture, counter-clockwise; for containers that can say so.
        interlaced: mark the pictures as two half pictures.
    """
    more = {"preset": "ultrafast", "x264-params": f"bframes={bframes}:scenecut=0"} if codec == "libx264" else {}
    if interlaced:
        more["flags"] = "+ildct+ilme"
        more["x264-params"] += ":tff=1"
    with av.open(str(path), "w", format=container, container_options=container_options) as output:
        stream = output.add_stream(codec, rate=fps, options={**more, **(options or {})})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.gop_size = gop
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number in range(frames):
            output.mux(stream.encode(picture(number, width, height, pixel_format)))
        output.mux(stream.encode(None))
    return path


def picture(number: int, width: int, height: int, pixel_format: str = "yuv420p") -> av.VideoFrame:
    """Frame `number` of `make_video`."""
    grey = np.full((height, width), luma_of(number), np.uint8)
    grey[: height // 4, : width // 4] = 220
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, content in zip(frame.planes, (grey, None, None), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        rows[:, : plane.width] = 128 if content is None else content
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame if pixel_format == "yuv420p" else frame.reformat(format=pixel_format)


def luma_of(number: int) -> int:
    """Luma of frame `number` of `make_video`, 40 to 199."""
    return 40 + number * 3 % 160


def make_audio(path: Path) -> Path:
    """A file with sound alone."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        for number in range(20):
            frame.pts = number * 1024
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def make_two_sizes(path: Path, sizes: Iterable[tuple[int, int]] = ((320, 240), (192, 144)), frames: int = 20) -> Path:
    """An MPEG transport stream whose picture size changes midway, as cameras do when they are set up anew."""
    data = b""
    for number, (width, height) in enumerate(sizes):
        part = io.BytesIO()
        with av.open(part, "w", format="h264") as output:
            stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for index in range(frames):
                output.mux(stream.encode(picture(number * 30 + index, width, height)))
            output.mux(stream.encode(None))
        data += part.getvalue()
    path.write_bytes(data)
    return path


def make_unknown_codec(path: Path) -> Path:
    """A Matroska file whose codec nobody knows."""
    make_video(path, container="matroska", frames=5)
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_XXXXX/NOT/ONE"))
    return path


def make_jumping(path: Path, starts_s: Iterable[float] = (10.0, 0.0, 3600.0), frames: int = 20) -> Path:
    """An MPEG transport stream of several parts, each of which starts at its own time: back, and an hour ahead."""
    data = b""
    for number, start_s in enumerate(starts_s):
        part = path.with_suffix(f".{number}.ts")
        make_video(part, container="mpegts", frames=frames, container_options={"output_ts_offset": str(start_s)})
        data += part.read_bytes()
        part.unlink()
    path.write_bytes(data)
    return path
