"""Figures and checks that a test sets by hand, and a house of alerts over them with a real database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hand_clock import HandClock

from popcam.alerts.cameras import Cameras
from popcam.alerts.service import AlertsService
from popcam.config.model import AlertsSettings
from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertRuleSpec, ConditionSpec
from popcam.core.errors import MetricUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import (
    Aggregate,
    Check,
    CheckChange,
    CheckGroup,
    CheckResult,
    CheckState,
    Labels,
    Metric,
    Outcome,
    Points,
)
from popcam.storage import Database
from popcam.storage.notifications import NotificationRow

NOTHING = Text("", "")


def metric(name: str, *labels: str, kind: str = "gauge") -> Metric:
    return Metric(name=name, kind=kind, unit="1", labels=labels, help=NOTHING)  # type: ignore[arg-type]


class HandFigures:
    """A `MetricsReader`: what `set` says now is the answer to every window."""

    def __init__(self, *metrics: Metric) -> None:
        self._metrics = {one.name: one for one in metrics}
        self.values: dict[str, dict[Labels, float]] = {one.name: {} for one in metrics}
        self.past: dict[tuple[str, Labels], Points] = {}
        self.asked = 0

    def set(self, name: str, labels: Labels, value: float) -> None:
        self.values[name] = {**self.values[name], labels: value}

    def remove(self, name: str, labels: Labels) -> None:
        self.values[name] = {key: value for key, value in self.values[name].items() if key != labels}

    def metrics(self) -> Mapping[str, Metric]:
        return self._metrics

    def latest(self, name: str) -> Mapping[Labels, float]:
        if name not in self._metrics:
            raise MetricUnknownError(name)
        return self.values[name]

    def over(self, name: str, _aggregate: Aggregate, _window_s: float) -> Mapping[Labels, float]:
        self.asked += 1
        return self.latest(name)

    async def history(self, name: str, labels: Labels, since_unix_s: float, until_unix_s: float) -> Points:
        points = self.past.get((name, labels), Points(60.0, (), (), (), ()))
        unix_s = np.asarray(points.unix_s)
        inside = (unix_s >= since_unix_s) & (unix_s < until_unix_s)
        return Points(points.step_s, *(np.asarray(one)[inside] for one in points[1:]))  # type: ignore[arg-type]


class HandChecks:
    """A `HealthReader`: checks are as `set` says."""

    def __init__(self) -> None:
        self._results: dict[str, CheckResult] = {}

    def set(
        self,
        name: str,
        subject: str,
        state: CheckState,
        detail: Text = NOTHING,
        group: CheckGroup = CheckGroup.CAMERAS,
        figure: float | None = None,
    ) -> None:
        async def look() -> Outcome:
            raise AssertionError("nobody runs it")

        check = Check(
            name=name,
            group=group,
            title=Text(name, name),
            about=NOTHING,
            look=look,
            every_s=1.0,
            severity="critical",
            remedy=NOTHING,
            subject=subject,
        )
        outcome = Outcome(state, detail, figure=figure)
        self._results[check.check_id] = CheckResult(check=check, outcome=outcome, since_unix_s=0.0)

    def remove(self, check_id: str) -> None:
        del self._results[check_id]

    def results(self) -> Mapping[str, CheckResult]:
        return self._results

    def on_change(self, _listener: Callable[[CheckChange], None]) -> Callable[[], None]:
        return lambda: None


class HandDispatcher:
    """Plans one notification for each change, to a channel `phone`."""

    def __init__(self) -> None:
        self.planned: list[AlertChange] = []
        self.channels: list[Sequence[str]] = []
        self.woken = 0
        self.refusals = 0

    def plan(
        self,
        changes: Sequence[AlertChange],
        now_unix_s: float,
        channels_of: Callable[[AlertKey], Sequence[str]],
        _firing: object = (),
    ) -> list[NotificationRow]:
        self.planned += changes
        self.channels += [channels_of(change.alert.key) for change in changes]
        return [
            NotificationRow(
                channel_id="phone", group_key=str(change.alert.key), made_unix_s=now_unix_s, due_unix_s=now_unix_s
            )
            for change in changes
        ]

    def wake(self) -> None:
        self.woken += 1

    def refused(self) -> None:
        self.refusals += 1


def cameras(*ids: str, groups: Mapping[str, Sequence[str]] | None = None) -> Cameras:
    """Cameras that shall run; `groups` by camera."""
    given = groups or {}
    return Cameras({one: one.capitalize() for one in ids}, {one: frozenset(given.get(one, ())) for one in ids})


def slow_rule(**more: object) -> AlertRuleSpec:
    """Fires below 5 frames per second."""
    condition = ConditionSpec(metric="popcam_camera_fps", compare="<", threshold=5.0)
    return AlertRuleSpec(**{"name": "Slow", "condition": condition, **more})  # type: ignore[arg-type]


@dataclass
class AlertHouse:
    """Alerts over figures and checks set by hand, with a real database."""

    clock: HandClock
    figures: HandFigures
    checks: HandChecks
    database: Database
    service: AlertsService
    dispatcher: HandDispatcher
    cameras: Cameras = field(default_factory=lambda: cameras("door", "yard"))
    workers: dict[str, str] = field(default_factory=dict)
    heard: list[Alert] = field(default_factory=list)

    async def tick(self, seconds: float = 1.0) -> None:
        """A second goes by, and all rules are looked at."""
        self.clock.pass_s(seconds)
        await self.service.tick()

    def state(self, rule_id: str, subject: str = "door") -> str:
        """How an alert stands; empty when it does not."""
        found = {alert.key: alert.state for alert in self.service.alerts()}
        return found.get(AlertKey(rule_id, subject), "")


def alert_house(folder: Path, rules: Mapping[str, AlertRuleSpec], *, clock: HandClock | None = None) -> AlertHouse:
    """Alerts with these rules, of the settings file, and no others in force."""
    from popcam.alerts.builtin import builtin_rules

    off = {rule_id: AlertRuleSpec(name=rule_id, enabled=False) for rule_id in builtin_rules()}
    path = folder / "popcam.db"
    database = Database(path) if path.exists() else fresh_database(path)
    figures = HandFigures(
        metric("popcam_camera_fps", "camera"),
        metric("popcam_camera_frames_total", "camera", kind="counter"),
        metric("popcam_stage_seconds", "camera", "stage", "quantile"),
        metric("popcam_disk_free_ratio", "disk"),
        metric("popcam_worker_restarts_total", "worker", kind="counter"),
        metric("popcam_workers_lost_total", kind="counter"),
        metric("popcam_host_load1"),
    )
    checks, dispatcher, clock = HandChecks(), HandDispatcher(), clock or HandClock()
    house: AlertHouse
    service = AlertsService(
        database,
        clock,
        figures,
        checks,
        settings=AlertsSettings(rules={**off, **rules}),
        cameras=lambda: house.cameras,
        worker_of=lambda camera_id: house.workers.get(camera_id, ""),
        channels=lambda: ("phone", "mail"),
        check_names=lambda: ("camera.frames",),
    )
    service.tell(dispatcher)
    house = AlertHouse(clock, figures, checks, database, service, dispatcher)
    service.on_change(house.heard.append)
    return house
