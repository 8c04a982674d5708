"""Takes what was overwritten or deleted out of the database's files, too.

SQLite leaves old content in free places of its pages and in the write-ahead log. Writing the whole file anew, and
cutting the log, leaves only what the tables hold (sqlite.org/lang_vacuum.html, sqlite.org/wal.html).
"""

import sqlite3
import time
from contextlib import closing

import structlog
from sqlalchemy import Connection

from popcam.core.errors import DatabaseBusyError, DatabaseError
from popcam.storage import security_facts
from popcam.storage.database import BUSY_TIMEOUT_MS, Database
from popcam.storage.faults import naming

log = structlog.get_logger(__name__)

FACT = "storage.scrub"
PATIENCE_S = 10.0


def ask(connection: Connection) -> None:
    """Remember, in this transaction, that old content must go; a crash before it is done loses nothing."""
    security_facts.put(connection, {FACT: True})


def scrub_if_needed(database: Database) -> bool:
    """Do what was asked for. False: nothing was, or the database is busy or full, and the next start tries again."""
    if not database.run_sync(lambda connection: security_facts.get(connection, FACT)):
        return False
    try:
        scrub(database)
    except DatabaseError as error:
        log.warning("database.not_scrubbed", code=error.code, detail=error.detail)
        return False
    database.run_sync(lambda connection: security_facts.remove(connection, [FACT]))
    log.info("database.scrubbed")
    return True


def scrub(database: Database) -> None:
    """Write the file anew and cut the log. Others may read meanwhile, and wait to write.

    Raises:
        DatabaseError: too busy, or no space for a second copy.
    """
    seconds = BUSY_TIMEOUT_MS / 1000
    with naming(), closing(sqlite3.connect(database.path, timeout=seconds, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        deadline_s = time.monotonic() + PATIENCE_S
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline_s:
                raise DatabaseBusyError("somebody reads all the time")
            time.sleep(0.05)
