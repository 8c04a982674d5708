"""Real packets: pictures encoded into a file by FFmpeg and read back as a source would give them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
from tests.media.pictures import as_video_frame, gradient_planes

from popcam.core.frame import MediaPacket

MONOTONIC_START_S = 1000.0
UNIX_START_S = 1_700_000_000.0
_OPEN: list[av.container.InputContainer] = []


def make_clip(
    path: Path,
    *,
    codec: str = "libx264",
    seconds: float = 10.0,
    fps: int = 25,
    gop_s: float = 1.0,
    size_wh: tuple[int, int] = (160, 120),
    b_frames: int = 0,
) -> Path:
    """A moving picture in a file; the suffix chooses the container.

    It is made in a thread of its own: SVT-AV1, where it runs as root, gives the thread that opens it real-time priority
    and never takes it back. All that this thread starts later, a browser for example, would starve the machine.
    """
    with ThreadPoolExecutor(1) as own_thread:
        return own_thread.submit(_make_clip, path, codec, seconds, fps, gop_s, size_wh, b_frames).result()


def _make_clip(
    path: Path, codec: str, seconds: float, fps: int, gop_s: float, size_wh: tuple[int, int], b_frames: int
) -> Path:
    options = {"libx265": {"x265-params": "log-level=none"}, "libx264": {"x264-params": "scenecut=0"}}.get(codec, {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        context = stream.codec_context
        context.gop_size = int(gop_s * fps)
        context.max_b_frames = b_frames
        context.time_base = Fraction(1, fps)
        for number in range(int(seconds * fps)):
            picture = as_video_frame(gradient_planes(*size_wh, shift=number * 3))
            if codec == "mjpeg":
                picture = picture.reformat(format="yuvj420p")
            picture.pts = number
            picture.time_base = Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def read_packets(path: Path, *, start_s: float = 0.0, generation: int = 0) -> Iterator[MediaPacket]:
    """The file's packets as a live camera would send them, its first at `start_s` of all clocks."""
    container = av.open(str(path))
    # Packets are only offered while their source is open.
    _OPEN.append(container)
    stream = container.streams.video[0]
    first_s = None
    for packet in container.demux(stream):
        if packet.dts is None or packet.pts is None:
            continue
        pts_s, dts_s = float(packet.pts * packet.time_base), float(packet.dts * packet.time_base)
        first_s = pts_s if first_s is None else first_s
        at_s = start_s + dts_s - first_s
        yield MediaPacket(
            native=packet,
            template=stream,
            time_base=packet.time_base,
            pts_s=start_s + pts_s - first_s,
            dts_s=at_s,
            duration_s=float((packet.duration or 0) * packet.time_base),
            keyframe=packet.is_keyframe,
            size_bytes=packet.size,
            generation=generation,
            captured_monotonic_s=MONOTONIC_START_S + at_s,
            captured_unix_s=UNIX_START_S + at_s,
        )


def close_sources() -> None:
    """Close all files that packets were read from, as a lost source does."""
    while _OPEN:
        _OPEN.pop().close()


def decode_file(path: Path) -> list[av.VideoFrame]:
    """All pictures of a file; any damage raises."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return list(container.decode(video=0))
