"""Tries a rule against what is kept: figures, changes of checks, events. Nothing is saved, nobody is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from popcam.alerts.cameras import Cameras, scope_of
from popcam.alerts.columns import shape_of
from popcam.alerts.runs import Episode, Run, episodes_of, runs_of_points, runs_of_times, scheduled
from popcam.alerts.store import AlertStore
from popcam.alerts.wording import number
from popcam.core.alerts import AlertRuleSpec
from popcam.core.language import Text
from popcam.core.monitoring import CheckGroup, HealthReader, MetricsReader
from popcam.core.security import SecurityEvent

MAX_SERIES = 300
"""Series of one metric that are read for one try."""
MAX_ROWS = 50_000
"""Events or changes of checks that are read for one try."""
BUDGET_S = 15.0
"""After this time a try tells what it has found so far."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """When a rule would have fired.

    Attributes:
        since_unix_s, until_unix_s: what was looked at.
        episodes: the newest first.
        subjects: of how many there was anything to look at.
        complete: False where there was more than is looked at in one try.
    """

    since_unix_s: float
    until_unix_s: float
    episodes: tuple[Episode, ...]
    subjects: int
    complete: bool

    @property
    def summary(self) -> Text:
        """The same as a sentence."""
        count, span_s = len(self.episodes), self.until_unix_s - self.since_unix_s
        times = {0: "not have fired", 1: "have fired once"}.get(count, f"have fired {count} times")
        if span_s >= DAY_S:
            days = number(round(span_s / DAY_S, 1))
            span = Text(f"{days} day" + ("" if days == "1" else "s"), f"{days} 天")
        else:
            span = Text(f"{number(round(span_s / 3600, 1))} h", f"{number(round(span_s / 3600, 1))} 小时")
        return Text(f"would {times} in {span.en}", f"{span.zh}内会触发 {count} 次")


class Past(NamedTuple):
    """What held of one subject."""

    subject: str
    camera_id: str
    runs: Iterable[Run]


class Trial:
    """Looks at the past of what rules look at.

    Args:
        metrics, health: figures and checks.
        store: events and changes of checks.
        cameras: those that there are.
        security_events: security events as they are remembered.
    """

    def __init__(
        self,
        metrics: MetricsReader,
        health: HealthReader,
        store: AlertStore,
        cameras: Cameras,
        security_events: Iterable[SecurityEvent] = (),
    ) -> None:
        self._metrics = metrics
        self._health = health
        self._store = store
        self._cameras = cameras
        self._security_events = security_events
        self._complete = True

    async def run(self, spec: AlertRuleSpec, since_unix_s: float, until_unix_s: float) -> Tried:
        """When this rule would have fired.

        Raises:
            MetricUnknownError, DatabaseError.
        """
        looks = {"metric": self._metric, "check": self._check, "event": self._events}
        look = looks.get(spec.condition.kind, self._security)
        episodes: list[Episode] = []
        subjects = 0
        async for past in look(spec, since_unix_s, until_unix_s):
            subjects += 1
            runs = past.runs if spec.schedule is None else await asyncio.to_thread(_in_force, past.runs, spec)
            episodes += episodes_of(runs, spec, past.subject, past.camera_id, until_unix_s)
        episodes.sort(key=lambda episode: -episode.fired_unix_s)
        return Tried(
            since_unix_s=since_unix_s,
            until_unix_s=until_unix_s,
            episodes=tuple(episodes),
            subjects=subjects,
            complete=self._complete,
        )

    async def _metric(self, spec: AlertRuleSpec, since_s: float, until_s: float) -> AsyncIterator[Past]:
        name = spec.condition.metric
        labels = tuple(self._metrics.latest(name))
        shape = shape_of(self._metrics.metrics()[name], labels, spec.condition.where)
        scope = scope_of(spec, self._cameras)
        rows = range(len(labels)) if shape.rows is None else [int(row) for row in shape.rows]
        wanted = [
            (place, row)
            for place, row in enumerate(rows)
            if scope is None or not shape.per_camera or shape.camera_ids[place] in scope
        ]
        self._complete = len(wanted) <= MAX_SERIES
        begun_s = time.monotonic()
        for place, row in wanted[:MAX_SERIES]:
            points = await self._metrics.history(name, labels[row], since_s - spec.condition.window_s, until_s)
            if np.isfinite(np.asarray(points.mean, np.float64)).any():
                runs = await asyncio.to_thread(runs_of_points, points, spec, since_s)
                yield Past(shape.subjects[place], shape.camera_ids[place], runs)
            if time.monotonic() - begun_s > BUDGET_S:
                self._complete = False
                return

    async def _check(self, spec: AlertRuleSpec, since_s: float, until_s: float) -> AsyncIterator[Past]:
        name = spec.condition.check
        bad = {"failed", "warning"} if spec.condition.warnings else {"failed"}
        changes = await self._store.check_history(name, since_s, until_s, MAX_ROWS)
        self._complete = len(changes) < MAX_ROWS
        by_subject: dict[str, list[tuple[float, bool, bool]]] = {}
        for subject, at_s, before, now in changes:
            by_subject.setdefault(subject, []).append((at_s, before in bad, now in bad))
        results = {one.check.subject: one for one in self._health.results().values() if one.check.name == name}
        scope = scope_of(spec, self._cameras)
        for subject in sorted(by_subject.keys() | results.keys()):
            if scope is not None and subject not in scope:
                continue
            result = results.get(subject)
            about_camera = result is not None and result.check.group is CheckGroup.CAMERAS
            now_bad = result is not None and result.outcome.state in bad
            runs = _runs_of_changes(by_subject.get(subject, []), since_s, until_s, now_bad=now_bad)
            yield Past(subject, subject if about_camera or subject in self._cameras.names else "", runs)

    async def _events(self, spec: AlertRuleSpec, since_s: float, until_s: float) -> AsyncIterator[Past]:
        condition = spec.condition
        kinds = () if condition.event is None else (condition.event,)
        rows = await self._store.event_history(kinds, since_s - condition.window_s, until_s, MAX_ROWS)
        self._complete = len(rows) < MAX_ROWS
        scope = scope_of(spec, self._cameras)
        times: dict[str, list[float]] = {}
        for row in rows:
            fits = (not condition.label or condition.label == row["label"]) and (
                not condition.place or condition.place == row["place"]
            )
            if fits and (scope is None or row["camera_id"] in scope):
                times.setdefault(row["camera_id"], []).append(row["started_unix_s"])
        for camera_id, found in sorted(times.items()):
            runs = runs_of_times(found, condition.at_least, condition.window_s)
            yield Past(camera_id, camera_id, _since(runs, since_s))

    async def _security(self, spec: AlertRuleSpec, since_s: float, until_s: float) -> AsyncIterator[Past]:
        condition = spec.condition
        times = [
            at_s
            for event in self._security_events
            if not condition.security or event.kind in condition.security
            for at_s in _times_of(event)
            if since_s - condition.window_s <= at_s < until_s
        ]
        runs = runs_of_times(sorted(times), condition.at_least, condition.window_s)
        yield Past("", "", _since(runs, since_s))


def _in_force(runs: Iterable[Run], spec: AlertRuleSpec) -> list[Run]:
    return list(scheduled(runs, spec))


def _runs_of_changes(
    changes: Sequence[tuple[float, bool, bool]], since_s: float, until_s: float, *, now_bad: bool
) -> list[Run]:
    """Runs in which a check was bad: changes are time, bad before, bad after; `now_bad` counts where there are none."""
    if not changes:
        return [Run(since_s, until_s)] if now_bad else []
    runs: list[Run] = []
    begin_s = since_s if changes[0][1] else None
    for at_s, _, bad in changes:
        if bad and begin_s is None:
            begin_s = at_s
        elif not bad and begin_s is not None:
            runs.append(Run(begin_s, at_s))
            begin_s = None
    if begin_s is not None:
        runs.append(Run(begin_s, until_s))
    return runs


def _since(runs: Iterable[Run], since_s: float) -> list[Run]:
    return [run._replace(begin_unix_s=max(run.begin_unix_s, since_s)) for run in runs if run.end_unix_s > since_s]


def _times_of(event: SecurityEvent) -> list[float]:
    """An event that happened several times is taken to have happened evenly."""
    if event.count == 1:
        return [event.last_unix_s]
    return [float(at_s) for at_s in np.linspace(event.first_unix_s, event.last_unix_s, min(event.count, 10_000))]
