"""The audit log: takes notes from anywhere and writes them as a chain, in one thread of its own.

Nobody waits for it unless they ask to, and then never longer than `WRITE_WAIT_S`. While the database refuses, notes
wait in memory; what waits when the server ends is kept in a file until the next start.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from pathlib import Path

import structlog
from sqlalchemy import Connection

from popcam.core.access import AuditNote
from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import DatabaseError
from popcam.security import audit_saved
from popcam.security.audit_chain import FIRST_PREV, Draft, draft_of, own_draft, row_of
from popcam.security.audit_export import Export
from popcam.security.audit_keeper import AuditKeeper
from popcam.security.audit_keys import open_key
from popcam.security.audit_listeners import Listeners
from popcam.security.audit_queue import AuditQueue, Waiting
from popcam.security.audit_report import AuditReport
from popcam.security.audit_verify import verify_database
from popcam.security.audit_watch import break_behind
from popcam.storage.audit import AuditFilter, AuditPage, AuditRow, Tail, append, lock, page, tail
from popcam.storage.database import Database

log = structlog.get_logger(__name__)

WRITE_WAIT_S = 2.0
"""`write` gives up waiting then; the note is written later."""
MAX_BATCH = 200
RETRY_S = 1.0
TEND_EVERY_S = 10.0
STOP_TIMEOUT_S = 6.5
"""Beyond the time that SQLite waits for another writer."""
LOSS_LOGGED_EVERY = 1000

Rows = tuple[AuditRow, ...]


class AuditLog:
    """Everything that was done, in order.

    Args:
        database: where entries go.
        keys_dir: folder of the instance's key, `data_dir/keys`.
        clock: times of notes and checkpoints.
        keep_days: older entries are pruned.
        views: watching is to be noted, too. Both may be replaced while running.
    """

    def __init__(
        self,
        database: Database,
        keys_dir: Path,
        *,
        clock: Clock | None = None,
        keep_days: float = 184.0,
        views: bool = True,
    ) -> None:
        self.database = database
        self.keys_dir = keys_dir
        self.keep_days = keep_days
        self.views = views
        self.before_stop: list[Callable[[], Iterable[AuditNote]]] = []
        """Who holds notes back gives them when the log ends."""
        self._clock = clock or SystemClock()
        self._queue = AuditQueue()
        self._keeper = AuditKeeper(database, keys_dir, self._clock)
        self._writing: Sequence[Waiting] = ()
        self._known: Tail | None = None
        self._ending = False
        self._failing = ""
        self._has_saved = False
        self._on_entries = Listeners[Rows]()
        self._on_broken = Listeners[int]()
        self._thread: threading.Thread | None = None
        self._verifying: asyncio.Task[AuditReport] | None = None
        self.written = 0

    @property
    def lost(self) -> int:
        """Notes that were never written, since the start; the log itself tells of them as soon as it can."""
        return self._queue.lost

    @property
    def waiting(self) -> int:
        """Notes that are not in the database yet."""
        return len(self._queue) + len(self._writing)

    def start(self) -> None:
        """Begin to write. Quick; the database and the key are opened by the writer's own thread."""
        self._take_up_saved()
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Write what waits, sign the end of the chain, and end. It blocks; what can't be written is kept in a file."""
        for held_back in self.before_stop:
            for note in held_back():
                self.note(note)
        self._ending = True
        with self._queue.news:
            self._queue.news.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
        left = [*self._writing, *self._queue.take(len(self._queue))]
        if left:
            self._save([waiting.draft for waiting in left])

    def note(self, note: AuditNote) -> None:
        """Write it soon. From any thread; never waits."""
        self._put(draft_of(note, self._clock.unix_s()))

    async def write(self, note: AuditNote) -> AuditRow | None:
        """Write it and wait until it is in the database, `WRITE_WAIT_S` at most. None: it waits for the database."""
        told: Future[AuditRow] = Future()
        self._put(draft_of(note, self._clock.unix_s()), told)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(told)), WRITE_WAIT_S)
        except TimeoutError:
            return None

    def write_now(self, note: AuditNote) -> AuditRow:
        """Write it in the caller's own thread, for commands that work on the database without a server.

        Raises:
            DatabaseError: it was not written.
        """
        return self._append([draft_of(note, self._clock.unix_s())])[0]

    def export(self, wanted: AuditFilter) -> Iterator[str]:
        """Lines of an export, without their ends; reads a piece at a time, in the caller's thread.

        Raises:
            AuditKeyError: nothing can be signed.
            DatabaseError.
        """
        key, _ = open_key(self.keys_dir)
        with self._keeper.nothing_pruned():
            yield from Export(read=self.database.run_sync, key=key, wanted=wanted, unix_s=self._clock.unix_s()).lines()

    async def verify(self) -> AuditReport:
        """Look at the whole log as it is in the database now, in a thread.

        Raises:
            AuditFileError: it can't be read.
            AuditKeyError: a key can't be read.
        """
        if self._verifying is None or self._verifying.done():
            looking = asyncio.to_thread(verify_database, self.database.path, keys_dir=self.keys_dir)
            self._verifying = asyncio.create_task(looking, name="audit verify")
        return await asyncio.shield(self._verifying)  # who comes meanwhile gets the same answer

    async def page(self, wanted: AuditFilter, cursor: str | None, limit: int) -> AuditPage:
        """Entries newest first.

        Raises:
            RequestInvalidError: the cursor is none of ours.
            DatabaseError.
        """
        return await self.database.run(lambda connection: page(connection, wanted, cursor, limit))

    def on_entries(self, listener: Callable[[Rows], object]) -> Callable[[], None]:
        """Call with what was written, oldest first; in the loop of the caller where it has one, else in the writer's
        thread. Gives what ends the calls."""
        return self._on_entries.add(listener)

    def on_broken(self, listener: Callable[[int], object]) -> Callable[[], None]:
        """Call with the number of the first entry that is not as it was written, when that is seen at a write."""
        return self._on_broken.add(listener)

    def _put(self, draft: Draft, told: "Future[AuditRow] | None" = None) -> None:
        if not self._queue.put(draft, told) and self._queue.lost % LOSS_LOGGED_EVERY == 1:
            log.error("audit.lost", count=self._queue.lost, reason="too many wait for the database")

    # --- the writer's thread ---

    def _run(self) -> None:
        self._keeper.begin(self._put)
        tend_at_s = time.monotonic()
        while True:
            if time.monotonic() >= tend_at_s:
                self._keeper.tend(self._known, self.keep_days, self._put)
                tend_at_s = time.monotonic() + TEND_EVERY_S
            written = self._write_waiting(tend_at_s)
            if self._ending and (not written or not len(self._queue)):
                break
            if not written:
                with self._queue.news:
                    self._queue.news.wait_for(lambda: self._ending, RETRY_S)
        self._keeper.end(self._known)

    def _write_waiting(self, until_s: float) -> bool:
        """Wait for notes until this time, and write them. False when the database refuses; they wait again then."""
        with self._queue.news:
            self._queue.news.wait_for(lambda: len(self._queue) or self._ending, max(0.0, until_s - time.monotonic()))
            self._writing = self._queue.take(MAX_BATCH)
        if not self._writing:
            return True
        try:
            rows = self._append([waiting.draft for waiting in self._writing])
        except Exception as error:  # noqa: BLE001 - the edge of this thread: without it nothing would be written any more
            self._queue.put_back(self._writing)
            self._writing = ()
            self._tell_failure(error)
            return False
        self._tell(self._writing, rows)
        self._writing = ()
        return True

    def _append(self, drafts: Sequence[Draft]) -> list[AuditRow]:
        lost = self._queue.lost_untold
        if lost:
            drafts = [*drafts, self._own("audit.lost", f"{lost} notes were never written: too many waited")]
        broken, rows = self.database.run_sync(lambda connection: self._chain(connection, drafts))
        self._queue.told_lost(lost)
        self._known = Tail(rows[-1].seq, rows[-1].hash)
        self.written += len(rows)
        if broken is not None:
            log.error("audit.broken", seq=broken)
            self._on_broken.tell(broken)
        self._keeper.entries(rows)
        return rows

    def _chain(self, connection: Connection, drafts: Sequence[Draft]) -> tuple[int | None, list[AuditRow]]:
        lock(connection)
        known = self._known if self._known is not None else self._keeper.start_of_watch(connection)
        broken = break_behind(connection, known)
        if broken is not None:
            words = f"entry {broken} is not as it was written; known before: {known.seq} {known.hash}"
            drafts = [*drafts, self._own("audit.broken", words, failed=True)]
        # Entries that were taken away stay missing: going on at a lower number would cover it up.
        at, rows = max(tail(connection), known, key=lambda place: place.seq), []
        for draft in drafts:
            rows.append(row_of(draft, at.seq + 1, at.hash or FIRST_PREV))
            at = Tail(rows[-1].seq, rows[-1].hash)
        append(connection, rows)
        return broken, rows

    def _own(self, action: str, detail: str, *, failed: bool = False) -> Draft:
        return own_draft(action, detail, self._clock.unix_s(), failed=failed)

    def _tell(self, notes: Iterable[Waiting], rows: Sequence[AuditRow]) -> None:
        for waiting, row in zip(notes, rows, strict=False):
            if waiting.told is not None:
                with contextlib.suppress(InvalidStateError):  # who asked has given up
                    waiting.told.set_result(row)
        self._on_entries.tell(tuple(rows))
        if self._has_saved:
            self._has_saved = False
            audit_saved.forget(self.keys_dir)
        if self._failing:
            log.info("audit.recovered", waiting=len(self._queue))
            self._failing = ""

    def _tell_failure(self, error: Exception) -> None:
        code = error.code if isinstance(error, DatabaseError) else type(error).__name__
        if self._failing != code:
            log.error("audit.waits", code=code, detail=str(error))
            self._failing = code

    def _take_up_saved(self) -> None:
        try:
            drafts, damaged = audit_saved.saved(self.keys_dir)
        except OSError as error:
            log.warning("audit.saved_unreadable", error=str(error))
            return
        if damaged:
            log.error("audit.saved_damaged", lines=damaged)
        with self._queue.news:
            for draft in drafts:
                self._queue.put(draft)
        self._has_saved = bool(drafts)

    def _save(self, drafts: Sequence[Draft]) -> None:
        try:
            audit_saved.save(self.keys_dir, drafts)
        except OSError as error:
            log.warning("audit.lost", count=len(drafts), reason=str(error))
        else:
            log.warning("audit.saved", count=len(drafts), reason="the database refused them until the end")
