"""Encoded packets for outputs that copy, and the codec headers that belong to them."""

from typing import Final

import av
from av.bitstream import BitStreamFilterContext
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from popcam.core.frame import MediaPacket
from popcam.media.sources.container import detached
from popcam.media.sources.pyav import VideoPacket, bytes_of, copy_packet
from popcam.media.sources.reader import Arrival
from popcam.media.sources.timeline import Timeline

_WITH_HEADERS: Final = frozenset({"h264", "hevc"})
_HEAD_BYTES: Final = 48  # parameter sets stand at the head of a keyframe


def media_packet(arrival: Arrival, template: VideoStream, generation: int, line: Timeline) -> MediaPacket:
    """The packet as outputs get it. Its times are mended already.

    It is the decoder's own, for outputs to read: muxing changes times in place, so whoever muxes makes one of his own,
    and most packets are never muxed.
    """
    native = arrival.packet
    native.stream = template
    dts, pts = native.dts or 0, native.pts or 0
    return MediaPacket(
        native=native,
        template=template,
        time_base=line.time_base,
        pts_s=line.seconds(pts),
        dts_s=line.seconds(dts),
        duration_s=line.seconds(native.duration or 0),
        keyframe=native.is_keyframe,
        size_bytes=native.size,
        generation=generation,
        captured_monotonic_s=arrival.monotonic_s,
        captured_unix_s=arrival.unix_s,
    )


class Headers:
    """The template of the stream as it is now: codec, size and codec headers.

    H.264 and H.265 say in their keyframes what changes; that is noticed at the packet, before anything is decoded.
    Of other codecs only the pictures tell.
    """

    def __init__(self) -> None:
        self._template: VideoStream | None = None
        self._size: tuple[int, int] | None = None
        self._head = b""
        self._extradata: bytes | None = None

    @property
    def template(self) -> VideoStream:
        assert self._template is not None  # noqa: S101 `open` comes first
        return self._template

    def open(self, template: VideoStream) -> bool:
        """Take the template of a newly opened container; False when it says the same as the one before."""
        before = self._template
        self._size, self._head, self._extradata = None, b"", None
        if before is not None and _same(before, template):
            return False
        self._template = template
        return before is not None

    def follow_packet(self, packet: VideoPacket) -> bool:
        """Look at the next packet; True when the stream is another one from this packet on."""
        if not packet.is_keyframe:
            return False
        head = bytes(bytes_of(packet)[:_HEAD_BYTES])
        if head == self._head:
            return False
        self._head = head
        extradata, before = _extradata(packet, self.template), self._extradata
        if extradata is None or extradata == before:
            return False
        self._extradata = extradata
        context = self.template.codec_context
        if before is None and context.width and _of_container(context.extradata, extradata):
            return False  # what the container said is still right
        size = _size_of(packet, self.template)
        if size is None:
            return False
        self._template, self._size = detached(self.template, extradata, size), size
        return before is not None

    def follow_picture(self, picture: av.VideoFrame) -> bool:
        """Look at the next picture; True when its size is another one and no packet has told so before."""
        size, before = (picture.width, picture.height), self._size
        if size == before or self._extradata is not None:
            return False  # where packets tell, pictures tell it late: a decoder with threads holds some back
        self._size = size
        context = self.template.codec_context
        if size == (context.width, context.height):
            return False
        self._template = detached(self.template, None, size)
        return before is not None


def _extradata(packet: VideoPacket, stream: VideoStream) -> bytes | None:
    """The codec headers that a keyframe carries in itself."""
    if stream.codec_context.codec.canonical_name not in _WITH_HEADERS:
        return None
    try:
        filtered = BitStreamFilterContext("extract_extradata", in_stream=stream).filter(copy_packet(packet))
    except (av.error.FFmpegError, ValueError):
        return None  # damaged: the decoder will say so
    found = (one.get_sidedata("new_extradata") for one in filtered if one.has_sidedata("new_extradata"))
    return next((bytes(data) for data in found), None)


def _of_container(known: bytes | None, extradata: bytes) -> bool:
    """Whether the container's codec headers need no correction: they are the same, or of the kind that files have."""
    return known is not None and (known == extradata or not known.startswith(b"\x00\x00"))


def _size_of(keyframe: VideoPacket, stream: VideoStream) -> tuple[int, int] | None:
    """Decode one keyframe by itself. Done only when its headers are new."""
    context = VideoCodecContext.create(stream.codec_context.codec.canonical_name, "r")
    assert isinstance(context, VideoCodecContext)  # noqa: S101 PyAV's stubs do not tell
    context.thread_count = 1
    try:
        pictures = [*context.decode(keyframe), *context.decode(None)]
    except (av.error.FFmpegError, ValueError):
        return None
    return next(((one.width, one.height) for one in pictures), None)


def _same(one: VideoStream, other: VideoStream) -> bool:
    a, b = one.codec_context, other.codec_context
    return (a.codec.canonical_name, a.width, a.height, a.extradata) == (
        b.codec.canonical_name,
        b.width,
        b.height,
        b.extradata,
    )
