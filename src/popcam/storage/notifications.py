"""Notifications as rows: what waits, what is on its way, what arrived, and what was given up.

All functions work on the caller's transaction: an alert's change and the notifications about it are written together or
not at all. A row is `sending` before it leaves and `sent` after: what stands as `sending` when the server starts may or
may not have arrived, so it goes out again and says so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, update

from popcam.storage.tables import notifications

NotificationState = Literal["waiting", "sending", "sent", "dead"]
"""`dead`: given up after several tries, or nothing could ever come of it; it stays until somebody tries it again."""
STATES: tuple[NotificationState, ...] = get_args(NotificationState)
ENDED: tuple[NotificationState, ...] = ("sent", "dead")
CHUNK = 500
"""Values in one statement, and rows that one transaction deletes."""
MAX_DETAIL = 400
CLIP_GROUP = "clip:"
"""With this begins the group of a clip that follows a message: it leaves by itself, and holds up no message."""
Lane = tuple[str, bool]
"""A channel, and whether its clips are meant or its messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """One notification to one channel.

    Attributes:
        notification_id: grows with time; 0 for one that is not written yet.
        channel_id: which channel is told.
        group_key: what the alerts in it have in common; those of one channel and group leave as one message.
        made_unix_s, due_unix_s, ended_unix_s: when it was made, when it leaves at the earliest, and when it was sent
            or given up.
        attempts: how often it was tried.
        maybe_repeated: an earlier try may have arrived.
        code, detail: what went wrong last.
        facts: what is told (`alerts/notify/model.py`), as JSON.
    """

    channel_id: str
    group_key: str
    made_unix_s: float
    due_unix_s: float
    facts: dict[str, Any] = field(default_factory=dict)
    notification_id: int = 0
    state: NotificationState = "waiting"
    ended_unix_s: float | None = None
    attempts: int = 0
    maybe_repeated: bool = False
    code: str = ""
    detail: str = ""


def add(connection: Connection, rows: Sequence[NotificationRow]) -> None:
    """Write new notifications."""
    if rows:
        connection.execute(insert(notifications), [_values(row) for row in rows])


def due(connection: Connection, now_unix_s: float, limit: int, without: Collection[Lane] = ()) -> list[NotificationRow]:
    """What is to leave now, the longest due first, and with it all else that waits for the same channels and groups
    and was never tried: it would else follow as a message of its own a moment later.

    Args:
        limit: most that are due; the others come with the next look.
        without: what is not asked for.
    """
    of = notifications.c
    waits = _waits_outside(without)
    first = _select(connection, waits & (of.due_unix_s <= now_unix_s), of.due_unix_s, limit)
    groups = {(row.channel_id, row.group_key) for row in first}
    fresh = waits & (of.attempts == 0) & (of.due_unix_s > now_unix_s)
    for channel_id, group_key in groups:
        same = fresh & (of.channel_id == channel_id) & (of.group_key == group_key)
        first += _select(connection, same, of.due_unix_s, limit)
    return first


def next_due_unix_s(connection: Connection, after_unix_s: float, without: Collection[Lane] = ()) -> float | None:
    """When the first one after a time is to leave; None when nothing waits. `without` as in `due`."""
    of = notifications.c
    waits = _waits_outside(without) & (of.due_unix_s > after_unix_s)
    at: float | None = connection.scalar(select(func.min(of.due_unix_s)).where(waits))
    return at


def mark_sending(connection: Connection, ids: Collection[int]) -> None:
    """They are about to leave."""
    _update(connection, ids, state="sending", attempts=notifications.c.attempts + 1)


def mark_sent(connection: Connection, ids: Collection[int], now_unix_s: float) -> None:
    """They arrived."""
    _update(connection, ids, state="sent", ended_unix_s=now_unix_s, code="", detail="")


def mark_failed(
    connection: Connection, ids: Collection[int], due_unix_s: float, code: str, detail: str, *, maybe: bool
) -> None:
    """They did not arrive, as far as known, and are tried again. `maybe`: it could be that they did."""
    values: dict[str, Any] = {"state": "waiting", "due_unix_s": due_unix_s, "code": code, "detail": detail[:MAX_DETAIL]}
    if maybe:
        values["maybe_repeated"] = True
    _update(connection, ids, **values)


def mark_dead(connection: Connection, ids: Collection[int], now_unix_s: float, code: str, detail: str) -> None:
    """They are given up."""
    _update(connection, ids, state="dead", ended_unix_s=now_unix_s, code=code, detail=detail[:MAX_DETAIL])


def remove(connection: Connection, ids: Collection[int]) -> None:
    """Delete what came to nothing, such as a clip of what nobody recorded."""
    for part in _chunks(ids):
        connection.execute(delete(notifications).where(notifications.c.notification_id.in_(part)))


def lane_of(row: NotificationRow) -> Lane:
    """Where a notification leaves: one at a time in each lane."""
    return row.channel_id, row.group_key.startswith(CLIP_GROUP)


def recover(connection: Connection, now_unix_s: float) -> int:
    """After a start: what was on its way when the server ended leaves again. Gives how many."""
    again = update(notifications).where(notifications.c.state == "sending")
    return connection.execute(again.values(state="waiting", maybe_repeated=True, due_unix_s=now_unix_s)).rowcount


def retry(connection: Connection, notification_id: int, now_unix_s: float) -> bool:
    """Try one anew, at once, that was given up or waits for its next try; whether there is such a one."""
    of = notifications.c
    statement = update(notifications).where(of.notification_id == notification_id, of.state.in_(("dead", "waiting")))
    values = {"state": "waiting", "due_unix_s": now_unix_s, "attempts": 0, "ended_unix_s": None}
    return connection.execute(statement.values(values)).rowcount > 0


def get(connection: Connection, notification_id: int) -> NotificationRow | None:
    """One notification, or None."""
    query = select(notifications).where(notifications.c.notification_id == notification_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _row(row)


def page(
    connection: Connection,
    *,
    states: Collection[NotificationState] = (),
    channel_id: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[NotificationRow]:
    """The newest first.

    Args:
        states: only in one of these; in any when empty.
        channel_id: only of this channel.
        before_id: only older ones than this.
        limit: most that are given.
    """
    of = notifications.c
    query = select(notifications).order_by(of.notification_id.desc()).limit(limit)
    if states:
        query = query.where(of.state.in_(states))
    if channel_id is not None:
        query = query.where(of.channel_id == channel_id)
    if before_id is not None:
        query = query.where(of.notification_id < before_id)
    return [_row(row) for row in connection.execute(query).mappings()]


def since(connection: Connection, made_unix_s: float) -> list[NotificationRow]:
    """All that were made since then, in the order in which they were."""
    of = notifications.c
    query = select(notifications).where(of.made_unix_s >= made_unix_s).order_by(of.notification_id)
    return [_row(row) for row in connection.execute(query).mappings()]


def counts(connection: Connection) -> dict[NotificationState, int]:
    """How many there are in each state."""
    query = select(notifications.c.state, func.count()).group_by(notifications.c.state)
    found: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}


def prune(connection: Connection, before_unix_s: float, max_rows: int) -> int:
    """Delete, of those that ended, what was made earlier or is beyond so many; a chunk at most. Gives how many."""
    of = notifications.c
    ended = of.state.in_(ENDED)
    surplus = (connection.scalar(select(func.count()).select_from(notifications)) or 0) - max_rows
    oldest = select(of.notification_id).where(ended).order_by(of.notification_id)
    ids = set(connection.scalars(oldest.where(of.made_unix_s < before_unix_s).limit(CHUNK)))
    if surplus > 0:
        ids.update(connection.scalars(oldest.limit(min(surplus, CHUNK))))
    for part in _chunks(ids):
        connection.execute(delete(notifications).where(of.notification_id.in_(part)))
    return len(ids)


def _waits_outside(lanes: Collection[Lane]) -> ColumnElement[bool]:
    of = notifications.c
    clip = of.group_key.startswith(CLIP_GROUP)
    messages = of.channel_id.not_in([channel_id for channel_id, clips in lanes if not clips])
    clips = of.channel_id.not_in([channel_id for channel_id, clips in lanes if clips])
    return (of.state == "waiting") & (clip | messages) & (~clip | clips)


def _select(
    connection: Connection, where: ColumnElement[bool], order: ColumnElement[Any], limit: int
) -> list[NotificationRow]:
    query = select(notifications).where(where).order_by(order, notifications.c.notification_id).limit(limit)
    return [_row(row) for row in connection.execute(query).mappings()]


def _update(connection: Connection, ids: Collection[int], **values: Any) -> None:
    for part in _chunks(ids):
        connection.execute(update(notifications).where(notifications.c.notification_id.in_(part)).values(**values))


def _chunks(ids: Collection[int]) -> list[list[int]]:
    ordered = sorted(ids)
    return [ordered[first : first + CHUNK] for first in range(0, len(ordered), CHUNK)]


def _values(row: NotificationRow) -> dict[str, Any]:
    return {
        "channel_id": row.channel_id,
        "group_key": row.group_key[:MAX_DETAIL],
        "state": row.state,
        "made_unix_s": row.made_unix_s,
        "due_unix_s": row.due_unix_s,
        "ended_unix_s": row.ended_unix_s,
        "attempts": row.attempts,
        "maybe_repeated": row.maybe_repeated,
        "code": row.code,
        "detail": row.detail[:MAX_DETAIL],
        "facts": row.facts,
    }


def _row(row: RowMapping) -> NotificationRow:
    return NotificationRow(**row)
