"""What is usual for a camera: a rate that is learned in moments and forgotten in days. Pure.

A stream's declared rate is no measure: cameras declare what they like, and send less at night. What a camera did
deliver is. The usual rate follows a higher one within a minute, and a lower one so slowly that a collapse is still seen
as one hours after.
"""

import math

LEARN_S = 20.0
"""Before, nothing is usual yet."""
RISE_S = 60.0
FALL_S = 86_400.0
MAX_STEP_S = 5.0
"""A longer pause between two reports teaches no more than this: nothing is known of it."""


class UsualRate:
    """The usual frames per second of one camera, for as long as it is the same stream."""

    def __init__(self, stream: object = None) -> None:
        self.stream = stream
        self.fps = 0.0
        self._learned_s = 0.0
        self._sum = 0.0
        self._at_s = 0.0

    def ratio(self, fps: float, at_unix_s: float) -> float:
        """Take a rate, and say what it is of the usual one, at most 1; NaN as long as nothing is usual."""
        step_s = min(MAX_STEP_S, at_unix_s - self._at_s) if self._at_s else 1.0
        self._at_s = at_unix_s
        if step_s <= 0:
            return self._of_usual(fps)  # the wall clock went back
        if self._learned_s < LEARN_S:
            self._sum += fps * step_s
            self._learned_s += step_s
            self.fps = self._sum / self._learned_s
        else:
            slowness_s = RISE_S if fps > self.fps else FALL_S
            self.fps += (fps - self.fps) * (1.0 - math.exp(-step_s / slowness_s))
        return self._of_usual(fps)

    def _of_usual(self, fps: float) -> float:
        if self._learned_s < LEARN_S or self.fps <= 0:
            return math.nan
        return min(1.0, fps / self.fps)
