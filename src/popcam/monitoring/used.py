"""Shares of a second: what was used of what passed, over about one second however often it is asked. Pure."""

import math
from collections import deque

WINDOW_S = 0.95
"""A little less than the second between two takings, so that each goes back to the one before."""


class UsedShare:
    """A growing sum against a growing time, as the ratio of both over the last second."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, float]] = deque(maxlen=64)

    def take(self, used_s: float, at_s: float) -> float:
        """Take the sums as they are now; NaN the first time, and where no time has passed."""
        known = self._known
        known.append((used_s, at_s))
        while len(known) > 2 and at_s - known[1][1] >= WINDOW_S:
            known.popleft()
        before_s, since_s = known[0]
        return (used_s - before_s) / (at_s - since_s) if at_s > since_s else math.nan
