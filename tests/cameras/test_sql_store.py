"""Cameras in the database, and how those of the settings come into it."""

import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cameras.store_contract import StoreContract
from tests.fakes.camera_stores import SqlSite, service_over
from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.service import CamerasService
from popcam.core.errors import ConfigError, DatabaseCorruptError
from popcam.core.spec import CameraSpec, SourceSpec

DOOR = CameraSpec(id="door", name="Door", source=SourceSpec(url="demo:"))
YARD = CameraSpec(id="yard", source=SourceSpec(url="demo:"))


class TestSqlStore(StoreContract):
    @pytest.fixture
    def site(self, tmp_path: Path) -> Iterator[SqlSite]:
        site = SqlSite(tmp_path)
        yield site
        site.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SqlSite]:
    site = SqlSite(tmp_path, {"door": DOOR, "yard": YARD})
    yield site
    site.close()


async def opened(site: SqlSite) -> CamerasService:
    service = service_over(site.store(), FakeFleet(), site.folder)
    await service.begin()
    return service


async def test_cameras_of_the_settings_are_taken_over_once(site: SqlSite) -> None:
    service = await opened(site)
    await service.patch("door", {"name": "Mine"})
    await service.delete("yard")
    again = await opened(site)
    assert (again.ids(), again.spec("door").name) == (("door",), "Mine")


async def test_the_newest_wish_counts_wherever_it_was_made(site: SqlSite) -> None:
    await (await opened(site)).patch("door", {"name": "Mine"})
    site.seeds["door"] = replace(DOOR, name="Theirs")
    assert (await opened(site)).spec("door").name == "Theirs"


async def test_a_camera_that_left_the_settings_stays(site: SqlSite) -> None:
    await opened(site)
    site.seeds.clear()
    assert (await opened(site)).ids() == ("door", "yard")


async def test_changed_settings_are_taken_over_while_it_runs(site: SqlSite) -> None:
    store = site.store()
    service = service_over(store, FakeFleet(), site.folder)
    await service.begin()
    store.offer({"door": replace(DOOR, name="Theirs"), "yard": YARD})
    assert (await service.refresh()).changes.changed == ("door",)


async def test_without_a_database_the_settings_run_and_nothing_can_be_saved(tmp_path: Path) -> None:
    (tmp_path / "popcam.db").write_bytes(b"no database" * 100)
    site = SqlSite(tmp_path, {"door": DOOR})
    fleet = FakeFleet()
    service = service_over(site.store(), fleet, tmp_path)
    await service.begin()
    assert list(fleet.desired) == ["door"]
    with pytest.raises(DatabaseCorruptError):
        await service.patch("door", {"name": "x"})
    assert isinstance(service.store_state().error, DatabaseCorruptError)
    site.close()


async def test_a_row_that_can_not_be_read_leaves_the_others_alone(site: SqlSite) -> None:
    await opened(site)
    update = (
        """UPDATE cameras SET spec = '{"source": {"url": "demo:"}, "sparkle": 1}', version = 'x' WHERE camera_id = ?"""
    )
    site.databases[0].run_sync(lambda connection: connection.exec_driver_sql(update, ("yard",)))
    service = await opened(site)
    assert service.ids() == ("door",)
    error = service.store_state().error
    assert isinstance(error, ConfigError)
    assert error.problems[0].key == "yard.sparkle"


async def test_rows_hold_what_queries_look_for(site: SqlSite) -> None:
    service = await opened(site)
    await service.patch("door", {"groups": ["b", "a"], "auto_start": False})
    select = "SELECT name, active, auto_start FROM cameras WHERE camera_id = 'door'"
    groups = "SELECT name FROM camera_groups WHERE camera_id = 'door' ORDER BY name"
    database = site.databases[0]
    assert database.run_sync(lambda c: c.exec_driver_sql(select).one()) == ("Door", 1, 0)
    assert database.run_sync(lambda c: c.exec_driver_sql(groups).scalars().all()) == ["a", "b"]
    await service.delete("door")
    assert database.run_sync(lambda c: c.exec_driver_sql(groups).scalars().all()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
async def test_nobody_else_may_read_the_passwords(site: SqlSite) -> None:
    await opened(site)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in site.folder.glob("popcam.db*")}
    assert modes == {0o600}
