"""Budgets, pauses, the breaker, and which action is next."""

import pytest

from popcam.alerts.recovery_model import (
    BREAKER_AFTER,
    MAX_JITTER,
    MAX_PAUSE_S,
    REST_S,
    Past,
    choose,
    is_idle,
    mean_times_s,
    verdict,
)
from popcam.core.alerts import AlertKey, RecoveryOutcome, RecoveryRun, RecoverySpec

SPEC = RecoverySpec(action="restart_camera", max_runs=3, window_s=3600.0, backoff_s=10.0)
GENEROUS = RecoverySpec(action="restart_camera", max_runs=1000, window_s=604_800.0, backoff_s=10.0)


def run_at(started_s: float, outcome: RecoveryOutcome = "not_recovered", active_s: float | None = None) -> RecoveryRun:
    return RecoveryRun(
        run_id=f"{started_s}",
        key=AlertKey("camera-offline", "door"),
        action="restart_camera",
        subject="door",
        started_unix_s=started_s,
        ended_unix_s=started_s + 5.0,
        outcome=outcome,
        active_unix_s=active_s,
    )


def after(*runs: RecoveryRun, chance: float = 0.0) -> Past:
    past = Past()
    for run in runs:
        past.runs.append(run)
        past.ended(run, chance)
    return past


def test_what_was_never_tried_may_begin() -> None:
    assert verdict(None, SPEC, 0.0) == "go"


def test_the_budget_is_spent_after_as_many_runs_as_it_allows() -> None:
    past = after(run_at(0), run_at(100), run_at(300))
    assert verdict(past, SPEC, 3599.0) == "budget_spent"


def test_the_budget_fills_as_the_window_moves_on() -> None:
    past = after(run_at(0), run_at(100), run_at(300))
    assert verdict(past, SPEC, 3600.0) == "go"


def test_runs_that_helped_count_for_the_budget_too() -> None:
    past = after(*(run_at(at_s, "recovered") for at_s in (0, 100, 200)))
    assert verdict(past, SPEC, 1000.0) == "budget_spent"


@pytest.mark.parametrize(("fails", "pause_s"), [(1, 10.0), (2, 20.0), (3, 40.0), (4, 80.0)])
def test_the_pause_doubles_with_each_run_that_did_not_help(fails: int, pause_s: float) -> None:
    past = after(*(run_at(1000.0 * at) for at in range(fails)))
    ended_s = 1000.0 * (fails - 1) + 5.0
    assert verdict(past, GENEROUS, ended_s + pause_s - 0.01) == "wait"
    assert verdict(past, GENEROUS, ended_s + pause_s) == "go"


def test_chance_makes_the_pause_longer_and_never_shorter() -> None:
    assert after(run_at(0), chance=0.0).not_before_unix_s(10.0) == 15.0
    assert after(run_at(0), chance=1.0).not_before_unix_s(10.0) == 5.0 + 10.0 * (1.0 + MAX_JITTER)


def test_a_run_that_helped_ends_the_doubling() -> None:
    past = after(run_at(0), run_at(1000), run_at(2000, "recovered"))
    assert past.not_before_unix_s(10.0) == 2015.0


def test_the_pause_is_that_of_the_rule_that_asks() -> None:
    past = after(run_at(0))
    assert (past.not_before_unix_s(10.0), past.not_before_unix_s(60.0)) == (15.0, 65.0)


def test_the_breaker_opens_after_several_in_a_row_and_lets_one_through_after_its_rest() -> None:
    past = after(*(run_at(1000.0 * at) for at in range(BREAKER_AFTER)))
    ended_s = 1000.0 * (BREAKER_AFTER - 1) + 5.0
    assert verdict(past, GENEROUS, ended_s + REST_S - 1.0) == "resting"
    assert verdict(past, GENEROUS, ended_s + REST_S) == "go"


def test_the_rest_doubles_when_the_one_that_was_let_through_did_not_help() -> None:
    past = after(*(run_at(1000.0 * at) for at in range(BREAKER_AFTER + 1)))
    assert past.not_before_unix_s(10.0) == 1000.0 * BREAKER_AFTER + 5.0 + 2 * REST_S


def test_no_rest_is_longer_than_six_hours() -> None:
    past = after(*(run_at(100_000.0 * at) for at in range(20)))
    assert past.not_before_unix_s(10.0) == 100_000.0 * 19 + 5.0 + MAX_PAUSE_S


def test_failures_are_forgotten_after_a_quiet_window() -> None:
    past = after(run_at(0), run_at(100))
    past.forgive(SPEC, 3700.0)
    assert past.fails == 0


def test_failures_within_the_window_are_not_forgotten() -> None:
    past = after(run_at(0), run_at(100))
    past.forgive(SPEC, 3699.0)
    assert past.fails == 2


def test_nothing_is_next_before_the_alert_is_old_enough() -> None:
    assert choose([60.0], [0], ["go"], lasted_s=59.0) is None


def test_actions_follow_one_another_in_their_order() -> None:
    assert choose([0.0, 0.0], [0, 0], ["go", "go"], 100.0) == 0
    assert choose([0.0, 0.0], [1, 0], ["go", "go"], 100.0) == 1
    assert choose([0.0, 0.0], [1, 1], ["go", "go"], 100.0) == 0


def test_an_action_with_a_longer_wait_comes_once_that_is_over() -> None:
    assert choose([0.0, 300.0], [2, 0], ["go", "go"], 299.0) == 0
    assert choose([0.0, 300.0], [2, 0], ["go", "go"], 300.0) == 1


def test_one_whose_budget_is_spent_gives_way_to_the_next() -> None:
    assert choose([0.0, 0.0], [0, 3], ["budget_spent", "go"], 100.0) == 1


def test_when_none_may_run_the_first_says_why() -> None:
    assert choose([0.0, 0.0], [3, 1], ["budget_spent", "resting"], 100.0) == 0


@pytest.mark.parametrize("outcome", ["budget_spent", "resting", "off"])
def test_what_only_tells_that_nothing_was_done_is_known_by_its_outcome(outcome: RecoveryOutcome) -> None:
    assert is_idle(run_at(0, outcome))


@pytest.mark.parametrize("outcome", ["recovered", "not_recovered", "failed"])
def test_a_run_that_was_made_is_not_idle(outcome: RecoveryOutcome) -> None:
    assert not is_idle(run_at(0, outcome))


def test_the_mean_time_is_from_the_fault_to_the_end_of_what_helped() -> None:
    runs = [
        run_at(100, "recovered", active_s=95.0),
        run_at(200, "recovered", active_s=175.0),
        run_at(300, "not_recovered", active_s=0.0),
        run_at(400, "recovered"),
    ]
    assert mean_times_s(runs) == {"door": 20.0}
