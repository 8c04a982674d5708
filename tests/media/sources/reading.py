"""What tests of sources do again and again."""

import time
from collections.abc import Callable

import numpy as np

from popcam.core.errors import SourceEndedError
from popcam.core.frame import Chunk, DecodeMode, Frame, MediaPacket
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources import Continuity, open_source

SOFTWARE = DecodeSpec(hardware="none")


def open_(url: object, continuity: Continuity | None = None, decode: DecodeSpec = SOFTWARE, **more: object) -> Source:
    """Open with short time-outs."""
    given = {"open_timeout_s": 5.0, "read_timeout_s": 5.0, **more}
    return open_source(SourceSpec(url=str(url), **given), decode, continuity or Continuity())  # type: ignore[arg-type]


def open_fast(
    url: object, continuity: Continuity | None = None, decode: DecodeSpec | None = None, **more: object
) -> Source:
    """Open a recording to be read once, as fast as possible."""
    return open_(url, continuity, SOFTWARE if decode is None else decode, **{"loop": False, "realtime": False, **more})


def read_all(source: Source, mode: DecodeMode = DecodeMode.ALL) -> tuple[list[Frame], list[MediaPacket]]:
    """Read to the end and close."""
    frames: list[Frame] = []
    packets: list[MediaPacket] = []
    try:
        while True:
            chunk = source.read(mode)
            frames.extend(chunk.frames)
            packets.extend([chunk.packet] if chunk.packet else [])
    except SourceEndedError:
        return frames, packets
    finally:
        source.close()


def read_until(
    source: Source, wanted: Callable[[Chunk], bool], mode: DecodeMode = DecodeMode.ALL, within_s: float = 60
) -> Chunk:
    """The first chunk that fits."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        chunk = source.read(mode)
        if wanted(chunk):
            return chunk
    raise AssertionError(f"not seen within {within_s} s")


def luma(frame: Frame) -> float:
    """Mean luma of the lower right half, which is of one shade in the videos of tests/fakes/video_files.py."""
    height, width = frame.planes.y.shape
    return float(np.mean(frame.planes.y[height // 2 :, width // 2 :]))
