"""Verifies the audit log without the server: a database, or an export of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection

from popcam.core.errors import AuditFileError, DatabaseCorruptError, DatabaseError
from popcam.security.audit_head import Head, read_head
from popcam.security.audit_keys import PublicKey, public_keys
from popcam.security.audit_lines import verify_lines
from popcam.security.audit_report import AuditReport, Break, Finding
from popcam.security.audit_walk import Link, Walk, link_of
from popcam.storage.audit import Tail, checkpoints, every
from popcam.storage.read_only import read_only


def verify_file(
    path: Path, *, keys_dir: Path | None = None, keys: Sequence[PublicKey] = (), known: Sequence[Tail] = ()
) -> AuditReport:
    """Look at a whole log, in a database or an export, whichever the file is.

    Args:
        path: the file; it is only read. A database may be in use.
        keys_dir: the instance's folder of keys, for its public keys and its head; a folder `keys` beside a database
            is taken by itself.
        keys: whose signatures they must be, in place of those in the folder.
        known: places that are known from elsewhere, such as the end of an earlier export.

    Raises:
        AuditFileError: it is neither, or can't be opened.
        AuditKeyError: a key of the folder can't be read.
    """
    if not _is_database(path):
        return verify_lines(path, keys, known)
    return verify_database(path, keys_dir=keys_dir, keys=keys, known=known)


def verify_database(
    path: Path, *, keys_dir: Path | None = None, keys: Sequence[PublicKey] = (), known: Sequence[Tail] = ()
) -> AuditReport:
    """Look at a whole log in a database; as `verify_file`.

    Raises:
        AuditFileError, AuditKeyError.
    """
    folder = keys_dir or path.parent / "keys"
    head = read_head(folder)  # before the database: what is written meanwhile must not look like a head without entries
    trusted = tuple(keys) or tuple(public_keys(folder))
    return _verified(path, head, trusted, known)


def _verified(path: Path, head: Head | None, keys: Sequence[PublicKey], known: Sequence[Tail]) -> AuditReport:
    places = list(known)
    if head is not None:
        if keys and not any(head.signed_by(key) for key in keys):
            return AuditReport(entries=0, broken=Finding(kind=Break.SIGNATURE, seq=head.seq))
        places.append(Tail(head.seq, head.hash))
    try:
        with read_only(path) as connection:
            points = checkpoints(connection)
            pruned = max((point.seq for point in points if point.kind == "cut"), default=0)
            places = [at for at in places if at.seq > pruned]
            return Walk(points, keys, places).run(_links(connection))
    except DatabaseError as error:
        raise AuditFileError(f"{path}: {error.detail}") from error


def _links(connection: Connection) -> Iterator[Link]:
    return (link_of(row) for row in every(connection))


def _is_database(path: Path) -> bool:
    """SQLite itself is asked. Opening and closing the file here would drop the locks that SQLite holds on it in this
    process (sqlite.org/howtocorrupt.html, 2.2)."""
    try:
        if not path.is_file() or not path.stat().st_size:
            return False
        with read_only(path):
            return True
    except DatabaseCorruptError:
        return False
    except (DatabaseError, OSError) as error:
        raise AuditFileError(f"{path}: {error}") from error
