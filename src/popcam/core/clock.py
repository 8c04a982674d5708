"""Time as an argument: rules take a clock, tests give them a fake one.

What looks at something again and again sleeps until the next beat, not for a while of its own: what wakes together
wakes the machine once, and an idle process spends most of its time on waking up.
"""

import time
from typing import Final, Protocol

BEAT_S: Final = 0.25
"""The least pace of what goes on all the time."""
BEHIND_S: Final = 0.02
"""Beats come shortly behind the full second, so that what is taken in one belongs to it."""


class Clock(Protocol):
    """Where the time comes from."""

    def monotonic_s(self) -> float:
        """Seconds that never jump; for ages and time-outs."""
        ...

    def unix_s(self) -> float:
        """Seconds since 1970 in UTC; for people and files. It may jump."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def unix_s(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def until_beat_s(now_unix_s: float, every_s: float = BEAT_S, after_s: float = 0.0) -> float:
    """Seconds until the next beat of this pace.

    Args:
        now_unix_s: the wall clock. When it jumps, a beat comes early once.
        every_s: the pace, `BEAT_S` or a multiple of it.
        after_s: a multiple of `BEAT_S`, for those who would rather not be first in the second.
    """
    left_s = every_s - (now_unix_s - BEHIND_S - after_s) % every_s
    # Timers may go off some milliseconds early: this beat has come then.
    return left_s if left_s > BEHIND_S else left_s + every_s
