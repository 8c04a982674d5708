"""Camera stores on real files and databases in a folder of the test, with a service over them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.file_store import FileCameraStore
from popcam.cameras.service import CamerasService
from popcam.cameras.sql_store import SqlCameraStore
from popcam.cameras.store import CameraStore
from popcam.config import SettingsFile, load_settings
from popcam.core.clock import SystemClock
from popcam.core.spec import CameraSpec
from popcam.security.vault import open_vault
from popcam.storage import Database


class StoreSite(Protocol):
    """A place for cameras: each `store()` is what another process would open."""

    def store(self) -> CameraStore: ...
    def break_it(self) -> None: ...
    def content(self) -> object: ...
    def close(self) -> None: ...


class FileSite:
    """A settings file."""

    def __init__(self, folder: Path, text: str = "# popcam\ncameras:\n", env: Mapping[str, str] | None = None) -> None:
        self.path = folder / "popcam.yaml"
        self.path.write_bytes(text.encode())
        self.env = dict(env or {})

    def store(self) -> FileCameraStore:
        settings = load_settings(self.path, self.env)
        return FileCameraStore(SettingsFile(settings), settings)

    def break_it(self) -> None:
        """Take the right to write away."""
        self.path.chmod(0o444)

    def content(self) -> object:
        return self.path.read_bytes()

    def text(self) -> str:
        return self.path.read_bytes().decode()

    def close(self) -> None:
        """Nothing is open."""


class SqlSite:
    """A database."""

    def __init__(self, folder: Path, seeds: Mapping[str, CameraSpec] | None = None) -> None:
        self.folder = folder
        self.seeds = dict(seeds or {})
        self.databases: list[Database] = []

    def store(self) -> SqlCameraStore:
        self.databases.append(Database(self.folder / "popcam.db", threads=1))
        database = self.databases[-1]
        vault = open_vault(database, self.folder, {})
        return SqlCameraStore(database, self.seeds, self.folder, SystemClock().unix_s, vault)

    def break_it(self) -> None:
        """Let nobody write any more."""
        for database in self.databases:
            database._pool.submit(self._read_only, database).result()

    @staticmethod
    def _read_only(database: Database) -> None:
        database.run_sync(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON"))

    def content(self) -> object:
        query = "SELECT * FROM cameras ORDER BY camera_id"
        return self.databases[0].run_sync(lambda connection: connection.exec_driver_sql(query).all())

    def close(self) -> None:
        for database in self.databases:
            database.close()


def service_over(
    store: CameraStore, fleet: FakeFleet, folder: Path, past: Collection[str] = (), settle_s: float = 0.1
) -> CamerasService:
    """A service that knows these ids from earlier."""

    async def past_ids() -> Collection[str]:
        return past

    return CamerasService(store, fleet, SystemClock(), folder / "log", settle_s=settle_s, past_ids=past_ids)
