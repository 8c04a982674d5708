"""How long to wait before a lost source is opened again. Pure: time and chance are arguments."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from popcam.core.errors import SourceError, SourceUnauthorizedError

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
UNAUTHORIZED_S: Final = 60.0
"""Cameras lock the account after a few wrong passwords, often for some minutes: ask seldom, then more seldom."""
UNAUTHORIZED_LONGEST_S: Final = 600.0
HOPELESS_S: Final = 60.0
"""An error that a retry can't heal by itself: the user may correct the other end, so it is asked again, slowly."""
HEALTHY_S: Final = 30.0
"""A source that delivered for so long starts again with the shortest wait when it is lost."""
JITTER: Final = 0.25
"""Share by which a wait varies, so that cameras of a switch that restarted do not come back all at once."""


@dataclass(slots=True)
class ReconnectDelay:
    """The waits of one source.

    Args:
        chance: gives a number in 0..1.
    """

    chance: Callable[[], float] = field(default=random.random, repr=False)
    _attempts: int = 0
    _opened_s: float | None = None

    def opened(self, now_s: float) -> None:
        """The source has just been opened."""
        self._opened_s = now_s

    def next_s(self, error: SourceError, now_s: float) -> float:
        """Seconds to wait, after the source failed to open or was lost.

        Doubles with each failure in a row up to a limit; how high depends on the error.
        """
        if self._opened_s is not None and now_s - self._opened_s >= HEALTHY_S:
            self._attempts = 0
        self._opened_s = None
        first_s, longest_s = _limits(error)
        wait_s = min(longest_s, first_s * 2.0 ** min(self._attempts, 20))
        self._attempts += 1
        return wait_s * (1 - JITTER + 2 * JITTER * self.chance())


def _limits(error: SourceError) -> tuple[float, float]:
    if isinstance(error, SourceUnauthorizedError):
        return UNAUTHORIZED_S, UNAUTHORIZED_LONGEST_S
    if not error.retryable:
        return HOPELESS_S, HOPELESS_S
    return FIRST_S, LONGEST_S
