"""Sound, subtitles and attachments of the source, copied packet by packet."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream

from popcam.core.batch import MediaFacts
from popcam.media.files.opening import OpenedVideo
from popcam.media.files.packets import AnyPacket, Walk


class OtherTracks:
    """The tracks to copy, and how many packets of each were."""

    def __init__(self, tracks: Sequence[Stream]) -> None:
        self._tracks = tracks
        self._results: dict[int, Any] = {}
        self._last_dts: dict[int, int] = {}
        self.written: dict[int, int] = {}
        """Packets by the track's index in the result."""

    def add_to(self, result: OutputContainer) -> None:
        """Make the result's tracks."""
        for track in self._tracks:
            if track.type == "attachment":
                attachment: Any = track
                result.add_attachment(attachment.name or "", attachment.mimetype or "", attachment.data)
                continue
            stream: Any = result.add_stream_from_template(track, opaque=True)
            stream.metadata.update(track.metadata)
            stream.disposition = track.disposition
            self._results[track.index] = stream
            self.written[stream.index] = 0

    def packets(self, opened: OpenedVideo, facts: MediaFacts, origin_s: Fraction) -> Iterator[tuple[float, AnyPacket]]:
        """All their packets with the time by which they are interleaved, ready for the muxer.

        Args:
            origin_s: what becomes time 0.
        """
        if not self._results:
            return
        if facts.seekable:
            # The video's own packets are not needed: let the demuxer leap over them.
            opened.stream.discard = Discard.all
        walk = Walk(opened)
        for packet in _until_broken(opened):
            if packet.stream_index == opened.stream.index:
                walk.step(packet)
            elif packet.stream_index in self._results:
                shift_s = walk.offset * opened.time_base - origin_s
                yield self._made(packet, shift_s)

    def _made(self, packet: AnyPacket, shift_s: Fraction) -> tuple[float, AnyPacket]:
        stream = self._results[packet.stream_index]
        time_base = packet.time_base
        shift = round(shift_s / time_base)
        dts = packet.dts if packet.dts is not None else packet.pts
        last = self._last_dts.get(stream.index)
        if dts is None:
            dts = last + 1 if last is not None else 0
        dts += shift
        pts = packet.pts + shift if packet.pts is not None else dts
        if last is not None:
            dts = max(dts, last + (stream.type != "subtitle"))
        self._last_dts[stream.index] = dts
        packet.dts, packet.pts = dts, max(pts, dts)
        packet.stream = stream
        self.written[stream.index] += 1
        return float(dts * time_base), packet


def _until_broken(opened: OpenedVideo) -> Iterator[AnyPacket]:
    demuxed = opened.container.demux()
    while True:
        try:
            packet = next(demuxed, None)
        except FFmpegError:
            return  # inspecting has named the damage
        if packet is None:
            return
        if packet.size:
            yield packet
