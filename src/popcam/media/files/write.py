"""Encoded spans: chunk files."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.codec.hwaccel import HWAccel
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from popcam.core.batch import MediaFacts
from popcam.core.errors import EncoderError
from popcam.core.frame import Frame
from popcam.core.jobs import EncodeSpec
from popcam.media.files.chunk import ChunkFile, ChunkIndex
from popcam.media.files.encoder_options import SpanEncoder, choose_span_encoders
from popcam.media.files.model import ChunkFacts, SpanFrame
from popcam.media.sources.picture import view_of
from popcam.media.sources.pyav import bytes_of

_GLOBAL_HEADER: Final = 1 << 22
_QSCALE: Final = 1 << 1
_PLAUSIBLE_FPS: Final = (1.0, 1000.0)


class SpanWriter:
    """Encodes the frames of one span into a chunk file for `join`. As a context manager it leaves no file behind an
    error.

    Args:
        path: the chunk file; replaced if it exists. Any suffix.
        facts: of the source: size, rate, colours, time base.
        encode: codec, quality, preset, hardware.
        threads: of the encoder. Results are the same bytes for the same number of threads.

    Raises:
        EncoderError: no encoder opens.
        StorageFullError, StorageReadOnlyError: the file can't be written.
    """

    def __init__(self, path: Path, facts: MediaFacts, encode: EncodeSpec, *, threads: int = 1) -> None:
        self._facts = facts
        self._encode = encode
        self._time_base = Fraction(*facts.time_base)
        self._context, self._encoder, self._fallback = _open_first(facts, encode, threads)
        self._picture: av.VideoFrame | None = None
        self._done: ChunkFacts | None = None
        self._file = ChunkFile(path)

    @property
    def encoder(self) -> str:
        """FFmpeg's name of what encodes."""
        return self._encoder.name

    def write(self, frame: SpanFrame) -> None:
        """Encode a frame at its `pts`. Frames come in the order of showing. No copy is made where `frame.frame.owner`
        is FFmpeg's own picture with these very planes.

        Raises:
            EncoderError: the encoder failed.
            StorageFullError, StorageReadOnlyError: the file can't be written.
        """
        picture = self._ready_made(frame.frame) or self._filled(frame.frame)
        picture.pts, picture.time_base = frame.pts, self._time_base
        # A decoder's picture says which kind it was, and an encoder would take that for an order.
        picture.pict_type = PictureType.NONE
        self._run(picture)

    def close(self) -> ChunkFacts:
        """Finish the file.

        Raises:
            EncoderError: the encoder failed.
            StorageFullError, StorageReadOnlyError: the file can't be written.
        """
        if self._done is None:
            self._run(None)
            frames = self._file.packets
            self._file.finish(
                ChunkIndex(
                    codec=self._encode.codec,
                    header=bytes(self._context.extradata or b""),
                    width_px=self._context.width,
                    height_px=self._context.height,
                    time_base=self._facts.time_base,
                    encoder=self.encoder,
                    copied=False,
                )
            )
            self._done = ChunkFacts(frames, 0, self.encoder, self._fallback)
        return self._done

    def abort(self) -> None:
        """Give everything back and remove the file. Safe to call after `close`, which it does not undo."""
        if self._done is None:
            self._file.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            self.abort()

    def _run(self, picture: av.VideoFrame | None) -> None:
        try:
            packets = self._context.encode(picture)
        except FFmpegError as error:
            raise EncoderError(f"{self.encoder}: {error}") from error
        for packet in packets:
            if packet.pts is None:
                raise EncoderError(f"{self.encoder} gave a packet without a time")
            self._file.add(bytes_of(packet), packet.pts, key=packet.is_keyframe)

    def _ready_made(self, frame: Frame) -> av.VideoFrame | None:
        """FFmpeg's own picture behind a frame, only when its memory is that of the frame's planes: a frame with other
        planes, perhaps covered ones, must never bring out what lies behind it. Hardware reads later than this call."""
        owner = frame.owner
        if not isinstance(owner, av.VideoFrame) or not self._encoder.software:
            return None
        context = self._context
        if owner.format.name != context.pix_fmt or (owner.width, owner.height) != (context.width, context.height):
            return None
        same = all(
            plane.ctypes.data == behind.buffer_ptr for plane, behind in zip(frame.planes, owner.planes, strict=True)
        )
        return owner if same else None

    def _filled(self, frame: Frame) -> av.VideoFrame:
        """The planes in a picture of FFmpeg; software has copied it when `encode` returns, so one is enough."""
        picture = self._picture or av.VideoFrame(self._context.width, self._context.height, "yuv420p")
        if self._encoder.software:
            self._picture = picture
        for plane, target in zip(frame.planes, picture.planes, strict=True):
            to = view_of(target)
            np.copyto(to, plane[: to.shape[0], : to.shape[1]])
        picture.color_range = self._context.color_range
        if self._encoder.pixel_format != "yuv420p":
            return picture.reformat(format=self._encoder.pixel_format, threads=1)
        return picture


def _open_first(facts: MediaFacts, encode: EncodeSpec, threads: int) -> tuple[VideoCodecContext, SpanEncoder, str]:
    """The first encoder that opens, and why not the ones before it."""
    set_id = facts.parameter_set_id if encode.copy_untouched else -1
    choice = choose_span_encoders(
        encode, av.codecs_available, set_id=set_id, interlaced=facts.interlaced, threads=threads
    )
    failures = [f"{name}: not in this FFmpeg build" for name in choice.missing]
    for candidate in choice.candidates:
        try:
            return _open(candidate, facts, threads), candidate, "; ".join(failures)
        except (FFmpegError, ValueError, RuntimeError, OSError) as error:
            failures.append(f"{candidate.name}: {error}")
    raise EncoderError(f"{facts.width_px}x{facts.height_px}: {'; '.join(failures)}")


def _open(candidate: SpanEncoder, facts: MediaFacts, threads: int) -> VideoCodecContext:
    context = av.CodecContext.create(candidate.name, "w", HWAccel(candidate.device) if candidate.device else None)
    assert isinstance(context, VideoCodecContext)  # noqa: S101 - a video encoder's name
    # 4:2:0 has even sizes only: an odd last row or column is left out.
    context.width, context.height = max(2, facts.width_px & ~1), max(2, facts.height_px & ~1)
    context.pix_fmt = candidate.pixel_format
    context.time_base = Fraction(*facts.time_base)
    low, high = _PLAUSIBLE_FPS
    context.framerate = Fraction(min(max(facts.fps, low), high)).limit_denominator(1001)
    if facts.sample_aspect[0]:
        context.sample_aspect_ratio = Fraction(*facts.sample_aspect)
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = facts.colour
    context.thread_count = threads
    context.flags |= _GLOBAL_HEADER
    if candidate.quality:
        context.flags |= _QSCALE
        context.global_quality = candidate.quality
    context.options = candidate.options
    context.open()
    return context
