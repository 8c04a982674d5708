"""One decoded picture and one encoded packet, with their times."""

from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from popcam.core import copies

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
ColourMatrix = Literal["bt601", "bt709"]
"""How red, green and blue were mixed to luma and chroma."""


class Planes(NamedTuple):
    """A YUV 4:2:0 picture in three planes, 8 bits each.

    `y` is (height, width) uint8; `u` and `v` are ((height + 1) // 2, (width + 1) // 2) uint8. They are views of the
    decoder's own memory where possible: writable, rows `strides[0]` bytes apart, so not always contiguous.
    """

    y: UInt8Array
    u: UInt8Array
    v: UInt8Array

    @property
    def width_px(self) -> int:
        return int(self.y.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.y.shape[0])

    def copy(self) -> "Planes":
        """The same picture in memory of its own."""
        for plane in self:
            copies.note(plane.size)
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())


@dataclass(slots=True)
class Frame:
    """One decoded picture. Only the pipeline that owns it may write its planes.

    Attributes:
        planes: the picture, upright and progressive.
        seq: counts 0, 1, 2, ... since the source was first opened, and goes on over reconnects; a gap means loss.
        pts_s: presentation time of the stream in seconds, monotonic within one connection; the source mends jumps.
        captured_monotonic_s: when the picture reached this machine, `time.monotonic()`; for latency and ages.
        captured_unix_s: the same instant as wall-clock time.
        full_range: luma spans 0..255 (JPEG, many USB cameras); False: 16..235 (nearly all video).
        matrix: how colours became YUV. `bt601` also where the stream does not say, as FFmpeg assumes; most HD cameras
            say `bt709`.
        keyframe: the picture decodes without any other.
        interval_s: expected time to the next frame, from the stream's average rate.
        owner: keeps the planes' memory alive (an `av.VideoFrame`, for example); opaque here.
    """

    planes: Planes
    seq: int
    pts_s: float
    captured_monotonic_s: float
    captured_unix_s: float
    full_range: bool = False
    keyframe: bool = False
    interval_s: float = 1 / 15
    owner: Any = field(default=None, repr=False)
    matrix: ColourMatrix = "bt601"

    @property
    def width_px(self) -> int:
        return self.planes.width_px

    @property
    def height_px(self) -> int:
        return self.planes.height_px


class DecodeMode(Enum):
    """How much of the stream a source decodes.

    `NONREF` skips the frames that no other frame needs: the first step under overload.
    """

    ALL = "all"
    NONREF = "nonref"
    KEYFRAMES = "keyframes"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a source turned out to be, once it was opened.

    `decoder` names what really decodes, for example `software` or `vaapi`; `decoder_fallback` says why it is not what
    the settings asked for, or is empty.
    """

    codec: str
    width_px: int
    height_px: int
    fps: float
    pixel_format: str = "yuv420p"
    container: str = ""
    bit_rate_bps: int = 0
    rotation_deg: int = 0
    interlaced: bool = False
    live: bool = True
    duration_s: float | None = None
    decoder: str = "software"
    decoder_fallback: str = ""


@dataclass(frozen=True, slots=True)
class MediaPacket:
    """One encoded video packet as it arrived, for outputs that copy instead of encode.

    `template` is the demuxer's stream (an `av.VideoStream`), from which a muxer takes codec parameters. It dies with
    its source: an output copies what it needs of it while the packet is offered, and never touches it later.
    `native` is shared with the decoder: an output muxes a packet of its own. `generation` grows by one at each
    reconnect and each change of codec or size: an output starts a new segment then. `pts_s` and `dts_s` continue over
    reconnects.
    """

    native: Any
    template: Any
    time_base: Fraction
    pts_s: float
    dts_s: float
    duration_s: float
    keyframe: bool
    size_bytes: int
    generation: int
    captured_monotonic_s: float
    captured_unix_s: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read of a source gave: a packet (None for sources without any) and the frames it completed.

    `decode_s` is how long the frames were made for: the rest of the read was waiting for the packet.
    """

    packet: MediaPacket | None
    frames: tuple[Frame, ...]
    decode_s: float = 0.0
