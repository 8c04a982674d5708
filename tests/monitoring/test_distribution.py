"""Quantiles over a moving window: right to half a bucket, forgotten in time, added up exactly."""

import math
import random

import pytest

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.distribution import Buckets, Distribution, merged, tell
from popcam.monitoring.registry import Registry


class Hand:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("growth", [1.02, 1.05, 1.10])
def test_quantiles_are_right_to_half_a_bucket(share: float, growth: float) -> None:
    values = sorted(random.Random(7).lognormvariate(-4, 1) for _ in range(5000))
    buckets = Buckets(growth)
    for value in values:
        buckets.put(value)
    true = values[math.ceil(share * len(values)) - 1]
    assert buckets.quantile(share) == pytest.approx(true, rel=growth - 1)


def test_mean_count_and_highest_are_exact() -> None:
    distribution = Distribution()
    for value in (0.1, 0.2, 0.6):
        distribution.put(value)
    summary = distribution.summary()
    assert (summary.count, summary.highest) == (3, 0.6)
    assert summary.mean == pytest.approx(0.3)


def test_no_quantile_lies_above_the_highest() -> None:
    distribution = Distribution()
    distribution.put(0.5)
    assert distribution.summary().p99 <= 0.5


def test_nothing_happened_is_no_number() -> None:
    summary = Distribution().summary()
    assert summary.count == 0
    assert all(math.isnan(value) for value in (summary.mean, summary.p50, summary.highest))


def test_what_is_older_than_the_window_is_forgotten() -> None:
    hand = Hand()
    distribution = Distribution(slices=2, slice_s=5.0, now_s=hand)
    distribution.put(1.0)
    hand.now_s += 5
    distribution.put(2.0)
    assert distribution.summary().count == 2
    hand.now_s += 5
    assert distribution.summary().count == 1
    hand.now_s += 60
    assert distribution.summary().count == 0


def test_a_shorter_window_is_answered_from_its_slices() -> None:
    hand = Hand()
    distribution = Distribution(now_s=hand)
    distribution.put(1.0)
    hand.now_s += 30
    distribution.put(2.0)
    assert distribution.summary(5.0).count == 1
    assert distribution.summary().count == 2


def test_several_distributions_add_up() -> None:
    one, other = Distribution(), Distribution()
    one.put(0.1)
    other.put(0.3)
    both = merged([one, other]).summary()
    assert (both.count, both.highest) == (2, 0.3)
    assert merged([]).count == 0


def test_different_buckets_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="different"):
        Buckets(1.02).merge(Buckets(1.05))


def test_zero_and_the_huge_have_a_bucket() -> None:
    buckets = Buckets()
    buckets.put(0.0)
    buckets.put(1e30)
    assert buckets.count == 2
    assert len(buckets.counts) == 2


def test_a_family_gets_its_quantiles() -> None:
    labels = ("route", "quantile")
    metric = Metric(name="popcam_t_seconds", kind="gauge", unit="seconds", help=Text("t", "t"), labels=labels)
    family = Registry().declare(metric)
    distribution = Distribution()
    tell(family, ("/x",), distribution.summary())
    assert family.latest() == {}
    distribution.put(1.0)
    tell(family, ("/x",), distribution.summary())
    assert set(family.latest()) == {("/x", "0.5"), ("/x", "0.95"), ("/x", "0.99")}
