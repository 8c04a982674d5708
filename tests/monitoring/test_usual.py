"""What is usual for a camera: learned in moments, forgotten in hours."""

import math

import pytest

from popcam.monitoring.usual import LEARN_S, UsualRate


def learned(fps: float) -> tuple[UsualRate, float]:
    usual, now_s = UsualRate(), 1000.0
    for _ in range(int(LEARN_S) + 1):
        usual.ratio(fps, now_s)
        now_s += 1
    return usual, now_s


def test_nothing_is_usual_at_first() -> None:
    assert math.isnan(UsualRate().ratio(25.0, 1000.0))


def test_the_usual_rate_is_all_of_it() -> None:
    usual, now_s = learned(25.0)
    assert usual.ratio(25.0, now_s) == pytest.approx(1.0)


def test_a_collapse_is_one_for_hours() -> None:
    usual, now_s = learned(25.0)
    ratio = 1.0
    for _ in range(3 * 3600):
        ratio = usual.ratio(5.0, now_s)
        now_s += 1
    assert ratio < 0.25


def test_a_higher_rate_is_usual_within_minutes() -> None:
    usual, now_s = learned(10.0)
    for _ in range(300):
        usual.ratio(25.0, now_s)
        now_s += 1
    assert usual.ratio(12.0, now_s) < 0.5


def test_more_than_usual_is_no_more_than_all() -> None:
    usual, now_s = learned(10.0)
    assert usual.ratio(30.0, now_s) == 1.0


def test_a_wall_clock_that_goes_back_teaches_nothing() -> None:
    usual, now_s = learned(20.0)
    assert usual.ratio(10.0, now_s - 500) == pytest.approx(0.5)


def test_a_camera_that_never_delivered_has_nothing_usual() -> None:
    usual, now_s = learned(0.0)
    assert math.isnan(usual.ratio(0.0, now_s))
