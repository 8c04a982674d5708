"""Recovery runs in the database. What it refuses is kept until it takes it again: mending goes on meanwhile."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection

from popcam.alerts.recovery_model import CUT_OFF
from popcam.core.alerts import RecoveryRun
from popcam.core.errors import DatabaseError, RecoveryFailedError
from popcam.storage import recovery
from popcam.storage.database import Database
from popcam.storage.recovery import RunFilter

log = structlog.get_logger(__name__)

KEPT_S = 30 * 86_400.0
"""Runs are kept for thirty days."""
MAX_UNWRITTEN = 1000


class RecoveryStore:
    """Writes runs, newest state last, and reads them.

    Args:
        database: where they go.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unwritten: dict[str, RecoveryRun] = {}
        self._failing = False
        self._one_writes = asyncio.Lock()
        """The newer state of a run must not be written before the older one."""

    @property
    def unwritten(self) -> int:
        """Runs that the database has not taken yet."""
        return len(self._unwritten)

    async def write(self, run: RecoveryRun) -> None:
        """Write how a run stands. It never raises: what is refused goes with the next one, or with `flush`."""
        self._unwritten.pop(run.run_id, None)
        self._unwritten[run.run_id] = run
        while len(self._unwritten) > MAX_UNWRITTEN:
            oldest = next(iter(self._unwritten))
            del self._unwritten[oldest]
            log.error("recovery.run_lost", run=oldest, reason="too many wait for the database")
        await self.flush()

    async def flush(self) -> None:
        """Write what waits."""
        async with self._one_writes:
            waiting = dict(self._unwritten)
            if not waiting:
                return
            try:
                await self._database.run(lambda connection: _put_all(connection, waiting.values()))
            except DatabaseError as error:
                if not self._failing:
                    log.warning("recovery.unwritten", code=error.code, detail=error.detail, waiting=len(waiting))
                self._failing = True
                return
            self._failing = False
            for run_id, run in waiting.items():
                if self._unwritten.get(run_id) is run:
                    del self._unwritten[run_id]

    async def begin(self, now_unix_s: float) -> list[RecoveryRun]:
        """What was done in the time that is kept, oldest first. Runs that the end of the server cut off are ended.

        Raises:
            DatabaseError.
        """
        found = await self._database.run(lambda connection: recovery.since(connection, now_unix_s - KEPT_S))
        runs = [_cut_off(run, now_unix_s) if run.outcome == "running" else run for run in found]
        changed = [run for run, before in zip(runs, found, strict=True) if run is not before]

        def write(connection: Connection) -> None:
            recovery.prune(connection, now_unix_s - KEPT_S)
            _put_all(connection, changed)

        await self._database.run(write)
        return runs

    async def page(self, wanted: RunFilter, limit: int) -> Sequence[RecoveryRun]:
        """Runs newest first.

        Raises:
            DatabaseError.
        """
        await self.flush()
        return await self._database.run(lambda connection: recovery.page(connection, wanted, limit))


def _put_all(connection: Connection, runs: Iterable[RecoveryRun]) -> None:
    for run in runs:
        recovery.put(connection, run)


def _cut_off(run: RecoveryRun, now_unix_s: float) -> RecoveryRun:
    """A run of a server that ended: whether it helped is not known."""
    return replace(
        run,
        outcome="failed",
        ended_unix_s=now_unix_s,
        code=RecoveryFailedError.code,
        detail=CUT_OFF,
    )
