"""An export of the audit log: JSON Lines that anybody can read, and verify without popcam's database.

The first line tells what was exported and by which key's popcam; then come the entries, each as it is hashed with its
`hash` beside, and the signed places among them; the last line counts them and is signed together with the first. So a
line that is changed, added, moved or taken away is seen, at the ends of the file too, and in a filtered one.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from popcam.security.audit_chain import Json, canonical, parse
from popcam.security.audit_keys import InstanceKey, as_text
from popcam.storage.audit import (
    AuditFilter,
    AuditRow,
    CheckpointRow,
    Tail,
    checkpoints,
    forward,
    get,
    span,
    tail,
)

MARK = "popcam_audit"
"""The field that tells lines about the log from its entries."""
VERSION = 1
CHUNK = 200
Result = TypeVar("Result")


class Read(Protocol):
    """Carries out work on a connection: a database's `run_sync`, or something over one that is open."""

    def __call__(self, work: Callable[[Connection], Result], /) -> Result: ...


class Span(NamedTuple):
    """What is exported, fixed when it begins: entries behind `start` and up to `end`."""

    start: Tail
    end: Tail
    filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export.

    Args:
        read: how the database is read; a piece at a time, so that nobody waits for a long export.
        key: signs it.
        wanted: which entries. Without a filter other than time all entries of the span are there.
        unix_s: now.
    """

    read: Read
    key: InstanceKey
    wanted: AuditFilter
    unix_s: float

    def lines(self) -> Iterator[str]:
        """All lines without their ends.

        Raises:
            DatabaseError.
        """
        found = self.read(lambda connection: span_of(connection, self.wanted))
        header = self._header(found)
        yield canonical({MARK: "export", **header})
        points = [] if found.filtered else self._points(found)
        digest, count = hashlib.sha256(), 0
        for row in self._rows(found):
            while points and points[0].seq < row.seq:
                yield canonical(line_of(points.pop(0)))
            yield _entry_line(row)
            digest.update(row.hash.encode())
            count += 1
        yield from (canonical(line_of(point)) for point in points)
        end = {"entries": count, "digest": digest.hexdigest()}
        signature = self.key.sign(message_of(header, end))
        yield canonical({MARK: "end", "v": VERSION, **end, "signature": as_text(signature)})

    def _header(self, found: Span) -> Json:
        return {
            "v": VERSION,
            "unix_s": round(self.unix_s, 3),
            "filtered": found.filtered,
            "first_seq": found.start.seq + 1,
            "prev": found.start.hash,
            "last_seq": found.end.seq,
            "last_hash": found.end.hash,
            "key_id": self.key.public.key_id,
            "public_key": base64.b64encode(self.key.public.raw).decode(),
        }

    def _points(self, found: Span) -> list[CheckpointRow]:
        points = self.read(lambda connection: checkpoints(connection, found.start.seq))
        return [point for point in points if point.seq <= found.end.seq and point.key_id == self.key.public.key_id]

    def _rows(self, found: Span) -> Iterator[AuditRow]:
        last = found.start.seq
        wanted = replace(self.wanted, since_unix_s=None, until_unix_s=None)
        while rows := self.read(lambda connection: _chunk(connection, wanted, last, found.end.seq)):  # noqa: B023 - called at once
            yield from rows
            last = rows[-1].seq


def span_of(connection: Connection, wanted: AuditFilter) -> Span:
    """What an export of now would hold."""
    filtered = replace(wanted, since_unix_s=None, until_unix_s=None) != AuditFilter()
    bounds = span(connection, wanted.since_unix_s, wanted.until_unix_s)
    first, last = (get(connection, seq) for seq in bounds or (0, 0))
    if first is None or last is None:
        end = tail(connection)
        return Span(end, end, filtered)
    return Span(Tail(first.seq - 1, str(parse(first.entry)["prev"])), Tail(last.seq, last.hash), filtered)


def message_of(header: Json, end: Json) -> bytes:
    """What the last line's signature goes over."""
    return canonical({MARK: "export", **header, **end}).encode()


def line_of(point: CheckpointRow) -> Json:
    """A signed place as a line."""
    fields = {"seq": point.seq, "unix_s": point.unix_s, "hash": point.hash, "key_id": point.key_id}
    return {MARK: point.kind, "v": VERSION, **fields, "signature": as_text(point.signature)}


def _entry_line(row: AuditRow) -> str:
    return canonical({**parse(row.entry), "hash": row.hash})


def _chunk(connection: Connection, wanted: AuditFilter, after: int, until: int) -> list[AuditRow]:
    return forward(connection, after=after, until=until, limit=CHUNK, wanted=wanted)
