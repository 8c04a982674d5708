"""What comes from a camera: rate, bits and evenness. Pure; time is an argument."""

from collections import deque
from typing import Final, NamedTuple

RATE_WINDOW_S: Final = 5.0
"""Idle cameras take their packets in bursts, every half second: shorter windows would waver."""
BITS_WINDOW_S: Final = 10.0
"""Keyframes are many times larger than the others: several of them belong into a window."""
JITTER_SHARE: Final = 1 / 16
JITTER_AFTER: Final = 32
"""Packets until the jitter means something."""
_MOST: Final = 2048


class Rate(NamedTuple):
    """Pictures and bits per second; `fps` is None while none come."""

    fps: float | None
    bitrate_bps: float


class Flow:
    """Adds up the pictures, or packets, of one stream."""

    def __init__(self) -> None:
        self._came: deque[tuple[float, int]] = deque(maxlen=_MOST)
        self._jitter_s = 0.0
        self._transit_s: float | None = None
        self._counted = 0

    def came(self, at_s: float, size_bytes: int) -> None:
        """A picture came, or the packet of one.

        Args:
            at_s: when, in monotonic time.
            size_bytes: 0 where there are no packets.
        """
        came = self._came
        came.append((at_s, size_bytes))
        oldest_s = at_s - BITS_WINDOW_S
        while came[0][0] < oldest_s:
            came.popleft()

    def timed(self, at_s: float, stamp_s: float) -> None:
        """Compare the arrival of a packet with its time stamp.

        Source: RFC 3550, 6.4.1: interarrival jitter, here of whole pictures.
        """
        transit_s, before_s = at_s - stamp_s, self._transit_s
        self._transit_s = transit_s
        if before_s is not None:
            self._jitter_s += (abs(transit_s - before_s) - self._jitter_s) * JITTER_SHARE
            self._counted += 1

    def begin(self) -> None:
        """The stream was opened anew."""
        self._came.clear()
        self._transit_s = None

    @property
    def jitter_s(self) -> float | None:
        return self._jitter_s if self._counted >= JITTER_AFTER else None

    def rate(self, now_s: float) -> Rate:
        """Of the last seconds."""
        came = [one for one in list(self._came) if one[0] >= now_s - BITS_WINDOW_S]  # a copy: the reader goes on
        recent = [one for one in came if one[0] >= now_s - RATE_WINDOW_S]
        bits_span_s, span_s = _span_s(came, now_s), _span_s(recent, now_s)
        if span_s <= 0.0:
            return Rate(None, 0.0)
        return Rate((len(recent) - 1) / span_s, 8 * sum(size for _, size in came[1:]) / bits_span_s)


def _span_s(came: list[tuple[float, int]], now_s: float) -> float:
    """The time in which all but the first came; 0 when that says nothing.

    While nothing comes it grows, so that rates sink; but the next picture may just be on its way, or wait in a burst.
    """
    if len(came) < 2:
        return 0.0
    first_s, last_s = came[0][0], came[-1][0]
    usual_s = (last_s - first_s) / (len(came) - 1)
    return last_s - first_s + max(0.0, now_s - last_s - max(1.0, usual_s))
