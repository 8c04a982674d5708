"""Walks along the chain and finds the first place where it does not hold. Pure; entries and signed places are in order.

What can be told apart: an entry whose text and hash differ was edited; where the next one does not follow it, it was
replaced; where numbers jump, entries are missing; where all of it holds but a signed place has another hash, everything
from some entry on was computed anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from popcam.security.audit_chain import FIRST_PREV, columns_of, hash_of, parse
from popcam.security.audit_keys import PublicKey
from popcam.security.audit_report import AuditReport, Break, Finding
from popcam.security.audit_sign import vouched
from popcam.storage.audit import AuditRow, CheckpointRow, Tail


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it was read.

    Attributes:
        seq: its place; `true_seq` is the number that its text has.
        prev: None when its text can't be read.
        problem: what is wrong with it alone.
        line: where it stands in a file, from 1.
    """

    seq: int
    hash: str
    prev: str | None
    true_seq: int = 0
    problem: Break | None = None
    line: int = 0


def link_of(row: AuditRow) -> Link:
    """An entry of the database: its text must have its hash, and the columns must repeat it."""
    genuine = hash_of(row.entry) == row.hash
    try:
        entry = parse(row.entry)
        columns, prev = columns_of(entry), str(entry["prev"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return Link(row.seq, row.hash, None, problem=Break.UNREADABLE if genuine else Break.EDITED)
    true_seq = columns.pop("seq")
    same = all(getattr(row, name) == value for name, value in columns.items())
    problem = Break.EDITED if not (genuine and same) else Break.MOVED if true_seq != row.seq else None
    return Link(row.seq, row.hash, prev, true_seq, problem)


@dataclass(slots=True)
class Walk:
    """One walk.

    Attributes:
        points: signed places, oldest first.
        keys: whose signatures they may be; without any they are not checked.
        known: places that are known from elsewhere: the head, or what somebody noted down.
        start: the place before the first entry, where what is read is a part of a log.
    """

    points: Sequence[CheckpointRow]
    keys: Sequence[PublicKey] = ()
    known: Sequence[Tail] = ()
    start: Tail | None = None
    _hashes: dict[int, str] = field(default_factory=dict)
    _entries: int = 0
    _first: int = 0
    _last: Link | None = None
    _trusted: int = 0

    def run(self, links: Iterable[Link]) -> AuditReport:
        """Look at all of them."""
        finding = self._signatures()
        if finding is None:
            self._hashes = {point.seq: point.hash for point in self.points} | {at.seq: at.hash for at in self.known}
            finding = self._chain(links)
        if finding is None:
            finding = self._end()
        last = self._last
        return AuditReport(
            entries=self._entries,
            first_seq=self._first,
            last_seq=last.seq if last else 0,
            last_hash=last.hash if last else "",
            signed_until=self._trusted if self.keys or self.known else 0,
            key_id=self.keys[0].key_id if self.keys else "",
            broken=finding,
        )

    def _signatures(self) -> Finding | None:
        if not self.keys:
            return None
        keys = {key.key_id: key for key in self.keys}
        for point in self.points:
            if not vouched(point, keys.get):
                return Finding(kind=Break.SIGNATURE, seq=point.seq)
        return None

    def _chain(self, links: Iterable[Link]) -> Finding | None:
        for before, link, after in _with_neighbours(links):
            finding = self._first_link(link) if before is None else self._follows(before, link, after)
            finding = finding or self._alone(link, after)
            if finding is not None:
                return finding
            self._entries += 1
            self._last = link
            if link.seq in self._hashes:
                self._trusted = link.seq
        return None

    def _first_link(self, link: Link) -> Finding | None:
        """The first entry is number one, or stands right behind a cut, or before one: pruning was still at work."""
        self._first = link.seq
        if link.problem is not None:
            return None
        cuts = [Tail(point.seq, point.hash) for point in self.points if point.kind == "cut"]
        starts = [Tail(0, FIRST_PREV), *cuts] if self.start is None else [self.start]
        if self.start is None and any(link.seq <= cut.seq for cut in cuts):
            return None
        behind = max((at for at in starts if at.seq < link.seq), key=lambda at: at.seq, default=Tail(0, FIRST_PREV))
        if behind.seq != link.seq - 1:
            return Finding(kind=Break.MISSING, seq=behind.seq + 1, until=link.seq - 1, line=link.line)
        self._trusted = behind.seq
        return None if link.prev == behind.hash else Finding(kind=Break.EDITED, seq=link.seq, line=link.line)

    def _follows(self, before: Link, link: Link, after: Link | None) -> Finding | None:
        sure_of_before = self._hashes.get(before.seq) == before.hash
        wrong = link.problem is not None or link.prev != before.hash
        if wrong and link.prev is not None and link.prev == before.prev and not sure_of_before:
            return Finding(kind=Break.INSERTED, seq=before.seq, line=before.line)
        if link.seq <= before.seq:
            kind = Break.INSERTED if link.seq == before.seq else Break.MOVED
            return Finding(kind=kind, seq=link.seq, line=link.line)
        if link.seq != before.seq + 1:
            return self._gap(before, link, after)
        if link.problem is None and wrong:
            culprit = before if self._blames(link, after) and not sure_of_before else link
            return Finding(kind=Break.EDITED, seq=culprit.seq, line=culprit.line)
        return None

    def _gap(self, before: Link, link: Link, after: Link | None) -> Finding:
        """Numbers jump. If the next one goes down again, this one stands in the wrong place; else some are missing."""
        if after is not None and before.seq < after.seq < link.seq:
            return Finding(kind=Break.MOVED, seq=link.seq, line=link.line)
        return Finding(kind=Break.MISSING, seq=before.seq + 1, until=link.seq - 1, line=link.line)

    def _blames(self, link: Link, after: Link | None) -> bool:
        """Of two that do not fit, the wrong one is that which does not fit its other neighbour either."""
        return after is None or after.prev == link.hash

    def _alone(self, link: Link, after: Link | None) -> Finding | None:
        if link.problem is not None:
            return Finding(kind=link.problem, seq=link.seq, line=link.line)
        if self._hashes.get(link.seq, link.hash) == link.hash:
            return None
        first = max(self._trusted + 1, self._first)
        if first == link.seq or (after is not None and after.prev == self._hashes[link.seq]):
            return Finding(kind=Break.EDITED, seq=link.seq, line=link.line)
        return Finding(kind=Break.REWRITTEN, seq=first, until=link.seq, line=link.line)

    def _end(self) -> Finding | None:
        """Nothing that is known lies behind the end."""
        cut = max((point.seq for point in self.points if point.kind == "cut"), default=0)
        last = cut if self._last is None else self._last.seq
        furthest = max(self._hashes, default=0)
        return Finding(kind=Break.TRUNCATED, seq=last + 1, until=furthest) if furthest > last else None


def _with_neighbours(links: Iterable[Link]) -> Iterator[tuple[Link | None, Link, Link | None]]:
    before: Link | None = None
    for link, after in pairwise(_closed(links)):
        if link is not None:
            yield before, link, after
            before = link


def _closed(links: Iterable[Link]) -> Iterator[Link | None]:
    yield from links
    yield None
