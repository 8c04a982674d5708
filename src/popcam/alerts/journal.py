"""Writes what changed about alerts together with the notifications about it, in one transaction.

A database that refuses loses nothing: what it did not take waits here, bounded, and people are told of it all the same.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import structlog

from popcam.alerts.model import Look, Standing, is_told
from popcam.alerts.store import AlertStore
from popcam.core.alerts import Alert, AlertChange, AlertKey
from popcam.core.errors import DatabaseError
from popcam.storage.notifications import NotificationRow

log = structlog.get_logger(__name__)

MAX_WAITING = 20_000
"""Changes that wait for a database that refuses; the oldest are lost beyond."""
ChannelsOf = Callable[[AlertKey], Sequence[str]]


class Dispatcher(Protocol):
    """Decides what is told to whom; `popcam.alerts.notify` has it."""

    def plan(
        self,
        changes: Sequence[AlertChange],
        now_unix_s: float,
        channels_of: ChannelsOf,
        firing: Iterable[Alert] = (),
    ) -> list[NotificationRow]:
        """Notifications to be written with these changes; nothing is remembered of them until `wake`."""
        ...

    def wake(self) -> None:
        """What was planned last is written."""
        ...

    def refused(self) -> None:
        """What was planned last could not be written; the same is planned again a moment later."""
        ...


class Journal:
    """What has to be written.

    Args:
        store: where to.
        channels_of: channels that an alert's rule tells.
    """

    def __init__(self, store: AlertStore, channels_of: ChannelsOf) -> None:
        self.dispatcher: Dispatcher | None = None
        self.lost = 0
        """Changes that were never written."""
        self._store = store
        self._channels_of = channels_of
        self._alerts: dict[AlertKey, Standing | None] = {}
        self._changes: list[tuple[float, AlertChange]] = []
        self._one_at_a_time = asyncio.Lock()
        self._failing = ""

    def take(self, look: Look) -> None:
        """What a look found is to be written."""
        self._alerts.update(look.changed)
        self._changes += [(look.now_unix_s, change) for change in look.changes if is_told(change)]
        if surplus := max(0, len(self._changes) - MAX_WAITING):
            del self._changes[:surplus]
            self.lost += surplus
            log.error("alerts.lost", count=surplus, reason="the database has refused for long")

    async def write(self, now_unix_s: float, firing: Sequence[Alert]) -> bool:
        """Write all that waits, and what is to be told of it or told again; whether the database took it."""
        async with self._one_at_a_time:
            alerts, changes = dict(self._alerts), list(self._changes)
            notices = self._plan([change for _, change in changes], now_unix_s, firing)
            if not (alerts or changes or notices):
                return True
            try:
                await self._store.write(alerts, changes, notices)
            except DatabaseError as error:
                self.note_failure(error)
                if self.dispatcher is not None:
                    self.dispatcher.refused()
                return False
            if self.dispatcher is not None:
                self.dispatcher.wake()
            self._alerts = {key: one for key, one in self._alerts.items() if alerts.get(key, self) is not one}
            del self._changes[: len(changes)]
            self.note_success()
            return True

    async def write_now(self, standing: Standing, change: AlertChange, now_unix_s: float) -> None:
        """Write what somebody did to an alert.

        Raises:
            DatabaseError: nothing was written.
        """
        async with self._one_at_a_time:
            await self._store.write({standing.alert.key: standing}, [(now_unix_s, change)], ())

    def note_failure(self, error: DatabaseError) -> None:
        """The database refuses: told when it begins."""
        if self._failing != error.code:
            log.warning("alerts.wait", code=error.code, detail=error.detail, waiting=len(self._changes))
            self._failing = error.code

    def note_success(self) -> None:
        """It does no more."""
        if self._failing:
            log.info("alerts.written_again")
            self._failing = ""

    def _plan(
        self, changes: Sequence[AlertChange], now_unix_s: float, firing: Sequence[Alert]
    ) -> list[NotificationRow]:
        if self.dispatcher is None:
            return []
        return self.dispatcher.plan(changes, now_unix_s, self._channels_of, firing)
