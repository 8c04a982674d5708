"""Whether a process grows without end: the slope of its memory over a window, and what that says.

A process fills its caches first and then stays; one that leaks grows by the same again and again. So the first minutes
do not count, and the slope is that of Theil and Sen: the median of the slopes between pairs of points, which a single
large request does not turn.
"""

import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.registry import Registry

EVERY_S: Final = 15.0
WINDOW_S: Final = 3600.0
WARM_UP_S: Final = 300.0
"""What a process takes in its first minutes is what it needs."""
MIN_SPAN_S: Final = 900.0
"""A slope over less says nothing."""
GROWING_BYTES_PER_HOUR: Final = 20_000_000.0
GROWING_SHARE: Final = 0.7
"""Of the steps between tenths of the window, so many must go up."""
MAX_PAIRS_APART: Final = 48
HOUR_S: Final = 3600.0
MAX_PROCESSES: Final = 256
RSS: Final = "popcam_process_rss_bytes"
SLOPE = Metric(
    name="popcam_process_rss_slope_bytes_per_hour",
    kind="gauge",
    unit="bytes",
    labels=("process",),
    help=Text(
        "How fast the memory of a process grows, over the last hour; missing while it is too young to tell",
        "最近一小时内进程内存的增长速度；进程运行时间太短时没有数值",
    ),
    kept=True,
)
Verdict = Literal["steady", "growing", "too_young"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How the memory of one process went. `slope_bytes_per_hour` is None while it is too young."""

    process: str
    rss_bytes: float
    lowest_bytes: float
    highest_bytes: float
    span_s: float
    slope_bytes_per_hour: float | None
    verdict: Verdict


class LeakWatch:
    """Remembers the memory of all processes for an hour.

    Args:
        registry: where processes tell their memory, and slopes go.
        now_s: seconds that never jump.
    """

    def __init__(self, registry: Registry, now_s: Callable[[], float]) -> None:
        self._registry = registry
        self._slope = registry.declare(SLOPE)
        self._now_s = now_s
        self._kept: dict[str, deque[tuple[float, float]]] = {}
        self._first_s: dict[str, float] = {}

    def sample(self) -> None:
        """Take the memory of all processes, and tell the slopes; every `EVERY_S`."""
        known = self._registry.metrics()
        told = self._registry.family(RSS).latest() if RSS in known else {}
        self.put({labels[0]: rss_bytes for labels, rss_bytes in told.items()})

    def put(self, rss_bytes: dict[str, float]) -> None:
        """This is the memory of all processes now; others are gone."""
        now_s = self._now_s()
        for process in [process for process in self._kept if process not in rss_bytes]:
            del self._kept[process], self._first_s[process]
            self._slope.remove((process,))
        for process, size_bytes in list(rss_bytes.items())[:MAX_PROCESSES]:
            self._first_s.setdefault(process, now_s)
            kept = self._kept.setdefault(process, deque(maxlen=round(WINDOW_S / EVERY_S)))
            kept.append((now_s, size_bytes))
            growth = self._growth(process)
            if growth.slope_bytes_per_hour is not None:
                self._slope.set((process,), growth.slope_bytes_per_hour)

    def all(self) -> list[Growth]:
        """All processes, the one that grows fastest first."""
        found = [self._growth(process) for process in self._kept]
        return sorted(found, key=lambda growth: (-(growth.slope_bytes_per_hour or 0.0), growth.process))

    def _growth(self, process: str) -> Growth:
        points = list(self._kept[process])
        settled_s = self._first_s[process] + WARM_UP_S
        counted = [point for point in points if point[0] >= settled_s]
        span_s = counted[-1][0] - counted[0][0] if counted else 0.0
        slope = slope_of(counted) * HOUR_S if span_s >= MIN_SPAN_S else None
        sizes = [size for _, size in points]
        return Growth(
            process=process,
            rss_bytes=sizes[-1],
            lowest_bytes=min(sizes),
            highest_bytes=max(sizes),
            span_s=span_s,
            slope_bytes_per_hour=slope,
            verdict=_verdict(slope, [size for _, size in counted]),
        )


def slope_of(points: list[tuple[float, float]]) -> float:
    """Growth per second: the median of the slopes between points that lie a third of all apart or more.

    Source: Theil 1950 and Sen 1968; incomplete, as Siegel's and Theil's own short form take far pairs alone.
    """
    thin = points[:: max(1, len(points) // MAX_PAIRS_APART)]
    apart = max(1, len(thin) // 3)
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for index, earlier in enumerate(thin)
        for later in thin[index + apart :]
        if later[0] > earlier[0]
    ]
    return statistics.median(slopes) if slopes else 0.0


def _verdict(slope_bytes_per_hour: float | None, sizes: list[float]) -> Verdict:
    if slope_bytes_per_hour is None:
        return "too_young"
    growing = slope_bytes_per_hour >= GROWING_BYTES_PER_HOUR and _share_up(sizes) >= GROWING_SHARE
    return "growing" if growing else "steady"


def _share_up(sizes: list[float]) -> float:
    """Share of the steps between tenths of the window, by their medians, that go up."""
    tenth = max(1, len(sizes) // 10)
    medians = [statistics.median(sizes[start : start + tenth]) for start in range(0, len(sizes) - tenth + 1, tenth)]
    steps = list(pairwise(medians))
    return sum(later > earlier for earlier, later in steps) / len(steps) if steps else 0.0
