"""Pieces of history put together, and thinned out."""

import math

from popcam.core.monitoring import Points
from popcam.monitoring.points import at_most, joined, thinned

NAN = math.nan


def points(step_s: float, begin_s: float, values: list[float]) -> Points:
    return Points(step_s, [begin_s + step_s * place for place in range(len(values))], values, values, values)


def test_steps_become_longer_with_their_mean_least_and_most() -> None:
    found = thinned(points(1.0, 120.0, [1.0, 3.0, 5.0, 7.0]), 2.0)
    assert found == Points(2.0, [120.0, 122.0], [2.0, 6.0], [1.0, 5.0], [3.0, 7.0])


def test_a_step_without_a_point_is_a_gap() -> None:
    found = thinned(points(1.0, 0.0, [NAN, NAN, 4.0, NAN]), 2.0)
    assert math.isnan(found.mean[0])
    assert found.mean[1] == 4.0


def test_history_never_has_more_points_than_wanted() -> None:
    for count in (10, 33, 999, 1000, 5000):
        assert len(at_most(points(60.0, 1_700_000_000.0, [1.0] * 43_200), count).unix_s) <= count


def test_short_history_stays_as_it_is() -> None:
    short = points(1.0, 0.0, [1.0, 2.0])
    assert at_most(short, 10) is short


def test_seconds_go_on_where_minutes_end() -> None:
    older = points(60.0, 0.0, [1.0, 2.0])
    newer = points(1.0, 110.0, [9.0] * 10 + [4.0, 6.0])
    found = joined(older, newer)
    assert found.unix_s == [0.0, 60.0, 120.0]
    assert found.mean == [1.0, 2.0, 5.0]
    assert (found.low[2], found.high[2]) == (4.0, 6.0)


def test_without_minutes_the_seconds_become_minutes() -> None:
    found = joined(Points(60.0, (), (), (), ()), points(1.0, 60.0, [2.0, 4.0]))
    assert found == Points(60.0, [60.0], [3.0], [2.0], [4.0])


def test_without_seconds_the_minutes_stay() -> None:
    older = points(60.0, 0.0, [1.0])
    assert joined(older, Points(1.0, (), (), (), ())) is older
