"""What is left out when the machine can't keep up."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from popcam.pipeline.load import (
    FORGIVEN_S,
    MOST_LEVEL,
    MOST_PATIENCE_S,
    PATIENCE_S,
    RELAPSE_S,
    LoadState,
    LoadWindow,
    is_overload,
    judge,
)

CALM = LoadWindow(seconds=1.0, dropped=0, busy_share=0.2, latency_s=0.02, interval_s=1 / 15)
FULL = replace(CALM, busy_share=0.7)
BAD = replace(CALM, dropped=10)


def after(state: LoadState, *windows: LoadWindow) -> LoadState:
    for window in windows:
        state = judge(state, window)
    return state


def calm_for(seconds: float) -> list[LoadWindow]:
    return [CALM] * int(seconds)


def test_dropped_frames_are_overload() -> None:
    assert is_overload(BAD)
    assert not is_overload(replace(CALM, dropped=1))


def test_late_pictures_are_overload_even_when_none_is_dropped() -> None:
    assert is_overload(replace(CALM, latency_s=0.8))
    assert not is_overload(replace(CALM, latency_s=0.8, interval_s=0.5))  # two frames a second: that is no delay


def test_one_bad_window_is_a_hiccup_and_a_second_one_halves_the_pictures() -> None:
    assert after(LoadState(), BAD).factor == 1
    assert after(LoadState(), BAD, CALM, BAD).factor == 1
    assert after(LoadState(), BAD, BAD).factor == 2
    assert after(LoadState(), BAD, BAD, BAD).factor == 4


def test_level_stays_within_its_bounds() -> None:
    assert after(LoadState(), *[BAD] * 10).level == MOST_LEVEL
    assert after(LoadState(), *calm_for(100)).level == 0


def test_calm_time_brings_back_one_level() -> None:
    loaded = after(LoadState(), BAD, BAD, BAD)
    assert after(loaded, *calm_for(PATIENCE_S - 1)).level == 2
    assert after(loaded, *calm_for(PATIENCE_S)).level == 1
    assert after(loaded, *calm_for(2 * PATIENCE_S)).level == 0


def test_level_is_kept_while_twice_as_many_pictures_would_not_fit() -> None:
    assert after(LoadState(), BAD, BAD, *[FULL] * 100).level == 1


def test_a_busy_window_begins_the_calm_time_anew() -> None:
    loaded = after(LoadState(), BAD, BAD)
    assert after(loaded, *calm_for(PATIENCE_S - 1), FULL, *calm_for(PATIENCE_S - 1)).level == 1


def test_relapse_doubles_the_patience() -> None:
    relapsed = after(LoadState(), BAD, BAD, *calm_for(PATIENCE_S), BAD, BAD)
    assert relapsed.patience_s == 2 * PATIENCE_S
    assert after(relapsed, *calm_for(2 * PATIENCE_S - 1)).level == 1
    assert after(relapsed, *calm_for(2 * PATIENCE_S)).level == 0


def test_overload_long_after_is_no_relapse() -> None:
    later = after(LoadState(), BAD, BAD, *calm_for(PATIENCE_S + RELAPSE_S + 1), BAD, BAD)
    assert later.patience_s == PATIENCE_S


def test_patience_is_bounded_and_forgiven() -> None:
    state = LoadState()
    for _ in range(10):
        state = after(state, BAD, BAD)
        state = after(state, *calm_for(state.patience_s))
    assert state.patience_s == MOST_PATIENCE_S
    assert after(state, *calm_for(FORGIVEN_S)).patience_s == PATIENCE_S


@given(st.lists(st.sampled_from([CALM, FULL, BAD]), max_size=200))
def test_level_moves_one_step_at_a_time(windows: list[LoadWindow]) -> None:
    state = LoadState()
    for window in windows:
        now = judge(state, window)
        assert abs(now.level - state.level) <= 1
        assert 0 <= now.level <= MOST_LEVEL
        state = now
