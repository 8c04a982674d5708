"""H.264 of YUV planes: one picture in, its packet out, no picture of delay with software."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from popcam.core import copies
from popcam.core.errors import EncoderError
from popcam.core.frame import ColourMatrix, Frame, Planes, UInt8Array
from popcam.media.encoders.h264_options import (
    SOFTWARE,
    Candidate,
    HardwareEncode,
    Purpose,
    choose_encoders,
    encoder_options,
)

TIME_BASE = Fraction(1, 90_000)
_GLOBAL_HEADER = 1 << 22
_COLOUR = {"bt601": 6, "bt709": 1}
"""Numbers of ITU-T H.273, the same for primaries, transfer and matrix (6 is SMPTE 170M, the newer form of BT.601)."""
_RANGE_LIMITED, _RANGE_FULL = 1, 2


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One encoded picture.

    `data` is an Annex B access unit; parameter sets stand before each keyframe. `native` is the same as an `av.Packet`.
    """

    native: Any
    pts_s: float
    keyframe: bool

    @property
    def data(self) -> bytes:
        return bytes(self.native)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What can't change without a new encoder."""

    width_px: int
    height_px: int
    full_range: bool
    matrix: ColourMatrix


class H264Encoder:
    """Encodes one stream of pictures. One thread uses it at a time.

    A picture of another size or colour kind than the last reopens the encoder, and its packet is a keyframe;
    `generation` grows by one then. Odd sizes lose their last row or column: H.264 in 4:2:0 has even sizes only, and
    a picture of a single row or column is doubled. Memory: one picture and the encoder's own references.

    Args:
        width_px: width of the first picture, if known; pictures decide.
        height_px: likewise.
        fps: expected picture rate; it only steers the rate control, times come with the pictures.
        bitrate_kbps: mean bit rate; peaks are held within one and a half of it over a second.
        gop_s: longest time from keyframe to keyframe.
        purpose: `preview` is the fastest, `record` takes three times longer and needs far less space.
        hardware: the hardware encoder to use, `auto` for the first that opens here, `none` for software.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        fps: float,
        bitrate_kbps: int,
        gop_s: float,
        purpose: Purpose,
        *,
        hardware: HardwareEncode = "none",
    ) -> None:
        self._fps = min(max(fps, 1.0), 240.0)
        self._bitrate_kbps = bitrate_kbps
        self._gop_s = gop_s
        self._purpose: Purpose = purpose
        choice = choose_encoders(hardware, av.codecs_available)
        self._candidates = list(choice.candidates)
        self._failures = [f"{codec}: not in this FFmpeg build" for codec in choice.missing]
        self._shape = _Shape(_even(width_px), _even(height_px), full_range=False, matrix="bt601")
        self._context: VideoCodecContext | None = None
        self._candidate: Candidate | None = None
        self._picture: av.VideoFrame | None = None
        self._last_key_s = float("-inf")
        self._last_ticks: int | None = None
        self.generation = 0
        self.encoder = ""
        """Name of what really encodes, `libx264` for example; empty while none is open."""

    @property
    def fallback(self) -> str:
        """Why it is not the demanded hardware, or empty."""
        return "; ".join(self._failures)

    @property
    def width_px(self) -> int:
        """Width of the encoded picture."""
        return self._shape.width_px

    @property
    def height_px(self) -> int:
        """Height of the encoded picture."""
        return self._shape.height_px

    @property
    def is_open(self) -> bool:
        return self._context is not None

    def encode(self, picture: Frame | Planes, pts_s: float, force_keyframe: bool = False) -> list[EncodedPacket]:
        """Encode one picture. Software answers with exactly its packet; hardware may be a picture late.

        Args:
            picture: a frame, or bare planes (then limited range and BT.601).
            pts_s: its time; one that does not grow is moved one tick behind the last.
            force_keyframe: make this one a keyframe.

        Raises:
            EncoderError: no encoder opens, or it failed; the next call opens a new one.
        """
        planes, shape = _shape_of(picture)
        try:
            if self._context is None or shape != self._shape:
                self._reopen(shape)
            return self._encode(planes, self._ready_made(picture), pts_s, force_keyframe)
        except av.FFmpegError as exc:
            self.close()
            raise EncoderError(f"{self.encoder or 'H.264'}: {_reason(exc)}") from exc

    def flush(self) -> list[EncodedPacket]:
        """Packets that were still inside. The encoder is closed then; the next picture opens a new one.

        Raises:
            EncoderError: it failed.
        """
        if self._context is None:
            return []
        try:
            return _packets(self._context.encode(None))
        except av.FFmpegError as exc:
            raise EncoderError(f"{self.encoder}: {_reason(exc)}") from exc
        finally:
            self.close()

    def close(self) -> None:
        """Give everything back. What was inside is lost. Safe to call twice."""
        self._context = None
        self._picture = None
        self._last_ticks = None

    def _ready_made(self, picture: Frame | Planes) -> av.VideoFrame | None:
        """FFmpeg's own picture behind a frame, when it can be encoded without a copy.

        Only when its memory is that of the frame's planes: a frame with other planes, perhaps covered ones, must never
        bring out what lies behind it. Hardware reads later than this call, so it gets a copy always.
        """
        owner = picture.owner if isinstance(picture, Frame) else None
        if not isinstance(owner, av.VideoFrame) or self._candidate is None or self._candidate.codec != SOFTWARE:
            return None
        same_kind = owner.format.name == self._candidate.pixel_format
        if not same_kind or (owner.width, owner.height) != (self.width_px, self.height_px):
            return None
        assert isinstance(picture, Frame)  # noqa: S101 - only frames have owners
        same_memory = all(
            plane.ctypes.data == behind.buffer_ptr for plane, behind in zip(picture.planes, owner.planes, strict=True)
        )
        return owner if same_memory else None

    def _encode(
        self, planes: Planes, ready_made: av.VideoFrame | None, pts_s: float, force_keyframe: bool
    ) -> list[EncodedPacket]:
        assert self._context is not None  # noqa: S101 - the caller opened it
        ticks = round(pts_s / TIME_BASE)
        if self._last_ticks is not None and ticks <= self._last_ticks:
            ticks = self._last_ticks + 1
        self._last_ticks = ticks
        # Keyframes by the clock, not by counting: a camera that slows down would else leave viewers without one.
        key = force_keyframe or not 0 <= pts_s - self._last_key_s < self._gop_s - 1e-3
        if key:
            self._last_key_s = pts_s
        picture = ready_made or self._fill(planes)
        picture.pts = ticks
        picture.time_base = TIME_BASE
        picture.pict_type = PictureType.I if key else PictureType.NONE
        return _packets(self._context.encode(picture))

    def _fill(self, planes: Planes) -> av.VideoFrame:
        """The planes in a picture of FFmpeg. Software has copied it when `encode` returns, so one is enough."""
        assert self._candidate is not None  # noqa: S101 - set together with the context
        picture = self._picture
        if picture is None:
            picture = av.VideoFrame(self.width_px, self.height_px, self._candidate.pixel_format)
        if self._candidate.codec == SOFTWARE:
            self._picture = picture
        _copy_planes(planes, picture)
        return picture

    def _reopen(self, shape: _Shape) -> None:
        """Open the first encoder that works for this shape.

        Raises:
            EncoderError: none does.
        """
        self.close()
        self._shape = shape
        # What failed once is not tried again: opening a driver that isn't there can take a second.
        while self._candidates:
            candidate = self._candidates[0]
            try:
                self._context = self._open(candidate)
            except (av.FFmpegError, ValueError, RuntimeError) as exc:
                self._failures.append(f"{candidate.codec}: {_reason(exc)}")
                if len(self._candidates) == 1:
                    break
                self._candidates.pop(0)
                continue
            self._candidate = candidate
            self.encoder = candidate.codec
            self.generation += 1
            self._last_key_s = float("-inf")
            return
        raise EncoderError(f"{shape.width_px}x{shape.height_px}: {self._failures.pop()}")

    def _open(self, candidate: Candidate) -> VideoCodecContext:
        hwaccel = HWAccel(candidate.device) if candidate.device else None
        context = av.CodecContext.create(candidate.codec, "w", hwaccel)
        assert isinstance(context, VideoCodecContext)  # noqa: S101 - a video encoder's name
        context.width, context.height = self._shape.width_px, self._shape.height_px
        context.pix_fmt = candidate.pixel_format
        context.time_base = TIME_BASE
        context.framerate = Fraction(self._fps).limit_denominator(1001)
        context.bit_rate = self._bitrate_kbps * 1000
        # Far above what the clock asks for; it is the net below, for encoders that ignore forced keyframes.
        context.gop_size = max(1, round(self._fps * self._gop_s * 10))
        context.max_b_frames = 0
        context.thread_count = 1
        context.color_range = _RANGE_FULL if self._shape.full_range else _RANGE_LIMITED
        context.colorspace = context.color_primaries = context.color_trc = _COLOUR[self._shape.matrix]
        context.flags &= ~_GLOBAL_HEADER
        context.options = encoder_options(candidate.codec, self._purpose, self._bitrate_kbps)
        context.open()
        return context


def _shape_of(picture: Frame | Planes) -> tuple[Planes, _Shape]:
    planes, full_range, matrix = (
        (picture.planes, picture.full_range, picture.matrix)
        if isinstance(picture, Frame)
        else (picture, False, "bt601")
    )
    return planes, _Shape(_even(planes.width_px), _even(planes.height_px), full_range, matrix)


def _reason(exc: Exception) -> str:
    return (exc.strerror if isinstance(exc, av.FFmpegError) else None) or str(exc)


def _even(length_px: int) -> int:
    return max(2, length_px - length_px % 2)


def _packets(native: list[Any]) -> list[EncodedPacket]:
    return [EncodedPacket(packet, float(packet.pts * TIME_BASE), packet.is_keyframe) for packet in native]


def _copy_planes(planes: Planes, picture: av.VideoFrame) -> None:
    """Copy the planes into FFmpeg's own memory; a single row or column fills both of the even picture."""
    width_px, height_px = picture.width, picture.height
    copies.note(width_px * height_px * 3 // 2)
    _rows(picture, 0, width_px, height_px)[:] = planes.y[:height_px, :width_px]
    chroma_wh = (width_px // 2, height_px // 2)
    u, v = (plane[: chroma_wh[1], : chroma_wh[0]] for plane in (planes.u, planes.v))
    if picture.format.name == "nv12":
        both = _rows(picture, 1, width_px, chroma_wh[1])
        both[:, 0::2], both[:, 1::2] = u, v
    else:
        _rows(picture, 1, *chroma_wh)[:] = u
        _rows(picture, 2, *chroma_wh)[:] = v


def _rows(picture: av.VideoFrame, index: int, width: int, height: int) -> UInt8Array:
    plane = picture.planes[index]
    # The plane offers its memory by the buffer protocol, so this is a view, not a copy.
    whole: UInt8Array = np.frombuffer(memoryview(plane), np.uint8)
    return whole.reshape(-1, plane.line_size)[:height, :width]
