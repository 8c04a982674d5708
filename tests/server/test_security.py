"""/api/v1/security: what was seen, who is shut out, incident mode; over real parts."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from popcam.config import Settings
from popcam.core.access import Principal
from popcam.core.security import SecurityKind
from popcam.security.passwords import Hashing
from popcam.security.service import Security, open_security
from popcam.server.app import create_app
from popcam.server.hub import Wish
from popcam.server.services import Services
from popcam.storage import Database

STRANGER = "192.0.2.7"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is up to date: migrations take longer than most of these tests."""
    path = tmp_path_factory.mktemp("migrated") / "popcam.db"
    database = Database(path)
    database.open()
    database.close()
    return path


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[Database]:
    path = tmp_path / "data" / "popcam.db"
    path.parent.mkdir()
    shutil.copy(migrated, path)
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
async def security(services: Services, database: Database, tmp_path: Path) -> AsyncIterator[Security]:
    settings = Settings(data_dir=tmp_path / "data", runtime_dir=tmp_path / "run", log_dir=tmp_path / "log")
    cheap = Hashing(time_cost=1, memory_kib=64, parallelism=1)
    security = open_security(settings, database, tmp_path / "data", services.clock, hashing=cheap)
    services.security = security
    services.options = replace(services.options, login=True)
    await security.start()
    yield security
    await security.stop()


@pytest.fixture
async def stranger(services: Services, security: Security) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whom nobody knows, from another machine."""
    transport = httpx.ASGITransport(create_app(services), client=(STRANGER, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client


@pytest.fixture
async def shell(services: Services, security: Security) -> AsyncIterator[httpx.AsyncClient]:
    """The server's own user."""
    transport = httpx.ASGITransport(create_app(services), client=("127.0.0.1", 4712))
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers) as client:
        yield client


async def test_an_address_that_looks_for_weak_spots_is_shut_out_for_a_while(
    stranger: httpx.AsyncClient, security: Security
) -> None:
    for _ in range(5):
        security.watch.not_found(STRANGER, "/wp-login.php")  # not over HTTP: each answer waits longer than the last
    answer = [await stranger.get("/.env") for _ in range(3)][-1]
    assert answer.json()["code"] == "access.address_blocked"
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert [block.place for block in security.watch.blocks()] == [STRANGER]


async def test_what_only_scanners_ask_for_is_no_page_of_the_console(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/cgi-bin/luci")).status_code == 404
    assert (await stranger.get("/cameras/wp-1")).status_code == 200


async def test_known_people_come_in_from_a_blocked_address(services: Services, security: Security) -> None:
    for _ in range(7):
        security.watch.not_found(STRANGER, "/.env")
    transport = httpx.ASGITransport(create_app(services), client=(STRANGER, 4711))
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers) as known:
        assert (await known.get("/api/v1/cameras")).status_code == 200


async def test_the_overview_has_blocks_events_ports_and_findings(shell: httpx.AsyncClient, security: Security) -> None:
    for _ in range(7):
        security.watch.not_found(STRANGER, "/.env")
    found = (await shell.get("/api/v1/security")).json()
    assert [block["address"] for block in found["blocks"]] == [STRANGER]
    assert [event["kind"] for event in found["events"]] == ["blocked", "probing"]
    assert found["ports"]
    assert found["findings"]
    assert found["worst"] == found["findings"][0]["severity"]
    assert found["lockdown"]["on"] is False


async def test_events_come_in_the_readers_language(shell: httpx.AsyncClient, security: Security) -> None:
    security.watch.audit_broken("entry 7")
    page = (await shell.get("/api/v1/security/events", headers={"Accept-Language": "zh-CN"})).json()
    assert page["items"][0]["title"] == "审计日志已被更改"


async def test_events_come_by_pages(shell: httpx.AsyncClient, security: Security) -> None:
    for number in range(5):
        security.watch.failed_login(f"192.0.2.{number}", "anna")
    path = "/api/v1/security/events?limit=2&kind=login_failed"
    ids, cursor = [], ""
    while True:
        page = (await shell.get(path + cursor)).json()
        ids += [event["event_id"] for event in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert ids == [5, 4, 3, 2, 1]


async def test_a_cursor_of_nobodys_is_refused(shell: httpx.AsyncClient) -> None:
    for cursor in ("x", "-1", "1e9", "9" * 40, "%00"):
        assert (await shell.get(f"/api/v1/security/events?cursor={cursor}")).status_code == 422, cursor


@pytest.mark.parametrize("address", [STRANGER, "2001:db8::1"])
async def test_a_block_is_removed_by_its_name(shell: httpx.AsyncClient, security: Security, address: str) -> None:
    for _ in range(7):
        security.watch.not_found(address, "/.env")
    (block,) = security.watch.blocks()
    path = f"/api/v1/security/blocks/{block.place.replace('/', '%2F')}"
    assert (await shell.delete(path)).status_code == 204
    assert security.watch.blocked(address) == 0
    again = await shell.delete(path)
    assert (again.status_code, again.json()["code"]) == (404, "security.block_not_found")


async def test_incident_mode_begins_and_ends(shell: httpx.AsyncClient, security: Security) -> None:
    begun = await shell.post("/api/v1/security/lockdown", json={"reason": "odd logins"})
    assert (begun.status_code, begun.json()["on"], begun.json()["by"]) == (200, True, "shell")
    assert security.lockdown.state.reason == "odd logins"
    ended = await shell.post("/api/v1/security/unlock")
    assert (ended.status_code, ended.json()["on"]) == (200, False)
    assert not security.lockdown.state.on


async def test_during_incident_mode_a_token_of_an_administrator_is_refused(
    services: Services, security: Security, shell: httpx.AsyncClient
) -> None:
    user = await security.users.create("anna", "correct horse battery staple", "admin")
    plain, _token = await security.tokens.create(user.user_id, "script", "admin")
    transport = httpx.ASGITransport(create_app(services), client=(STRANGER, 4711))
    headers = {"Authorization": f"Bearer {plain}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers) as script:
        assert (await script.get("/api/v1/cameras")).status_code == 200
        await shell.post("/api/v1/security/lockdown", json={})
        assert (await script.get("/api/v1/cameras")).status_code in {401, 403}
        await shell.post("/api/v1/security/unlock")
        assert (await script.get("/api/v1/cameras")).status_code == 200


async def test_a_session_that_opens_during_incident_mode_is_of_administrators_only(
    services: Services, security: Security, shell: httpx.AsyncClient
) -> None:
    await shell.post("/api/v1/security/lockdown", json={"reason": "odd logins"})
    viewer = await security.users.create("vera", "correct horse battery staple", "viewer")
    cookie, _session = await security.sessions.open(viewer, STRANGER, "test")
    transport = httpx.ASGITransport(create_app(services), client=(STRANGER, 4711))
    cookies = {"popcam_session": cookie}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", cookies=cookies) as browser:
        answer = await browser.get("/api/v1/cameras")
    assert (answer.status_code, answer.json()["code"]) == (403, "access.locked_down")


async def test_an_odd_reason_is_refused_and_changes_nothing(shell: httpx.AsyncClient, security: Security) -> None:
    for reason in ("a\x00b", "a\nb", "x" * 501, 7, None, ["x"]):
        answer = await shell.post("/api/v1/security/lockdown", json={"reason": reason})
        assert answer.status_code == 422, reason
    assert not security.lockdown.state.on


async def test_open_pages_hear_what_lists_have(
    services: Services, shell: httpx.AsyncClient, security: Security
) -> None:
    with services.hub.listen(Wish(topics=frozenset({"security"})), services.hub.head) as listener:
        security.watch.told(SecurityKind.LOCKDOWN, Principal(name="anna"), "odd logins")
        news = services.hub.news_for(listener)
    assert news is not None
    (message,) = (json.loads(text) for *_, text in news.notes)
    page = (await shell.get("/api/v1/security/events")).json()
    assert (message["type"], message["item"]) == ("security", page["items"][0])


async def test_without_a_security_part_there_is_nothing_to_see(services: Services) -> None:
    services.security = None
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        assert (await client.get("/api/v1/security")).status_code == 404
