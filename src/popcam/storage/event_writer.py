"""One thread that writes events in batches, so that neither the loop nor a camera ever waits for the disk."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from popcam.core.errors import DatabaseError
from popcam.core.facts import Event
from popcam.storage.events import EventStore, Retention

log = structlog.get_logger(__name__)

MAX_WAITING = 2000
MAX_BATCH = 200
GATHER_S = 0.1
"""Events that come this close together share a transaction."""
RETRY_S = 2.0
PRUNE_EVERY_S = 60.0


class EventWriter:
    """Takes events and writes them soon. While the database refuses, they wait; beyond a bound the oldest are lost.

    Args:
        store: where they go.
        retention: how long they stay there; it may be replaced while running.
        unix_s: the wall clock.
    """

    def __init__(self, store: EventStore, retention: Retention, unix_s: Callable[[], float] = time.time) -> None:
        self._store = store
        self.retention = retention
        self._unix_s = unix_s
        self._waiting: deque[Event] = deque()
        self._news = threading.Condition()
        self._ending = False
        self._failing = ""
        self._prune_at_s = time.monotonic()
        self.written = 0
        self.lost = 0
        """Events that were never written, since the start."""
        self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def offer(self, event: Event) -> None:
        """Queue one event; never waits."""
        with self._news:
            if len(self._waiting) >= MAX_WAITING:
                self._waiting.popleft()
                self._lose(1, "queue full")
            self._waiting.append(event)
            self._news.notify()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what waits and end; what can't be written by then is lost and counted."""
        with self._news:
            self._ending = True
            self._news.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        with self._news:
            if self._waiting:
                self._lose(len(self._waiting), "server stopped")
                self._waiting.clear()

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            written = self._write(batch)
            self._prune_when_due()
            if self._ending and (not written or not self._waiting):
                return
            if not written:
                with self._news:
                    self._news.wait_for(lambda: self._ending, RETRY_S)

    def _next_batch(self) -> list[Event]:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._ending, PRUNE_EVERY_S)
            if self._waiting and not self._ending:
                self._news.wait_for(lambda: self._ending or len(self._waiting) >= MAX_BATCH, GATHER_S)
            return [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]

    def _write(self, batch: Sequence[Event]) -> bool:
        """False when the database refuses everything; the batch waits again then."""
        if not batch:
            return True
        try:
            self._store.put(batch)
        except DatabaseError as error:
            if type(error) is DatabaseError and len(batch) > 1:
                results = [self._write([event]) for event in batch]  # one of them is the bad one: find it
                return all(results)
            if type(error) is DatabaseError:
                log.warning("event.refused", event_id=batch[0].event_id, detail=error.detail)
                self._lose(1, error.code)
                return True
            self._put_back(batch)
            self._note_failure(error)
            return False
        self.written += len(batch)
        if self._failing:
            log.info("events.recovered", waiting=len(self._waiting))
            self._failing = ""
        return True

    def _put_back(self, batch: Sequence[Event]) -> None:
        with self._news:
            self._waiting.extendleft(reversed(batch))
            surplus = len(self._waiting) - MAX_WAITING
            for _ in range(surplus):
                self._waiting.popleft()
            if surplus > 0:
                self._lose(surplus, "queue full")

    def _note_failure(self, error: DatabaseError) -> None:
        if self._failing != error.code:
            log.warning("events.wait", code=error.code, detail=error.detail)
            self._failing = error.code

    def _lose(self, count: int, reason: str) -> None:
        if self.lost == 0 or self.lost % 1000 + count >= 1000:
            log.warning("events.lost", count=count, before=self.lost, reason=reason)
        self.lost += count

    def _prune_when_due(self) -> None:
        if time.monotonic() < self._prune_at_s:
            return
        self._prune_at_s = time.monotonic() + PRUNE_EVERY_S
        try:
            deleted = self._store.prune(self.retention, self._unix_s())
        except DatabaseError as error:
            self._note_failure(error)
            return
        if deleted:
            log.info("events.pruned", count=deleted)
