"""How long to wait before a source is opened again."""

import pytest

from popcam.core.errors import SourceError, SourceNotVideoError, SourceUnauthorizedError, SourceUnreachableError
from popcam.media.sources import ReconnectDelay

LOST = SourceUnreachableError("x")


def waits(error: SourceError, count: int) -> list[float]:
    delay = ReconnectDelay(chance=lambda: 0.5)
    return [delay.next_s(error, now_s=0.0) for _ in range(count)]


def test_wait_doubles_up_to_half_a_minute() -> None:
    assert waits(LOST, 9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_wrong_password_is_tried_seldom() -> None:
    assert waits(SourceUnauthorizedError("x"), 6) == [60, 120, 240, 480, 600, 600]


def test_what_a_retry_cannot_heal_is_tried_slowly_for_ever() -> None:
    assert waits(SourceNotVideoError("x"), 3) == [60, 60, 60]


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 0.375), (1.0, 0.625)])
def test_waits_vary_by_a_quarter(chance: float, expected: float) -> None:
    assert ReconnectDelay(chance=lambda: chance).next_s(LOST, 0.0) == pytest.approx(expected)


def test_a_healthy_time_forgives_earlier_failures() -> None:
    delay = ReconnectDelay(chance=lambda: 0.5)
    for _ in range(5):
        delay.next_s(LOST, 0.0)
    delay.opened(100.0)
    assert delay.next_s(LOST, 131.0) == 0.5


def test_a_short_life_forgives_nothing() -> None:
    delay = ReconnectDelay(chance=lambda: 0.5)
    delay.next_s(LOST, 0.0)
    delay.opened(100.0)
    assert delay.next_s(LOST, 101.0) == 1.0


def test_very_many_failures_do_not_overflow() -> None:
    assert waits(LOST, 3000)[-1] == 30
