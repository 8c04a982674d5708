"""From our packets to FFmpeg's muxers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
from av.container import OutputContainer

from popcam.core.errors import SinkError
from popcam.core.frame import Frame, MediaPacket
from popcam.media.encoders.h264 import TIME_BASE, EncodedPacket, H264Encoder

_MP4_CODECS = frozenset({"h264", "hevc", "av1", "mjpeg", "mpeg4", "vp9", "mpeg2video"})
_IN_BAND_CODECS = frozenset({"h264", "hevc", "av1"})
"""Codecs whose parameters may stand in the stream alone; PyAV then takes them from the first packet."""


@dataclass(frozen=True, slots=True)
class KeptTemplate:
    """A copy of a demuxer's stream: codec and parameters, in memory of its own.

    The demuxer's stream dies with its source, and touching it then ends the process. Packets wait in queues and
    pre-rolls while sources are closed and opened again.
    """

    codec: str
    stream: Any
    container: OutputContainer
    """Owns the stream's memory; nothing is ever written to it."""


class TemplateKeeper:
    """Replaces the template of packets by a copy that lasts. Used in the thread that reads the source."""

    def __init__(self) -> None:
        self._original: Any = None
        self._kept: KeptTemplate | None = None

    def keep(self, packet: MediaPacket) -> MediaPacket:
        """The same packet, safe to keep after its source is closed."""
        if self._kept is None or packet.template is not self._original:
            self._kept = _keep(packet.template)
            self._original = packet.template
        return replace(packet, template=self._kept)


def _keep(template: Any) -> KeptTemplate:
    # FFmpeg's `null` takes every codec and opens no file.
    container = av.open("", "w", format="null")
    stream = container.add_stream_from_template(template, opaque=True)
    return KeptTemplate(str(template.codec_context.codec.canonical_name), stream, container)


@dataclass(frozen=True, slots=True)
class EncodedTemplate:
    """Stands for the demuxer's stream where packets come from our own encoder."""

    codec: str
    width_px: int
    height_px: int
    fps: float


def media_packet(packet: EncodedPacket, encoder: H264Encoder, frame: Frame, duration_s: float) -> MediaPacket:
    """An encoded picture in the words of outputs that copy."""
    return MediaPacket(
        native=packet.native,
        template=EncodedTemplate("h264", encoder.width_px, encoder.height_px, 1.0 / max(duration_s, 1e-3)),
        time_base=TIME_BASE,
        pts_s=packet.pts_s,
        dts_s=packet.pts_s,
        duration_s=duration_s,
        keyframe=packet.keyframe,
        size_bytes=packet.native.size,
        generation=encoder.generation,
        captured_monotonic_s=frame.captured_monotonic_s,
        captured_unix_s=frame.captured_unix_s,
    )


def codec_of(packet: MediaPacket) -> str:
    """FFmpeg's name of the packet's codec, whatever decoder is used for it: `h264`, `hevc`, ..."""
    codec: str = packet.template.codec
    return codec


def file_suffix(packet: MediaPacket) -> str:
    """The container that takes the codec: MP4 where it is at home there, else Matroska."""
    return "mp4" if codec_of(packet) in _MP4_CODECS else "mkv"


class Stamps:
    """Times for a muxer in ticks of `TIME_BASE`: from 0 on, decoding times always growing."""

    def __init__(self, first: MediaPacket) -> None:
        self._origin_s = first.dts_s
        self._last_dts = -1

    def of(self, packet: MediaPacket) -> tuple[int, int, int]:
        """Presentation time, decoding time and duration."""
        dts = max(self._last_dts + 1, round((packet.dts_s - self._origin_s) / TIME_BASE))
        self._last_dts = dts
        pts = max(dts, round((packet.pts_s - self._origin_s) / TIME_BASE))
        return pts, dts, max(0, round(packet.duration_s / TIME_BASE))


class Muxer:
    """Writes packets of one stream into one container; their times start at 0 and grow.

    Args:
        target: an address, or a file object that is only written to.
        format_name: FFmpeg's name of the container.
        first: the first packet; it gives codec and start. Its template is kept or encoded, never a demuxer's own.
        options: the muxer's options.

    Raises:
        SinkError: the container does not take this codec.
        OSError, av.FFmpegError: the target can't be opened.
    """

    def __init__(self, target: Any, format_name: str, first: MediaPacket, options: Mapping[str, str]) -> None:
        self._container: OutputContainer = av.open(target, "w", format=format_name, options=dict(options))
        try:
            self._stream = _add_stream(self._container, first)
        except ValueError as exc:
            raise SinkError(f"{codec_of(first)} does not fit into {format_name}") from exc
        self._stamps = Stamps(first)

    def write(self, packet: MediaPacket) -> None:
        """Append a packet.

        Raises:
            OSError, av.FFmpegError: the target refused it.
        """
        # A packet of its own: muxing changes times in place, and others may still read the one that was shared.
        native = av.Packet(memoryview(packet.native))  # type: ignore[arg-type] # it takes any buffer
        native.pts, native.dts, native.duration = self._stamps.of(packet)
        native.time_base = TIME_BASE
        native.is_keyframe = packet.keyframe
        native.stream = self._stream
        self._container.mux_one(native)

    def close(self) -> None:
        """Write the end of the container.

        Raises:
            OSError, av.FFmpegError: the target refused it; it is let go of all the same.
        """
        self._container.close()


class _Memory:
    """What a muxer needs of a file, in memory."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        self.data += bytes(data)
        return len(data)


def describe(first: MediaPacket) -> bytes:
    """Codec and parameters for another process: a NUT stream (FFmpeg's own container) of just this packet.

    Raises:
        SinkError: the codec can't be described.
        av.FFmpegError: likewise.
    """
    memory = _Memory()
    muxer = Muxer(memory, "nut", first, {})
    muxer.write(first)
    muxer.close()
    return memory.data


def _add_stream(container: OutputContainer, first: MediaPacket) -> Any:
    template = first.template
    if isinstance(template, EncodedTemplate):
        return _add_in_band(container, template)
    assert isinstance(template, KeptTemplate)  # noqa: S101 - what takes packets in has seen to it
    context = template.stream.codec_context
    codec = template.codec
    if not context.extradata and codec in _IN_BAND_CODECS:
        return _add_in_band(
            container,
            EncodedTemplate(
                codec, context.width, context.height, 1 / first.duration_s if first.duration_s > 0 else 25.0
            ),
        )
    stream = container.add_stream_from_template(template.stream, opaque=True)
    stream.time_base = TIME_BASE
    if codec == "hevc" and container.format.name == "mp4":
        # Apple's players know HEVC by this name alone.
        stream.codec_context.codec_tag = "hvc1"
    return stream


def _add_in_band(container: OutputContainer, template: EncodedTemplate) -> Any:
    rate = Fraction(template.fps).limit_denominator(1001)
    stream = container.add_mux_stream(template.codec, rate, width=template.width_px, height=template.height_px)
    stream.time_base = TIME_BASE
    return stream
