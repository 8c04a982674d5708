"""A share of a second, over one second however often it is asked."""

import math

import pytest

from popcam.monitoring.used import UsedShare


def test_the_first_time_nothing_is_known() -> None:
    assert math.isnan(UsedShare().take(5.0, 100.0))


def test_it_is_what_was_used_of_what_passed() -> None:
    share = UsedShare()
    share.take(5.0, 100.0)
    assert share.take(5.5, 101.0) == pytest.approx(0.5)
    assert share.take(5.6, 102.0) == pytest.approx(0.1)


def test_asked_ten_times_a_second_it_is_still_over_a_second() -> None:
    share = UsedShare()
    found = 0.0
    for step in range(100):
        used_s = step * 0.1 if step % 2 else (step - 1) * 0.1  # in jumps, as processors count
        found = share.take(used_s, step * 0.1)
    assert found == pytest.approx(1.0, abs=0.25)
