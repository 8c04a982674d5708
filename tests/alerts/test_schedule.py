"""When a rule is in force."""

from datetime import datetime

import pytest

from popcam.alerts.schedule import in_force, minutes_of
from popcam.core.alerts import ScheduleSpec

FRIDAY, SATURDAY, SUNDAY = "2026-11-20", "2026-11-21", "2026-11-22"
NIGHT = ScheduleSpec(days=("fri",), begin="22:00", end="06:00")


def at(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}")


def test_without_a_schedule_it_is_always_in_force() -> None:
    assert in_force(None, at(SUNDAY, "03:00"))


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        (FRIDAY, "21:59", False),
        (FRIDAY, "22:00", True),
        (SATURDAY, "05:59", True),
        (SATURDAY, "06:00", False),
        (SATURDAY, "23:00", False),
        (FRIDAY, "03:00", False),
    ],
)
def test_an_end_before_the_begin_is_on_the_next_day(day: str, time: str, expected: bool) -> None:
    assert in_force(NIGHT, at(day, time)) is expected


@pytest.mark.parametrize(("time", "expected"), [("08:59", False), ("09:00", True), ("16:59", True), ("17:00", False)])
def test_begin_counts_and_end_does_not(time: str, expected: bool) -> None:
    assert in_force(ScheduleSpec(begin="09:00", end="17:00"), at(FRIDAY, time)) is expected


def test_days_without_times_are_whole_days() -> None:
    weekend = ScheduleSpec(days=("sat", "sun"))
    assert in_force(weekend, at(SATURDAY, "00:00"))
    assert in_force(weekend, at(SUNDAY, "23:59"))
    assert not in_force(weekend, at(FRIDAY, "23:59"))


def test_begin_and_end_at_the_same_time_make_whole_days() -> None:
    assert in_force(ScheduleSpec(days=("fri",), begin="08:00", end="08:00"), at(FRIDAY, "03:00"))


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:00", 0), ("23:59", 1439), ("24:00", 1440), ("24:01", None), ("7:00", None), ("x", None)]
)
def test_times_of_day(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes
