"""Which frames pass."""

import itertools
import random

import pytest

from popcam.media.sinks.pace import Pace


@pytest.mark.parametrize(
    ("fps", "max_fps", "expected"), [(25, 10, 100), (30, 30, 300), (30, 25, 250), (15, 30, 150), (60, 1, 10)]
)
def test_the_rate_is_held_over_ten_seconds(fps: float, max_fps: float, expected: int) -> None:
    pace = Pace(max_fps)
    taken = sum(pace.takes(number / fps, 1 / fps) for number in range(int(fps * 10)))
    assert abs(taken - expected) <= 1


def test_jitter_costs_no_frame_at_the_highest_rate() -> None:
    dice = random.Random(7)
    pace = Pace(30.0)
    assert all(pace.takes(number / 30 + dice.uniform(-0.01, 0.01), 1 / 30) for number in range(300))


def test_skipped_frames_are_spread_evenly() -> None:
    pace = Pace(10.0)
    taken = [number for number in range(100) if pace.takes(number / 25, 1 / 25)]
    assert {after - before for before, after in itertools.pairwise(taken)} == {2, 3}


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0, -5.0])
def test_a_jump_of_the_stream_does_not_stop_it(jump_s: float) -> None:
    pace = Pace(10.0)
    for number in range(50):
        pace.takes(number / 25, 1 / 25)
    assert pace.takes(2.0 + jump_s, 1 / 25)
    assert 9 <= sum(pace.takes(2.0 + jump_s + number / 25, 1 / 25) for number in range(1, 26)) <= 11


def test_a_slow_stretch_is_not_caught_up_in_a_burst() -> None:
    pace = Pace(10.0)
    pace.takes(0.0, 0.04)
    pace.takes(1.5, 0.04)
    assert sum(pace.takes(1.5 + number / 25, 0.04) for number in range(1, 26)) <= 11
