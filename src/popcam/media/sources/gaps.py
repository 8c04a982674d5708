"""Pictures that did not come, seen in the times of those that did. Pure rules with a little memory."""

from collections import deque
from typing import Final

KEPT: Final = 32
STEADY_SHARE: Final = 0.8
"""Where fewer of the last steps are about the usual one there is no steady rate, and a long step means nothing."""
TOLERANCE: Final = 0.25
NEW_RATE_AFTER: Final = 3
"""So many gaps one after the other are no loss: the camera sends fewer pictures now."""
LONGEST_GAP_S: Final = 10.0
"""A longer gap is a pause or a jump of the clock, no loss."""


class Gaps:
    """Counts what is missing between pictures of a steady rate."""

    def __init__(self) -> None:
        self._steps_s: deque[float] = deque(maxlen=KEPT)
        self._before_s: float | None = None
        self._gaps_in_row = 0

    def missing(self, dts_s: float) -> int:
        """How many pictures should have come before this one.

        Args:
            dts_s: decode time of the next packet.
        """
        before_s, self._before_s = self._before_s, dts_s
        if before_s is None:
            return 0
        step_s = dts_s - before_s
        usual_s = self._steps_s[-1] if self._steps_s else 0.0
        if 0.0 < step_s <= usual_s * (1 + TOLERANCE):
            self._steps_s.append(step_s)  # nearly always: one comparison is all that it costs
            self._gaps_in_row = 0
            return 0
        missing = self._lost(step_s)
        self._gaps_in_row = self._gaps_in_row + 1 if missing else 0
        if self._gaps_in_row > NEW_RATE_AFTER:
            self._steps_s.clear()
            missing = 0
        if not missing and 0.0 < step_s <= LONGEST_GAP_S:
            self._steps_s.append(step_s)
        return missing

    def forget(self) -> None:
        """The stream begins anew: the next step is none."""
        self._before_s = None

    def _lost(self, step_s: float) -> int:
        if len(self._steps_s) < KEPT or not 0.0 < step_s <= LONGEST_GAP_S:
            return 0
        usual_s = sorted(self._steps_s)[KEPT // 2]
        near = sum(abs(one - usual_s) <= TOLERANCE * usual_s for one in self._steps_s)
        steps = step_s / usual_s
        whole = round(steps)
        if near < STEADY_SHARE * KEPT or whole < 2 or abs(steps - whole) > TOLERANCE * whole:
            return 0
        return whole - 1
