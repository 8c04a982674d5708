"""When the packet of a picture came: a decoder gives pictures later than packets, and in another order."""

from collections import OrderedDict
from typing import Final, NamedTuple

_KEPT: Final = 700  # a little more than a group of pictures that is kept for catching up


class Came(NamedTuple):
    """When a packet came, and whether it was a keyframe."""

    monotonic_s: float
    unix_s: float
    keyframe: bool


class Arrivals:
    """Times of the newest packets by presentation time."""

    def __init__(self) -> None:
        self._by_pts: OrderedDict[int, Came] = OrderedDict()

    def note(self, pts: int, monotonic_s: float, unix_s: float, keyframe: bool) -> None:
        self._by_pts[pts] = Came(monotonic_s, unix_s, keyframe)
        if len(self._by_pts) > _KEPT:
            self._by_pts.popitem(last=False)

    def of(self, pts: int | None) -> Came:
        """When the packet with this time came; for an unknown time, when the newest one did."""
        if pts is not None and pts in self._by_pts:
            return self._by_pts[pts]
        return next(reversed(self._by_pts.values()))
