"""The last hour of all figures, a column a second, in memory that is fixed by the number of series.

Points lie as (time, series), so that one second is written in one go and a question about a window reads whole rows.
Gauges are kept as they are. Of counters the growth since the second before is kept: totals outgrow what 32 bits can
tell apart within days, and a fresh start at 0 is settled once, where it happens. So the mean of a counter is its growth
per second.
"""

import math
from collections.abc import Iterator, Mapping
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from popcam.core.monitoring import Aggregate, Labels, Points
from popcam.monitoring.aggregates import reduce_window
from popcam.monitoring.registry import Family, Registry

HOUR_S = 3600
FIRST_ROWS, MAX_ROWS = 8, 256
"""Series of the first block, and of the largest: blocks double, so that at most half of a ring is unused."""

Floats = npt.NDArray[np.float32]
Column = npt.NDArray[np.float64]
NOTHING: Column = np.empty(0)
Scalar = TypeVar("Scalar", np.float32, np.float64)


class Block:
    """Some series of a ring. All of its memory is taken at once: taken page by page over the first hour it would look
    like a leak, of 10 MB/h with four cameras, and would hide one."""

    def __init__(self, first_row: int, rows: int, columns: int, born: int) -> None:
        self.first_row = first_row
        self.rows = rows
        self.born = born
        """The tick before the first that was written."""
        self.points: Floats = np.full((columns, rows), np.nan, np.float32)  # zeros would not be written, only promised


class Ring:
    """The last hour of one family."""

    def __init__(self, family: Family, columns: int) -> None:
        self.family = family
        self.labels: dict[int, Labels] = {}
        self._columns = columns
        self._blocks: list[Block] = []
        self._capacity = 0
        self._version = -1
        self._used: set[int] = set()
        self._counts = family.metric.kind == "counter"
        self._before: Column = np.empty(0)

    def write(self, tick: int) -> None:
        """Put the newest values into the column of this tick."""
        version = self.family.version
        if version != self._version:
            self._follow(tick)
            self._version = version
        if self._capacity:  # many families have no series at all
            now = np.frombuffer(self.family.values(), np.float64)[: self._capacity]
            self._put(tick, self._growth(now) if self._counts else now)

    def skip(self, tick: int) -> None:
        """Nothing was measured in this tick."""
        self._put(tick, NOTHING)

    def window(self, tick: int, columns: int) -> Iterator[tuple[int, Floats]]:
        """The newest columns up to a tick as (first row, (time, rows) points), oldest first."""
        for block in self._blocks:
            known = min(columns, tick - block.born, self._columns)
            if known > 0:
                yield block.first_row, _unrolled(block.points, tick, known)

    def series(self, row: int, tick: int, columns: int) -> Floats:
        """The newest points of one series, NaN where there are none."""
        found = np.full(columns, np.nan, np.float32)
        for block in self._blocks:
            if block.first_row <= row < block.first_row + block.rows:
                known = min(columns, tick - block.born, self._columns)
                if known > 0:
                    found[columns - known :] = _unrolled(block.points[:, row - block.first_row], tick, known)
        return found

    def size_bytes(self) -> int:
        """Memory when it is full."""
        return self._capacity * self._columns * np.dtype(np.float32).itemsize

    def _put(self, tick: int, values: Column) -> None:
        """Put a value into each row, none into those for which there is none."""
        column = tick % self._columns
        for block in self._blocks:
            told = values[block.first_row : block.first_row + block.rows]
            points = block.points[column]
            points[: len(told)] = told
            points[len(told) :] = np.nan

    def _growth(self, values: Column) -> Column:
        before = self._before[: len(values)]
        grown: Column = values - before
        if grown.min() >= 0:  # nearly always: no value is missing, and none began anew
            before[:] = values
            return grown
        fresh = grown < 0  # it began anew at 0
        grown[fresh] = values[fresh]
        known = ~np.isnan(values)
        before[known] = values[known]
        return grown

    def _follow(self, tick: int) -> None:
        """Make room for series that came, and forget those that went."""
        labels = {row: labels for labels, row in self.family.rows().items()}
        last = max(labels, default=-1)
        while self._capacity <= last:
            rows = min(MAX_ROWS, max(FIRST_ROWS, self._capacity))
            self._blocks.append(Block(self._capacity, rows, self._columns, tick - 1))
            self._capacity += rows
            self._before = np.append(self._before, np.full(rows, np.nan))
        firsts = self.family.firsts()
        for row, known in labels.items():
            if self.labels.get(row) != known:
                if row in self._used:
                    self._blank(row)  # what was there belongs to a series that is over
                self._used.add(row)
                self._before[row] = firsts[row]
        self.labels = labels

    def _blank(self, row: int) -> None:
        for block in self._blocks:
            if block.first_row <= row < block.first_row + block.rows:
                block.points[:, row - block.first_row] = np.nan


class Rings:
    """The last hour of all families of a registry."""

    def __init__(self, registry: Registry, columns: int = HOUR_S) -> None:
        self._registry = registry
        self._columns = columns
        self._rings: dict[str, Ring] = {}
        self._tick = 0
        self._begun_s: float | None = None
        self._unix_s: Column = np.full(columns, np.nan)
        self._answers: dict[tuple[str, Aggregate, int], Mapping[Labels, float]] = {}

    def take(self, monotonic_s: float, unix_s: float) -> int:
        """Take all values now, as the column of this second.

        Returns:
            How many seconds have passed since the last time; 0 when it is still the same, and nothing was taken.
        """
        if self._begun_s is None:
            self._begun_s = monotonic_s - 1.0
        tick = round(monotonic_s - self._begun_s)
        passed = tick - self._tick
        if passed <= 0:
            return 0
        for missed in range(max(self._tick + 1, tick - self._columns), tick):
            self._unix_s[missed % self._columns] = unix_s - (tick - missed)
            for ring in self._rings.values():
                ring.skip(missed)
        self._unix_s[tick % self._columns] = unix_s
        for family in self._registry.families():
            self._ring(family).write(tick)
        self._tick = tick
        self._answers.clear()
        return passed

    def over(self, name: str, aggregate: Aggregate, window_s: float) -> Mapping[Labels, float]:
        """One number per series over the last seconds; see `MetricsReader.over`."""
        columns = min(self._columns, max(1, round(window_s)))
        asked = (name, aggregate, columns)
        answer = self._answers.get(asked)
        if answer is None:
            answer = self._answers[asked] = self._reduced(self._registry.family(name), aggregate, columns)
        return answer

    def seconds(self, name: str, labels: Labels, since_unix_s: float, until_unix_s: float) -> Points:
        """Points of one second each of one series; none where it is unknown."""
        columns = min(self._columns, self._tick)
        times = _unrolled(self._unix_s, self._tick, columns)
        wanted = (times >= since_unix_s) & (times <= until_unix_s)
        ring = self._rings.get(name)
        row = None if ring is None else ring.family.row(labels)
        if ring is None or row is None:
            return Points(1.0, (), (), (), ())
        found = ring.series(row, self._tick, columns)[wanted].tolist()
        return Points(1.0, times[wanted].tolist(), found, found, found)

    def minute(
        self, columns: int, newer: int = 0
    ) -> Iterator[tuple[Family, dict[int, Labels], npt.NDArray[np.float32]]]:
        """Mean, least and most of each series of each kept family over the newest columns but the `newer`.

        Yields:
            The family, its labels by row, and (rows, 3) figures, NaN where there are none.
        """
        for ring in self._rings.values():
            if ring.family.metric.kept and ring.labels:
                found = [
                    np.stack([reduce_window(points, how) for how in ("mean", "min", "max")], axis=1)
                    for _, points in ring.window(self._tick - newer, columns)
                ]
                if found:
                    yield ring.family, ring.labels, np.concatenate(found).astype(np.float32)

    @property
    def span_s(self) -> float:
        """How far it reaches back."""
        return float(self._columns)

    def size_bytes(self) -> int:
        """Memory of all rings when they are full."""
        return sum(ring.size_bytes() for ring in self._rings.values())

    def _reduced(self, family: Family, aggregate: Aggregate, columns: int) -> Mapping[Labels, float]:
        if aggregate == "last" and family.metric.kind == "counter":
            return family.latest()
        ring = self._rings.get(family.metric.name)
        if ring is None:
            return {}
        answer: dict[Labels, float] = {}
        for first_row, points in ring.window(self._tick, columns):
            for row, value in enumerate(reduce_window(points, aggregate).tolist(), first_row):
                if not math.isnan(value) and (labels := ring.labels.get(row)) is not None:
                    answer[labels] = value
        return answer

    def _ring(self, family: Family) -> Ring:
        ring = self._rings.get(family.metric.name)
        if ring is None:
            ring = self._rings[family.metric.name] = Ring(family, self._columns)
        return ring


def _unrolled(points: npt.NDArray[Scalar], tick: int, columns: int) -> npt.NDArray[Scalar]:
    """The newest columns up to a tick, oldest first; without a copy where they lie in one piece."""
    end = tick % len(points) + 1
    begin = end - columns
    if begin >= 0:
        return points[begin:end]
    return np.concatenate([points[begin:], points[:end]])
