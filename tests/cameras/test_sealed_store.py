"""What a copy of the database tells of cameras: nothing that opens one."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.fakes.camera_stores import SqlSite, service_over
from tests.fakes.fake_fleet import FakeFleet

from popcam.cameras.document import plain
from popcam.cameras.service import CamerasService
from popcam.core.errors import ConfigError, SecretKeyError
from popcam.core.spec import CameraSpec, RestreamSpec, SourceSpec
from popcam.security.vault import open_vault
from popcam.storage import Database

DOOR = CameraSpec(
    id="door",
    name="Door",
    source=SourceSpec(url="rtsp://tom:inTheAddress1@10.1.2.3/main", username="anna", password="inTheField2"),
    sub_source=SourceSpec(url="http://10.1.2.3/inThePath3/sub.mjpg?token=inTheQuery4"),
    restream=(RestreamSpec(url="rtmp://live.example/app/inTheKey5"),),
)
SECRETS = ("inTheAddress1", "inTheField2", "inThePath3", "inTheQuery4", "inTheKey5", "10.1.2.3", "anna")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SqlSite]:
    site = SqlSite(tmp_path)
    yield site
    site.close()


async def opened(site: SqlSite) -> CamerasService:
    service = service_over(site.store(), FakeFleet(), site.folder)
    await service.begin()
    return service


def shown_by_the_files(folder: Path) -> list[str]:
    raw = b"".join(path.read_bytes() for path in folder.glob("popcam.db*"))
    return [secret for secret in SECRETS if secret.encode() in raw]


async def with_door_in_plain_text(site: SqlSite) -> str:
    """As an older version left it, with an earlier password in a free place of the file. Gives the camera's version."""
    service = await opened(site)
    await service.create({"id": "door", "source": "demo:"})
    values = plain(DOOR)
    del values["id"]
    digest = hashlib.sha256(json.dumps(plain(DOOR), sort_keys=True).encode()).hexdigest()
    database = site.databases[0]
    for text in (json.dumps({**values, "padding": "x" * 9000}), json.dumps(values)):
        database.run_sync(
            partial(Connection.exec_driver_sql, statement="UPDATE cameras SET spec = ?", parameters=(text,))
        )
    database.run_sync(lambda c: c.exec_driver_sql("INSERT INTO camera_imports VALUES ('door', ?)", (digest,)))
    return service.version("door")


async def test_the_files_show_no_address_and_no_password(site: SqlSite) -> None:
    site.seeds["door"] = DOOR
    service = await opened(site)
    await service.patch("door", {"name": "Gate"})
    assert shown_by_the_files(site.folder) == []
    assert (await opened(site)).spec("door").source == DOOR.source


async def test_rows_of_an_older_version_are_sealed_and_leave_no_trace(site: SqlSite) -> None:
    await with_door_in_plain_text(site)
    assert len(shown_by_the_files(site.folder)) == len(SECRETS)
    await opened(site)
    assert shown_by_the_files(site.folder) == []


async def test_sealing_changes_nothing_for_anybody(site: SqlSite) -> None:
    version = await with_door_in_plain_text(site)
    service = await opened(site)
    assert service.version("door") == version
    assert (service.spec("door").source, service.spec("door").restream) == (DOOR.source, DOOR.restream)


async def test_a_camera_of_the_settings_that_an_older_version_took_over_does_not_come_again(site: SqlSite) -> None:
    await with_door_in_plain_text(site)
    site.seeds["door"] = DOOR
    service = await opened(site)
    await service.patch("door", {"name": "Mine"})
    assert (await opened(site)).spec("door").name == "Mine"


async def test_a_scrub_that_could_not_be_done_is_done_at_the_next_start(site: SqlSite) -> None:
    await with_door_in_plain_text(site)
    reader = Database(site.folder / "popcam.db", threads=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("popcam.storage.scrub.PATIENCE_S", 0.1)
        engine = reader._opened()
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT * FROM cameras").all()  # an open snapshot keeps the log from being cut
            await opened(site)
            assert shown_by_the_files(site.folder) != []
    reader.close()
    await opened(site)
    assert shown_by_the_files(site.folder) == []


async def test_a_password_does_not_move_to_another_address(site: SqlSite) -> None:
    site.seeds["door"] = DOOR
    site.seeds["yard"] = CameraSpec(id="yard", source=SourceSpec(url="rtsp://evil/"))
    await opened(site)
    doors = "SELECT spec FROM cameras WHERE camera_id = 'door'"
    update = f"UPDATE cameras SET version = 'x', spec = ({doors}) WHERE camera_id = 'yard'"
    site.databases[0].run_sync(lambda connection: connection.exec_driver_sql(update))
    service = await opened(site)
    assert service.ids() == ("door",)
    error = service.store_state().error
    assert isinstance(error, ConfigError)
    assert error.problems[0].key == "yard.source"


async def test_without_the_key_the_cameras_of_the_settings_run_and_it_is_told(site: SqlSite) -> None:
    site.seeds["door"] = DOOR
    await opened(site)
    (site.folder / "keys" / "secret.key").unlink()
    service = await opened(site)
    assert service.ids() == ("door",)
    assert isinstance(service.store_state().error, SecretKeyError)
    with pytest.raises(SecretKeyError):
        await service.patch("door", {"name": "x"})


async def test_a_database_that_came_from_elsewhere_tells_which_key_it_wants(site: SqlSite, tmp_path: Path) -> None:
    site.seeds["door"] = DOOR
    await opened(site)
    site.close()
    elsewhere = SqlSite(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    (elsewhere.folder / "popcam.db").write_bytes((site.folder / "popcam.db").read_bytes())
    open_vault(Database(elsewhere.folder / "other.db", threads=1), elsewhere.folder, {}).ready()
    service = await opened(elsewhere)
    error = service.store_state().error
    assert isinstance(error, SecretKeyError)
    assert "were sealed by key" in error.detail
    elsewhere.close()
