"""A short clip out of a camera's recordings: their packets, copied, in one MP4 file in memory.

It shows what the recordings show and nothing else: where faces are hidden in them, they are hidden in the clip.
"""

import io
from collections.abc import Iterator, Sequence
from itertools import chain
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import av
import structlog

from popcam.core.frame import MediaPacket
from popcam.core.protocol import ClipCut, CutClip
from popcam.core.recordings import Recording, list_recordings
from popcam.media.sinks.mux import Muxer, TemplateKeeper
from popcam.media.sinks.repair import complete_length

log = structlog.get_logger(__name__)

MOST_BEFORE_S = 10.0
"""A clip begins at a keyframe. Where that lies further back than this, it begins at the next one."""
LAST_PICTURES_S = 120.0
"""Where nothing shows the time that was asked for, a recording that ended so long before is taken to its end."""
SHORTEST_S = 0.5
"""What would be shorter, to fit, is left out."""
_INDEX_BYTES, _INDEX_BYTES_EACH = 8192, 48
"""Room for the file's index ahead of the pictures: players show the first picture before they have all of it."""


class _Take(NamedTuple):
    """Packets of one recording, times in seconds since 1970. It begins with a keyframe."""

    packets: Sequence[MediaPacket]
    form: tuple[Any, ...]
    """What has to be the same for two of them to be one file."""


def cut_clip(question: CutClip) -> ClipCut:
    """Copy what was recorded around a moment. It is shortened as far as its bytes must be, from its ends.

    Returns:
        The clip, or none with the reason.
    """
    begin_s, end_s = question.at_unix_s - question.before_s, question.at_unix_s + question.after_s
    recordings = _mp4s(Path(question.folder))
    found = [one for one in recordings if one.started_unix_s < end_s and _end_unix_s(one) > begin_s]
    takes = _fitting([take for one in found for take in _taken(one, begin_s, end_s)], question.at_unix_s)
    if not takes:
        last = _last_pictures(recordings, begin_s)
        takes = [] if last is None else list(_taken(last, _shown_until_s(last) - question.before_s, begin_s))
    if not takes:
        return ClipCut(reason="nothing was recorded then")
    groups = _groups([packet for take in takes for packet in take.packets])
    packets = _within(groups, question.at_unix_s, question.max_bytes - _INDEX_BYTES)
    if not packets:
        return ClipCut(reason=f"not even a moment of it fits into {question.max_bytes} bytes")
    return _written(packets)


class _WholeFragments(io.FileIO):
    """A recording up to its last whole fragment: a reader refuses all of a file whose end is being written."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._length = complete_length(file)
        super().__init__(path)

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._length - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left)) or b""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_END:
            return super().seek(self._length + offset)
        return super().seek(offset, whence)


def _mp4s(folder: Path) -> list[Recording]:
    return [one for one in list_recordings(folder) if ".mp4" in one.path.suffixes]


def _end_unix_s(recording: Recording) -> float:
    if recording.duration_s is not None:
        return recording.started_unix_s + recording.duration_s
    return inf if not recording.finished else _written_unix_s(recording)


def _shown_until_s(recording: Recording) -> float:
    end_s = _end_unix_s(recording)
    return end_s if end_s < inf else _written_unix_s(recording)


def _written_unix_s(recording: Recording) -> float:
    try:
        return recording.path.stat().st_mtime
    except FileNotFoundError:
        return -inf  # retention, or the file has its final name by now


def _last_pictures(recordings: Sequence[Recording], begin_s: float) -> Recording | None:
    before = [one for one in recordings if one.started_unix_s < begin_s]
    if not before or begin_s - _shown_until_s(before[-1]) > LAST_PICTURES_S:
        return None
    return before[-1]


def _taken(recording: Recording, begin_s: float, end_s: float) -> Iterator[_Take]:
    """What a recording has of a time, as far as it can be read. Nothing where it was removed meanwhile."""
    packets: list[MediaPacket] = []
    form: tuple[Any, ...] = ()
    try:
        with _WholeFragments(recording.path) as file, av.open(file, "r", format="mp4") as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            form = (context.codec.canonical_name, context.width, context.height, bytes(context.extradata or b""))
            keeper = TemplateKeeper()
            skipped_s = begin_s - MOST_BEFORE_S - recording.started_unix_s
            if skipped_s > 0 and stream.time_base:
                container.seek(int(skipped_s / stream.time_base), stream=stream)
            for packet in _packets(container, stream, recording.started_unix_s):
                if packet.pts_s >= end_s:
                    break
                near = begin_s - MOST_BEFORE_S <= packet.pts_s
                if packet.keyframe and (packet.pts_s <= begin_s or not packets):
                    packets = [keeper.keep(packet)] if near else []
                elif packets:
                    packets.append(keeper.keep(packet))
    except FileNotFoundError:
        log.debug("clip.recording_gone", path=str(recording.path))  # retention: what came before counts
    except (OSError, av.FFmpegError, IndexError) as error:
        log.warning("clip.recording_damaged", path=str(recording.path), error=f"{type(error).__name__}: {error}")
    if packets:
        yield _Take(packets, form)


def _packets(container: Any, stream: Any, started_unix_s: float) -> Iterator[MediaPacket]:
    tick = stream.time_base
    for native in container.demux(stream):
        if native.pts is None or native.dts is None or not native.size:
            continue
        pts_s = started_unix_s + float(native.pts * tick)
        yield MediaPacket(
            native=native,
            template=stream,
            time_base=tick,
            pts_s=pts_s,
            dts_s=started_unix_s + float(native.dts * tick),
            duration_s=float((native.duration or 0) * tick),
            keyframe=bool(native.is_keyframe),
            size_bytes=native.size,
            generation=0,
            captured_monotonic_s=pts_s,
            captured_unix_s=pts_s,
        )


def _fitting(takes: Sequence[_Take], at_s: float) -> list[_Take]:
    """Takes that are one file together: all of the form that the moment has, next to each other."""
    if not takes:
        return []
    middle = max((index for index, take in enumerate(takes) if take.packets[0].pts_s <= at_s), default=0)
    first = last = middle
    while first > 0 and takes[first - 1].form == takes[middle].form:
        first -= 1
    while last + 1 < len(takes) and takes[last + 1].form == takes[middle].form:
        last += 1
    return list(takes[first : last + 1])


def _groups(packets: Sequence[MediaPacket]) -> list[list[MediaPacket]]:
    groups: list[list[MediaPacket]] = []
    for packet in packets:
        if packet.keyframe:
            groups.append([])
        groups[-1].append(packet)
    return groups


def _within(groups: list[list[MediaPacket]], at_s: float, max_bytes: int) -> list[MediaPacket]:
    """As much around the moment as fits: whole groups of pictures go first, then the end of the one that is left."""
    while len(groups) > 1 and _size(chain.from_iterable(groups)) > max_bytes:
        from_end = groups[-1][0].pts_s - at_s > at_s - groups[1][0].pts_s
        groups = groups[:-1] if from_end else groups[1:]
    kept = list(chain.from_iterable(groups))
    while kept and _size(kept) > max_bytes:
        kept = kept[: len(kept) * 3 // 4]
    if not kept:
        return []
    shortened = len(kept) < sum(map(len, groups))
    return [] if shortened and kept[-1].pts_s - kept[0].pts_s < SHORTEST_S else kept


def _size(packets: Any) -> int:
    return sum(packet.size_bytes + _INDEX_BYTES_EACH for packet in packets)


def _written(packets: Sequence[MediaPacket]) -> ClipCut:
    file = io.BytesIO()
    room = _INDEX_BYTES + _INDEX_BYTES_EACH * len(packets)
    muxer = Muxer(file, "mp4", packets[0], {"moov_size": str(room)})
    for packet in packets:
        muxer.write(packet)
    muxer.close()
    begin_s = min(packet.pts_s for packet in packets)
    end_s = max(packet.pts_s + packet.duration_s for packet in packets)
    return ClipCut(mp4=file.getvalue(), started_unix_s=begin_s, duration_s=end_s - begin_s)
