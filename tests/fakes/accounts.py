"""Accounts for tests: real ones, whose passwords are hashed at a cost that no server should use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from popcam.config import Settings
from popcam.config.model import SecuritySettings
from popcam.core.clock import Clock, SystemClock
from popcam.security.passwords import Hashing
from popcam.security.service import Security, open_security
from popcam.server.services import Services
from popcam.storage import Database

PASSWORD = "a lamp over the blue door"
OTHER_PASSWORD = "seven swans in the harbour"
CSRF = {"X-Popcam-Csrf": "1"}


def cheap_hashing() -> Hashing:
    return Hashing(time_cost=1, memory_kib=8, parallelism=1)


@cache
def _template() -> bytes:
    """An empty database of the newest schema: to migrate one for each test would take most of its time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "popcam.db"
        database = Database(path)
        database.open()
        database.close()
        return path.read_bytes()


def empty_database(path: Path) -> Database:
    """A database without rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_template())
    return Database(path)


def settings_in(folder: Path, security: SecuritySettings | None = None) -> Settings:
    return Settings(
        data_dir=folder / "data",
        runtime_dir=folder / "run",
        log_dir=folder / "log",
        security=security or SecuritySettings(login=True),
    )


def security_in(
    folder: Path, database: Database, clock: Clock | None = None, settings: SecuritySettings | None = None
) -> Security:
    """All parts of security over a database; not started."""
    whole = settings_in(folder, settings)
    return open_security(whole, database, whole.data_dir, clock or SystemClock(), hashing=cheap_hashing())


@asynccontextmanager
async def login_on(services: Services, folder: Path, database: Database) -> AsyncIterator[Security]:
    """Have a server ask for a login; made before its app is."""
    security = security_in(folder, database, services.clock)
    services.security = security
    services.options = replace(services.options, login=True)
    await security.start()
    try:
        yield security
    finally:
        await security.stop()
