"""How the points of a window become one number per series."""

import numpy as np
import numpy.typing as npt
import pytest

from popcam.core.monitoring import Aggregate
from popcam.monitoring.aggregates import quantile, reduce_window

NAN = np.nan


def one(points: list[float], aggregate: Aggregate) -> float:
    return float(reduce_window(np.array(points, np.float32).reshape(-1, 1), aggregate)[0])


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [("last", 4.0), ("mean", 2.5), ("min", 1.0), ("max", 4.0), ("increase", 10.0), ("rate", 2.5)],
)
def test_a_window_becomes_a_number(aggregate: Aggregate, value: float) -> None:
    assert one([1, 3, 2, 4], aggregate) == value


@pytest.mark.parametrize("aggregate", ["last", "mean", "min", "max", "p95", "increase", "rate"])
def test_without_a_point_there_is_no_number(aggregate: Aggregate) -> None:
    assert np.isnan(one([NAN, NAN], aggregate))


def test_gaps_count_for_nothing() -> None:
    assert one([1, NAN, 3, NAN], "mean") == 2.0
    assert one([1, NAN, 3, NAN], "last") == 3.0
    assert one([NAN, 5, 3, NAN], "min") == 3.0


def test_a_rate_is_over_the_time_since_the_first_point() -> None:
    assert one([NAN, NAN, 4, 0], "rate") == 2.0


def test_large_totals_add_up_exactly() -> None:
    assert one([2.0**24, 1.0, 1.0, 1.0], "increase") == 2.0**24 + 3


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 1.0])
def test_quantiles_are_those_of_numpy(share: float) -> None:
    points: npt.NDArray[np.float64] = np.random.default_rng(7).random((50, 3))
    points[5:20, 1] = NAN
    assert quantile(points, share) == pytest.approx(np.nanquantile(points, share, axis=0))
