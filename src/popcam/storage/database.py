"""One database: engine, connections set up the right way, and a small thread pool to use it from asyncio.

Synchronous on purpose: through a few threads SQLite serves several times as many statements as through the
asynchronous drivers (docs/design, stack).
"""

import asyncio
import contextlib
import errno
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from popcam.core.errors import DatabaseBusyError, DatabaseError, DatabaseFullError, DatabaseReadOnlyError
from popcam.storage.faults import naming, overtaken
from popcam.storage.meter import DatabaseMeter
from popcam.storage.migrate import migrate

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

BUSY_TIMEOUT_MS = 5000
WRITER = "popcam_writer"
"""Option of a connection whose transaction is the only writer from its beginning."""
REOPEN_AFTER_S = 5.0
"""A database that could not be opened is tried again by the first use after this time."""


class Database:
    """A SQLite file. It is opened by its first use, or by `open`; a failure is remembered and retried later.

    Args:
        path: the file; it and its folder are made when they are missing.
        threads: most statements at once.
    """

    def __init__(self, path: Path, *, threads: int = 4) -> None:
        self.path = path
        self.meter = DatabaseMeter()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._engine: Engine | None = None
        self._failure: DatabaseError | None = None
        self._failed_at_s = 0.0
        self._opening = threading.Lock()

    def open(self) -> None:
        """Open and migrate it now.

        Raises:
            DatabaseError: it is damaged, may not be written, belongs to a newer version, ...
        """
        self._opened()

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out `work` in one transaction, in a thread of the pool.

        Work that reads and then writes may be overtaken by another writer in between; it is carried out a second time
        then, so it must do nothing but read and write the database.

        Raises:
            DatabaseError: the database refused; nothing of the work was kept.
        """
        return await self.in_thread(lambda: self.run_sync(work))

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Carry out `work`, which may use `run_sync` several times, in a thread of the pool.

        Who is cancelled gets the cancellation once the work has ended, or at once where it had not begun.
        """
        future = self._pool.submit(self._metered(work))
        waiting = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            # No thread can be stopped. What it has begun still takes effect, so nobody may go on as if it did not:
            # whatever they write next would be overwritten by it.
            if future.cancel():
                self.meter.gave_up()
            while not waiting.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait((waiting,))
            if not waiting.cancelled() and (failure := waiting.exception()) is not None:
                log.debug("database.cancelled_work_failed", failure=repr(failure))
            raise

    def run_sync(self, work: Callable[[Connection], Result]) -> Result:
        """As `run`, in the caller's own thread."""
        engine = self._opened()
        began_s = time.monotonic()
        try:
            with naming(), self.meter.busy(), engine.begin() as connection:
                return work(connection)
        except DatabaseBusyError as error:
            # A transaction that has read never waits for the writer of the moment: SQLite refuses it at once, too.
            waited = time.monotonic() - began_s >= 0.9 * BUSY_TIMEOUT_MS / 1000
            if waited and not overtaken(error):
                raise
        with (
            naming(),
            self.meter.busy(),
            engine.connect().execution_options(**{WRITER: True}) as connection,
            connection.begin(),
        ):
            return work(connection)

    async def check(self) -> None:
        """See that it can be read and written; nothing is changed.

        Raises:
            DatabaseError: one of them would not.
        """
        # No row matches, yet SQLite takes the lock of a writer for it.
        await self.run(
            lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '' WHERE 0"))
        )

    def close(self) -> None:
        """Let go of the file. Waits for what runs."""
        self._pool.shutdown()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _metered(self, work: Callable[[], Result]) -> Callable[[], Result]:
        queued_s = self.meter.queued()

        def metered() -> Result:
            self.meter.began(queued_s)
            return work()

        return metered

    def _opened(self) -> Engine:
        with self._opening:
            if self._engine is not None:
                return self._engine
            if self._failure is not None and time.monotonic() - self._failed_at_s < REOPEN_AFTER_S:
                raise type(self._failure)(self._failure.detail)
            try:
                self._engine = self._open()
            except DatabaseError as error:
                self._failure, self._failed_at_s = error, time.monotonic()
                log.warning("database.unusable", code=error.code, detail=error.detail)
                raise
            self._failure = None
            return self._engine

    def _open(self) -> Engine:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(0o600)  # it may hold cameras with their passwords; SQLite keeps the mode
        except OSError as error:
            raise _folder_error(error) from error
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)), pool_size=self._threads + 1, max_overflow=0
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        self.meter.listen(engine)
        try:
            with naming(), engine.begin() as connection:
                before, after = migrate(connection)
        except DatabaseError:
            engine.dispose()
            raise
        if before != after:
            log.info("database.migrated", before=before, after=after)
        return engine


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own rule leaves changes of tables outside of transactions
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")  # readers never wait for the writer
    cursor.execute("PRAGMA synchronous = NORMAL")  # safe with WAL: a power cut loses the last moment, never the file
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writer = connection.get_execution_options().get(WRITER)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _folder_error(error: OSError) -> DatabaseError:
    if error.errno == errno.ENOSPC:
        return DatabaseFullError(str(error.filename))
    return DatabaseReadOnlyError(f"{error.filename}: {error.strerror}")
