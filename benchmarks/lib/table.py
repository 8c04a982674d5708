"""Figures of repeated runs, and the table that shows them."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.lib.machine import heading


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure that must be reached and one that is aimed at; `most` says that lower is better."""

    required: float
    aim: float
    unit: str = ""
    most: bool = False

    def verdict(self, value: float) -> str:
        """How the value stands to both."""
        sign = "<=" if self.most else ">="
        wish = f"{sign} {self.required:g}{self.unit}, aim {self.aim:g}{self.unit}"
        if math.isnan(value):
            return f"{wish}: **not measured**"
        if self._holds(value, self.aim):
            return f"{wish}: aim reached"
        return f"{wish}: {'reached' if self._holds(value, self.required) else '**missed**'}"

    def _holds(self, value: float, limit: float) -> bool:
        return value <= limit if self.most else value >= limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: the values of its runs. What is wanted of the median, in words or as a `Wanted`."""

    name: str
    unit: str
    values: tuple[float, ...]
    limit: str | Wanted = ""

    def row(self) -> tuple[str, ...]:
        """Its cells."""
        low, middle, high = min(self.values), statistics.median(self.values), max(self.values)
        wanted = self.limit.verdict(middle) if isinstance(self.limit, Wanted) else self.limit
        return (self.name, self.unit, _cell(low), _cell(middle), _cell(high), str(len(self.values)), wanted)


def _cell(value: float) -> str:
    if 0 < abs(value) < 0.095:
        return f"{value:.4f}"
    return f"{value:.2f}" if abs(value) < 1000 else f"{value:.0f}"


def ratios(name: str, ours: Sequence[float], theirs: Sequence[float], limit: str | Wanted = "") -> Figure:
    """Ours by theirs, run by run: both of a run were measured one after the other, so a slow minute disturbs both."""
    return Figure(name, "ratio", tuple(a / b for a, b in zip(ours, theirs, strict=True)), limit)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table that is also readable as it is."""
    whole = [header, *rows]
    widths = [max(len(row[column]) for row in whole) for column in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in whole
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def show(
    title: str, figures: Sequence[Figure], *, peers: Mapping[str, str] | None = None, notes: Sequence[str] = ()
) -> None:
    """Print a Markdown table that a reader may paste, with the machine, versions and date."""
    header = ("figure", "unit", "min", "median", "max", "runs", "wanted")
    print(f"\n### {title}\n\n{heading(peers)}\n")
    print(markdown(header, [figure.row() for figure in figures]))
    for note in notes:
        print(f"\n{note}")
    print(flush=True)
