"""From an editor to the fleet: the server's own parts over a fake fleet, and a real file."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.choice import store_for
from popcam.config import Settings, SettingsFile, load_settings
from popcam.core.errors import ConfigError
from popcam.security.vault import open_vault
from popcam.server.run import running
from popcam.server.services import Services
from popcam.storage import Database

TEXT = """\
# ours
data_dir: data
runtime_dir: run
log_dir: log
cameras:
  door: # front
    source: 'demo:'
  yard: {source: "demo:"}
"""
WITHIN_S = 15.0


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Services, FakeFleet]]:
    fleet = FakeFleet()
    async with running(settings, lambda *_: fleet, 0) as services:
        await asyncio.sleep(0.3)  # the kernel's watch must stand before the file changes
        yield services, fleet


async def until(condition: Callable[[], bool]) -> float:
    """Seconds until it holds."""
    began_s = time.monotonic()
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the fleet has no event to wait on
            await asyncio.sleep(0.01)
    return time.monotonic() - began_s


async def test_a_hand_edit_reaches_the_camera_soon(tmp_path: Path) -> None:
    path = tmp_path / "popcam.yaml"
    path.write_text(TEXT)
    async with serving(load_settings(path, {})) as (services, fleet):
        yard = fleet.desired["yard"]
        path.write_text(TEXT.replace("source: 'demo:'", "source: 'synthetic:'"))
        assert await until(lambda: fleet.desired["door"].source.url == "synthetic:") < WITHIN_S
        assert fleet.desired["yard"] == yard
        await services.cameras.patch("door", {"act": {"kind": "hide"}})
        assert "door: # front\n    source: 'synthetic:'\n" in path.read_text()


async def test_a_mistake_leaves_all_as_it_was_and_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "popcam.yaml"
    path.write_text(TEXT)
    async with serving(load_settings(path, {})) as (services, fleet):
        before = dict(fleet.desired)
        path.write_text(TEXT.replace("  yard", "\tyard"))
        await until(lambda: services.settings.state().error is not None)
        state = services.settings.state()
        assert state.error is not None
        assert (state.error.problems[0].line, fleet.desired) == (8, before)
        path.write_text(TEXT.replace("yard", "roof"))
        await until(lambda: set(fleet.desired) == {"door", "roof"})


async def test_our_own_write_is_not_taken_for_a_foreign_one(tmp_path: Path) -> None:
    path = tmp_path / "popcam.yaml"
    path.write_text(TEXT)
    async with serving(load_settings(path, {})) as (services, fleet):
        await services.cameras.patch("door", {"act": {"kind": "hide"}})
        applied = len(fleet.applied)
        await until(lambda: services.settings.state().reloads == 1)
        assert len(fleet.applied) == applied


async def test_without_a_file_cameras_go_to_the_database(tmp_path: Path) -> None:
    folders = {"data_dir": tmp_path / "data", "runtime_dir": tmp_path / "run", "log_dir": tmp_path / "log"}
    settings = load_settings(None, {}, folders)
    async with serving(settings) as (services, _):
        await services.cameras.create({"name": "Door", "source": "demo:"})
    (tmp_path / "data" / "recordings" / "gate").mkdir(parents=True)
    async with serving(settings) as (services, fleet):
        assert list(fleet.desired) == ["door"]
        assert services.cameras.store_state().kind == "database"
        assert (await services.cameras.create({"name": "Gate", "source": "demo:"})).spec.id == "gate-2"


def test_a_file_store_needs_a_file(tmp_path: Path) -> None:
    settings = load_settings(None, {}, {"camera_store": "file"})
    database = Database(tmp_path / "popcam.db")
    with pytest.raises(ConfigError, match="no settings file"):
        store_for(
            settings, SettingsFile(settings), lambda: database, time.time, lambda: open_vault(database, tmp_path, {})
        )
    database.close()
