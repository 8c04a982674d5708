"""Verifies an export: reads its lines twice, first what is told about the entries, then the entries themselves."""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from popcam.core.errors import AuditFileError
from popcam.security.audit_chain import Json, canonical, hash_of, parse
from popcam.security.audit_export import MARK, VERSION, message_of
from popcam.security.audit_keys import PublicKey
from popcam.security.audit_report import AuditReport, Break, Finding
from popcam.security.audit_walk import Link, Walk
from popcam.storage.audit import CheckpointRow, Tail

MAX_LINE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an export tells about itself."""

    header: Json
    points: tuple[CheckpointRow, ...]
    end: Json | None
    key: PublicKey


def verify_lines(path: Path, keys: Sequence[PublicKey] = (), known: Sequence[Tail] = ()) -> AuditReport:
    """Look at a whole export.

    Args:
        path: the file.
        keys: whose popcam it must come from; without any the key that the file names, which proves only that the file
            was not changed since: who can sign can also name a key.
        known: places that are known from elsewhere.

    Raises:
        AuditFileError: it can't be read, or is no export.
    """
    told = _told(path)
    if isinstance(told, Finding):
        return AuditReport(entries=0, broken=told)
    trusted = tuple(keys) or (told.key,)
    check = _Digest()
    links = (check.add(link) for link in _links(path))
    if told.header["filtered"]:
        report = _selection(links)
    else:
        start = Tail(int(told.header["first_seq"]) - 1, str(told.header["prev"]))
        last = Tail(int(told.header["last_seq"]), str(told.header["last_hash"]))
        places = [at for at in (*known, last) if at.seq >= start.seq and at.seq]
        report = Walk(told.points, trusted, places, start).run(links)
    report = replace(report, whole=not told.header["filtered"], key_id=told.header["key_id"])
    if report.broken is not None:
        return report
    finding = _ending(told, check, trusted, report)
    return replace(report, broken=finding, signed_until=report.last_seq if finding is None else report.signed_until)


class _Digest:
    """Counts what passes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.entries = 0

    def add(self, link: Link) -> Link:
        self._hash.update(link.hash.encode())
        self.entries += 1
        return link

    @property
    def fields(self) -> Json:
        return {"entries": self.entries, "digest": self._hash.hexdigest()}


def _selection(links: Iterator[Link]) -> AuditReport:
    """Entries with others between them that were left out: each must be whole, and they must come in order."""
    first, last, entries = 0, Link(0, "", None), 0
    for link in links:
        problem = link.problem or (Break.MOVED if link.seq <= last.seq else None)
        if problem is not None:
            finding = Finding(kind=problem, seq=link.seq, line=link.line)
            return AuditReport(entries=entries, first_seq=first, last_seq=last.seq, last_hash=last.hash, broken=finding)
        first, last, entries = first or link.seq, link, entries + 1
    return AuditReport(entries=entries, first_seq=first, last_seq=last.seq, last_hash=last.hash)


def _ending(told: Told, check: _Digest, keys: Sequence[PublicKey], report: AuditReport) -> Finding | None:
    if told.end is None:
        return Finding(kind=Break.TRUNCATED, seq=report.last_seq + 1, until=int(told.header["last_seq"]))
    if {name: told.end.get(name) for name in check.fields} != check.fields:
        return Finding(kind=Break.SELECTION, seq=report.last_seq)
    header = {name: value for name, value in told.header.items() if name != MARK}
    signature = _bytes(told.end.get("signature"))
    if not any(key.verifies(signature, message_of(header, check.fields)) for key in keys):
        return Finding(kind=Break.SIGNATURE, seq=report.last_seq)
    return None


def _told(path: Path) -> Told | Finding:
    header: Json | None = None
    points: list[CheckpointRow] = []
    end: Json | None = None
    for number, fields in _parsed(path):
        mark = None if fields is None else fields.get(MARK)
        if header is None:
            if fields is None or mark != "export" or fields.get("v") != VERSION:
                raise AuditFileError(f"{path}: its first line is not that of an export of this version")
            header = fields
        elif fields is not None and mark in {"point", "cut"}:
            point = _point(fields)
            if point is None:
                return Finding(kind=Break.UNREADABLE, seq=0, line=number)
            points.append(point)
        elif mark == "end":
            end = fields
    if header is None:
        raise AuditFileError(f"{path}: it is empty")
    try:
        key = PublicKey.of_raw(base64.b64decode(header["public_key"], validate=True))
        int(header["first_seq"]), int(header["last_seq"]), bool(header["filtered"]), str(header["prev"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise AuditFileError(f"{path}: its first line is damaged") from error
    return Told(header=header, points=tuple(points), end=end, key=key)


def _links(path: Path) -> Iterator[Link]:
    last_seq = 0
    for number, fields in _parsed(path):
        if fields is not None and MARK in fields:
            continue
        link = _link(fields, last_seq + 1, number)
        last_seq = link.seq
        yield link


def _link(fields: Json | None, expected_seq: int, line: int) -> Link:
    """One entry: without its hash it must be the text that has this hash."""
    if fields is None:
        return Link(expected_seq, "", None, problem=Break.UNREADABLE, line=line)
    try:
        given = str(fields.pop("hash"))
        seq, prev = int(fields["seq"]), str(fields["prev"])
        genuine = hash_of(canonical(fields)) == given
    except (ValueError, KeyError, TypeError):
        return Link(expected_seq, "", None, problem=Break.UNREADABLE, line=line)
    return Link(seq, given, prev, seq, None if genuine else Break.EDITED, line)


def _parsed(path: Path) -> Iterator[tuple[int, Json | None]]:
    """Each line with its number; None for one that is no JSON object."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), 1):
                if line.strip():
                    yield number, _object(line)
    except OSError as error:
        raise AuditFileError(f"{path}: {error.strerror}") from error


def _object(line: bytes) -> Json | None:
    try:
        value: Any = parse(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _point(fields: Json) -> CheckpointRow | None:
    try:
        return CheckpointRow(
            seq=int(fields["seq"]),
            kind="cut" if fields[MARK] == "cut" else "point",
            unix_s=float(fields["unix_s"]),
            hash=str(fields["hash"]),
            key_id=str(fields["key_id"]),
            signature=_bytes(fields["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (ValueError, binascii.Error):
        return b""
