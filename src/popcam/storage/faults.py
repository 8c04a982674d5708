"""Names for what a database refuses."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from popcam.core.errors import (
    DatabaseBusyError,
    DatabaseCorruptError,
    DatabaseError,
    DatabaseFullError,
    DatabaseReadOnlyError,
)

PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their lowest byte (sqlite.org/rescode.html)."""

SQLITE_ERRORS: dict[int, type[DatabaseError]] = {
    sqlite3.SQLITE_BUSY: DatabaseBusyError,
    sqlite3.SQLITE_LOCKED: DatabaseBusyError,
    sqlite3.SQLITE_READONLY: DatabaseReadOnlyError,
    sqlite3.SQLITE_PERM: DatabaseReadOnlyError,
    sqlite3.SQLITE_CANTOPEN: DatabaseReadOnlyError,
    sqlite3.SQLITE_FULL: DatabaseFullError,
    sqlite3.SQLITE_CORRUPT: DatabaseCorruptError,
    sqlite3.SQLITE_NOTADB: DatabaseCorruptError,
}


def named(error: SQLAlchemyError | sqlite3.Error) -> DatabaseError:
    """Our name for a foreign error."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    kind = SQLITE_ERRORS.get(code & PRIMARY_CODE, DatabaseError) if isinstance(code, int) else DatabaseError
    return kind(str(origin))


def overtaken(error: DatabaseBusyError) -> bool:
    """Whether a transaction read, then wanted to write, and somebody else had written in between. SQLite tells it at
    once, however long it may wait for locks: what was read is old, and no waiting makes it new."""
    cause = error.__cause__
    origin = cause.orig if isinstance(cause, DBAPIError) else cause
    return getattr(origin, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY_SNAPSHOT


@contextmanager
def naming() -> Iterator[None]:
    """Turn what SQLAlchemy and SQLite raise inside into our names.

    Raises:
        DatabaseError: with the foreign error as its cause.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise named(error) from error
