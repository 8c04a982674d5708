"""Keeps changes of health checks: written soon after they happen, by one writer, and given back as history.

A database that fails stops no check. What could not be written waits, up to a number, and is tried again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from popcam.core.clock import Clock, until_beat_s
from popcam.core.errors import DatabaseError
from popcam.core.monitoring import CheckChange
from popcam.storage import Database, check_changes
from popcam.storage.check_changes import Page, Standing

log = structlog.get_logger(__name__)

DAY_S = 86_400.0
FLUSH_EVERY_S = 1.0
PRUNE_EVERY_S = 3600.0
MAX_WAITING = 10_000
"""Changes that wait for the database; the oldest go beyond that, and are counted."""
MAX_ROWS = 500_000
"""Changes that are kept, of all checks together: some hundred megabytes at most."""


class ChangeKeeper:
    """Changes of checks in the database.

    Args:
        database: where they are kept.
        clock: the time.
        keep_days: how long; asked each time, because the settings may change.
    """

    def __init__(self, database: Database, clock: Clock, keep_days: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._keep_days = keep_days
        self._waiting: deque[CheckChange] = deque(maxlen=MAX_WAITING)
        self._writing = asyncio.Lock()
        self._prune_due_s = 0.0
        self._failing = False
        self.lost = 0
        """Changes that were never written, because the database failed for too long."""

    async def standings(self) -> Mapping[str, Standing]:
        """How checks stood when they changed last; nothing is known of them while the database fails."""
        try:
            return await self._database.run(check_changes.newest)
        except DatabaseError as error:
            self._told(error)
            return {}

    def put(self, change: CheckChange) -> None:
        """Write it soon; never waits."""
        if len(self._waiting) == MAX_WAITING:
            self.lost += 1
        self._waiting.append(change)

    async def since(self, check_id: str, since_unix_s: float, limit: int) -> list[CheckChange]:
        """Changes of a check, oldest first, with the one that came before; see `storage.check_changes.since`.

        Raises:
            DatabaseError: it can't be read.
        """
        await self.flush()
        work = partial(check_changes.since, check_id=check_id, since_unix_s=since_unix_s, limit=limit)
        return await self._database.run(work)

    async def page(
        self, since_unix_s: float, before_id: int | None, limit: int, keep: Callable[[CheckChange], bool]
    ) -> Page:
        """Changes of all checks, newest first; see `storage.check_changes.page`. `keep` is called in another thread.

        Raises:
            DatabaseError: they can't be read.
        """
        await self.flush()
        work = partial(check_changes.page, since_unix_s=since_unix_s, before_id=before_id, limit=limit, keep=keep)
        return await self._database.run(work)

    async def run(self) -> None:
        """Write what waits, and remove what is too old, until it is cancelled."""
        while True:
            await asyncio.sleep(until_beat_s(self._clock.unix_s(), FLUSH_EVERY_S))
            await self.flush()
            await self._prune()

    async def flush(self) -> None:
        """Write what waits. What the database refuses goes on waiting."""
        async with self._writing:  # who reads after this finds all of it
            if self._waiting:
                await self._write()

    async def _write(self) -> None:
        changes = list(self._waiting)
        self._waiting.clear()
        try:
            await self._database.run(partial(check_changes.add, changes=changes))
        except DatabaseError as error:
            self._back(changes)
            self._told(error)
        except asyncio.CancelledError:
            self._back(changes)  # it may have been written or not: twice is better than never
            raise
        else:
            self._failing = False

    def _back(self, changes: list[CheckChange]) -> None:
        room = MAX_WAITING - len(self._waiting)
        self.lost += max(0, len(changes) - room)
        self._waiting.extendleft(reversed(changes[-room:] if room else ()))

    async def _prune(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s < self._prune_due_s:
            return
        self._prune_due_s = now_s + PRUNE_EVERY_S
        before_unix_s = self._clock.unix_s() - self._keep_days() * DAY_S
        try:
            work = partial(check_changes.prune, before_unix_s=before_unix_s, max_rows=MAX_ROWS)
            await self._database.run(work)
        except DatabaseError as error:
            self._told(error)

    def _told(self, error: DatabaseError) -> None:
        if not self._failing:
            self._failing = True
            log.warning("health.not_kept", code=error.code, detail=error.detail, waiting=len(self._waiting))
