"""Is the picture alive? Frozen and dark pictures, from a few thousand samples of a keyframe now and then.

How a frozen picture is told from a still scene: a sensor is never silent. Its noise makes each keyframe, which an
encoder makes afresh, differ from the one before in a third of all samples and more, whatever denoising and compression
leave of it (measured with x264 at 300 kbit/s to CRF 35 on dark and bright scenes: 31 % at least). Of a picture that
stands still inside the camera every keyframe is the same to the last bit, as soon as the encoder's rate control has
settled. So keyframes are compared exactly, and samples that are clipped to black or white don't count. The small
picture of the motion gate can't tell the two apart: its averages swallow the noise.

Predicted pictures tell nothing: of a denoised still scene an encoder skips every block, too. A single keyframe that
differs ends nothing: rate control makes a step now and then.

What this does not see: a camera that goes on writing a running clock into a frozen picture (intra prediction carries
each digit on through a tenth of the samples); and one with a constant bit rate until its rate control has settled (ten
seconds with x264 at 2 Mbit/s).

A picture in which nothing ever changed (a test card) may be meant so: it takes minutes until it counts as frozen.
"""

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from popcam.core.frame import Frame, UInt8Array

SAMPLE_ROWS: Final = 64
SAMPLE_COLUMNS: Final = 320
KEYFRAME_INTERVAL_S: Final = 0.9
"""Streams of keyframes alone are looked at this often."""
GLANCE_INTERVAL_S: Final = 1.0
"""Where keyframes are rare, other pictures are looked at this often, for darkness alone."""
CLIPPED_LOW: Final = 18
CLIPPED_HIGH: Final = 234
LEAST_UNCLIPPED: Final = 0.02
"""With less of the picture between black and white there is nothing to compare."""
STILL_RATIO: Final = 0.005
"""A picture is the same as before when at most so many of its samples changed."""
MEMORY: Final = 12
LIVELY_OF_MEMORY: Final = 9
"""So many of the last comparisons must have found a change for the picture to be known as a living one."""
CHANGES_TO_THAW: Final = 2
NEVER_LIVELY_S: Final = 300.0
"""A picture that nobody has seen alive counts as frozen only after this time."""
BLACK_LUMA: Final = 34
"""Of video range, where black is 16: the brightest of a black picture, single bright spots left out."""
FLAT_SPREAD: Final = 12
"""A covered lens gives about one brightness all over."""
SPOTS: Final = 0.01
DARK_LOOKS: Final = 3


class _Sample(NamedTuple):
    luma: UInt8Array
    at_s: float


class PictureWatch:
    """Watches one camera's pictures; used by one thread. It goes on over reconnects.

    Args:
        lively: the picture is known to change, from an earlier run.
        can_freeze: False for sources that paint or replay pictures: a still one is meant so.
    """

    def __init__(self, *, lively: bool = False, can_freeze: bool = True) -> None:
        self.lively = lively
        self.dark: bool | None = None
        self._can_freeze = can_freeze
        self._looked_s = self._keyframe_s = float("-inf")
        self._before: _Sample | None = None
        self._still_since_s: float | None = None
        self._same_in_row = self._changed_in_row = 0
        self._changes: deque[float] = deque(maxlen=MEMORY)
        self._dark_in_row = 0

    @property
    def confirmed(self) -> bool:
        """Whether the newest comparisons agree: the next one is in no hurry."""
        return self._same_in_row >= CHANGES_TO_THAW or (self._still_since_s is None and not self.lively)

    def frozen_s(self, now_s: float) -> float | None:
        """How long the picture has been the same; 0 while it changes, None while that can't be told.

        Args:
            now_s: the clock of `look`.
        """
        if not self._can_freeze or self._before is None:
            return None
        still_s = 0.0 if self._still_since_s is None else max(0.0, now_s - self._still_since_s)
        if not self.lively and still_s < NEVER_LIVELY_S:
            return None
        return still_s

    def look(self, frame: Frame, now_s: float) -> None:
        """Take the next picture; most are passed over. `now_s` is when it came, by any clock that goes forward."""
        keyframe = frame.keyframe and now_s - self._keyframe_s >= KEYFRAME_INTERVAL_S
        if not keyframe and now_s - self._looked_s < GLANCE_INTERVAL_S:
            return
        self._looked_s = now_s
        luma = sampled(frame.planes.y)
        self._judge_light(luma)
        if keyframe:
            self._keyframe_s = now_s
            if self._can_freeze:
                self._compare(_Sample(luma, now_s))

    def _judge_light(self, luma: UInt8Array) -> None:
        dark = is_dark(luma)
        self._dark_in_row = self._dark_in_row + 1 if dark else 0
        if not dark:
            self.dark = False
        elif self._dark_in_row >= DARK_LOOKS:
            self.dark = True

    def _compare(self, now: _Sample) -> None:
        before, self._before = self._before, now
        if before is None or before.luma.shape != now.luma.shape:
            self._forget()
            return
        changed = changed_ratio(before.luma, now.luma)
        if changed is None or self.dark:  # a sensor at its end makes no noise either
            self._forget()
            return
        if changed <= STILL_RATIO:
            self._same_in_row += 1
            self._changed_in_row = 0
            if self._still_since_s is None:
                self._still_since_s = before.at_s
        else:
            self._same_in_row = 0
            self._changed_in_row += 1
            if self._changed_in_row >= CHANGES_TO_THAW:
                self._still_since_s = None
        self._learn(changed)

    def _learn(self, changed: float) -> None:
        """What is usual, as long as the picture lives."""
        if self._still_since_s is not None and self.lively:
            return
        self._changes.append(changed)
        lively = sum(one > STILL_RATIO for one in self._changes) >= LIVELY_OF_MEMORY
        self.lively |= lively and len(self._changes) == MEMORY

    def _forget(self) -> None:
        self._still_since_s = None
        self._same_in_row = self._changed_in_row = 0


def sampled(luma: UInt8Array) -> UInt8Array:
    """At most 64 x 320 samples, each a pixel as it is, in memory of their own."""
    height, width = luma.shape
    rows, columns = max(1, -(-height // SAMPLE_ROWS)), max(1, -(-width // SAMPLE_COLUMNS))
    return luma[::rows, ::columns].copy()


def changed_ratio(before: UInt8Array, now: UInt8Array) -> float | None:
    """Share of the samples between black and white that differ at all; None when there are too few of them."""
    lowest, highest = np.minimum(before, now), np.maximum(before, now)
    counts = (highest > CLIPPED_LOW) & (lowest < CLIPPED_HIGH)
    total = int(np.count_nonzero(counts))
    if total < LEAST_UNCLIPPED * counts.size:
        return None
    return int(np.count_nonzero((lowest != highest) & counts)) / total


def is_dark(luma: UInt8Array) -> bool:
    """Whether the samples are black, or all of about one brightness."""
    levels = np.cumsum(np.bincount(luma.ravel(), minlength=256))
    low, high = np.searchsorted(levels, [SPOTS * luma.size, (1 - SPOTS) * luma.size])
    return bool(high <= BLACK_LUMA or high - low <= FLAT_SPREAD)
