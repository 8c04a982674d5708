"""Signs the chain now and then, keeps its head, and prunes it behind a signed cut. All of it in the writer's thread."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy import Connection

from popcam.core.clock import Clock
from popcam.core.errors import AuditKeyError, DatabaseError
from popcam.security.audit_chain import Draft, own_draft
from popcam.security.audit_head import read_head, write_head
from popcam.security.audit_keys import InstanceKey, open_key
from popcam.security.audit_sign import checkpoint
from popcam.security.audit_watch import last_known
from popcam.storage.audit import (
    AuditRow,
    CheckpointKind,
    Tail,
    get,
    last_before,
    lock,
    newest_checkpoint,
    prune,
    put_checkpoint,
)
from popcam.storage.database import Database

log = structlog.get_logger(__name__)

SIGN_EVERY_ENTRIES = 1000
SIGN_EVERY_S = 3600.0
PRUNE_EVERY_S = 3600.0
PRUNE_CHUNK = 500
"""Entries that one transaction deletes: other writers must not wait long."""
DAY_S = 86_400.0
Put = Callable[[Draft], None]


class AuditKeeper:
    """What keeps the chain provable.

    Args:
        database: where the chain is.
        folder: of the key and the head.
        clock: for what is due.
    """

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self._key: InstanceKey | None = None
        self._signed: Tail | None = None
        self._signed_at_s = clock.monotonic_s()
        self._head_seq = 0
        self._prune_at_s = clock.monotonic_s()
        self._readers = 0
        self._reading = threading.Lock()

    def begin(self, put: Put) -> None:
        """Open the key. Without one entries are written all the same, and that is told."""
        try:
            self._key, made = open_key(self._folder)
        except AuditKeyError as error:
            log.warning("audit.unsigned", code=error.code, detail=error.detail)
            put(self._own("audit.unsigned", error.detail, failed=True))
            return
        if made:
            put(self._own("audit.key", f"a key was made: {self._key.public.key_id}"))

    def start_of_watch(self, connection: Connection) -> Tail:
        """The newest place that was signed, from which the first write looks whether all is as it was."""
        try:
            head = read_head(self._folder)
        except AuditKeyError as error:
            log.warning("audit.head_unreadable", detail=error.detail)
            head = None
        known = Tail(head.seq, head.hash) if head is not None else None
        return last_known(connection, known)

    @contextmanager
    def nothing_pruned(self) -> Iterator[None]:
        """Who reads the whole chain page by page keeps it whole meanwhile."""
        with self._reading:
            self._readers += 1
        try:
            yield
        finally:
            with self._reading:
                self._readers -= 1

    def entries(self, rows: Sequence[AuditRow]) -> None:
        """These were written."""
        if self._key is not None and rows[-1].seq // SIGN_EVERY_ENTRIES > (rows[0].seq - 1) // SIGN_EVERY_ENTRIES:
            self._attempt(lambda: self._sign(Tail(rows[-1].seq, rows[-1].hash)))

    def tend(self, known: Tail | None, keep_days: float, put: Put) -> None:
        """Do what is due."""
        if self._key is None:
            return
        if known is not None:
            if self._clock.monotonic_s() - self._signed_at_s >= SIGN_EVERY_S:
                self._attempt(lambda: self._sign(known))
            self._attempt(lambda: self._keep_head(known))
        if self._clock.monotonic_s() >= self._prune_at_s and not self._readers:
            self._prune_at_s = self._clock.monotonic_s() + PRUNE_EVERY_S
            self._attempt(lambda: self._prune(keep_days, put))

    def end(self, known: Tail | None) -> None:
        """Sign the end of the chain."""
        if self._key is not None and known is not None:
            self._attempt(lambda: self._sign(known))
            self._attempt(lambda: self._keep_head(known))

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (DatabaseError, OSError) as error:
            log.warning("audit.unsigned", detail=str(error))

    def _sign(self, at: Tail) -> None:
        if at != self._signed:
            self._database.run_sync(lambda connection: self._put_signed(connection, "point", at))
            self._signed = at
            log.info("audit.checkpoint", seq=at.seq, hash=at.hash)
        self._signed_at_s = self._clock.monotonic_s()

    def _put_signed(self, connection: Connection, kind: CheckpointKind, at: Tail) -> None:
        lock(connection)
        newest = newest_checkpoint(connection)
        if self._key is not None and (kind == "cut" or newest is None or newest.seq < at.seq):
            put_checkpoint(connection, checkpoint(self._key, kind, at, self._clock.unix_s()))

    def _keep_head(self, at: Tail) -> None:
        if self._key is not None and at.seq > self._head_seq:
            write_head(self._folder, self._database.path, self._key, at, self._clock.unix_s())
            self._head_seq = at.seq

    def _prune(self, keep_days: float, put: Put) -> None:
        before_unix_s = self._clock.unix_s() - keep_days * DAY_S
        cut = self._database.run_sync(lambda connection: self._cut(connection, before_unix_s))
        if cut is None:
            return
        deleted = 0
        while chunk := self._database.run_sync(lambda connection: prune(connection, cut.seq, PRUNE_CHUNK)):
            deleted += chunk
        log.info("audit.pruned", count=deleted, until=cut.seq)
        put(self._own("audit.prune", f"{deleted} entries up to {cut.seq}, older than {keep_days:g} days"))

    def _cut(self, connection: Connection, before_unix_s: float) -> Tail | None:
        lock(connection)
        last = get(connection, last_before(connection, before_unix_s))
        if last is None:
            return None
        self._put_signed(connection, "cut", Tail(last.seq, last.hash))
        return Tail(last.seq, last.hash)

    def _own(self, action: str, detail: str, *, failed: bool = False) -> Draft:
        return own_draft(action, detail, self._clock.unix_s(), failed=failed)
