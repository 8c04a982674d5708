"""Events in the database: put in, listed newest first, taken out by age and number."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from popcam.core.errors import EventNotFoundError, RequestInvalidError
from popcam.core.facts import BoxNorm, Event, EventKind
from popcam.storage.database import Database
from popcam.storage.tables import event_snapshots, events

PRUNE_CHUNK = 500
"""Rows that one transaction deletes: the writer must not wait long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One event without its picture."""

    event_id: str
    camera_id: str
    kind: EventKind
    started_unix_s: float
    ended_unix_s: float | None
    label: str
    track_id: int | None
    score: float
    box: BoxNorm | None
    place: str
    direction: str
    snapshot_bytes: int

    @classmethod
    def of(cls, event: Event) -> "EventRow":
        """How an event will stand in the database."""
        told = {one.name: getattr(event, one.name) for one in fields(cls) if one.name != "snapshot_bytes"}
        return cls(**told, snapshot_bytes=len(event.snapshot_jpeg))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events. `since_unix_s` and `until_unix_s` bound the start; `camera_ids`: of none but these cameras."""

    camera_id: str | None = None
    camera_ids: frozenset[str] | None = None
    kind: EventKind | None = None
    since_unix_s: float | None = None
    until_unix_s: float | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events newest first, and where the next page begins; None at the end."""

    rows: tuple[EventRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events stay."""

    max_age_s: float
    max_count: int


class EventStore:
    """The events table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, batch: Sequence[Event]) -> None:
        """Write events in one transaction. One with a known id replaces what was known (it ended, for example).

        Raises:
            DatabaseError: none of them was written.
        """
        self._database.run_sync(lambda connection: _put(connection, batch))

    async def page(self, wanted: EventFilter, cursor: str | None, limit: int) -> EventPage:
        """One page, newest first.

        Raises:
            RequestInvalidError: the cursor is none of ours.
            DatabaseError.
        """
        after = None if cursor is None else parse_cursor(cursor)
        return await self._database.run(lambda connection: _page(connection, wanted, after, limit))

    async def get(self, event_id: str) -> EventRow:
        """One event.

        Raises:
            EventNotFoundError, DatabaseError.
        """
        query = select(events).where(events.c.event_id == event_id)
        row = await self._database.run(lambda connection: connection.execute(query).mappings().one_or_none())
        if row is None:
            raise EventNotFoundError(event_id)
        return _row(row)

    async def snapshot(self, event_id: str) -> bytes:
        """The JPEG of one event.

        Raises:
            EventNotFoundError: no such event, or it has no picture.
            DatabaseError.
        """
        query = select(event_snapshots.c.jpeg).where(event_snapshots.c.event_id == event_id)
        jpeg = await self._database.run(lambda connection: connection.scalar(query))
        if jpeg is None:
            raise EventNotFoundError(event_id)
        return bytes(jpeg)

    async def camera_ids(self) -> set[str]:
        """Cameras of which there are events.

        Raises:
            DatabaseError.
        """
        query = select(events.c.camera_id).distinct()
        return await self._database.run(lambda connection: set(connection.scalars(query)))

    def prune(self, retention: Retention, now_unix_s: float) -> int:
        """Delete what is too old or too many, in short transactions. Gives the number of deleted events.

        Raises:
            DatabaseError.
        """
        deleted = 0
        while True:
            chunk = self._database.run_sync(lambda connection: _prune(connection, retention, now_unix_s))
            deleted += chunk
            if chunk < PRUNE_CHUNK:
                return deleted


def make_cursor(row: EventRow) -> str:
    """The place behind a row, as an opaque word."""
    return base64.urlsafe_b64encode(json.dumps([row.started_unix_s, row.event_id]).encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[float, str]:
    """The place that `make_cursor` wrote.

    Raises:
        RequestInvalidError: it did not write this.
    """
    try:
        started, event_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return float(started), str(event_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise RequestInvalidError("query.cursor: not a cursor of this server") from error


def _put(connection: Connection, batch: Sequence[Event]) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for event in batch:
        values = {
            "event_id": event.event_id,
            "camera_id": event.camera_id,
            "kind": event.kind,
            "started_unix_s": event.started_unix_s,
            "ended_unix_s": event.ended_unix_s,
            "label": event.label,
            "track_id": event.track_id,
            "score": event.score,
            "box": event.box,
            "place": event.place,
            "direction": event.direction,
        }
        size = len(event.snapshot_jpeg)
        # An update without a picture keeps the one that was there.
        update = {**values, "snapshot_bytes": size} if size else values
        statement = insert(events).values({**values, "snapshot_bytes": size})
        connection.execute(statement.on_conflict_do_update(index_elements=["event_id"], set_=update))
        if size:
            picture = insert(event_snapshots).values(event_id=event.event_id, jpeg=event.snapshot_jpeg)
            connection.execute(
                picture.on_conflict_do_update(index_elements=["event_id"], set_={"jpeg": event.snapshot_jpeg})
            )


def _page(connection: Connection, wanted: EventFilter, after: tuple[float, str] | None, limit: int) -> EventPage:
    query = _filtered(select(events), wanted)
    if after is not None:
        query = query.where(tuple_(events.c.started_unix_s, events.c.event_id) < tuple_(*after))
    query = query.order_by(events.c.started_unix_s.desc(), events.c.event_id.desc()).limit(limit + 1)
    rows = [_row(row) for row in connection.execute(query).mappings()]
    more = len(rows) > limit
    return EventPage(tuple(rows[:limit]), make_cursor(rows[limit - 1]) if more else None)


def _filtered(query: Select[tuple[object, ...]], wanted: EventFilter) -> Select[tuple[object, ...]]:
    if wanted.camera_id is not None:
        query = query.where(events.c.camera_id == wanted.camera_id)
    if wanted.camera_ids is not None:
        query = query.where(events.c.camera_id.in_(sorted(wanted.camera_ids)))
    if wanted.kind is not None:
        query = query.where(events.c.kind == wanted.kind)
    if wanted.since_unix_s is not None:
        query = query.where(events.c.started_unix_s >= wanted.since_unix_s)
    if wanted.until_unix_s is not None:
        query = query.where(events.c.started_unix_s < wanted.until_unix_s)
    return query


def _row(row: RowMapping) -> EventRow:
    box = row["box"]
    return EventRow(**{**row, "box": None if box is None else tuple(box)})


def _prune(connection: Connection, retention: Retention, now_unix_s: float) -> int:
    too_many = (connection.scalar(select(func.count()).select_from(events)) or 0) - retention.max_count
    oldest_first = select(events.c.event_id).order_by(events.c.started_unix_s, events.c.event_id)
    old = oldest_first.where(events.c.started_unix_s < now_unix_s - retention.max_age_s).limit(PRUNE_CHUNK)
    doomed = list(connection.scalars(old))
    if not doomed and too_many > 0:
        doomed = list(connection.scalars(oldest_first.limit(min(too_many, PRUNE_CHUNK))))
    if doomed:
        connection.execute(delete(events).where(events.c.event_id.in_(doomed)))
    return len(doomed)
