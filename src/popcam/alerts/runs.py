"""When a condition held in the past, as runs of time, and what a rule makes of them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from popcam.alerts.evaluate import COMPARE
from popcam.alerts.model import MISSING_S
from popcam.alerts.schedule import in_force
from popcam.core.alerts import AlertRuleSpec, ConditionSpec
from popcam.core.monitoring import Points

Floats = npt.NDArray[np.float64]
MINUTE_S = 60.0
P95 = 0.95


class Run(NamedTuple):
    """From `begin_unix_s` to `end_unix_s` a condition held; `value` is the worst number meanwhile."""

    begin_unix_s: float
    end_unix_s: float
    value: float | None = None


class Episode(NamedTuple):
    """One time that a rule would have fired for a subject; `ended_unix_s` is None for one that lasts."""

    subject: str
    camera_id: str
    active_unix_s: float
    fired_unix_s: float
    ended_unix_s: float | None
    value: float | None


def episodes_of(
    runs: Iterable[Run], rule: AlertRuleSpec, subject: str, camera_id: str, until_unix_s: float
) -> Iterator[Episode]:
    """What a rule makes of the times in which its condition held: `for` and `keep_firing_for` count.

    Args:
        runs: in order, none over another.
        rule: the rule.
        subject, camera_id: what it is about.
        until_unix_s: the end of what was looked at.
    """
    open_one: Episode | None = None
    gone_s = 0.0
    for run in runs:
        if open_one is not None and run.begin_unix_s - gone_s < rule.keep_firing_for_s:
            open_one = open_one._replace(value=_worse(rule.condition, open_one.value, run.value))
            gone_s = run.end_unix_s
            continue
        if open_one is not None:
            yield _ended(open_one, gone_s + rule.keep_firing_for_s, until_unix_s)
            open_one = None
        fires_s = run.begin_unix_s + rule.for_s
        if fires_s < run.end_unix_s or (rule.for_s == 0 and fires_s <= until_unix_s):
            open_one = Episode(subject, camera_id, run.begin_unix_s, fires_s, None, run.value)
            gone_s = run.end_unix_s
    if open_one is not None:
        yield _ended(open_one, gone_s + rule.keep_firing_for_s, until_unix_s)


def scheduled(
    runs: Iterable[Run], rule: AlertRuleSpec, local_time: Callable[[float], datetime] = datetime.fromtimestamp
) -> Iterator[Run]:
    """The parts of runs in which a rule is in force, to the minute."""
    if rule.schedule is None:
        yield from runs
        return
    for run in runs:
        begin_s: float | None = None
        at_s = run.begin_unix_s
        while at_s < run.end_unix_s:
            if in_force(rule.schedule, local_time(at_s)):
                begin_s = at_s if begin_s is None else begin_s
            elif begin_s is not None:
                yield run._replace(begin_unix_s=begin_s, end_unix_s=at_s)
                begin_s = None
            at_s = (at_s // MINUTE_S + 1) * MINUTE_S
        if begin_s is not None:
            yield run._replace(begin_unix_s=begin_s)


def runs_of_points(points: Points, rule: AlertRuleSpec, since_unix_s: float) -> list[Run]:
    """When the condition of a rule over a metric held, by what was measured.

    Args:
        points: of one series, begun a window earlier than `since_unix_s`.
        rule: the rule.
        since_unix_s: nothing before is told.
    """
    unix_s = np.asarray(points.unix_s, np.float64)
    if unix_s.size == 0:
        return []
    values = windowed(points, rule.condition)
    holds = _holding(values, rule, points.step_s)
    holds &= unix_s >= since_unix_s
    edges = np.flatnonzero(np.diff(np.concatenate(([False], holds, [False]))))
    return [
        Run(float(unix_s[first]), float(unix_s[last - 1] + points.step_s), _worst(rule.condition, values[first:last]))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def runs_of_times(times_unix_s: Sequence[float], at_least: int, window_s: float) -> list[Run]:
    """When something had happened often enough within a window, by the times at which it did, in order."""
    found: list[Run] = []
    for place in range(at_least - 1, len(times_unix_s)):
        begin_s, end_s = times_unix_s[place], times_unix_s[place - at_least + 1] + window_s
        if begin_s >= end_s:
            continue
        if found and begin_s <= found[-1].end_unix_s:
            found[-1] = found[-1]._replace(end_unix_s=max(end_s, found[-1].end_unix_s))
        else:
            found.append(Run(begin_s, end_s, float(at_least)))
    return found


def windowed(points: Points, condition: ConditionSpec) -> Floats:
    """Points as the aggregate of the window that ends with each; NaN where nothing was measured in it.

    Minutes hold mean, lowest and highest value: percentiles over them are of the highest values, the cautious side. Of
    counters they hold the growth per second.
    """
    count = max(1, round(condition.window_s / points.step_s))
    mean, low, high = (np.asarray(one, np.float64) for one in (points.mean, points.low, points.high))
    match condition.aggregate:
        case "last":
            return mean
        case "mean":
            known = np.isfinite(mean)
            total, number = _sums(np.where(known, mean, 0.0), count), _sums(known.astype(np.float64), count)
            return np.asarray(np.divide(total, number, out=np.full(mean.size, np.nan), where=number > 0), np.float64)
        case "min":
            return _extreme(low, count, np.inf, np.min)
        case "max":
            return _extreme(high, count, -np.inf, np.max)
        case "p95":
            return _percentile(high, count)
        case _:
            known = np.isfinite(mean)
            grown = _sums(np.where(known, mean, 0.0), count) * points.step_s
            scale = condition.window_s if condition.aggregate == "rate" else 1.0
            seen = _sums(known.astype(np.float64), count) > 0
            return np.asarray(np.where(seen, grown / scale, np.nan), np.float64)


def _holding(values: Floats, rule: AlertRuleSpec, step_s: float) -> npt.NDArray[np.bool_]:
    condition = rule.condition
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    begins = known & COMPARE[condition.compare](filled, condition.threshold)
    holds = np.asarray(begins, np.bool_)
    if condition.clear_threshold is not None:
        goes_on = known & COMPARE[condition.compare](filled, condition.clear_threshold)
        # Each point takes after the newest one that decided: that began it, or that ended it.
        decided = np.where(begins | ~goes_on, np.arange(values.size), 0)
        holds = np.asarray(begins[np.maximum.accumulate(decided)], np.bool_)
    if rule.no_data == "firing":
        holds |= _long_missing(~known, max(MISSING_S, rule.for_s) / step_s)
    return holds


def _long_missing(missing: npt.NDArray[np.bool_], steps: float) -> npt.NDArray[np.bool_]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False]))))
    found = np.zeros(missing.size, np.bool_)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= steps:
            found[first:last] = True
    return found


def _sums(values: Floats, count: int) -> Floats:
    """Sum of each value and the `count - 1` before it."""
    total = np.cumsum(values)
    total[count:] -= total[:-count].copy()
    return total


def _extreme(values: Floats, count: int, neutral: float, choose: Callable[..., Floats]) -> Floats:
    found = choose(_windows(np.where(np.isfinite(values), values, neutral), count, neutral), axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def _percentile(values: Floats, count: int) -> Floats:
    """As NumPy's `nanpercentile`, which takes ten times as long over rows with gaps."""
    ordered = np.sort(_windows(values, count, np.nan), axis=1)  # NaN goes to the end
    last = np.isfinite(ordered).sum(axis=1) - 1
    place = np.maximum(0, last) * P95
    low = np.floor(place).astype(np.intp)
    rows = np.arange(values.size)
    below, above = ordered[rows, low], ordered[rows, np.minimum(low + 1, np.maximum(0, last))]
    return np.asarray(below + (above - below) * (place - low), np.float64)


def _windows(values: Floats, count: int, neutral: float) -> Floats:
    padded = np.concatenate((np.full(count - 1, neutral), values))
    return np.lib.stride_tricks.sliding_window_view(padded, count)


def _worst(condition: ConditionSpec, values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    return float(known.min() if condition.compare in {"<", "<="} else known.max())


def _worse(condition: ConditionSpec, one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    if not known:
        return None
    return min(known) if condition.compare in {"<", "<="} else max(known)


def _ended(episode: Episode, ended_unix_s: float, until_unix_s: float) -> Episode:
    return episode if ended_unix_s >= until_unix_s else episode._replace(ended_unix_s=ended_unix_s)
