"""Time stamps: whatever comes in, what goes out grows, and clean streams stay as they are."""

import itertools
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from popcam.media.sources.continuity import Continuity
from popcam.media.sources.timeline import MAX_GAP_S, Timeline, Times

BASE = Fraction(1, 1000)


def line(start_s: float = 0.0) -> Timeline:
    return Timeline(BASE, start_s, 0.04)


def mend_all(times: Sequence[int | None], timeline: Timeline | None = None, waited_s: float = 0.0) -> list[Times]:
    timeline = timeline or line()
    return [timeline.mend(time, time, 0, waited_s) for time in times]


def test_clean_times_keep_their_steps() -> None:
    assert [times.dts for times in mend_all([1000, 1040, 1080, 1200])] == [0, 40, 80, 200]


def test_time_line_begins_where_it_is_told() -> None:
    assert mend_all([1000, 1040], line(start_s=7.5))[0].dts == 7500


def test_reordered_pictures_keep_their_distance() -> None:
    timeline = line()
    assert timeline.mend(0, 80, 0).pts == 80
    assert timeline.mend(40, 200, 0).pts == 200


@pytest.mark.parametrize("jump", [-900, 3_600_000, -10_000_000])
def test_a_jump_becomes_one_interval(jump: int) -> None:
    times = [1000, 1040, 1080 + jump, 1120 + jump]
    assert [one.dts for one in mend_all(times)] == [0, 40, 80, 120]


def test_a_single_wrong_time_does_not_shift_what_follows() -> None:
    assert [one.dts for one in mend_all([1000, 1040, 5, 1120, 1160])] == [0, 40, 80, 120, 160]


def test_jumps_are_counted() -> None:
    timeline = line()
    mend_all([0, 40, 10_000_000, 10_000_040], timeline)
    assert timeline.jumps == 1


def test_missing_times_are_filled_in() -> None:
    assert [one.dts for one in mend_all([None, None, None])] == [0, 40, 80]
    assert [one.dts for one in mend_all([1000, None, 1080])] == [0, 40, 80]


def test_one_picture_in_two_packets_is_no_jump() -> None:
    timeline = line()
    assert [one.dts for one in mend_all([0, 40, 40, 80], timeline)] == [0, 40, 41, 80]
    assert timeline.jumps == 0


def test_a_pause_that_really_passed_is_kept() -> None:
    timeline = line()
    timeline.mend(0, 0, 0)
    assert timeline.mend(20_000, 20_000, 0, waited_s=20.0) == Times(20_000, 20_000, jumped=False)


def test_a_long_picture_is_no_jump() -> None:
    timeline = line()
    timeline.mend(0, 0, 60_000)
    assert timeline.mend(60_000, 60_000, 0).dts == 60_000


@settings(max_examples=300, deadline=None)
@given(
    times=st.lists(
        st.tuples(
            st.none() | st.integers(-(2**40), 2**40),
            st.none() | st.integers(-(2**40), 2**40),
            st.integers(-5, 10_000),
            st.floats(0, 100),
        ),
        min_size=1,
        max_size=40,
    ),
    base=st.sampled_from([Fraction(1, 25), Fraction(1, 1000), Fraction(1, 90_000), Fraction(1001, 30_000)]),
    start_s=st.floats(0, 1e6),
)
def test_any_times_come_out_growing(
    times: list[tuple[int | None, int | None, int, float]], base: Fraction, start_s: float
) -> None:
    timeline = Timeline(base, start_s, 0.04)
    mended = [timeline.mend(*one) for one in times]
    steps = [after.dts - before.dts for before, after in itertools.pairwise(mended)]
    assert all(step > 0 for step in steps)
    assert all(one.pts >= one.dts for one in mended)
    limits = [max(MAX_GAP_S, waited * 2) + 2 * 3600 for _, _, _, waited in times[1:]]
    assert all(float(step * base) <= limit + 1 for step, limit in zip(steps, limits, strict=True))


def test_continuity_spans_an_outage() -> None:
    continuity = Continuity(last_pts_s=10.0, last_read_monotonic_s=100.0)
    assert continuity.start_s(now_s=105.0, interval_s=0.04) == 15.0
    assert continuity.start_s(now_s=100.0, interval_s=0.04) == pytest.approx(10.04)
    assert Continuity().start_s(now_s=105.0, interval_s=0.04) == 0.0


def test_lost_frames_leave_a_gap() -> None:
    continuity = Continuity()
    first = continuity.take_seq()
    continuity.lose(3)
    assert (first, continuity.take_seq(), continuity.lost_frames) == (0, 4, 3)
