"""A database file that is only looked at: of a server that runs, or a copy on another machine."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, StaticPool, create_engine

from popcam.storage.faults import naming


@contextmanager
def read_only(path: Path) -> Iterator[Connection]:
    """One connection that sees the database as it is now, whatever is written meanwhile.

    Raises:
        DatabaseError: it can't be opened, or is none.
    """
    connection = _connect(path)
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    try:
        with naming(), engine.connect() as reading:
            reading.exec_driver_sql("PRAGMA query_only = ON")
            reading.exec_driver_sql("BEGIN")
            yield reading
    finally:
        engine.dispose()
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    with naming():
        try:
            return _opened(f"{path.absolute().as_uri()}?mode=ro")
        except sqlite3.OperationalError:
            # SQLite wants to make a file beside a database in WAL mode. In a folder that can't be written there is
            # nobody else who writes either.
            if not path.exists() or path.with_name(f"{path.name}-wal").exists():
                raise
            return _opened(f"{path.absolute().as_uri()}?mode=ro&immutable=1")


def _opened(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
