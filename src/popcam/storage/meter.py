"""What the database is busy with: who works, who waits, and how long statements take. Any thread may tell.

It holds what happened since somebody looked last, bounded: whoever sums it up takes it once a second.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Engine, event

Item = TypeVar("Item")
MAX_HELD = 20_000
"""Statements, and waits, between two looks; the oldest go."""


class Statement(NamedTuple):
    """One statement that was carried out: its text, with places in the stead of values, and how long it took."""

    text: str
    took_s: float


class DatabaseMeter:
    """Counts and times. `in_use` and `waiting` are of now."""

    def __init__(self) -> None:
        self.in_use = 0
        """Transactions that are open."""
        self.waiting = 0
        """Work that waits for a thread."""
        self._lock = threading.Lock()
        self._statements: deque[Statement] = deque(maxlen=MAX_HELD)
        self._waits_s: deque[float] = deque(maxlen=MAX_HELD)

    def queued(self) -> float:
        """Work waits for a thread from now on; give what comes back to `began`."""
        with self._lock:
            self.waiting += 1
        return time.perf_counter()

    def began(self, queued_s: float) -> None:
        """A thread took it."""
        with self._lock:
            self.waiting -= 1
        self._waits_s.append(time.perf_counter() - queued_s)

    def gave_up(self) -> None:
        """Who waited was cancelled before a thread took the work."""
        with self._lock:
            self.waiting -= 1

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A transaction is open for as long as the block lasts."""
        with self._lock:
            self.in_use += 1
        try:
            yield
        finally:
            with self._lock:
                self.in_use -= 1

    def take(self) -> tuple[list[Statement], list[float]]:
        """Statements and waits in seconds since this was asked last."""
        return _taken(self._statements), _taken(self._waits_s)

    def listen(self, engine: Engine) -> None:
        """Time the statements of an engine."""

        def before(_connection: Any, _cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
            if context is not None:
                context.popcam_began_s = time.perf_counter()

        def after(_connection: Any, _cursor: Any, text: str, _values: Any, context: Any, _many: bool) -> None:
            if context is not None:
                self._statements.append(Statement(text, time.perf_counter() - context.popcam_began_s))

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)


def _taken(held: "deque[Item]") -> list[Item]:
    items = []
    while held:
        items.append(held.popleft())
    return items
