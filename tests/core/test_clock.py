"""Beats: what looks at something again and again wakes at the same moments."""

import pytest

from popcam.core.clock import BEAT_S, BEHIND_S, until_beat_s

FULL_S = 1_795_334_400.0
"""A full second."""


@pytest.mark.parametrize("every_s", [BEAT_S, 1.0, 2.0])
def test_a_beat_is_shortly_behind_the_full_second(every_s: float) -> None:
    assert until_beat_s(FULL_S - 0.1, every_s) == pytest.approx(0.1 + BEHIND_S, abs=1e-6)


def test_all_paces_meet() -> None:
    now_s = FULL_S + 0.9
    assert until_beat_s(now_s, BEAT_S) == pytest.approx(until_beat_s(now_s, 1.0), abs=1e-6)


def test_who_would_rather_come_later_does() -> None:
    assert until_beat_s(FULL_S - 0.1, 1.0, after_s=BEAT_S) == pytest.approx(0.1 + BEHIND_S + BEAT_S, abs=1e-6)


def test_a_timer_that_goes_off_a_little_early_does_not_go_off_twice() -> None:
    assert until_beat_s(FULL_S + BEHIND_S - 0.004, 1.0) == pytest.approx(1.004, abs=1e-6)


def test_who_was_late_comes_at_the_next_beat_again() -> None:
    assert until_beat_s(FULL_S + BEHIND_S + 0.3, 1.0) == pytest.approx(0.7, abs=1e-6)
