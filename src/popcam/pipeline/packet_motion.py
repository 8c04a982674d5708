"""Motion seen in the sizes of compressed pictures, without decoding them. Pure rules with a little memory."""

import math
from collections import deque
from typing import Final, NamedTuple

WAKE_FACTOR: Final = 3.0
"""A predicted picture this many times larger than its recent median means that something moved."""
WAKE_MIN_BYTES: Final = 1_500
"""No single packet below this wakes: in a still scene the median is a few dozen bytes and noise triples it."""
SAMPLES: Final = 31
QUIET_BYTES_PER_BLOCK: Final = 0.05
QUIET_BYTES: Final = 16
"""A predicted picture of at most this size, by its blocks of 16x16 pixels, says that nothing changed: it skips all."""
QUIET_S: Final = 30.0
"""While pictures say that nothing changes, a keyframe is decoded this often: to be safe, and for a fresh snapshot."""
STEADY_FACTOR: Final = 1.5
STEADY_BYTES: Final = 200
STEADY_S: Final = 5.0
"""While all pictures are about as large as before (a noisy camera before a still scene), it is this often."""

GROUPS: Final = 7
"""So many groups of pictures are remembered to know what is usual at each place in a group."""
MOST_PLACES: Final = 600
LEAST_GROUPS: Final = 3
SAME_KEYFRAME: Final = 0.0005
SAME_KEYFRAME_BYTES: Final = 2
"""Keyframes of a living picture hardly ever have the same size; those of a frozen one do."""
KEYFRAME_SPREAD: Final = 0.02
"""Keyframes of a still scene differ less than this, or than a few times what is usual."""
TINY_BYTES: Final = 200
"""Sizes are compared as if each packet had so many bytes more: of nearly empty ones small differences mean nothing."""
LEAST_SPREAD: Final = 0.04
FIRST_SPREAD: Final = 0.25
LEARNT_IN: Final = 45
"""Packets in which the usual spread is learnt."""
MOST_SURPRISE: Final = 4.0
TOLERATED: Final = 1.5
WAKE_EVIDENCE: Final = 8.0
"""How surprising packets must be together: four that are each far beyond the noise, or sixteen that are beyond twice
the noise."""
UNSURE_EVIDENCE: Final = 4.0
"""From here on the next keyframe is worth a look."""
MOST_DEMAND: Final = 4.0
"""Each time that there was nothing to see, twice as much evidence is demanded the next time, up to so many times: a
moving thing gives that in a second."""


class PacketMotion:
    """Sees motion in the size of compressed pictures.

    An encoder spends bytes on change. A predicted picture far above the recent median means that something moved, and
    so do several in a row that are larger than those at the same place of earlier groups, by more than what noise
    usually makes of them. They wake an idle camera within a few frames instead of at the next keyframe; the gate then
    judges the pixels.

    A camera's noise, and how its encoder deals out bytes within a group of pictures, are learnt: what repeats itself
    from group to group is no motion. Source of the adding up: Page: Continuous Inspection Schemes (1954), CUSUM.
    """

    def __init__(self) -> None:
        self._sizes: deque[int] = deque(maxlen=SAMPLES)
        self._largest_bytes = 0
        self._unsteady = self._odd_keyframe = False
        self._groups: deque[list[int]] = deque(maxlen=GROUPS)
        self._group: list[int] = []
        self._usual: list[_Usual] = []
        self._keyframes: deque[int] = deque(maxlen=GROUPS)
        self._like_before = False
        self.same_keyframes = 0
        """So many keyframes in a row were as large as the ones before, to a few bytes."""
        self._spread = FIRST_SPREAD
        self._evidence = 0.0
        self._demand = 1.0
        self._waking = False

    def update(self, size_bytes: int, *, keyframe: bool) -> bool:
        """Take the size of the next packet and say whether it looks like motion."""
        if keyframe:
            self._begin_group(size_bytes)
            return False
        known = sorted(self._sizes)
        self._sizes.append(size_bytes)
        self._largest_bytes = max(self._largest_bytes, size_bytes)
        place = len(self._group)
        if place < MOST_PLACES:
            self._group.append(size_bytes)
        if len(known) < SAMPLES // 3:
            return False
        median = known[len(known) // 2]
        self._weigh(size_bytes, median, self._usual[place] if place < len(self._usual) else None)
        if size_bytes >= WAKE_MIN_BYTES and size_bytes > WAKE_FACTOR * median:
            # At some places of a group packets are always that large.
            return place >= len(self._usual) or size_bytes > WAKE_FACTOR * self._usual[place].size_bytes
        enough = self._evidence >= WAKE_EVIDENCE * self._demand
        self._waking |= enough
        return enough

    def confirmed(self) -> None:
        """Something moves, by the pictures."""
        if self._waking:
            self._waking = False
            self._demand = max(1.0, self._demand / 2)

    def slept(self) -> None:
        """Nothing moves, by the pictures, and so fewer of them are decoded."""
        if self._waking:
            self._waking = False
            self._demand = min(2 * self._demand, MOST_DEMAND)
            self._evidence = 0.0

    def decoded(self) -> None:
        """A picture was decoded: what is asked next is what changed since."""
        self._largest_bytes = 0
        self._unsteady = self._odd_keyframe = False

    def glance_interval_s(self, width_px: int, height_px: int) -> float:
        """How old the newest decoded picture may become before the next keyframe is worth decoding, by the sizes of
        all pictures since; 0 when they say nothing."""
        if len(self._sizes) < SAMPLES // 3 or self._odd_keyframe:
            return 0.0
        if self._largest_bytes <= QUIET_BYTES + QUIET_BYTES_PER_BLOCK * width_px * height_px / 256:
            return QUIET_S
        return 0.0 if self._unsteady else STEADY_S

    def _begin_group(self, keyframe_bytes: int) -> None:
        """What the last groups have in common is what is usual."""
        if self._group:
            self._groups.append(self._group)
            self._group = []
            self._usual = _usual_by_place(self._groups)
        self._like_before = _is_like(keyframe_bytes, self._keyframes)
        self.same_keyframes = self.same_keyframes + 1 if _is_same(keyframe_bytes, self._keyframes) else 0
        self._odd_keyframe |= len(self._keyframes) >= LEAST_GROUPS and not self._like_before
        self._keyframes.append(keyframe_bytes)

    def _weigh(self, size_bytes: int, median: float, usual: "_Usual | None") -> None:
        """Add what this packet says to the evidence, and learn how much packets usually differ."""
        expected, spread = (median, 1.25 * self._spread) if usual is None else usual
        if not self._like_before:
            expected = max(expected, median)  # the encoder deals out its bytes in another way in this group
        surprise = _surprise(size_bytes, expected)
        worth = min(max(surprise / max(spread, LEAST_SPREAD), -MOST_SURPRISE), MOST_SURPRISE)
        most = (self._demand + 1.0) * WAKE_EVIDENCE  # what is over for long must be forgotten soon
        self._evidence = min(max(0.0, self._evidence + worth - TOLERATED), most)
        if usual is None:
            learnt = min(abs(surprise), 3 * max(self._spread, LEAST_SPREAD))
            self._spread += (learnt - self._spread) / LEARNT_IN
        large = size_bytes > STEADY_FACTOR * max(median, expected) + STEADY_BYTES
        self._unsteady |= large or self._evidence >= UNSURE_EVIDENCE


class _Usual(NamedTuple):
    """What is usual at one place of a group: the size, and about one standard deviation of its logarithm."""

    size_bytes: float
    spread: float


def _surprise(size_bytes: float, expected_bytes: float) -> float:
    return math.log((size_bytes + TINY_BYTES) / (expected_bytes + TINY_BYTES))


def _usual_by_place(groups: "deque[list[int]]") -> list[_Usual]:
    """The median size at each place, and its spread, as far as enough groups reach."""
    if len(groups) < LEAST_GROUPS:
        return []
    places = sorted(map(len, groups))[-LEAST_GROUPS]
    return [_usual([group[place] for group in groups if place < len(group)]) for place in range(places)]


def _usual(sizes: list[int]) -> _Usual:
    middle = _median(sizes)
    # the root of the mean square of so few would be one outlier's; 1.5 times the middle deviation is about the same
    return _Usual(middle, 1.5 * _median([abs(_surprise(size, middle)) for size in sizes]))


def _is_same(keyframe_bytes: int, before: "deque[int]") -> bool:
    """Whether a keyframe is just as large as the one before: headers may differ in a few bits."""
    return bool(before) and abs(keyframe_bytes - before[-1]) <= SAME_KEYFRAME_BYTES + SAME_KEYFRAME * before[-1]


def _is_like(keyframe_bytes: int, before: "deque[int]") -> bool:
    """Whether a keyframe is about as large as the ones before, which differ by their own measure."""
    if len(before) < LEAST_GROUPS:
        return False
    middle = _median(before)
    usual = 4 * 1.5 * _median([abs(size - middle) for size in before])
    return abs(keyframe_bytes - middle) <= max(KEYFRAME_SPREAD * middle, usual)


def _median(values: "deque[int] | list[int] | list[float]") -> float:
    return sorted(values)[len(values) // 2]
