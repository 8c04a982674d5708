"""How the points of a window become one number per series. Pure."""

from typing import assert_never

import numpy as np
import numpy.typing as npt

from popcam.core.monitoring import Aggregate

P95 = 0.95
Window = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Column = npt.NDArray[np.float64]


def reduce_window(points: Window, aggregate: Aggregate) -> Column:
    """One number per series.

    Args:
        points: (time, series), oldest first, NaN where nothing was measured; of counters the growth in each second.
        aggregate: `last` is the newest point that there is; `rate` is over the time since the first point.

    Returns:
        (series,); NaN for those without a point.
    """
    match aggregate:
        case "mean":
            return _mean(points)
        case "min":
            return _float64(np.fmin.reduce(points, axis=0))
        case "max":
            return _float64(np.fmax.reduce(points, axis=0))
        case "last":
            return _last(points)
        case "p95":
            return quantile(points, P95)
        case "increase":
            return _sum(points)[0]
        case "rate":
            return _float64(_sum(points)[0] / np.maximum(1, len(points) - (~np.isnan(points)).argmax(axis=0)))
        case _:
            assert_never(aggregate)


def quantile(points: Window, share: float) -> Column:
    """The value below which this share of a series' points lies, linear between the two nearest.

    Source: definition 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996.
    """
    ordered = np.sort(points, axis=0)  # NaN goes to the end
    known = (~np.isnan(ordered)).sum(axis=0)
    place = np.maximum(0, known - 1) * share
    low = np.floor(place).astype(np.intp)
    series = np.arange(points.shape[1])
    below = ordered[low, series].astype(np.float64)
    above = ordered[np.minimum(low + 1, np.maximum(0, known - 1)), series]
    return _float64(below + (above - below) * (place - low))


def _mean(points: Window) -> Column:
    total, known = _sum(points)
    return _float64(total / np.maximum(1, known))


def _sum(points: Window) -> tuple[Column, npt.NDArray[np.intp]]:
    """Sum and number of the points that are there; NaN and 0 where there is none."""
    missing = np.isnan(points)
    known = len(points) - missing.sum(axis=0)
    total = np.sum(points, axis=0, dtype=np.float64, where=~missing)
    return np.where(known > 0, total, np.nan), known


def _last(points: Window) -> Column:
    newest = len(points) - 1 - (~np.isnan(points))[::-1].argmax(axis=0)
    return _float64(points[newest, np.arange(points.shape[1])])


def _float64(found: npt.ArrayLike) -> Column:
    return np.asarray(found, np.float64)
