"""How long to wait before the next attempt."""

import random


class Backoff:
    """Doubles from `first_s` up to `most_s`, each wait shortened by up to `jitter` of itself.

    Jitter keeps a hundred cameras from knocking at a server that comes back at the same instant.
    """

    def __init__(self, first_s: float, most_s: float, jitter: float = 0.3) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._jitter = jitter
        self.attempts = 0

    def next_s(self) -> float:
        """The next wait."""
        wait_s = min(self._most_s, self._first_s * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return wait_s * (1.0 - self._jitter * random.random())

    def reset(self) -> None:
        """It worked: the next failure begins at the first wait."""
        self.attempts = 0
