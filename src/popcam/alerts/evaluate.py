"""Conditions against what is known: of each rule, the subjects that matter now.

Nearly all conditions hold nowhere nearly always. So a look gives only those subjects for which one holds, for which
nobody can say, or for which an alert stands already; a thousand cameras that are well cost one comparison of arrays.
"""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from popcam.alerts.cameras import NO_CAMERAS, Cameras, scope_of
from popcam.alerts.columns import Column, Columns, Places, Question, Shape, question_of
from popcam.alerts.counts import EventCounts, SecurityCounts
from popcam.alerts.model import NOTHING, About, Sighting
from popcam.alerts.wording import counted_text, found_text, missing_text
from popcam.core.alerts import AlertKey, AlertRuleSpec, Comparison
from popcam.core.errors import MetricUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import CheckGroup, CheckResult, HealthReader, MetricsReader

COMPARE: Mapping[Comparison, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRule:
    """A rule, prepared for being evaluated.

    Attributes:
        rule_id, spec: the rule.
        question: what it asks of figures; None for other kinds.
        cameras: that it is for and that shall run, by id; None for all of them.
    """

    rule_id: str
    spec: AlertRuleSpec
    question: Question | None = None
    cameras: frozenset[str] | None = None


Looked = Iterator[tuple[About, Sighting]]


def ready(rule_id: str, spec: AlertRuleSpec, cameras: Cameras) -> ReadyRule:
    """A rule with the cameras that it is for, as they are now."""
    question = question_of(spec.condition) if spec.condition.kind == "metric" else None
    return ReadyRule(rule_id=rule_id, spec=spec, question=question, cameras=scope_of(spec, cameras))


class Evaluator:
    """Looks at conditions. `begin` each look with the time; all of it happens in one loop.

    Args:
        metrics: the figures.
        health: the checks.
        events, security: what was counted for rules.
    """

    def __init__(
        self,
        metrics: MetricsReader,
        health: HealthReader,
        events: EventCounts | None = None,
        security: SecurityCounts | None = None,
    ) -> None:
        self.events = events or EventCounts()
        self.security = security or SecurityCounts()
        self._health = health
        self._columns = Columns(metrics)
        self._cameras = NO_CAMERAS
        self._places: dict[str, tuple[Shape, Cameras, Places | None, tuple[str, ...]]] = {}
        self._checks: dict[str, list[CheckResult]] | None = None
        self._now_unix_s = 0.0

    def begin(self, now_unix_s: float, cameras: Cameras) -> None:
        """A look begins.

        Args:
            now_unix_s: the time of the look.
            cameras: those that shall run; the same object as long as nothing changed.
        """
        self._now_unix_s = now_unix_s
        self._cameras = cameras
        self._columns.begin()
        self._checks = None

    def forget(self, rule_ids: Collection[str]) -> None:
        """These rules are gone, or others now."""
        for rule_id in rule_ids:
            self._places.pop(rule_id, None)

    def look(self, rule: ReadyRule, active: Collection[str]) -> Looked:
        """What is seen of a rule.

        Args:
            rule: which one.
            active: subjects whose alerts stand; each of them is told.
        """
        match rule.spec.condition.kind:
            case "metric":
                return self._metric(rule, active)
            case "check":
                return self._check(rule, active)
            case "event":
                return self._events(rule, active)
            case _:
                return self._security(rule, active)

    # --- figures ---

    def _metric(self, rule: ReadyRule, active: Collection[str]) -> Looked:
        try:
            column = self._columns.ask(rule.question or question_of(rule.spec.condition))
        except MetricUnknownError as error:
            yield from self._broken(rule, active, Text(f"no metric {error.detail}", f"没有指标 {error.detail}"))
            return
        places, missing = self._scope(rule, column.shape)
        condition = rule.spec.condition
        values = column.values if places is None else column.values[places]
        held = COMPARE[condition.compare](values, condition.threshold)
        if condition.compare == "!=":
            held &= np.isfinite(values)
        seen: set[str] = set()
        if held.any():
            for found in np.flatnonzero(held):
                place = int(found if places is None else places[found])
                about = column.shape.about(rule.rule_id, place)
                seen.add(about.key.subject)
                yield about, self._sighting(rule, about, True, float(column.values[place]))
        yield from self._others(rule, column, active, seen)
        yield from self._missing(rule, column, missing, seen)

    def _others(self, rule: ReadyRule, column: Column, active: Collection[str], seen: set[str]) -> Looked:
        """Alerts that stand, and whose condition does not hold, or only by the threshold that ends it."""
        condition = rule.spec.condition
        for subject in active:
            if subject in seen:
                continue
            place = column.shape.place_of.get(subject)
            if place is None or not np.isfinite(value := float(column.values[place])):
                continue
            about = column.shape.about(rule.rule_id, place)
            if not self._is_for(rule, about.camera_id, per_camera=column.shape.per_camera):
                continue
            holds = condition.clear_threshold is not None and bool(
                COMPARE[condition.compare](value, condition.clear_threshold)
            )
            seen.add(subject)
            yield about, self._sighting(rule, about, holds, value)

    def _missing(self, rule: ReadyRule, column: Column, missing: tuple[str, ...], seen: set[str]) -> Looked:
        if rule.spec.no_data == "ok":
            return
        detail = missing_text(rule.spec.condition.metric)
        for camera_id in missing:
            if camera_id not in seen:
                yield About(AlertKey(rule.rule_id, camera_id), camera_id), Sighting(None, None, detail)
        if not column.shape.subjects and not column.shape.per_camera:
            yield About(AlertKey(rule.rule_id)), Sighting(None, None, detail)

    def _scope(self, rule: ReadyRule, shape: Shape) -> tuple[Places | None, tuple[str, ...]]:
        """Places of the rule's series, None for all; and its cameras that have none."""
        kept = self._places.get(rule.rule_id)
        if kept is not None and kept[0] is shape and kept[1] is self._cameras:
            return kept[2], kept[3]
        places, missing = self._placed(rule, shape)
        self._places[rule.rule_id] = (shape, self._cameras, places, missing)
        return places, missing

    def _placed(self, rule: ReadyRule, shape: Shape) -> tuple[Places | None, tuple[str, ...]]:
        if not shape.per_camera:
            return None, ()
        if rule.cameras is None:
            return _all_places(shape, self._cameras)
        wanted = [camera_id for camera_id in rule.cameras if camera_id in self._cameras.names]
        found = [place for camera_id in wanted for place in shape.by_camera.get(camera_id, ())]
        missing = tuple(sorted(camera_id for camera_id in wanted if camera_id not in shape.by_camera))
        return np.array(found, np.intp), missing

    # --- checks ---

    def _check(self, rule: ReadyRule, active: Collection[str]) -> Looked:
        condition = rule.spec.condition
        bad = {"failed", "warning"} if condition.warnings else {"failed"}
        for result in self._results().get(condition.check, ()):
            state, subject = result.outcome.state, result.check.subject
            if state not in bad and state != "unknown" and subject not in active:
                continue
            about = _about_check(rule.rule_id, result)
            if not self._is_for(rule, about.camera_id, per_camera=bool(about.camera_id)):
                continue
            if rule.cameras is not None and not about.camera_id:
                continue
            holds = None if state == "unknown" else state in bad
            found = result.outcome.detail if result.outcome.detail.en else result.check.title
            yield about, self._sighting(rule, about, holds, result.outcome.figure, found)

    def _results(self) -> Mapping[str, list[CheckResult]]:
        if self._checks is None:
            self._checks = {}
            for result in self._health.results().values():
                self._checks.setdefault(result.check.name, []).append(result)
        return self._checks

    # --- events ---

    def _events(self, rule: ReadyRule, active: Collection[str]) -> Looked:
        condition = rule.spec.condition
        happened = self.events.happened(rule.rule_id, self._now_unix_s)
        for camera_id, seen in happened.items():
            enough = seen.times >= condition.at_least
            if enough or camera_id in active:
                about = About(AlertKey(rule.rule_id, camera_id), camera_id)
                found = counted_text(seen.times, condition.window_s)
                yield about, self._sighting(rule, about, enough, float(seen.times), found)
        for subject in active:
            if subject not in happened:
                yield About(AlertKey(rule.rule_id, subject), subject), Sighting(False, 0.0)

    def _security(self, rule: ReadyRule, active: Collection[str]) -> Looked:
        condition = rule.spec.condition
        seen = self.security.happened(rule.rule_id, self._now_unix_s)
        about = About(AlertKey(rule.rule_id))
        if seen.times >= condition.at_least:
            found = counted_text(seen.times, condition.window_s)
            yield about, self._sighting(rule, about, True, float(seen.times), found)
        elif active:
            yield about, Sighting(False, float(seen.times))

    # --- shared ---

    def _is_for(self, rule: ReadyRule, camera_id: str, *, per_camera: bool) -> bool:
        if not per_camera:
            return True
        return camera_id in (self._cameras.names if rule.cameras is None else rule.cameras)

    def _broken(self, rule: ReadyRule, active: Collection[str], why: Text) -> Looked:
        """Nobody can say anything about a rule."""
        for subject in {"", *active}:
            yield About(AlertKey(rule.rule_id, subject)), Sighting(None, None, why, error=True)

    def _sighting(
        self, rule: ReadyRule, about: About, holds: bool | None, value: float | None, found: Text = NOTHING
    ) -> Sighting:
        if holds is None:
            return Sighting(None, None, found)
        camera = self._cameras.names.get(about.camera_id, about.camera_id)
        return Sighting(holds, value, found_text(rule.spec, camera, about.key.subject, value, found))


def _all_places(shape: Shape, cameras: Cameras) -> tuple[Places | None, tuple[str, ...]]:
    places = [place for place, camera_id in enumerate(shape.camera_ids) if camera_id in cameras.names]
    missing = tuple(sorted(camera_id for camera_id in cameras.names if camera_id not in shape.by_camera))
    everything = len(places) == len(shape.camera_ids)
    return None if everything else np.array(places, np.intp), missing


def _about_check(rule_id: str, result: CheckResult) -> About:
    subject = result.check.subject
    return About(
        AlertKey(rule_id, subject),
        subject if result.check.group is CheckGroup.CAMERAS else "",
        subject if result.check.group is CheckGroup.WORKERS else "",
    )
