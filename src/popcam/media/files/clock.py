"""Times of joined packets: decoding times for a whole file from the times of showing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from popcam.core.errors import JobResultMismatchError
from popcam.media.files.chunk import ChunkIndex
from popcam.media.files.spans import Ticks, reorder_depth


class PacketTimes(NamedTuple):
    """When a packet is decoded and shown, and until when, in ticks."""

    dts: int
    pts: int
    duration: int


class JoinClock:
    """Gives all packets of all chunks their times.

    A packet is decoded when the picture `depth` places earlier in the order of showing is shown: the earliest times
    that grow steadily and are never behind a packet's own time of showing. Before the first picture they run up to
    it, from `origin` on where there is room: MP4 readers take a first decoding time before 0 together with a first
    picture after 0 for one at 0.

    Args:
        chunks: in order; each holds pictures later than all before it.
        end: when the last picture ends.
        origin: what becomes time 0.
        scale: ticks of this clock per tick of the chunks; `end` and `origin` are in the chunks' ticks.

    Raises:
        JobResultMismatchError: chunks overlap.
    """

    def __init__(self, chunks: Sequence[ChunkIndex], end: int, origin: int = 0, scale: int = 1) -> None:
        depth = max((reorder_depth(chunk.times) for chunk in chunks), default=0)
        self._scale = scale
        self.times = (_in_order(chunks) - origin) * scale
        last = int(self.times[-1])
        self.end = max((end - origin) * scale, last + 1)
        self._origin = origin
        self._ends = np.append(self.times[1:], self.end)
        self._decoding = np.concatenate([_run_up(self.times, depth), self.times])
        self._number = 0
        self._last_dts: int | None = None

    def next_times(self, chunk_pts: int) -> PacketTimes:
        """Times of the next packet in decoding order, from its time in the chunk."""
        pts = (chunk_pts - self._origin) * self._scale
        dts = int(self._decoding[self._number])
        if self._last_dts is not None:
            dts = max(dts, self._last_dts + 1)
        self._last_dts = dts
        self._number += 1
        duration = int(self._ends[np.searchsorted(self.times, pts)]) - pts
        if self._number == len(self.times):
            # MP4 adds up how long samples decode: what is missing until the end stands in the last one.
            missing = self.end - int(self.times[0]) - (dts - int(self._decoding[0]))
            duration = max(duration, min(self.end - pts, missing))
        return PacketTimes(dts, max(pts, dts), max(0, duration))


def _run_up(times: Ticks, depth: int) -> Ticks:
    """Decoding times before the first picture is shown."""
    pace = max(1, int(times[1] - times[0])) if len(times) > 1 else 1
    first = int(times[0])
    if 0 < depth <= first:
        pace = min(pace, first // depth)
    return first - np.arange(depth, 0, -1, dtype=np.int64) * pace


def _in_order(chunks: Sequence[ChunkIndex]) -> Ticks:
    parts = [np.sort(chunk.times) for chunk in chunks if len(chunk.times)]
    if not parts:
        raise JobResultMismatchError("no picture was written")
    times = np.concatenate(parts)
    if (np.diff(times) < 0).any():
        raise JobResultMismatchError("the chunks are not in the order of their times")
    return times
