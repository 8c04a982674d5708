"""Opening a container with FFmpeg: options, choice of the video stream, and what it turned out to be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from popcam.core.errors import SourceNoVideoTrackError, SourceUnsupportedCodecError
from popcam.core.frame import StreamInfo
from popcam.core.redact import redact
from popcam.core.spec import SourceKind
from popcam.media.sources.reader import Opened
from popcam.media.sources.upright import check_size

DEFAULT_FPS: Final = 25.0
_PLAUSIBLE_FPS: Final = (0.1, 240.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one source is opened by FFmpeg.

    Attributes:
        kind: kind of source, for the names of errors.
        url: what FFmpeg opens, credentials included; never shown.
        options: FFmpeg's options; `protocol_whitelist` and `format_whitelist` close what an address may reach.
        format: FFmpeg's input format, or None to find out.
        open_timeout_s, read_timeout_s: FFmpeg's own time-outs; None where the reader's suffice (files).
        live: it delivers by its own clock, and what nobody takes in time is lost. None: as the container says.
        size_in_use: the size that an opened device really sends, or None when it can't be asked.
    """

    kind: SourceKind
    url: str = field(repr=False)
    options: dict[str, str]
    format: str | None = None
    open_timeout_s: float | None = None
    read_timeout_s: float | None = None
    live: bool | None = None
    size_in_use: Callable[[], tuple[int, int] | None] = lambda: None


def open_container(recipe: Recipe) -> Opened:
    """Open and pick the video stream.

    Raises:
        SourceNoVideoTrackError, SourceUnsupportedCodecError, SourcePictureSizeError: by what is inside.
        av.error.FFmpegError, OSError: by what FFmpeg or the system said.
    """
    container = _open(recipe, recipe.options)
    try:
        stream = _pick_video(container, recipe)
        size = recipe.size_in_use()
        if size and size != (stream.codec_context.width, stream.codec_context.height):
            # A camera takes the nearest size that it has. FFmpeg logs that, but cuts rows of the size asked for.
            container.close()
            container = _open(recipe, {**recipe.options, "video_size": f"{size[0]}x{size[1]}"})
            stream = _pick_video(container, recipe)
        for other in container.streams:
            if other.index != stream.index:
                other.discard = "all"  # type: ignore[assignment] # PyAV takes the name and makes it its enumeration
        live = is_live(container, recipe)
        return Opened(
            container=container,
            stream=stream,
            template=detached(stream),
            context=stream.codec_context,
            time_base=stream.time_base or Fraction(1, 90_000),
            info=info_of(container, stream, live=live),
            lossy=live and "hls" not in container.format.name,  # its segments come at once, seconds early
            borrowed=recipe.kind == "device",
        )
    except BaseException:
        container.close()
        raise


def _open(recipe: Recipe, options: dict[str, str]) -> InputContainer:
    timeout = None if recipe.open_timeout_s is None else (recipe.open_timeout_s, recipe.read_timeout_s)
    return av.open(recipe.url, format=recipe.format, options=options, timeout=timeout, metadata_errors="replace")


def detached(stream: VideoStream, extradata: bytes | None = None, size: tuple[int, int] | None = None) -> VideoStream:
    """A copy of a stream's parameters in memory of its own, as a template for muxers.

    It is a stream of a container of the format `null`, which writes nothing anywhere, and outlives the demuxer. Use
    it with `add_stream_from_template(template, opaque=True)`: without `opaque` PyAV demands an encoder.

    Args:
        stream: a demuxer's stream or another detached one.
        extradata: codec headers to use instead of the stream's.
        size: width and height to use instead of the stream's.
    """
    container = av.open("-", "w", format="null")
    copy = container.add_stream_from_template(stream, opaque=True)
    if size is not None:
        copy.codec_context.width, copy.codec_context.height = size
        if extradata:
            copy.codec_context.extradata = extradata
        container.start_encoding()  # carries the changes over to the stream's parameters
    return copy


def is_live(container: InputContainer, recipe: Recipe) -> bool:
    """Whether a source delivers by its own clock. What has a length can be played at any speed."""
    if recipe.live is not None:
        return recipe.live
    return not container.duration


def info_of(container: InputContainer, stream: VideoStream, *, live: bool) -> StreamInfo:
    """What the container says. Size, rotation and interlacing are corrected by the first picture."""
    context: VideoCodecContext = stream.codec_context
    return StreamInfo(
        codec=context.codec.canonical_name,
        width_px=context.width,
        height_px=context.height,
        fps=fps_of(stream) or DEFAULT_FPS,
        pixel_format=context.format.name if context.format is not None else "",
        container=container.format.name,
        bit_rate_bps=context.bit_rate or container.bit_rate or 0,
        live=live,
        duration_s=None if live or not container.duration else container.duration / 1_000_000,
    )


def fps_of(stream: VideoStream) -> float | None:
    """The average rate that a stream claims, or None where it claims nothing sensible."""
    low, high = _PLAUSIBLE_FPS
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and low <= float(rate) <= high:
            return float(rate)
    return None


def _pick_video(container: InputContainer, recipe: Recipe) -> VideoStream:
    pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not pictures:
        kinds = sorted({stream.type for stream in container.streams})
        raise SourceNoVideoTrackError(f"{redact(recipe.url)} holds {', '.join(kinds) or 'nothing'}")
    usable = [stream for stream in pictures if _has_decoder(stream)]
    if not usable:
        raise SourceUnsupportedCodecError(
            f"{redact(recipe.url)}: no decoder for the codec of stream {pictures[0].index}"
        )
    stream = max(usable, key=lambda one: one.codec_context.width * one.codec_context.height)
    check_size(stream.codec_context.width, stream.codec_context.height)
    return stream


def _has_decoder(stream: VideoStream) -> bool:
    context: VideoCodecContext | None = stream.codec_context  # None without a decoder, whatever PyAV's stubs say
    return context is not None
