"""The packets of a video track in decoding order, with times that can be relied on.

Everything that counts frames goes through here, so that inspecting, reading and joining count the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import av
from av.error import FFmpegError

from popcam.core.batch import MediaFacts, Span
from popcam.core.errors import SourceCorruptError
from popcam.media.files.opening import OpenedVideo
from popcam.media.sources.pyav import VideoPacket, bytes_of

if TYPE_CHECKING:
    AnyPacket: TypeAlias = av.Packet[Any]
else:
    AnyPacket = av.Packet  # generic only in the stubs

_BACK_S: Final = (0.0, 1.0, 5.0, 30.0, 120.0)
"""How much further back a seek that came too late is tried again."""


@dataclass(slots=True)
class Step:
    """One packet.

    Attributes:
        packet: its `pts` is `pts`, also where the file has none.
        pts: when it is shown, in the stream's time base; when it is decoded where the file does not say that.
        shown: it becomes a picture of its own (an edit list may hide it; VP8 has pictures that are only referred to).
        key: decoding can begin with it.
    """

    packet: VideoPacket
    pts: int
    shown: bool
    key: bool


class Walk:
    """All steps from wherever the container stands.

    Times that jump back at a keyframe (parts of several recordings in one file) go on behind the last one instead,
    when reading from the start.

    Attributes:
        jumps: how often times jumped.
        untimed: packets without a time of showing.
        timeless: packets without any time.
        broken_at: time base ticks at which the demuxer gave up; None while it reads well.
    """

    def __init__(self, opened: OpenedVideo) -> None:
        self._opened = opened
        self._offset = 0
        self._latest: int | None = None
        self._tick = 1
        self.jumps = 0
        self.untimed = 0
        self.timeless = 0
        self.broken_at: int | None = None

    @property
    def offset(self) -> int:
        """What is added to times at this place of the file."""
        return self._offset

    def __iter__(self) -> Iterator[Step]:
        for packet in self.packets():
            if packet.stream_index == self._opened.stream.index:
                yield self.step(packet)

    def packets(self) -> Iterator[VideoPacket]:
        """Packets of the video track with content; damage at the demuxer's level ends them."""
        demuxed = self._opened.container.demux(self._opened.stream)
        while True:
            try:
                packet = next(demuxed, None)
            except FFmpegError:
                self.broken_at = self._latest or 0
                return
            if packet is None:
                return
            if packet.size:
                yield packet

    def step(self, packet: VideoPacket) -> Step:
        """What to know about a packet of the video track; called once for each, in order."""
        pts = packet.pts
        if pts is None:
            self.untimed += 1
            pts = packet.dts
        if pts is None:
            self.timeless += 1
            pts = (self._latest + self._tick - self._offset) if self._latest is not None else 0
        if packet.duration:
            self._tick = packet.duration
        pts += self._offset
        if self._latest is not None and packet.is_keyframe and pts <= self._latest and not packet.is_discard:
            self.jumps += 1
            self._offset += self._latest + self._tick - pts
            pts = self._latest + self._tick
        self._latest = pts if self._latest is None else max(self._latest, pts)
        packet.pts = pts
        return Step(packet, pts, _is_shown(packet, self._opened.codec), packet.is_keyframe)


def steps_before_and_from(
    opened: OpenedVideo, facts: MediaFacts, span: Span, *, lead: bool
) -> tuple[list[Step], Iterator[Step]]:
    """Go to a span.

    Args:
        lead: also collect what comes before it.

    Returns:
        The steps from the keyframe before the span up to it (empty without `lead`), and the steps from the span's
        first on.

    Raises:
        SourceCorruptError: the span is not where it was.
    """
    if span.index == 0:
        return [], iter(Walk(opened))
    for back_s in _BACK_S if facts.seekable else ():
        found = _seek(opened, span, back_s, lead=lead)
        if found is not None:
            return found
    if facts.seekable:
        # Where even this is refused, nothing has been read yet, so the container stands at its start.
        with suppress(FFmpegError):
            opened.container.seek(_start_of(opened), backward=True, stream=opened.stream)
    found = _find(Walk(opened), span, lead=lead)
    if found is None:
        raise SourceCorruptError(f"the picture at {float(span.start_pts * opened.time_base):.3f} s is gone")
    return found


def _start_of(opened: OpenedVideo) -> int:
    start = opened.stream.start_time
    return min(0, start) if start is not None else 0


def _seek(opened: OpenedVideo, span: Span, back_s: float, *, lead: bool) -> tuple[list[Step], Iterator[Step]] | None:
    target = span.start_pts - round(back_s / opened.time_base) - (1 if lead else 0)
    try:
        opened.container.seek(target, backward=True, stream=opened.stream)
    except (FFmpegError, OverflowError):
        return None
    found = _find(Walk(opened), span, lead=lead)
    # A seek by decoding times may land on the span's own keyframe: then the next try goes further back.
    return None if found is not None and lead and not found[0] and back_s < _BACK_S[-1] else found


def _find(walk: Walk, span: Span, *, lead: bool) -> tuple[list[Step], Iterator[Step]] | None:
    before: list[Step] = []
    steps = iter(walk)
    for step in steps:
        if step.key and step.pts == span.start_pts:
            return before, _chained(step, steps)
        if step.key and step.pts > span.start_pts:
            return None
        if lead:
            if step.key:
                before = []
            if step.key or before:
                before.append(step)
    return None


def _chained(first: Step, rest: Iterator[Step]) -> Iterator[Step]:
    yield first
    yield from rest


def _is_shown(packet: VideoPacket, codec: str) -> bool:
    if packet.is_discard:
        return False
    # RFC 6386, 9.1: bit 4 of the first byte is show_frame.
    return codec != "vp8" or bool(bytes_of(packet)[0] & 0x10)
