"""Mending time stamps: whatever a camera writes, decode times grow and no jump gets through.

Integer ticks of the stream's own time base, so nothing drifts. Pure: time comes in as an argument.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

MAX_GAP_S = 10.0
"""A longer step forward is a jump, unless as much time has really passed or the packet before says it lasts so long."""
MAX_REORDER_S = 10.0
"""A picture is shown at most this long after it is decoded; B-frames need a few frames at most."""


class Times(NamedTuple):
    """Mended times of one packet in ticks; `dts` grows with each packet, `pts >= dts`."""

    dts: int
    pts: int
    jumped: bool


@dataclass(slots=True)
class Timeline:
    """The time stamps of one connection.

    Args:
        time_base: seconds per tick.
        start_s: where the time line begins, in seconds; the first packet gets this decode time.
        interval_s: expected time between packets, to fill in missing times; may be corrected at any time.
    """

    time_base: Fraction
    start_s: float
    interval_s: float
    jumps: int = 0
    tick_s: float = field(init=False)
    _started: bool = False
    _raw: int | None = None
    _mended: int = 0
    _last_duration: int = 0
    _offset: int = 0
    _offset_before_jump: int | None = None

    def __post_init__(self) -> None:
        self.tick_s = float(self.time_base)  # fractions cost as much per packet as the rest of this

    def mend(self, dts: int | None, pts: int | None, duration: int, waited_s: float = 0.0) -> Times:
        """Take the times of the next packet as it came.

        Args:
            dts: decode time in ticks, or None when the packet has none.
            pts: presentation time in ticks, or None.
            duration: in ticks; 0 when unknown.
            waited_s: for live streams, how long ago the packet before arrived: such a step forward is no jump.
        """
        raw = dts if dts is not None else pts
        if not self._started:
            self._started = True
            mended = math.ceil(self.start_s / self.tick_s - 1e-6)
            return self._take(raw, mended, dts, pts, duration, jumped=False)
        if raw is None or self._raw is None:
            if raw is None and self._raw is not None:
                raw = self._raw + self._interval
            return self._take(raw, self._mended + self._interval, dts, pts, duration, jumped=False)
        if raw == self._raw:  # one picture in two packets: slices, or half pictures
            kept = self._offset
            times = self._take(raw, self._mended + 1, dts, pts, duration, jumped=False)
            self._offset = kept
            return times
        fitting = [one for one in self._offsets() if 0 < raw + one - self._mended <= self._allowed(waited_s)]
        if not fitting:
            self._offset_before_jump = self._offset
            return self._take(raw, self._mended + self._interval, dts, pts, duration, jumped=True)
        best = min(fitting)  # after one wrong time, the offset from before it gives the smaller step
        back = best != self._offset
        if back:
            self._offset_before_jump = None
        return self._take(raw, raw + best, dts, pts, duration, jumped=back)

    def seconds(self, ticks: int) -> float:
        return ticks * self.tick_s

    def _offsets(self) -> list[int]:
        return [one for one in (self._offset, self._offset_before_jump) if one is not None]

    @property
    def _interval(self) -> int:
        return max(1, self._last_duration or round(self.interval_s / self.tick_s))

    def _allowed(self, waited_s: float) -> float:
        return max(MAX_GAP_S, waited_s * 2) / self.tick_s + 2 * self._last_duration

    def _take(
        self, raw: int | None, mended: int, dts: int | None, pts: int | None, duration: int, *, jumped: bool
    ) -> Times:
        self._raw, self._mended = raw, mended
        self._offset = mended - (raw or 0)
        self._last_duration = duration if 0 < duration * self.tick_s <= 3600 else 0
        self.jumps += jumped
        reorder = 0 if dts is None or pts is None else pts - dts
        if not 0 <= reorder * self.tick_s <= MAX_REORDER_S:
            reorder = 0
        return Times(mended, mended + reorder, jumped)
