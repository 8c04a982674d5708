"""Pieces of history put together, and thinned out for those who draw them. Pure, and without NumPy."""

import math
from collections.abc import Callable, Iterable, Sequence

from popcam.core.monitoring import Points

NAN = math.nan


def joined(older: Points, newer: Points) -> Points:
    """One piece in steps of the older; steps of the newer are gathered into those.

    What the newer tells of a step that the older has is left out.
    """
    if not newer.unix_s:
        return older
    known_until_s = older.unix_s[-1] + older.step_s if older.unix_s else -math.inf
    kept = [place for place, unix_s in enumerate(newer.unix_s) if unix_s >= known_until_s]
    gathered = thinned(_picked(newer, kept), older.step_s)
    return Points(
        older.step_s,
        [*older.unix_s, *gathered.unix_s],
        [*older.mean, *gathered.mean],
        [*older.low, *gathered.low],
        [*older.high, *gathered.high],
    )


def at_most(points: Points, count: int) -> Points:
    """The same history in not more than so many points, two at least."""
    if len(points.unix_s) <= count:
        return points
    steps = (points.unix_s[-1] - points.unix_s[0]) / points.step_s + 1.0
    # The first and the last step may begin before what there is, or end after it.
    return thinned(points, points.step_s * math.ceil(steps / (count - 1)))


def thinned(points: Points, step_s: float) -> Points:
    """The same history in longer steps, which begin at multiples of their length. A step of which every point is NaN is
    NaN, too."""
    if step_s <= points.step_s:
        return points
    steps: dict[int, list[int]] = {}
    for place, unix_s in enumerate(points.unix_s):
        steps.setdefault(int(unix_s // step_s), []).append(place)
    return Points(
        step_s,
        [step * step_s for step in steps],
        [_over(points.mean, places, _mean) for places in steps.values()],
        [_over(points.low, places, min) for places in steps.values()],
        [_over(points.high, places, max) for places in steps.values()],
    )


def _over(values: Sequence[float], places: Iterable[int], how: Callable[[list[float]], float]) -> float:
    known = [value for place in places if not math.isnan(value := values[place])]
    return how(known) if known else NAN


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _picked(points: Points, places: Sequence[int]) -> Points:
    return Points(
        points.step_s,
        [points.unix_s[place] for place in places],
        [points.mean[place] for place in places],
        [points.low[place] for place in places],
        [points.high[place] for place in places],
    )
