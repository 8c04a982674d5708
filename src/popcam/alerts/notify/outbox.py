"""Takes notifications out of the database, sends them, and writes what became of them.

A row is `sending` on disk before it leaves. When the process ends in between, the next start sends it again and says
that it may be a repetition: nothing is lost, and nothing pretends to be new.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from popcam.alerts.notify.backoff import delay_s
from popcam.alerts.notify.clips import ClipSender, Unneeded
from popcam.alerts.notify.dispatcher import Dispatcher
from popcam.alerts.notify.model import items_in
from popcam.alerts.notify.parcels import Deliver, Parcel, one_each, parcels
from popcam.alerts.notify.sender import SendError
from popcam.core.alerts import ChannelSpec
from popcam.core.clock import Clock
from popcam.core.errors import (
    ChannelNotFoundError,
    DatabaseError,
    NotificationFailedError,
    NotificationNotFoundError,
)
from popcam.core.language import Text
from popcam.storage import Database, notifications
from popcam.storage.notifications import Lane, NotificationRow, NotificationState, lane_of

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
TURN_ROWS = 2000
"""Most rows that one look takes."""
LONGEST_SLEEP_S = 60.0
DATABASE_WAIT_S = 2.0
STOP_WAIT_S = 3.0
PRUNE_EVERY_S = 3600.0
KEEP_S = 40 * 86_400.0
"""Longer than the longest repeat interval: what was told is known from here after a restart."""
KEEP_ROWS = 20_000
_GONE = Text("the channel was removed or is switched off", "该渠道已被移除或停用")


class Outbox:
    """One task looks, and one task per channel sends, so a slow channel holds up no other. The clips of a channel have
    a task of their own: they hold up no message.

    Args:
        database: where the rows are.
        clock: the time.
        dispatcher: hears what was told.
        channels: those that there are, by id.
        deliver: sends.
        clips: makes and sends what follows some messages; without it nothing does.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        dispatcher: Dispatcher,
        channels: Callable[[], Mapping[str, ChannelSpec]],
        deliver: Deliver,
        clips: ClipSender | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._dispatcher = dispatcher
        self._channels = channels
        self._deliver = deliver
        self._clips = clips
        self._woken = asyncio.Event()
        self._running: dict[Lane, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._told_of_fault = False
        self.counts: Mapping[NotificationState, int] = dict.fromkeys(notifications.STATES, 0)
        """How many there are in each state, as of the last look."""

    async def start(self) -> None:
        """Begin; what was on its way when the server ended leaves again."""
        self._task = asyncio.create_task(self._run(), name="notifications")

    async def stop(self) -> None:
        """Begin nothing more. What is on its way gets a moment; then the next start sends it again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        running = list(self._running.values())
        if running:
            await asyncio.wait(running, timeout=STOP_WAIT_S)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def wake(self) -> None:
        """There may be something new."""
        self._woken.set()

    async def page(
        self, *, states: Collection[NotificationState], channel_id: str | None, before_id: int | None, limit: int
    ) -> tuple[list[NotificationRow], Mapping[NotificationState, int]]:
        """Notifications, the newest first, and how many there are in each state.

        Raises:
            DatabaseError.
        """
        return await self._database.run(
            lambda connection: (
                notifications.page(connection, states=states, channel_id=channel_id, before_id=before_id, limit=limit),
                notifications.counts(connection),
            )
        )

    async def retry(self, notification_id: int) -> NotificationRow:
        """Try one at once that was given up, or that waits for its next try.

        Raises:
            NotificationNotFoundError: there is none, or it was sent.
            DatabaseError.
        """
        now = self._clock.unix_s()

        def work(connection: Connection) -> NotificationRow | None:
            known = notifications.retry(connection, notification_id, now)
            return notifications.get(connection, notification_id) if known else None

        row = await self._database.run(work)
        if row is None:
            raise NotificationNotFoundError(str(notification_id))
        self.wake()
        return row

    async def _run(self) -> None:
        await self._patiently(self._begin)
        pruned_s = time.monotonic()
        while True:
            self._woken.clear()
            try:
                next_due = await self._patiently(self._turn)
                if time.monotonic() - pruned_s >= PRUNE_EVERY_S:
                    await self._patiently(self._prune)
                    pruned_s = time.monotonic()
            except Exception:
                log.exception("notifications.broke")
                next_due = self._clock.unix_s() + DATABASE_WAIT_S
            wait_s = LONGEST_SLEEP_S if next_due is None else next_due - self._clock.unix_s()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(max(wait_s, 0.0), LONGEST_SLEEP_S)):
                    await self._woken.wait()

    async def _begin(self) -> None:
        """Read what is known, and take up what was on its way."""
        now = self._clock.unix_s()

        def work(connection: Connection) -> tuple[int, list[NotificationRow]]:
            return notifications.recover(connection, now), notifications.since(connection, now - KEEP_S)

        again, rows = await self._database.run(work)
        self._dispatcher.remember(rows)
        if again:
            log.warning("notifications.sent_again", count=again, reason="the server ended while they were sent")

    async def _turn(self) -> float | None:
        """Start to send what is due. Gives when the next one is."""
        now = self._clock.unix_s()
        busy = frozenset(self._running)

        def work(connection: Connection) -> tuple[list[NotificationRow], float | None, Mapping[Any, int]]:
            rows = notifications.due(connection, now, TURN_ROWS, without=busy)
            return rows, notifications.next_due_unix_s(connection, now, busy), notifications.counts(connection)

        rows, next_due, self.counts = await self._database.run(work)
        rows.sort(key=lane_of)
        for lane, of_lane in groupby(rows, key=lane_of):
            self._running[lane] = asyncio.create_task(self._send_all(lane, list(of_lane)), name=f"notify {lane[0]}")
        return next_due

    async def _send_all(self, lane: Lane, rows: Sequence[NotificationRow]) -> None:
        channel_id, clips = lane
        try:
            for parcel in one_each(rows) if clips else parcels(rows):
                await self._send(channel_id, parcel)
        except Exception:
            log.exception("notifications.broke", channel=channel_id)
            await asyncio.sleep(DATABASE_WAIT_S)
        finally:
            self._running.pop(lane, None)
            self.wake()

    async def _send(self, channel_id: str, parcel: Parcel) -> None:
        spec = self._channels().get(channel_id)
        if spec is None or not spec.enabled:
            error = ChannelNotFoundError(_GONE.en, _GONE.zh)
            await self._settle(channel_id, parcel, SendError(error), give_up=True)
            return
        await self._patiently(lambda: self._database.run(lambda c: notifications.mark_sending(c, parcel.ids)))
        try:
            failure = await self._leave(channel_id, spec, parcel)
        except Exception as error:  # a defect must not leave it on its way for ever
            log.exception("notification.broke", channel=channel_id)
            failure = SendError(NotificationFailedError(f"{type(error).__name__}: {error}"), maybe=True)
        if isinstance(failure, Unneeded):
            await self._patiently(lambda: self._database.run(lambda c: notifications.remove(c, parcel.ids)))
            log.info("notification.no_clip", channel=channel_id, reason=failure.reason)
            return
        await self._settle(channel_id, parcel, failure)

    async def _leave(self, channel_id: str, spec: ChannelSpec, parcel: Parcel) -> SendError | Unneeded | None:
        if parcel.message.clip is None:
            return await self._deliver(channel_id, spec, parcel.message)
        if self._clips is None:
            return Unneeded("there are no clips here")
        return await self._clips.deliver(channel_id, spec, parcel.message)

    async def _follow_up(self, channel_id: str, parcel: Parcel) -> list[NotificationRow]:
        """What follows a message that arrived."""
        spec = self._channels().get(channel_id)
        if self._clips is None or spec is None or parcel.message.clip is not None:
            return []
        clip = await self._clips.after(channel_id, spec, parcel)
        return [] if clip is None else [clip]

    async def _settle(
        self, channel_id: str, parcel: Parcel, failure: SendError | None, *, give_up: bool = False
    ) -> None:
        """Write what became of it. While the database refuses, this goes on trying: the rows stay `sending`."""
        now = self._clock.unix_s()
        if failure is None:
            follow_up = await self._follow_up(channel_id, parcel)
            if parcel.message.clip is None:
                for row in parcel.rows:
                    self._dispatcher.told(channel_id, row.group_key, items_in(row.facts), now)
            await self._patiently(lambda: self._database.run(lambda c: _arrived(c, parcel, now, follow_up)))
            clip = parcel.message.clip is not None
            log.info("notification.sent", channel=channel_id, alerts=len(parcel.message.items), clip=clip)
            return
        await self._patiently(
            lambda: self._database.run(lambda c: _missed(c, parcel.rows, failure, now, give_up=give_up))
        )
        error = failure.error
        log.warning("notification.failed", channel=channel_id, code=error.code, detail=error.detail)

    async def _prune(self) -> None:
        now = self._clock.unix_s()
        self._dispatcher.tidy(now)
        deleted = notifications.CHUNK
        while deleted >= notifications.CHUNK:  # others may write between two chunks
            deleted = await self._database.run(lambda c: notifications.prune(c, now - KEEP_S, KEEP_ROWS))

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Until the database does it; told once."""
        while True:
            try:
                result = await work()
            except DatabaseError as error:
                if not self._told_of_fault:
                    log.warning("notifications.wait", code=error.code, detail=error.detail)
                self._told_of_fault = True
                await asyncio.sleep(DATABASE_WAIT_S)
            else:
                self._told_of_fault = False
                return result


def _arrived(connection: Connection, parcel: Parcel, now: float, follow_up: Sequence[NotificationRow]) -> None:
    notifications.mark_sent(connection, parcel.ids, now)
    notifications.add(connection, follow_up)


def _missed(
    connection: Connection, rows: Sequence[NotificationRow], failure: SendError, now: float, *, give_up: bool
) -> None:
    """Each row by the number of its own tries."""
    error = failure.error
    for row in rows:
        ids = [row.notification_id]
        wait_s = None if give_up or not error.retryable else delay_s(row.attempts + 1, random.random())
        if wait_s is None:
            notifications.mark_dead(connection, ids, now, error.code, error.detail)
        else:
            notifications.mark_failed(connection, ids, now + wait_s, error.code, error.detail, maybe=failure.maybe)
