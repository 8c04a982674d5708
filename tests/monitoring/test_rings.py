"""The last hour of all figures: what was, for each series, and nothing of others."""

import math

import psutil
import pytest
from tests.monitoring.measured import BEGIN_UNIX_S, Seconds, counter, gauge

from popcam.core.errors import MetricUnknownError
from popcam.monitoring.registry import Registry
from popcam.monitoring.rings import Rings


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def seconds(registry: Registry) -> Seconds:
    return Seconds(Rings(registry, columns=10))


def test_points_of_a_series_come_back_with_their_times(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    for value in (1.0, 2.0, 3.0):
        level.set(("gate",), value)
        seconds.take()
    points = seconds.rings.seconds("popcam_level", ("gate",), 0.0, 1e12)
    assert points.mean == [1.0, 2.0, 3.0]
    assert points.unix_s == [BEGIN_UNIX_S, BEGIN_UNIX_S + 1, BEGIN_UNIX_S + 2]


def test_only_the_asked_time_is_told(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    for value in range(5):
        level.set(("gate",), value)
        seconds.take()
    assert seconds.rings.seconds("popcam_level", ("gate",), BEGIN_UNIX_S + 1, BEGIN_UNIX_S + 2).mean == [1.0, 2.0]


def test_the_oldest_seconds_go(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    for value in range(25):
        level.set(("gate",), value)
        seconds.take()
    assert seconds.rings.seconds("popcam_level", ("gate",), 0, 1e12).mean == list(range(15, 25))


def test_a_second_is_taken_once(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 1.0)
    seconds.take(passed_s=0.2)
    assert seconds.take() == 0
    assert seconds.rings.seconds("popcam_level", ("gate",), 0, 1e12).mean == [1.0]


def test_seconds_in_which_nobody_looked_are_gaps(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 1.0)
    seconds.take(passed_s=3.0)
    assert seconds.take() == 3
    points = seconds.rings.seconds("popcam_level", ("gate",), 0, 1e12)
    assert [math.isnan(value) for value in points.mean] == [False, True, True, False]
    assert points.unix_s == [BEGIN_UNIX_S + second for second in range(4)]


def test_a_pause_longer_than_the_ring_leaves_only_now(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 1.0)
    seconds.take(passed_s=1000.0)
    seconds.take()
    points = seconds.rings.seconds("popcam_level", ("gate",), 0, 1e12)
    assert [value for value in points.mean if not math.isnan(value)] == [1.0]


def test_a_new_series_has_no_past_of_the_one_whose_place_it_took(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 1.0)
    seconds.take()
    level.remove(("gate",))
    level.set(("yard",), 2.0)
    seconds.take()
    assert seconds.rings.over("popcam_level", "mean", 5) == {("yard",): 2.0}


def test_a_series_that_came_later_has_no_earlier_points(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    for number in range(300):  # more than one block
        level.set((str(number),), number)
        if number in (0, 299):
            seconds.take()
    assert seconds.rings.over("popcam_level", "min", 5)[("299",)] == 299.0
    points = seconds.rings.seconds("popcam_level", ("299",), 0, 1e12)
    assert math.isnan(points.mean[0])
    assert len(seconds.rings.over("popcam_level", "min", 5)) == 300


def test_counters_tell_their_growth(registry: Registry, seconds: Seconds) -> None:
    things = counter(registry)
    for _ in range(4):
        things.add(("gate",), 3)
        seconds.take()
    rings = seconds.rings
    assert rings.over("popcam_things_total", "increase", 4) == {("gate",): 12.0}
    assert rings.over("popcam_things_total", "rate", 4) == {("gate",): 3.0}
    assert rings.over("popcam_things_total", "last", 4) == {("gate",): 12.0}
    assert rings.over("popcam_things_total", "max", 4) == {("gate",): 3.0}


def test_what_was_counted_elsewhere_before_is_no_growth(registry: Registry, seconds: Seconds) -> None:
    things = counter(registry)
    for total in (1_000_000, 1_000_002):
        things.set(("gate",), total)
        seconds.take()
    assert seconds.rings.over("popcam_things_total", "increase", 5) == {("gate",): 2.0}


def test_a_counter_that_begins_anew_grew_by_what_it_has(registry: Registry, seconds: Seconds) -> None:
    things = counter(registry)
    for total in (10, 14, 3):
        things.set(("gate",), total)
        seconds.take()
    assert seconds.rings.over("popcam_things_total", "increase", 5) == {("gate",): 7.0}


def test_a_counter_that_was_unknown_for_a_while_loses_nothing(registry: Registry, seconds: Seconds) -> None:
    things = counter(registry)
    for total in (10, math.nan, 15):
        things.set(("gate",), total)
        seconds.take()
    assert seconds.rings.over("popcam_things_total", "increase", 5) == {("gate",): 5.0}


def test_totals_beyond_32_bits_still_tell_single_things(registry: Registry, seconds: Seconds) -> None:
    things = counter(registry)
    for total in (2**40, 2**40 + 1):
        things.set(("gate",), total)
        seconds.take()
    assert seconds.rings.over("popcam_things_total", "increase", 5) == {("gate",): 1.0}


def test_a_question_within_a_second_is_answered_from_memory(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 1.0)
    seconds.take()
    first = seconds.rings.over("popcam_level", "mean", 5)
    assert seconds.rings.over("popcam_level", "mean", 5) is first
    level.set(("gate",), 3.0)
    seconds.take()
    assert seconds.rings.over("popcam_level", "mean", 5) == {("gate",): 2.0}


def test_what_is_not_told_now_was_told_before(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    level.set(("gate",), 4.0)
    seconds.take()
    level.set(("gate",), math.nan)
    seconds.take()
    assert seconds.rings.over("popcam_level", "last", 5) == {("gate",): 4.0}
    assert seconds.rings.over("popcam_level", "last", 1) == {}


def test_an_unknown_metric_has_a_name_for_its_failure(seconds: Seconds) -> None:
    with pytest.raises(MetricUnknownError):
        seconds.rings.over("popcam_nothing", "mean", 5)


def test_a_metric_that_was_never_taken_has_nothing(registry: Registry, seconds: Seconds) -> None:
    gauge(registry)
    assert seconds.rings.over("popcam_level", "mean", 5) == {}
    assert seconds.rings.seconds("popcam_level", ("gate",), 0, 1e12).unix_s == ()


def test_memory_is_that_of_the_series(registry: Registry, seconds: Seconds) -> None:
    level = gauge(registry)
    for number in range(100):
        level.set((str(number),), number)
    for _ in range(50):
        seconds.take()
    others = 2 * 8 * 10 * 4  # the registry's own family, at most
    assert 100 * 10 * 4 <= seconds.rings.size_bytes() <= 2 * 100 * 10 * 4 + others


def test_memory_does_not_grow_while_the_hour_fills(registry: Registry) -> None:
    rings, level = Rings(registry), gauge(registry)
    for number in range(1500):
        level.set((str(number),), number)
    rings.take(0.0, BEGIN_UNIX_S)
    before = psutil.Process().memory_info().rss
    for second in range(1, 3600):
        rings.take(float(second), BEGIN_UNIX_S + second)
    grown = psutil.Process().memory_info().rss - before
    assert rings.size_bytes() > 20_000_000
    assert grown < 10_000_000
