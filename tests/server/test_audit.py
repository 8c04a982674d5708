"""/api/v1/audit: to read, to export, to verify; live to open pages."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.accounts import login_on
from tests.fakes.audit_site import note, sql
from tests.fakes.fresh_database import fresh_database
from tests.server.conftest import listening, until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from popcam.core.security import SecurityKind
from popcam.security.audit_verify import verify_file
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.services import Services
from popcam.storage import Database
from popcam.storage.audit import AuditFilter


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
async def shell(services: Services, security: Security) -> AsyncIterator[httpx.AsyncClient]:
    """The server's own user."""
    transport = httpx.ASGITransport(create_app(services))
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=headers) as client:
        yield client


async def filled(security: Security, count: int = 5) -> None:
    for number in range(count):
        security.audit.note(note(number, action="camera.start" if number % 2 else "camera.stop"))
    await until(lambda: security.audit.waiting == 0)


async def get(client: httpx.AsyncClient, **query: Any) -> Any:
    answer = await client.get("/api/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_entries_come_newest_first_and_by_pages(shell: httpx.AsyncClient, security: Security) -> None:
    await filled(security)
    first = await get(shell, object="camera:*", limit=3)
    second = await get(shell, object="camera:*", limit=3, cursor=first["next_cursor"])
    assert [entry["on"] for entry in first["items"] + second["items"]] == [f"camera:c{n}" for n in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "camera.start"}, ["camera:c3", "camera:c1"]),
        ({"actor": "anna", "limit": 1}, ["camera:c4"]),
        ({"object": "camera:c2"}, ["camera:c2"]),
        ({"actor": "otto"}, []),
        ({"until": 1.0}, []),
        ({"since": 4e9}, []),
        ({"result": "refused"}, []),
    ],
)
async def test_entries_are_filtered(
    shell: httpx.AsyncClient, security: Security, query: dict[str, Any], found: list[str]
) -> None:
    await filled(security)
    assert [entry["on"] for entry in (await get(shell, **query))["items"]] == found


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "result=x", "since=nan", "since=x", "cursor=x", "nonsense=1", "action=" + "x" * 65],
)
async def test_a_wrong_question_is_refused(shell: httpx.AsyncClient, query: str) -> None:
    assert (await shell.get(f"/api/v1/audit?{query}")).status_code == 422


async def test_an_entry_shows_who_what_and_its_place_in_the_chain(shell: httpx.AsyncClient, security: Security) -> None:
    row = await security.audit.write(note(7, before={"fps": 5}))
    assert row is not None
    (entry,) = (await get(shell, object="camera:c7"))["items"]
    assert (entry["seq"], entry["hash"], entry["before"], entry["after"]) == (row.seq, row.hash, {"fps": 5}, {"fps": 7})
    assert (entry["who"]["name"], entry["who"]["address"]) == ("anna", "192.0.2.7")


async def test_an_export_is_a_file_that_can_be_verified(
    shell: httpx.AsyncClient, security: Security, tmp_path: Path
) -> None:
    await filled(security, 450)
    answer = await shell.get("/api/v1/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["content-disposition"].startswith('attachment; filename="popcam-audit-')
    (tmp_path / "x.jsonl").write_bytes(answer.content)
    report = verify_file(tmp_path / "x.jsonl")
    assert (report.ok, report.entries >= 450) == (True, True)


async def test_an_export_is_itself_noted(shell: httpx.AsyncClient, security: Security) -> None:
    await shell.get("/api/v1/audit/export", params={"actor": "anna"})
    await until(lambda: security.audit.waiting == 0)
    (entry,) = (await get(shell, action="audit.export"))["items"]
    assert (entry["who"]["via"], entry["after"]) == ("shell", {"actor": "anna"})


async def test_without_a_key_there_is_no_export(shell: httpx.AsyncClient, security: Security) -> None:
    key = security.audit.keys_dir / "audit.key"
    await until(key.exists)  # the log's thread makes it
    key.chmod(0o644)
    answer = await shell.get("/api/v1/audit/export")
    assert (answer.status_code, answer.json()["code"]) == (500, "audit.key")


async def test_a_log_that_nobody_touched_is_whole(shell: httpx.AsyncClient, security: Security) -> None:
    await filled(security)
    found = (await shell.post("/api/v1/audit/verify")).json()
    assert (found["ok"], found["broken"], found["entries"]) == (True, None, found["last_seq"])


async def test_a_log_that_was_changed_names_the_entry_and_is_a_security_event(
    shell: httpx.AsyncClient, security: Security, tmp_path: Path
) -> None:
    await filled(security)
    sql(tmp_path / "data", "UPDATE audit_entries SET actor = 'otto' WHERE seq = 3")
    found = (await shell.post("/api/v1/audit/verify", headers={"Accept-Language": "zh"})).json()
    assert (found["ok"], found["broken"]["kind"], found["broken"]["seq"]) == (False, "edited", 3)
    assert found["broken"]["message"] == "第 3 条记录被更改，或被替换成另一条"
    kinds = [event.kind for event in security.watch.book.newest(limit=5)]
    assert SecurityKind("audit_broken") in kinds


async def test_a_verification_is_noted_with_what_it_found(shell: httpx.AsyncClient, security: Security) -> None:
    await shell.post("/api/v1/audit/verify")
    await until(lambda: security.audit.waiting == 0)
    (entry,) = (await get(shell, action="audit.verify"))["items"]
    assert entry["after"]["ok"] is True


async def test_two_verifications_at_once_are_one(shell: httpx.AsyncClient, security: Security) -> None:
    answers = await asyncio.gather(*(shell.post("/api/v1/audit/verify") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}


async def test_the_public_key_is_given(shell: httpx.AsyncClient, security: Security) -> None:
    answer = await shell.get("/api/v1/audit/key")
    public = security.audit.keys_dir / "audit.pub"
    await until(public.exists)  # written right after the private one, by whoever made that
    assert answer.text == public.read_text()
    assert len(answer.headers["x-key-id"]) == 64


async def test_a_server_without_a_log_says_so(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/audit")).status_code == 404


async def test_open_pages_hear_of_new_entries(services: Services, security: Security) -> None:
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    async with (
        listening(services) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/live?topics=audit", additional_headers=headers) as page,
    ):
        security.audit.note(note(7))
        # The log notes its own beginning, too, at any time now.
        while (item := json.loads(await asyncio.wait_for(page.recv(), 60)).get("item", {})).get("on") != "camera:c7":
            pass
        assert item["who"]["name"] == "anna"


async def test_a_live_view_is_noted_and_a_refused_one_too(services: Services, security: Security) -> None:
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    async with listening(services) as port:
        address = f"ws://127.0.0.1:{port}/api/v1/cameras/door/live"
        async with connect(address, additional_headers=headers):
            pass
        async with connect(address.replace("door", "nowhere"), additional_headers=headers):
            pass
        with pytest.raises(InvalidStatus):
            await connect(address)
    await until(lambda: security.audit.waiting == 0)
    rows = (await security.audit.page(AuditFilter(action="live.view"), None, 5)).rows
    assert [(row.result, row.object) for row in rows] == [("refused", "camera:door"), ("ok", "camera:door")]
