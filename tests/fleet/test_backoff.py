"""How soon something is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.fleet.backoff import Retry, RetryRules, TokenBucket

RULES = RetryRules(first_s=0.25, most_s=30.0, budget=10, window_s=600.0, stable_s=30.0)


def fail(retry: Retry, at_s: float, ran_s: float = 0.0, jitter: float = 0.5) -> float:
    """Let it fail; the seconds it must wait."""
    retry.failed(RULES, ran_s=ran_s, now_s=at_s, jitter=lambda: jitter)
    return retry.not_before_s - at_s


def test_the_wait_doubles_up_to_its_most() -> None:
    retry = Retry()
    waits_s = [fail(retry, at_s=0.0) for _ in range(10)]
    assert waits_s == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


@given(st.floats(0.0, 1.0))
def test_jitter_moves_the_wait_by_a_quarter_at_most(jitter: float) -> None:
    assert 0.1875 <= fail(Retry(), 0.0, jitter=jitter) <= 0.3125


def test_after_a_stable_run_it_is_tried_again_at_once() -> None:
    retry = Retry()
    for _ in range(5):
        fail(retry, at_s=0.0)
    assert fail(retry, at_s=100.0, ran_s=30.0) == 0.0
    assert fail(retry, at_s=101.0, ran_s=1.0) == 0.5


def test_more_failures_than_the_budget_open_the_breaker() -> None:
    retry = Retry()
    for _ in range(10):
        fail(retry, at_s=0.0)
    assert not retry.rests(0.0)
    assert fail(retry, at_s=0.0) == 600.0
    assert retry.rests(0.0)


def test_slow_failures_open_it_too() -> None:
    retry = Retry()
    waits_s = [fail(retry, at_s=31.0 * number, ran_s=31.0) for number in range(11)]
    assert waits_s[-1] == 600.0


def test_the_one_attempt_after_the_window_opens_it_again_when_it_fails() -> None:
    retry = Retry()
    for _ in range(11):
        fail(retry, at_s=0.0)
    assert not retry.waits(600.0)
    assert fail(retry, at_s=601.0) == 600.0


def test_the_one_attempt_closes_it_when_it_runs_well() -> None:
    retry = Retry()
    for _ in range(11):
        fail(retry, at_s=0.0)
    assert fail(retry, at_s=700.0, ran_s=99.0) == 0.0


def test_the_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(burst=2, per_s=4.0, now_s=0.0)
    assert bucket.available(0.0) == 2
    bucket.take()
    bucket.take()
    assert bucket.available(0.0) == 0
    assert bucket.next_s() == pytest.approx(0.25)
    assert bucket.available(0.25) == 1
    assert bucket.available(1e6) == 2
