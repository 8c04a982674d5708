"""How requests become entries of the audit log."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.accounts import CSRF, PASSWORD, login_on
from tests.fakes.audit_site import ANNA, note
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fresh_database import fresh_database
from tests.server.conftest import until

from popcam.core.access import NOBODY, Principal, Scope
from popcam.core.facts import CameraState
from popcam.core.recordings import recording_path
from popcam.security.service import Security
from popcam.server import audit_damping
from popcam.server.app import create_app
from popcam.server.audit_damping import Damper, Viewings
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
async def browser(security: Security, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=CSRF) as browser:
        yield browser


@pytest.fixture
async def anna(security: Security, browser: httpx.AsyncClient) -> httpx.AsyncClient:
    """An administrator who is signed in."""
    await security.users.create("anna", PASSWORD, "admin")
    assert (await browser.post("/api/v1/auth/login", json={"name": "anna", "password": PASSWORD})).status_code == 200
    return browser


async def told(security: Security, **wanted: Any) -> list[Entry]:
    """Entries that are written, newest first."""
    await until(lambda: security.audit.waiting == 0)
    rows = (await security.audit.page(AuditFilter(**wanted), None, 500)).rows
    return [json.loads(row.entry) for row in rows]


async def test_a_change_is_noted_with_who_where_and_the_request(anna: httpx.AsyncClient, security: Security) -> None:
    answer = await anna.post("/api/v1/cameras/door/stop")
    (entry,) = await told(security, action="camera.stop")
    assert (entry["result"], entry["on"], entry["who"]["name"], entry["who"]["via"], entry["who"]["address"]) == (
        "ok", "camera:door", "anna", "session", "192.0.2.7",
    )  # fmt: skip
    assert entry["request_id"] == answer.headers["x-request-id"]


async def test_looking_is_not_noted(anna: httpx.AsyncClient, security: Security) -> None:
    before = len(await told(security))
    for path in ("/api/v1/cameras", "/api/v1/cameras/door/status", "/api/v1/settings", "/health"):
        assert (await anna.get(path)).status_code == 200
    assert (await anna.post("/api/v1/cameras/batch-status", json={})).status_code == 200
    assert len(await told(security)) == before


async def test_a_change_that_fails_is_noted_with_its_reason(anna: httpx.AsyncClient, security: Security) -> None:
    await anna.post("/api/v1/cameras/nowhere/stop")
    (entry,) = await told(security, action="camera.stop")
    assert (entry["result"], entry["on"], entry["detail"]) == ("failed", "camera:nowhere", "camera.not_found")


async def test_a_refusal_is_noted_also_of_looking(browser: httpx.AsyncClient, security: Security) -> None:
    assert (await browser.get("/api/v1/cameras/door/status")).status_code == 401
    (entry,) = await told(security, result="refused")
    assert (entry["on"], entry["detail"], entry["who"]["via"], entry["who"]["address"]) == (
        "camera:door", "access.login_needed", "nobody", "192.0.2.7",
    )  # fmt: skip


async def test_a_change_that_may_come_from_another_site_is_noted(anna: httpx.AsyncClient, security: Security) -> None:
    answer = await anna.post("/api/v1/cameras/door/stop", headers={"X-Popcam-Csrf": ""})
    assert answer.status_code == 403
    (entry,) = await told(security, result="refused")
    assert (entry["detail"], entry["who"]["name"]) == ("access.csrf_refused", "anna")


async def test_what_comes_from_another_site_is_noted_before_anybody_asks_who_it_is(
    anna: httpx.AsyncClient, security: Security
) -> None:
    answer = await anna.post("/api/v1/cameras/door/stop", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    (entry,) = await told(security, result="refused")
    assert (entry["detail"], entry["who"]["via"], entry["who"]["address"], entry["on"], entry["request_id"]) == (
        "request.origin_refused", "nobody", "192.0.2.7", "/api/v1/cameras/door/stop", answer.headers["x-request-id"],
    )  # fmt: skip


async def test_a_camera_outside_of_ones_limit_is_a_refusal(browser: httpx.AsyncClient, security: Security) -> None:
    await security.users.create("vera", PASSWORD, "viewer", Scope(cameras=frozenset({"yard"})))
    await browser.post("/api/v1/auth/login", json={"name": "vera", "password": PASSWORD})
    assert (await browser.get("/api/v1/cameras/door/status")).status_code == 404
    (entry,) = await told(security, result="refused")
    assert (entry["on"], entry["detail"]) == ("camera:door", "camera.not_found")


async def test_a_login_that_fails_is_a_refusal(browser: httpx.AsyncClient, security: Security) -> None:
    await browser.post("/api/v1/auth/login", json={"name": "anna", "password": "wrong"})
    (entry,) = await told(security, result="refused")
    assert (entry["detail"], entry["who"]["via"]) == ("access.login_failed", "nobody")
    assert "wrong" not in json.dumps(entry)


async def test_a_login_is_noted_with_the_account(anna: httpx.AsyncClient, security: Security) -> None:
    entries = [entry for entry in await told(security, result="ok") if "login" in entry["action"]]
    assert len(entries) == 1
    assert "user:" in entries[0]["on"]


async def test_looking_at_live_pictures_is_noted_once(
    anna: httpx.AsyncClient, security: Security, fleet: FakeFleet
) -> None:
    fleet.snapshots["door"] = b"jpeg"
    for _ in range(3):
        assert (await anna.get("/api/v1/cameras/door/preview")).status_code == 200
    (entry,) = await told(security, action="live.*")
    assert (entry["on"], entry["who"]["name"]) == ("camera:door", "anna")


async def test_playing_a_recording_is_noted_once_however_many_parts_a_player_asks_for(
    anna: httpx.AsyncClient, security: Security, services: Services
) -> None:
    path = recording_path(services.options.recordings_dir / "door", 1_700_000_000.0, "mp4")
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(1000))
    for start in (0, 100, 500):
        answer = await anna.get(f"/api/v1/recordings/door/{path.name}", headers={"Range": f"bytes={start}-{start + 9}"})
        assert answer.status_code == 206
    (entry,) = await told(security, action="recording.view")
    assert (entry["on"], entry["detail"], entry["who"]["name"]) == ("camera:door", path.name, "anna")


async def test_looking_is_left_out_where_the_settings_say_so(
    anna: httpx.AsyncClient, security: Security, fleet: FakeFleet
) -> None:
    security.audit.views = False
    fleet.snapshots["door"] = b"jpeg"
    await anna.get("/api/v1/cameras/door/preview")
    assert await told(security, action="live.*") == []


async def test_knocking_again_and_again_fills_no_disk(
    browser: httpx.AsyncClient, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popcam.server.auditing.WINDOW_S", 1.0)
    for _ in range(40):
        await browser.get("/api/v1/cameras", headers={"Authorization": "Bearer x"})
    entries = await told(security, result="refused")
    assert len(entries) == audit_damping.BURST
    async with asyncio.timeout(60):
        while (last := (await told(security, result="refused"))[0])["detail"] == "access.login_needed":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert last["detail"] == "access.login_needed (30 more like this)"


async def test_what_is_held_back_is_written_at_the_end(browser: httpx.AsyncClient, security: Security) -> None:
    for _ in range(15):
        await browser.get("/api/v1/cameras")
    await asyncio.to_thread(security.audit.stop)
    (last, *_) = await told(security, result="refused")
    assert last["detail"] == "access.login_needed (5 more like this)"


async def test_credentials_that_a_worker_gets_are_told_once_per_start(
    anna: httpx.AsyncClient, security: Security, fleet: FakeFleet
) -> None:
    for epoch in (1, 1, 2):
        fleet.report("door", CameraState.STARTING, epoch=epoch)
        fleet.report("yard", CameraState.STARTING, epoch=epoch)  # its address holds none
    entries = await told(security, action="secret.use")
    assert [entry["on"] for entry in entries] == ["camera:door", "camera:door"]
    assert entries[0]["after"] == {"fields": ["source.url", "sub_source.url"]}
    assert "s3cret" not in json.dumps(entries)


async def test_without_security_nothing_is_noted(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/cameras/door/stop")).status_code == 200


class Now:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_each_person_and_reason_is_damped_alone() -> None:
    damper = Damper(Now())
    for _ in range(audit_damping.BURST):
        assert list(damper.pass_on(note(1, result="refused")))
    assert not list(damper.pass_on(note(2, result="refused")))
    assert list(damper.pass_on(note(1, result="refused", who=NOBODY)))
    assert list(damper.pass_on(note(1, result="refused", detail="other")))


def test_after_a_minute_the_rest_is_told_and_it_begins_anew() -> None:
    now = Now()
    damper = Damper(now)
    for _ in range(audit_damping.BURST + 3):
        list(damper.pass_on(note(1, result="refused", detail="x")))
    assert damper.holds
    now.s = audit_damping.WINDOW_S
    first, second = damper.pass_on(note(1, result="refused", detail="x"))
    assert (first.detail, second.detail) == ("x (3 more like this)", "x")


def test_damping_is_bounded_and_loses_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_damping, "MAX_KEYS", 2)
    damper = Damper(Now())
    for _ in range(audit_damping.BURST + 1):
        list(damper.pass_on(note(1, result="refused", detail="a")))
    list(damper.pass_on(note(1, result="refused", detail="b")))
    kept = [one.detail for one in damper.pass_on(note(1, result="refused", detail="c"))]
    assert kept == ["c", "a (1 more like this)"]


def test_a_viewing_goes_on_until_somebody_stays_away_for_long() -> None:
    now = Now()
    viewings = Viewings(now)
    looks = note(1, action="live.view")
    assert viewings.begins(looks)
    for _ in range(10):
        now.s += audit_damping.VIEWING_GAP_S - 1
        assert not viewings.begins(looks)
    assert viewings.begins(looks._replace(on="camera:other"))
    assert viewings.begins(looks._replace(who=Principal(via="session", role="viewer", user_id="u2")))
    now.s += audit_damping.VIEWING_GAP_S
    assert viewings.begins(looks)
    assert looks.who is ANNA
