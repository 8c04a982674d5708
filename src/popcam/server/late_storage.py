"""The database of a server that starts: cameras do not wait for it, and nothing that they tell meanwhile is lost."""

import asyncio
import contextlib
import threading
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from popcam.config import EventsSettings, Settings
from popcam.core.clock import Clock
from popcam.core.errors import DatabaseError
from popcam.core.facts import Event

if TYPE_CHECKING:
    from popcam.storage import Database, EventStore, EventWriter, Retention

DAY_S = 86_400.0


class StorageParts(NamedTuple):
    """What is there once it is open."""

    database: "Database"
    events: "EventStore"
    writer: "EventWriter"


class LateStorage:
    """The database with its event writer. What happens before it is there waits for it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._parts: StorageParts | None = None
        self._early: list[Event] = []
        self._opening = threading.Lock()

    @property
    def parts(self) -> StorageParts:
        """What is there after `open`."""
        if self._parts is None:
            raise RuntimeError("the storage was not opened yet")
        return self._parts

    def open(self) -> None:
        """Open the database, unless that was done; it blocks for a while."""
        if self._parts is not None:
            return
        from popcam.storage import Database, EventStore, EventWriter

        database = Database(self._settings.data_dir / "popcam.db")
        events = EventStore(database)
        writer = EventWriter(events, retention_of(self._settings.events), self._clock.unix_s)
        writer.start()
        with contextlib.suppress(DatabaseError):
            # Without a database live pictures go on; it was logged, `/ready` tells it, and it is tried again.
            database.open()
        with self._opening:
            self._parts = StorageParts(database, events, writer)
            for event in self._early:
                writer.offer(event)

    def offer(self, event: Event) -> None:
        """Write it soon; never waits for the disk."""
        with self._opening:
            if self._parts is None:
                self._early.append(event)
            else:
                self._parts.writer.offer(event)

    async def camera_ids(self) -> Collection[str]:
        """Ids of cameras that have events."""
        return await self.parts.events.camera_ids()

    async def close(self) -> None:
        """Write what waits, and let go of the file."""
        if self._parts is not None:
            await asyncio.to_thread(self._parts.writer.stop)
            self._parts.database.close()


def retention_of(events: EventsSettings) -> "Retention":
    """How long events stay."""
    from popcam.storage import Retention

    return Retention(max_age_s=events.max_age_days * DAY_S, max_count=events.max_count)
