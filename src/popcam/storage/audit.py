"""The audit log as rows. What an entry holds and how entries are chained is said in `security`; here it is only kept.

All functions work in the caller's transaction. `lock` comes first where something is appended: several processes may
write (the server, and a command on the same database), and each entry needs the one before it.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, func, select, text
from sqlalchemy.dialects import sqlite

from popcam.core.errors import RequestInvalidError
from popcam.storage.tables import audit_checkpoints, audit_entries

CheckpointKind = Literal["point", "cut"]
READ_CHUNK = 500
"""Rows that are read at once where all are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One entry. `entry` is the text that `hash` goes over; the other columns repeat what lists are filtered by."""

    seq: int
    unix_s: float
    action: str
    result: str
    actor: str
    object: str
    entry: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """A signed place in the chain: entry `seq` has this hash. `cut`: the entries up to it were pruned."""

    seq: int
    kind: CheckpointKind
    unix_s: float
    hash: str
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the chain ends. 0 and "" while it is empty."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries. `action` and `object` that end with `*` stand for all that begin so."""

    actor: str | None = None
    action: str | None = None
    object: str | None = None
    result: str | None = None
    since_unix_s: float | None = None
    until_unix_s: float | None = None


ALL = AuditFilter()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries newest first, and where the next page begins; None at the end."""

    rows: tuple[AuditRow, ...]
    next_cursor: str | None


def lock(connection: Connection) -> None:
    """Become the only writer until the transaction ends, before anything is read in it."""
    # No row matches, yet SQLite takes the lock of a writer for it.
    connection.execute(text("UPDATE audit_checkpoints SET seq = seq WHERE 0"))


def tail(connection: Connection) -> Tail:
    """Where the chain ends: the newest entry, or the cut when nothing came after it."""
    entry = connection.execute(_newest(audit_entries.c.seq, audit_entries.c.hash)).one_or_none()
    if entry is not None:
        return Tail(entry.seq, entry.hash)
    point = connection.execute(_newest(audit_checkpoints.c.seq, audit_checkpoints.c.hash)).one_or_none()
    return Tail(0, "") if point is None else Tail(point.seq, point.hash)


def append(connection: Connection, rows: Sequence[AuditRow]) -> None:
    """Put entries behind the newest one."""
    if rows:
        connection.execute(audit_entries.insert(), [_values(row) for row in rows])


def get(connection: Connection, seq: int) -> AuditRow | None:
    """One entry."""
    row = connection.execute(select(audit_entries).where(audit_entries.c.seq == seq)).mappings().one_or_none()
    return None if row is None else AuditRow(**row)


def page(connection: Connection, wanted: AuditFilter, cursor: str | None, limit: int) -> AuditPage:
    """One page, newest first.

    Raises:
        RequestInvalidError: the cursor is none of ours.
    """
    query = select(audit_entries).where(*_where(wanted))
    if cursor is not None:
        query = query.where(audit_entries.c.seq < parse_cursor(cursor))
    found = connection.execute(query.order_by(audit_entries.c.seq.desc()).limit(limit + 1)).mappings()
    rows = [AuditRow(**row) for row in found]
    more = len(rows) > limit
    return AuditPage(tuple(rows[:limit]), make_cursor(rows[limit - 1].seq) if more else None)


def forward(connection: Connection, *, after: int, until: int, limit: int, wanted: AuditFilter = ALL) -> list[AuditRow]:
    """Entries behind `after` and up to `until`, oldest first."""
    query = select(audit_entries).where(*_where(wanted), audit_entries.c.seq > after, audit_entries.c.seq <= until)
    return [AuditRow(**row) for row in connection.execute(query.order_by(audit_entries.c.seq).limit(limit)).mappings()]


def span(connection: Connection, since_unix_s: float | None, until_unix_s: float | None) -> tuple[int, int] | None:
    """First and last entry of a time; all between them belong to it. None when there is none."""
    query = select(func.min(audit_entries.c.seq), func.max(audit_entries.c.seq))
    wanted = AuditFilter(since_unix_s=since_unix_s, until_unix_s=until_unix_s)
    first, last = connection.execute(query.where(*_where(wanted))).one()
    return None if first is None else (first, last)


def last_before(connection: Connection, unix_s: float) -> int:
    """The newest entry such that it and all before it are older than this; 0 for none."""
    kept = connection.scalar(select(func.min(audit_entries.c.seq)).where(audit_entries.c.unix_s >= unix_s))
    before = select(func.max(audit_entries.c.seq))
    return connection.scalar(before if kept is None else before.where(audit_entries.c.seq < kept)) or 0


def count(connection: Connection) -> int:
    """Entries that are there."""
    return connection.scalar(select(func.count()).select_from(audit_entries)) or 0


def checkpoints(connection: Connection, after: int = -1) -> list[CheckpointRow]:
    """Signed places behind this entry, oldest first."""
    query = select(audit_checkpoints).where(audit_checkpoints.c.seq > after).order_by(audit_checkpoints.c.seq)
    return [_checkpoint(row) for row in connection.execute(query).mappings()]


def newest_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The signed place nearest to the end."""
    query = select(audit_checkpoints).order_by(audit_checkpoints.c.seq.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _checkpoint(row)


def newest_cut(connection: Connection) -> CheckpointRow | None:
    """Up to where entries were pruned."""
    query = select(audit_checkpoints).where(audit_checkpoints.c.kind == "cut")
    row = connection.execute(query.order_by(audit_checkpoints.c.seq.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _checkpoint(row)


def put_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Keep a signed place. A cut takes the place of a point; a point never that of another."""
    values = {name: getattr(row, name) for name in CheckpointRow.__slots__}
    insert = sqlite.insert(audit_checkpoints).values(values)
    if row.kind == "cut":
        connection.execute(insert.on_conflict_do_update(index_elements=["seq"], set_=values))
    else:
        connection.execute(insert.on_conflict_do_nothing(index_elements=["seq"]))


def prune(connection: Connection, until: int, limit: int) -> int:
    """Delete up to `limit` of the oldest entries, none after `until`, and the checkpoints before them; gives how many.
    The cut at `until` stays."""
    oldest = select(audit_entries.c.seq).where(audit_entries.c.seq <= until).order_by(audit_entries.c.seq).limit(limit)
    deleted = connection.execute(delete(audit_entries).where(audit_entries.c.seq.in_(oldest))).rowcount
    connection.execute(delete(audit_checkpoints).where(audit_checkpoints.c.seq < until))
    return deleted


def every(connection: Connection) -> Iterator[AuditRow]:
    """All entries, oldest first, a few at a time: what is read never holds the whole log."""
    last = -1
    while rows := _chunk(connection, last):
        yield from rows
        last = rows[-1].seq


def make_cursor(seq: int) -> str:
    """The place behind an entry, as an opaque word."""
    return base64.urlsafe_b64encode(f"a{seq}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> int:
    """The place that `make_cursor` wrote.

    Raises:
        RequestInvalidError: it did not write this.
    """
    try:
        word = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error) as error:
        raise RequestInvalidError("query.cursor: not a cursor of this server") from error
    if word[:1] != "a" or not word[1:].isdecimal() or len(word) > 18:
        raise RequestInvalidError("query.cursor: not a cursor of this server")
    return int(word[1:])


def _chunk(connection: Connection, last: int) -> list[AuditRow]:
    query = select(audit_entries).where(audit_entries.c.seq > last).order_by(audit_entries.c.seq).limit(READ_CHUNK)
    return [AuditRow(**row) for row in connection.execute(query).mappings()]


def _where(wanted: AuditFilter) -> Iterable[ColumnElement[bool]]:
    columns = audit_entries.c
    if wanted.actor is not None:
        yield columns.actor == wanted.actor
    if wanted.action is not None:
        yield _is_or_begins(columns.action, wanted.action)
    if wanted.object is not None:
        yield _is_or_begins(columns.object, wanted.object)
    if wanted.result is not None:
        yield columns.result == wanted.result
    if wanted.since_unix_s is not None:
        yield columns.unix_s >= wanted.since_unix_s
    if wanted.until_unix_s is not None:
        yield columns.unix_s < wanted.until_unix_s


def _is_or_begins(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return column.startswith(word[:-1], autoescape=True) if word.endswith("*") else column == word


def _newest(seq: ColumnElement[int], value: ColumnElement[str]) -> Select[int, str]:
    return select(seq, value).order_by(seq.desc()).limit(1)


def _checkpoint(row: RowMapping) -> CheckpointRow:
    return CheckpointRow(**{**row, "signature": bytes(row["signature"])})


def _values(row: AuditRow) -> dict[str, object]:
    return {name: getattr(row, name) for name in AuditRow.__slots__}
