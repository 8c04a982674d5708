"""Video files with all that one may hold beside pictures: sound, subtitles, chapters, turns, colours, odd times."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from popcam.core.frame import UInt8Array


@dataclass(frozen=True, slots=True)
class Clip:
    """What `make_clip` writes. `times` are ticks of `time_base`, one per frame; every 1/25 s without."""

    codec: str = "libx264"
    container: str | None = None
    size: tuple[int, int] = (160, 120)
    frames: int = 60
    gop: int = 12
    pixel_format: str = "yuv420p"
    times: Sequence[int] = ()
    time_base: Fraction = Fraction(1, 25)
    options: dict[str, str] = field(default_factory=dict)
    audio: str = ""
    audio_rate: int = 44_100
    subtitles: str = ""
    chapters: bool = False
    turn_deg: int = 0
    colour: tuple[int, int, int, int] = (2, 2, 2, 0)
    sample_aspect: Fraction | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    second_video: bool = False


B_FRAMES = {"preset": "fast", "x264-params": "bframes=3:scenecut=0"}
OPEN_GROUPS = {"preset": "fast", "x264-params": "bframes=3:scenecut=0:open-gop=1"}
HEVC = {"preset": "ultrafast", "x265-params": "log-level=error:open-gop=0:keyint=12:min-keyint=12:bframes=3"}
HEVC_OPEN = {"preset": "fast", "x265-params": "log-level=error:open-gop=1:keyint=12:min-keyint=12:bframes=3"}


def make_clip(path: Path, clip: Clip | None = None) -> Path:
    """Write a clip whose pictures all differ: a ball rolls over a still texture."""
    clip = clip or Clip()
    with av.open(str(path), "w", format=clip.container, options=clip.container_options) as output:
        output.metadata.update(clip.metadata)
        if clip.chapters:
            chapter: Any = {
                "id": 1,
                "start": 0,
                "end": 1000,
                "time_base": Fraction(1, 1000),
                "metadata": {"title": "One"},
            }
            output.set_chapters([chapter])
        video = _add_video(output, clip)
        second = _add_video(output, clip) if clip.second_video else None
        audio = output.add_stream(clip.audio, rate=clip.audio_rate) if clip.audio else None
        subtitles = output.add_mux_stream(clip.subtitles) if clip.subtitles else None
        end_s = 0.0
        for number in range(clip.frames):
            ticks = clip.times[number] if clip.times else round(number / 25 / clip.time_base)
            end_s = float(ticks * clip.time_base) + 0.04
            for stream in (video, second):
                if stream is not None:
                    output.mux(stream.encode(clip_picture(number, clip, ticks)))
        for stream in (video, second):
            if stream is not None:
                output.mux(stream.encode(None))
        if audio is not None:
            _write_tone(output, audio, clip.audio_rate, end_s)
        if subtitles is not None:
            _write_subtitle(output, subtitles, clip.subtitles)
    return path


def clip_picture(number: int, clip: Clip, ticks: int = 0) -> av.VideoFrame:
    """Frame `number` of a clip."""
    width, height = clip.size
    picture = av.VideoFrame(width, height, "yuv420p")
    luma = texture(width, height)
    cv2.circle(luma, ((5 + 7 * number) % width, height // 2), height // 6, 230 - number % 50, -1)
    for plane, content in zip(picture.planes, (luma, None, None), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        rows[:, : plane.width] = 100 + number % 40 if content is None else content
    if clip.pixel_format != "yuv420p":
        picture = picture.reformat(format=clip.pixel_format)
    picture.pts, picture.time_base = ticks, clip.time_base
    return picture


def texture(width: int, height: int) -> UInt8Array:
    """A still picture with some detail."""
    across, down = np.arange(width)[None, :], np.arange(height)[:, None]
    picture: UInt8Array = (90 + 40 * np.sin(across / 7) + 30 * np.cos(down / 5)).astype(np.uint8)
    return picture


def all_frames(path: Path) -> list[tuple[int | None, UInt8Array]]:
    """Times and pictures (yuv420p, as one array) of a whole file, decoded by FFmpeg in one go."""
    with av.open(str(path)) as container:
        return [(frame.pts, as_yuv420(frame)) for frame in container.decode(video=0)]


def as_yuv420(frame: av.VideoFrame) -> UInt8Array:
    """A picture's bytes as yuv420p."""
    if frame.format.name == "yuvj420p":  # only its name differs
        return np.concatenate([np.frombuffer(memoryview(one), np.uint8).reshape(one.height, -1)[:, : one.width].ravel()
                               for one in frame.planes])  # fmt: skip
    return np.asarray(
        (frame if frame.width % 2 == 0 else frame.reformat(frame.width & ~1, frame.height & ~1, "yuv420p")).to_ndarray(
            format="yuv420p"
        ),
        np.uint8,
    ).ravel()


def psnr_db(one: UInt8Array, other: UInt8Array) -> float:
    """Peak signal to noise ratio; 100 for equal pictures."""
    error = float(np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2))
    return 100.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def packet_times(path: Path) -> list[float]:
    """When each picture of the first video track is shown, in seconds, sorted."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        return sorted(
            float(one.pts * stream.time_base) for one in container.demux(stream) if one.size and one.pts is not None
        )


def track_bytes(path: Path, kind: str) -> list[bytes]:
    """Contents of all packets of the first track of a kind."""
    with av.open(str(path)) as container:
        return [bytes(one) for one in container.demux(**{kind: 0}) if one.size]


def _add_video(output: av.container.OutputContainer, clip: Clip) -> VideoStream:
    options = {"preset": "ultrafast", "x264-params": "scenecut=0"} if clip.codec == "libx264" else {}
    stream = output.add_stream(clip.codec, rate=25, options={**options, **clip.options})
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = clip.size
    stream.pix_fmt = clip.pixel_format
    stream.gop_size = clip.gop
    stream.codec_context.time_base = clip.time_base
    stream.codec_context.thread_count = 1
    context = stream.codec_context
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = clip.colour
    if clip.sample_aspect:
        context.sample_aspect_ratio = clip.sample_aspect
    if clip.turn_deg:
        stream.set_display_rotation(clip.turn_deg)
    return stream


def _write_tone(output: av.container.OutputContainer, stream: Any, rate: int, end_s: float) -> None:
    stream.metadata["language"] = "deu"
    samples = int(rate * end_s)
    tone = (0.3 * np.sin(np.arange(samples) * 2 * np.pi * 440 / rate)).astype(np.float32)
    resampler = av.AudioResampler(stream.format.name, stream.layout.name, rate, frame_size=stream.frame_size or 1024)
    for at in range(0, samples, 1024):
        frame = av.AudioFrame.from_ndarray(tone[None, at : at + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        for one in resampler.resample(frame):
            output.mux(stream.encode(one))
    output.mux(stream.encode(None))


def _write_subtitle(output: av.container.OutputContainer, stream: Any, codec: str) -> None:
    text = "你好 hello".encode()
    data = len(text).to_bytes(2, "big") + text if codec == "mov_text" else text
    packet = av.Packet(data)
    packet.pts = packet.dts = 200
    packet.duration, packet.time_base, packet.stream = 400, Fraction(1, 1000), stream
    output.mux_one(packet)
