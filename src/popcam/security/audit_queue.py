"""What waits to be written to the audit log: bounded, and what it can't take is counted by kind."""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from popcam.security.audit_chain import Draft
from popcam.storage.audit import AuditRow

MAX_WAITING = 5_000
"""Beyond this many the notes that only tell of looking and of refusals are let go, oldest first."""
MAX_CHANGES = 20_000
"""Notes of changes are kept up to this many."""
LESSER_ACTIONS = frozenset({"live.view", "recording.view", "secret.use"})


class Waiting(NamedTuple):
    """One note, in its order, and who wants to know its place."""

    number: int
    draft: Draft
    told: "Future[AuditRow] | None" = None

    @property
    def lesser(self) -> bool:
        """It changed nothing."""
        return self.draft.fields["result"] == "refused" or self.draft.fields["action"] in LESSER_ACTIONS


class AuditQueue:
    """Filled from any thread, emptied by the writer."""

    def __init__(self) -> None:
        self._changes: deque[Waiting] = deque()
        self._lesser: deque[Waiting] = deque()
        self._next = 0
        self.news = threading.Condition()
        self.lost = 0
        """Notes that were never written, since the start."""
        self.lost_untold = 0
        """Of these, what the log does not tell yet."""

    def __len__(self) -> int:
        return len(self._changes) + len(self._lesser)

    def put(self, draft: Draft, told: "Future[AuditRow] | None" = None) -> bool:
        """Queue one note; never waits. False: a note was let go for it."""
        with self.news:
            note = Waiting(self._next, draft, told)
            self._next += 1
            self._queue_of(note).append(note)
            kept = self._make_room()
            self.news.notify()
        return kept

    def take(self, count: int) -> list[Waiting]:
        """The oldest notes, in their order."""
        with self.news:
            return [self._oldest() for _ in range(min(count, len(self)))]

    def put_back(self, notes: Sequence[Waiting]) -> None:
        """They could not be written; they come first again."""
        with self.news:
            for note in reversed(notes):
                self._queue_of(note).appendleft(note)
            self._make_room()

    def told_lost(self, count: int) -> None:
        """The log tells of so many lost ones now."""
        with self.news:
            self.lost_untold -= count

    def _queue_of(self, note: Waiting) -> deque[Waiting]:
        return self._lesser if note.lesser else self._changes

    def _oldest(self) -> Waiting:
        queues = [queue for queue in (self._changes, self._lesser) if queue]
        return min(queues, key=lambda queue: queue[0].number).popleft()

    def _make_room(self) -> bool:
        before = self.lost
        while self._lesser and len(self) > MAX_WAITING:
            self._lesser.popleft()
            self.lost += 1
        while len(self._changes) > MAX_CHANGES:
            self._changes.popleft()
            self.lost += 1
        self.lost_untold += self.lost - before
        return self.lost == before
