"""A rule against what was: figures, changes of checks, events, security events."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert
from tests.fakes.alert_house import AlertHouse, alert_house, cameras, slow_rule

from popcam.alerts.runs import Run, episodes_of, runs_of_points, runs_of_times, scheduled, windowed
from popcam.alerts.try_rule import Trial, Tried
from popcam.core.alerts import AlertRuleSpec, ConditionSpec, ScheduleSpec
from popcam.core.facts import Event
from popcam.core.monitoring import Aggregate, Points
from popcam.core.security import SecurityEvent, SecurityKind
from popcam.storage import EventStore
from popcam.storage.tables import check_changes

NAN = float("nan")
BEGIN_S = 1_700_000_040.0  # a full minute
MINUTES = 60.0


def minutes(*means: float, low: Sequence[float] = (), high: Sequence[float] = ()) -> Points:
    unix_s = [BEGIN_S + MINUTES * number for number in range(len(means))]
    return Points(MINUTES, unix_s, means, low or means, high or means)


def condition(**more: object) -> ConditionSpec:
    given = {"metric": "popcam_camera_fps", "compare": "<", "threshold": 5.0, "window_s": 60.0, **more}
    return ConditionSpec(**given)  # type: ignore[arg-type]


def rule(**more: object) -> AlertRuleSpec:
    return slow_rule(condition=condition(**more))


def held(points: Points, spec: AlertRuleSpec, since_s: float = 0.0) -> list[tuple[float, float]]:
    """Runs in minutes since the beginning."""
    runs = runs_of_points(points, spec, since_s)
    return [((run.begin_unix_s - BEGIN_S) / MINUTES, (run.end_unix_s - BEGIN_S) / MINUTES) for run in runs]


def test_runs_are_where_the_condition_held() -> None:
    assert held(minutes(9, 3, 2, 9, 1), rule()) == [(1, 3), (4, 5)]


def test_nothing_before_the_beginning_is_told() -> None:
    assert held(minutes(3, 3, 3, 9), rule(), BEGIN_S + 2 * MINUTES) == [(2, 3)]


def test_what_is_missing_does_not_hold() -> None:
    assert held(minutes(3, NAN, 3, 9), rule()) == [(0, 1), (2, 3)]


def test_what_is_missing_for_long_holds_where_the_rule_says_so() -> None:
    points = minutes(9, NAN, NAN, 9)
    assert held(points, replace(rule(), no_data="firing")) == [(1, 3)]
    assert held(points, rule()) == []


def test_a_threshold_of_its_own_ends_a_run() -> None:
    assert held(minutes(9, 4, 6, 7, 8, 6), rule(clear_threshold=8.0)) == [(1, 4)]


def test_no_points_give_no_runs() -> None:
    assert held(minutes(), rule()) == []


def test_the_worst_number_is_told() -> None:
    assert [run.value for run in runs_of_points(minutes(9, 3, 2, 9), rule(), 0.0)] == [2.0]
    above = rule(compare=">", threshold=8.0)
    assert [run.value for run in runs_of_points(minutes(9, 12, 2), above, 0.0)] == [12.0]


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("last", [4, NAN, 8, 2]),
        ("mean", [4, 4, 8, 5]),
        ("min", [1, 1, 6, 0]),
        ("max", [9, 9, 10, 10]),
        ("p95", [9, 9, 10, 9.8]),
        ("increase", [240, 240, 480, 600]),
        ("rate", [2, 2, 4, 5]),
    ],
)
def test_a_window_becomes_one_number(aggregate: Aggregate, expected: list[float]) -> None:
    points = minutes(4, NAN, 8, 2, low=(1, NAN, 6, 0), high=(9, NAN, 10, 6))
    found = windowed(points, condition(aggregate=aggregate, window_s=120.0))
    assert found.tolist() == pytest.approx(expected, nan_ok=True)


def test_a_window_without_any_point_has_no_number() -> None:
    points = minutes(NAN, NAN, 3)
    for aggregate in ("mean", "min", "max", "p95", "increase", "rate"):
        found = windowed(points, condition(aggregate=aggregate))
        assert np.isnan(found[:2]).all()
        assert found[2] > 0


def fired(spec: AlertRuleSpec, *runs: tuple[float, float], until_s: float = 1000.0) -> list[tuple[float, float | None]]:
    found = episodes_of([Run(*run, 1.0) for run in runs], spec, "door", "door", until_s)
    return [(one.fired_unix_s, one.ended_unix_s) for one in found]


def test_it_fires_once_the_condition_has_held_long_enough() -> None:
    assert fired(replace(rule(), for_s=30.0), (10, 39), (100, 150)) == [(130, 150)]


def test_short_breaks_are_part_of_one_episode() -> None:
    spec = replace(rule(), keep_firing_for_s=20.0)
    assert fired(spec, (10, 40), (50, 60), (100, 110)) == [(10, 80), (100, 130)]


def test_what_lasts_has_no_end() -> None:
    assert fired(rule(), (10, 1000)) == [(10, None)]


def test_often_enough_is_a_run_from_the_last_needed_event_to_the_end_of_the_window() -> None:
    assert runs_of_times([0, 5, 8, 100], 2, 10.0) == [Run(5, 15, 2.0)]
    assert runs_of_times([0, 5, 12], 1, 10.0) == [Run(0, 22, 1.0)]
    assert runs_of_times([], 1, 10.0) == []


def test_only_times_at_which_the_rule_is_in_force_count() -> None:
    def local(unix_s: float) -> datetime:
        return datetime.fromisoformat("2026-11-22T12:00:00") + (
            datetime.fromtimestamp(unix_s) - datetime.fromtimestamp(0)  # noqa: DTZ006 - a difference
        )

    spec = replace(rule(), schedule=ScheduleSpec(begin="12:01", end="12:03"))
    assert list(scheduled([Run(0, 600)], spec, local)) == [Run(60, 180)]
    assert list(scheduled([Run(90, 120)], spec, local)) == [Run(90, 120)]
    assert list(scheduled([Run(300, 420)], spec, local)) == []


@pytest.fixture
def house(tmp_path: Path) -> AlertHouse:
    return alert_house(tmp_path, {})


async def tried(house: AlertHouse, spec: AlertRuleSpec, *security: SecurityEvent) -> Tried:
    trial = Trial(house.figures, house.checks, house.service.store, house.cameras, security)
    return await trial.run(spec, BEGIN_S, BEGIN_S + 10 * MINUTES)


def times_of(found: Tried) -> list[tuple[str, float, float | None]]:
    """Subject, begin and end in minutes, the newest first."""
    return [
        (one.subject, (one.fired_unix_s - BEGIN_S) / MINUTES, one.ended_unix_s and (one.ended_unix_s - BEGIN_S) / 60)
        for one in found.episodes
    ]


async def test_figures_of_each_camera_are_looked_at(house: AlertHouse) -> None:
    for camera_id, points in (("door", minutes(9, 3, 9)), ("yard", minutes(9, 9, 9, 1, 9)), ("attic", minutes(NAN))):
        house.figures.set("popcam_camera_fps", (camera_id,), 9.0)
        house.figures.past["popcam_camera_fps", (camera_id,)] = points
    found = await tried(house, rule())
    assert times_of(found) == [("yard", 3, 4), ("door", 1, 2)]
    assert (found.subjects, found.complete) == (2, True)
    found = await tried(house, replace(rule(), cameras=("door",)))
    assert times_of(found) == [("door", 1, 2)]


async def test_series_are_chosen_by_labels(house: AlertHouse) -> None:
    for quantile in ("0.5", "0.95"):
        labels = ("door", "detect", quantile)
        house.figures.set("popcam_stage_seconds", labels, 1.0)
        house.figures.past["popcam_stage_seconds", labels] = minutes(1, 1)
    spec = rule(metric="popcam_stage_seconds", where={"quantile": "0.95"})
    assert [one.subject for one in (await tried(house, spec)).episodes] == ["door/detect"]


async def changed(house: AlertHouse, *rows: tuple[str, float, str, str]) -> None:
    values = [
        {"check_id": check_id, "at_unix_s": BEGIN_S + at * 60, "before": before, "now": now, "code": "", "detail": {}}
        for check_id, at, before, now in rows
    ]
    await house.database.run(lambda connection: connection.execute(insert(check_changes), values))


async def test_changes_of_checks_are_looked_at(house: AlertHouse) -> None:
    await changed(
        house,
        ("camera.frames:door", -5, "ok", "failed"),
        ("camera.frames:door", 1, "failed", "ok"),
        ("camera.frames:door", 4, "ok", "failed"),
        ("camera.frames:yard", 2, "ok", "warning"),
        ("camera.frames2:door", 3, "ok", "failed"),
    )
    spec = AlertRuleSpec(name="Off", condition=ConditionSpec(kind="check", check="camera.frames"))
    assert times_of(await tried(house, spec)) == [("door", 4, None), ("door", 0, 1)]
    warned = replace(spec, condition=replace(spec.condition, warnings=True), cameras=("yard",))
    assert times_of(await tried(house, warned)) == [("yard", 2, None)]


async def test_a_check_that_did_not_change_is_as_it_is_now(house: AlertHouse) -> None:
    house.checks.set("camera.frames", "door", "failed")
    house.checks.set("camera.frames", "yard", "ok")
    spec = AlertRuleSpec(name="Off", condition=ConditionSpec(kind="check", check="camera.frames"))
    found = await tried(house, spec)
    assert times_of(found) == [("door", 0, None)]
    assert (found.episodes[0].camera_id, found.subjects) == ("door", 2)


async def test_stored_events_are_counted(house: AlertHouse) -> None:
    house.cameras = cameras("door", "yard", groups={"door": ("entrance",)})
    EventStore(house.database).put(
        [
            Event(
                event_id=f"e{number}",
                camera_id=camera_id,
                kind="zone_entered",
                label=label,
                place="step",
                started_unix_s=BEGIN_S + at_s,
            )
            for number, (camera_id, label, at_s) in enumerate(
                [("door", "person", 60), ("door", "person", 70), ("door", "car", 71), ("yard", "person", 60)]
            )
        ]
    )
    wanted = ConditionSpec(kind="event", event="zone_entered", label="person", at_least=2, window_s=20.0)
    spec = AlertRuleSpec(name="Crowd", condition=wanted, groups=("entrance",))
    found = await tried(house, spec)
    assert [(one.subject, one.fired_unix_s - BEGIN_S, one.ended_unix_s) for one in found.episodes] == [
        ("door", 70.0, BEGIN_S + 80.0)
    ]
    assert (
        await tried(house, replace(spec, condition=replace(wanted, event=None, label="", place="gate")))
    ).subjects == 0


async def test_security_events_are_counted(house: AlertHouse) -> None:
    guessing = SecurityEvent(
        event_id=1, kind=SecurityKind.LOGIN_FAILED, first_unix_s=BEGIN_S, last_unix_s=BEGIN_S + 20, count=3
    )
    jump = SecurityEvent(
        event_id=2, kind=SecurityKind.CLOCK_JUMP, first_unix_s=BEGIN_S + 1, last_unix_s=BEGIN_S + 1, count=1
    )
    wanted = ConditionSpec(kind="security", security=("login_failed",), at_least=3, window_s=30.0)
    found = await tried(house, AlertRuleSpec(name="Guess", condition=wanted), guessing, jump)
    assert [(one.fired_unix_s - BEGIN_S, one.ended_unix_s) for one in found.episodes] == [(20.0, BEGIN_S + 30.0)]


@pytest.mark.parametrize(
    ("count", "span_s", "en", "zh"),
    [
        (0, 86_400.0, "would not have fired in 1 day", "1 天内会触发 0 次"),
        (1, 2 * 86_400.0, "would have fired once in 2 days", "2 天内会触发 1 次"),
        (3, 5400.0, "would have fired 3 times in 1.5 h", "1.5 小时内会触发 3 次"),
    ],
)
def test_the_outcome_is_a_sentence(count: int, span_s: float, en: str, zh: str) -> None:
    one = next(episodes_of([Run(1, 2)], rule(), "door", "door", 9.0))
    told = Tried(since_unix_s=0.0, until_unix_s=span_s, episodes=(one,) * count, subjects=1, complete=True).summary
    assert (told.en, told.zh) == (en, zh)
