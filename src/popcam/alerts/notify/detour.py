"""Tells people although the database refuses to keep what they are told, as when its disk is full.

What was told on this way is written as sent once the database takes it; what is on its way at that moment leaves again,
as possibly repeated.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import structlog

from popcam.alerts.notify.model import Item, facts_of, items_in
from popcam.alerts.notify.parcels import Deliver, parcels
from popcam.core.alerts import AlertState, ChannelSpec
from popcam.core.clock import Clock
from popcam.storage.notifications import NotificationRow

log = structlog.get_logger(__name__)

SOON_S = 2.0
"""What waits for longer than this, such as for the interval of its group, waits here too."""
REST_S = 10.0
"""A channel that did not take a message gets the next one after this time."""


class Telling(NamedTuple):
    """One state of one alert, as a channel is told of it."""

    channel_id: str
    rule_id: str
    subject: str
    state: AlertState
    since_unix_s: float


class Detour:
    """A way round the database, one message at a time for each channel.

    Args:
        clock: the time.
        channels: those that there are, by id.
        deliver: sends.
        arrived: hears of what people know now, as a row that was sent.
    """

    def __init__(
        self,
        clock: Clock,
        channels: Callable[[], Mapping[str, ChannelSpec]],
        deliver: Deliver,
        arrived: Callable[[NotificationRow], None],
    ) -> None:
        self._clock = clock
        self._channels = channels
        self._deliver = deliver
        self._arrived = arrived
        self._told: dict[Telling, float] = {}
        self._leaving: set[Telling] = set()
        self._rest_until_unix_s: dict[str, float] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def stop(self) -> None:
        """Begin nothing more, and let go of what is on its way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, rows: Sequence[NotificationRow]) -> None:
        """The database refused these: send now what is due and was not told yet."""
        now = self._clock.unix_s()
        due = [row for row in map(self._news_of, rows) if row is not None and row.due_unix_s <= now + SOON_S]
        due.sort(key=lambda row: row.channel_id)
        for channel_id, of_channel in groupby(due, key=lambda row: row.channel_id):
            spec = self._channels().get(channel_id)
            rests = now < self._rest_until_unix_s.get(channel_id, 0.0)
            if spec is None or not spec.enabled or rests or channel_id in self._tasks:
                continue
            sending = self._send(channel_id, spec, list(of_channel))
            self._tasks[channel_id] = asyncio.create_task(sending, name=f"notify {channel_id} without database")

    def as_written(self, row: NotificationRow) -> NotificationRow:
        """The row as it is to be written: what was told already is not sent again."""
        tellings = _tellings(row)
        told = [self._told[telling] for telling in tellings if telling in self._told]
        if tellings and len(told) == len(tellings):
            return replace(row, state="sent", ended_unix_s=max(told), attempts=1)
        maybe = bool(told) or not self._leaving.isdisjoint(tellings)
        return replace(row, maybe_repeated=True) if maybe else row

    def written(self, rows: Sequence[NotificationRow]) -> None:
        """The database took these."""
        for row in rows if self._told else ():
            for telling in _tellings(row):
                self._told.pop(telling, None)

    def _news_of(self, row: NotificationRow) -> NotificationRow | None:
        """What of it nobody was told yet; None for nothing."""
        items = items_in(row.facts)
        news = [item for item in items if _telling(row.channel_id, item) not in self._told]
        if len(news) == len(items):
            return row
        return replace(row, facts=facts_of(news, repeated=bool(row.facts.get("repeated")))) if news else None

    async def _send(self, channel_id: str, spec: ChannelSpec, rows: Sequence[NotificationRow]) -> None:
        leaving = {telling for row in rows for telling in _tellings(row)}
        self._leaving |= leaving
        try:
            for parcel in parcels(rows):
                failure = await self._deliver(channel_id, spec, parcel.message)
                if failure is not None:
                    error = failure.error
                    log.warning("notification.failed", channel=channel_id, code=error.code, detail=error.detail)
                    self._rest(channel_id)
                    return
                log.info("notification.sent", channel=channel_id, alerts=len(parcel.message.items), kept=False)
                for row in parcel.rows:
                    self._note(row)
        except Exception:  # the edge of what is sent: a defect in one message must not end the others
            log.exception("notification.broke", channel=channel_id)
            self._rest(channel_id)
        finally:
            self._leaving -= leaving
            self._tasks.pop(channel_id, None)

    def _rest(self, channel_id: str) -> None:
        self._rest_until_unix_s[channel_id] = self._clock.unix_s() + REST_S

    def _note(self, row: NotificationRow) -> None:
        now = self._clock.unix_s()
        self._told |= dict.fromkeys(_tellings(row), now)
        self._arrived(replace(row, state="sent", ended_unix_s=now))


def _tellings(row: NotificationRow) -> list[Telling]:
    return [_telling(row.channel_id, item) for item in items_in(row.facts)]


def _telling(channel_id: str, item: Item) -> Telling:
    return Telling(channel_id, item.rule_id, item.subject, item.state, item.since_unix_s)
