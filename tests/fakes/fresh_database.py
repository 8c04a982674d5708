"""A new database at the price of a copy: migrations take longer than most tests."""

import tempfile
from functools import cache
from pathlib import Path

from popcam.storage import Database


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "popcam.db"
        database = Database(path)
        database.open()
        database.close()
        return path.read_bytes()


def fresh_database(path: Path) -> Database:
    """A database that is up to date and empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated())
    return Database(path)
