"""Remembers answers of the database for a few seconds, so that a request costs no reading."""

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

KEEP_S = 3.0
"""A change by another process, such as `popcam user disable`, holds after this time at the latest."""
MAX_ENTRIES = 4096


class ShortMemory(Generic[Value]):
    """Values by key, for a while.

    Args:
        monotonic_s: the time.
        keep_s: how long a value counts.
        max_entries: the oldest goes when there are more.
    """

    def __init__(
        self, monotonic_s: Callable[[], float], *, keep_s: float = KEEP_S, max_entries: int = MAX_ENTRIES
    ) -> None:
        self._monotonic_s = monotonic_s
        self._keep_s = keep_s
        self._max_entries = max_entries
        self._held: dict[str, tuple[float, Value]] = {}
        self.age = 0
        """Grows with each `clear`: what was read before it is not worth remembering."""

    def get(self, key: str) -> Value | None:
        """The value, if it is fresh."""
        held = self._held.get(key)
        if held is None or self._monotonic_s() - held[0] > self._keep_s:
            return None
        return held[1]

    def put(self, key: str, value: Value, age: int) -> None:
        """Remember what was read when the memory had this age."""
        if age != self.age:
            return
        self._held.pop(key, None)
        while len(self._held) >= self._max_entries:
            del self._held[next(iter(self._held))]
        self._held[key] = (self._monotonic_s(), value)

    def clear(self) -> None:
        """Forget everything, and what is being read just now."""
        self._held.clear()
        self.age += 1
