"""How long things take: quantiles over a moving window, in memory and time that do not depend on how much happens.

Values fall into buckets whose bounds grow by a fixed factor, so that each quantile is known to half of that factor. The
window is cut into slices of some seconds; whole slices are forgotten. Buckets of several distributions add up exactly.

Source: log-spaced buckets with a bounded relative error are those of Masson, Rim and Lee, DDSketch, VLDB 2019.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from popcam.core.monitoring import Labels
from popcam.monitoring.registry import Family

QUANTILES: tuple[float, ...] = (0.5, 0.95, 0.99)
LOWEST = 1e-6
"""Smaller values count as this one."""
HIGHEST_BUCKET = 1000


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened in a window; NaN where nothing did."""

    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    highest: float

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """Those of `QUANTILES`."""
        return self.p50, self.p95, self.p99


class Buckets:
    """Values as counts per bucket. Not for several threads."""

    __slots__ = ("_per_log", "count", "counts", "growth", "highest", "total")

    def __init__(self, growth: float = 1.05) -> None:
        self.growth = growth
        self._per_log = 1.0 / math.log(growth)
        self.counts: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        self.highest = 0.0

    def put(self, value: float, count: int = 1) -> None:
        """Take a value, which happened so often."""
        bucket = min(HIGHEST_BUCKET, math.ceil(math.log(max(value, LOWEST) / LOWEST) * self._per_log))
        self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += count
        self.total += value * count
        self.highest = max(self.highest, value)

    def merge(self, other: "Buckets") -> None:
        """Take all that another has, of the same growth."""
        if other.growth != self.growth:
            raise ValueError("buckets of different sizes do not add up")
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        self.highest = max(self.highest, other.highest)

    def quantile(self, share: float) -> float:
        """The value below which this share lies, to half of the growth; never above the highest."""
        if not self.count:
            return math.nan
        wanted = share * self.count
        passed = 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            if passed >= wanted:
                # The middle of a bucket in the sense of its bounds' ratio.
                return min(self.highest, LOWEST * math.pow(self.growth, bucket - 0.5))
        return self.highest

    def summary(self) -> Summary:
        """All in a few numbers."""
        mean = self.total / self.count if self.count else math.nan
        highest = self.highest if self.count else math.nan
        return Summary(self.count, mean, self.quantile(0.5), self.quantile(0.95), self.quantile(0.99), highest)


class Distribution:
    """Values of the last moments. Any thread may put and ask.

    Args:
        slices, slice_s: the window is so many slices long, each of so many seconds.
        growth: each bucket's upper bound is so many times the one before.
        now_s: seconds that never jump.
    """

    def __init__(
        self,
        *,
        slices: int = 12,
        slice_s: float = 5.0,
        growth: float = 1.05,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window_s = slices * slice_s
        self._slices = slices
        self._slice_s = slice_s
        self._growth = growth
        self._now_s = now_s
        self._kept: dict[int, Buckets] = {}
        self._lock = threading.Lock()

    def put(self, value: float) -> None:
        """Take a value."""
        number = int(self._now_s() // self._slice_s)
        with self._lock:
            current = self._kept.get(number)
            if current is None:
                self._forget(number)
                current = self._kept[number] = Buckets(self._growth)
            current.put(value)

    def buckets(self, window_s: float | None = None) -> Buckets:
        """What happened in the last seconds, to the length of a slice; in the whole window by default."""
        newest = int(self._now_s() // self._slice_s)
        slices = self._slices if window_s is None else max(1, math.ceil(window_s / self._slice_s))
        found = Buckets(self._growth)
        with self._lock:
            self._forget(newest)
            for number, kept in self._kept.items():
                if number > newest - slices:
                    found.merge(kept)
        return found

    def summary(self, window_s: float | None = None) -> Summary:
        """The last seconds in a few numbers."""
        return self.buckets(window_s).summary()

    def _forget(self, newest: int) -> None:
        for number in [number for number in self._kept if number <= newest - self._slices]:
            del self._kept[number]


def merged(distributions: Iterable[Distribution], window_s: float | None = None) -> Buckets:
    """What happened in all of them; they have the same growth."""
    total: Buckets | None = None
    for distribution in distributions:
        found = distribution.buckets(window_s)
        if total is None:
            total = found
        else:
            total.merge(found)
    return Buckets() if total is None else total


def tell(family: Family, labels: Labels, summary: Summary) -> None:
    """Put a summary into a family whose last label is `quantile`; no value where nothing happened."""
    for share, value in zip(QUANTILES, summary.quantiles, strict=True):
        family.set((*labels, str(share)), value)
