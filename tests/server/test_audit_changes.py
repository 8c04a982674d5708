"""What the audit log tells of changes to cameras, groups and settings: only what differs, and no secret."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.accounts import CSRF, PASSWORD, login_on
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fresh_database import fresh_database
from tests.server.conftest import until

from popcam.cameras.service import CamerasService
from popcam.cameras.sql_store import SqlCameraStore
from popcam.config import service_of
from popcam.config.loading import load_settings
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.services import Services
from popcam.storage import Database
from popcam.storage.audit import AuditFilter

Entry = dict[str, Any]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "data" / "popcam.db")
    yield database
    database.close()


@pytest.fixture
async def security(services: Services, tmp_path: Path, database: Database) -> AsyncIterator[Security]:
    async with login_on(services, tmp_path, database) as security:
        yield security


@pytest.fixture
async def anna(
    services: Services, security: Security, fleet: FakeFleet, database: Database, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator who is signed in, at a server whose cameras can be changed."""
    store = SqlCameraStore(database, {}, tmp_path, services.clock.unix_s, security.vault)
    services.cameras = CamerasService(store, fleet, services.clock, tmp_path / "log", settle_s=0.2)
    await services.cameras.begin()
    await security.users.create("anna", PASSWORD, "admin")
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=CSRF) as browser:
        await browser.post("/api/v1/auth/login", json={"name": "anna", "password": PASSWORD})
        camera = {"id": "door", "source": {"url": "rtsp://10.0.0.5/1", "password": "s3cret-one"}, "groups": ["in"]}
        assert (await browser.post("/api/v1/cameras", json=camera)).status_code == 201
        yield browser


async def newest(security: Security) -> Entry:
    await until(lambda: security.audit.waiting == 0)
    (row,) = (await security.audit.page(AuditFilter(), None, 1)).rows
    entry: Entry = json.loads(row.entry)
    return entry


async def test_a_new_camera_is_told_with_all_its_settings(anna: httpx.AsyncClient, security: Security) -> None:
    entry = await newest(security)
    assert (entry["action"], entry["on"], entry["before"]) == ("camera.create", "camera:door", None)
    assert entry["after"]["source.url"] == "rtsp://10.0.0.5/1"
    assert entry["after"]["source.password"] == "***"
    assert "s3cret-one" not in json.dumps(entry)


async def test_a_change_tells_only_what_differs(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.patch("/api/v1/cameras/door", json={"name": "Front", "record": {"mode": "events"}})
    entry = await newest(security)
    assert (entry["action"], entry["on"]) == ("camera.update", "camera:door")
    assert entry["before"] == {"name": "", "record.mode": "off"}
    assert entry["after"] == {"name": "Front", "record.mode": "events"}


async def test_a_changed_password_is_told_and_not_shown(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.patch("/api/v1/cameras/door", json={"source": {"password": "s3cret-two"}})
    entry = await newest(security)
    assert entry["before"] == entry["after"] == {"source.password": "***"}


async def test_a_replaced_camera_tells_what_differs(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.put("/api/v1/cameras/door", json={"source": {"url": "rtsp://10.0.0.6/1"}, "groups": ["in"]})
    entry = await newest(security)
    assert (entry["before"], entry["after"]) == (
        {"source.url": "rtsp://10.0.0.5/1"}, {"source.url": "rtsp://10.0.0.6/1"},
    )  # fmt: skip


async def test_several_cameras_are_told_by_id(anna: httpx.AsyncClient, security: Security) -> None:
    cameras = [{"id": "a", "source": "demo:"}, {"id": "b", "source": "demo:"}]
    await anna.post("/api/v1/cameras/batch", json={"cameras": cameras})
    entry = await newest(security)
    assert (entry["on"], entry["before"]) == ("cameras", {"a": None, "b": None})
    assert entry["after"]["b"]["source.url"] == "demo:"


@pytest.mark.parametrize(
    ("method", "path", "action", "before", "after"),
    [
        (
            "POST", "deactivate", "camera.deactivate",
            {"active": True, "auto_start": True}, {"active": False, "auto_start": False},
        ),
        ("PUT", "auto-start?auto_start=false", "camera.auto_start", {"auto_start": True}, {"auto_start": False}),
    ],
)  # fmt: skip
async def test_what_is_wanted_of_a_camera_is_told(
    anna: httpx.AsyncClient, security: Security, method: str, path: str, action: str, before: Entry, after: Entry
) -> None:
    assert (await anna.request(method, f"/api/v1/cameras/door/{path}")).status_code == 200
    entry = await newest(security)
    assert (entry["action"], entry["before"], entry["after"]) == (action, before, after)


async def test_an_activation_is_told(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.post("/api/v1/cameras/door/deactivate")
    await anna.post("/api/v1/cameras/door/activate")
    entry = await newest(security)
    assert (entry["before"], entry["after"]) == ({"active": False}, {"active": True})


async def test_a_deleted_camera_is_told_as_it_was(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.delete("/api/v1/cameras/door")
    entry = await newest(security)
    assert (entry["action"], entry["on"], entry["after"]) == ("camera.delete", "camera:door", None)
    assert entry["before"]["source.url"] == "rtsp://10.0.0.5/1"


async def test_a_refused_change_tells_nothing_of_what_it_wanted(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.patch("/api/v1/cameras/door", json={"fps": "s3cret-three"})
    entry = await newest(security)
    assert (entry["result"], entry["on"], entry["detail"], entry["after"]) == (
        "failed", "camera:door", "camera.invalid", None,
    )  # fmt: skip


async def test_a_renamed_group_is_told_in_its_cameras(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.patch("/api/v1/groups/in", json={"name": "inside"})
    entry = await newest(security)
    assert (entry["action"], entry["on"]) == ("group.rename", "group:in")
    assert (entry["before"], entry["after"]) == ({"door": {"groups": ["in"]}}, {"door": {"groups": ["inside"]}})


async def test_a_deleted_group_is_told_in_its_cameras(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.delete("/api/v1/groups/in")
    entry = await newest(security)
    assert (entry["before"], entry["after"]) == ({"door": {"groups": ["in"]}}, {"door": {"groups": []}})


async def test_settings_are_told_as_they_were_and_are(
    anna: httpx.AsyncClient, security: Security, services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text("log:\n  level: info\n")
    services.settings = service_of(load_settings(file, env={}))
    answer = await anna.patch("/api/v1/settings", json={"log": {"level": "debug"}, "server": {"port": 8081}})
    assert answer.status_code == 200, answer.text
    entry = await newest(security)
    assert (entry["action"], entry["on"]) == ("settings.update", "settings")
    assert entry["before"] == {"log.level": "info", "server.port": 8080}
    assert entry["after"] == {"log.level": "debug", "server.port": 8081}


async def test_a_whole_settings_file_tells_its_cameras_by_name(
    anna: httpx.AsyncClient, security: Security, services: Services, tmp_path: Path
) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text("log:\n  level: info\n")
    services.settings = service_of(load_settings(file, env={}))
    text = "log:\n  level: debug\ncameras:\n  yard:\n    source: 'demo:'\n"
    answer = await anna.put("/api/v1/settings/yaml", json={"text": text})
    assert answer.status_code == 200, answer.text
    entry = await newest(security)
    assert (entry["action"], entry["after"]) == (
        "settings.replace", {"log.level": "debug", "cameras.added": ["yard"]},
    )  # fmt: skip
