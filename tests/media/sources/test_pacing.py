"""Playing at the speed of the clock."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from popcam.media.sources import pacing
from popcam.media.sources.pacing import Pace, Playback


class HandPace(Pace):
    """Whose clock stands until somebody waits, and then shows what was waited for: no machine is late by it."""

    now_s = 0.0

    def wait_until(self, due_monotonic_s: float) -> bool:
        self.now_s = max(self.now_s, due_monotonic_s)
        return True


Played = Callable[[list[float], float], list[float]]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    """When each point of a time line is reached."""
    pace = HandPace()
    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: pace.now_s))

    def play(times_s: list[float], linger_s: float) -> list[float]:
        playback = Playback(pace)
        reached = []
        for time_s in times_s:
            assert playback.wait(time_s, linger_s=linger_s)
            reached.append(pace.now_s)
        return reached

    return play


def test_points_are_reached_when_they_are_due(played: Played) -> None:
    assert played([0.0, 0.1, 0.2], 0.0) == pytest.approx([0.0, 0.1, 0.2])


def test_who_lingers_gets_several_points_at_once(played: Played) -> None:
    assert played([0.0, 0.1, 0.15, 0.2], 0.2) == pytest.approx([0.0, 0.3, 0.3, 0.3])


def test_no_wait_ends_before_it_is_due() -> None:
    due_s = time.monotonic() + 0.1
    assert Pace().wait_until(due_s)
    assert time.monotonic() >= due_s


def test_a_stop_ends_lingering() -> None:
    pace = Pace()
    playback = Playback(pace)
    assert playback.wait(0.0)
    pace.stop()
    began_s = time.monotonic()
    assert not playback.wait(5.0, linger_s=1.0)
    assert time.monotonic() - began_s < 4.0  # not the 6 s


def test_a_stop_ends_every_wait_at_once_and_may_come_twice() -> None:
    pace, ended = Pace(), []
    waiting = [threading.Thread(target=lambda: ended.append(pace.wait_until(time.monotonic() + 20))) for _ in range(2)]
    for thread in waiting:
        thread.start()
    pace.stop()
    pace.stop()
    for thread in waiting:
        thread.join(5)
    assert ended == [False, False]
    assert pace.stopped
