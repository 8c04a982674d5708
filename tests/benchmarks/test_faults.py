"""Times of faults: rows for the table, and waiting that gives up."""

from itertools import count

import pytest
from benchmarks.lib.faults import NothingMeasuredError, Times, wait_until
from benchmarks.lib.table import Wanted


def test_each_time_has_a_row_of_all_runs_and_one_of_the_95th_percentile() -> None:
    times = Times({"well again after": 3.0})
    for seconds in (1.0, 2.0, 4.0):
        times.add("well again after", seconds)
    runs, worst = times.figures("worker")
    assert (runs.name, runs.values) == ("worker: well again after", (1.0, 2.0, 4.0))
    assert (worst.name, worst.values) == ("worker: well again after, P95", (4.0,))
    assert isinstance(worst.limit, Wanted)
    assert "missed" in worst.row()[-1]


def test_what_is_no_time_has_no_seconds() -> None:
    times = Times()
    times.shares["rate"] = [0.4]
    assert [(row.name, row.unit) for row in times.figures("cpu")] == [("cpu: rate", "ratio")]


def test_waiting_ends_with_what_was_waited_for() -> None:
    asked = count()
    assert wait_until(lambda: next(asked) == 3) < 5.0


def test_waiting_for_what_never_happens_measures_nothing() -> None:
    with pytest.raises(NothingMeasuredError, match="lambda: False"):
        wait_until(lambda: False, patience_s=0.01)
