"""Pictures that did not come."""

from popcam.media.sources.gaps import KEPT, NEW_RATE_AFTER, Gaps

STEP_S = 1 / 25


def steady(gaps: Gaps, count: int, begin_s: float = 0.0, step_s: float = STEP_S) -> float:
    """Pictures at a steady rate, none missing; the time of the newest."""
    for number in range(count):
        assert gaps.missing(begin_s + number * step_s) == 0
    return begin_s + (count - 1) * step_s


def test_a_steady_stream_misses_nothing() -> None:
    steady(Gaps(), 200)


def test_what_is_missing_is_counted() -> None:
    gaps = Gaps()
    newest_s = steady(gaps, KEPT + 2)
    assert gaps.missing(newest_s + STEP_S * 4) == 3
    assert gaps.missing(newest_s + STEP_S * 5) == 0


def test_before_the_rate_is_known_nothing_is_missing() -> None:
    gaps = Gaps()
    newest_s = steady(gaps, KEPT // 2)
    assert gaps.missing(newest_s + STEP_S * 4) == 0


def test_a_pause_is_no_loss() -> None:
    gaps = Gaps()
    newest_s = steady(gaps, KEPT + 2)
    assert gaps.missing(newest_s + 15.0) == 0


def test_a_lower_rate_is_soon_the_usual_one() -> None:
    gaps = Gaps()
    newest_s = steady(gaps, KEPT + 2)
    lost = sum(gaps.missing(newest_s + STEP_S * 2 * number) for number in range(1, 200))
    assert lost == NEW_RATE_AFTER


def test_an_uneven_stream_tells_nothing() -> None:
    gaps = Gaps()
    at_s = 0.0
    for number in range(100):
        at_s += STEP_S * (1 + number % 3)
        assert gaps.missing(at_s) == 0


def test_a_new_connection_begins_without_a_gap() -> None:
    gaps = Gaps()
    newest_s = steady(gaps, KEPT + 2)
    gaps.forget()
    assert gaps.missing(newest_s + STEP_S * 4) == 0
