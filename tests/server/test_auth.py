"""Sign-in, sign-out, the first account and one's own password, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.accounts import CSRF, OTHER_PASSWORD, PASSWORD, login_on
from tests.server.access_browsers import database

from popcam.core.access import AuditNote, Principal
from popcam.security.accounts import User
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.services import Services
from popcam.storage import Database

__all__ = ["database"]


@pytest.fixture
async def security(services: Services, tmp_path: Path, database: Database) -> AsyncIterator[Security]:
    async with login_on(services, tmp_path, database) as security:
        yield security


@pytest.fixture
async def ann(security: Security) -> User:
    return await security.users.create("Ann", PASSWORD, "admin")


@pytest.fixture
async def browser(security: Security, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080", headers=CSRF) as browser:
        yield browser


async def sign_in(browser: httpx.AsyncClient, name: str = "Ann", password: str = PASSWORD, **more: str) -> Any:
    return await browser.post("/api/v1/auth/login", json={"name": name, "password": password, **more})


async def test_a_login_gives_the_account_and_a_cookie_that_no_script_reads(
    browser: httpx.AsyncClient, ann: User
) -> None:
    answer = await sign_in(browser)
    assert answer.status_code == 200
    assert answer.json()["user"]["id"] == ann.user_id
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("popcam_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_under_tls_the_cookie_crosses_no_plain_network(security: Security, services: Services, ann: User) -> None:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8080") as browser:
        cookie = (await sign_in(browser)).headers["set-cookie"].lower()
    assert "; secure" in cookie


async def test_the_answer_says_nothing_of_the_password(browser: httpx.AsyncClient, ann: User) -> None:
    text = (await sign_in(browser)).text
    assert "argon2" not in text
    assert PASSWORD not in text


@pytest.mark.parametrize(("name", "password"), [("Ann", OTHER_PASSWORD), ("Nobody", PASSWORD), ("", ""), ("Ann", "")])
async def test_a_wrong_name_and_a_wrong_password_look_the_same(
    browser: httpx.AsyncClient, ann: User, name: str, password: str
) -> None:
    answer = await sign_in(browser, name, password)
    assert answer.status_code == 401
    assert answer.json()["code"] == "access.login_failed"
    assert answer.json()["detail"] == ""
    assert "set-cookie" not in answer.headers


async def test_who_asks_is_told_to_nobody_too(browser: httpx.AsyncClient, ann: User) -> None:
    me = (await browser.get("/api/v1/auth/me")).json()
    assert me == {
        "login_required": True,
        "setup_needed": False,
        "oidc": False,
        "known": False,
        "user": None,
        "role": None,
        "permissions": [],
        "lockdown": None,
    }


async def test_who_asks_is_told_with_what_they_may_do(browser: httpx.AsyncClient, security: Security) -> None:
    await security.users.create("Bob", PASSWORD, "operator")
    await sign_in(browser, "Bob")
    me = (await browser.get("/api/v1/auth/me")).json()
    assert me["known"] is True
    assert me["user"]["name"] == "Bob"
    assert me["permissions"] == ["self", "view", "operate"]


async def test_without_logins_everybody_may_everything(client: httpx.AsyncClient) -> None:
    me = (await client.get("/api/v1/auth/me")).json()
    assert me["login_required"] is False
    assert me["known"] is True
    assert "admin" in me["permissions"]


async def test_a_server_without_accounts_takes_no_login(client: httpx.AsyncClient) -> None:
    assert (await sign_in(client)).status_code == 404


async def test_who_signs_out_is_nobody_again(browser: httpx.AsyncClient, ann: User, security: Security) -> None:
    value = (await sign_in(browser)).cookies["popcam_session"]
    answer = await browser.post("/api/v1/auth/logout")
    assert answer.status_code == 200
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False
    assert await security.sessions.find(value) is None


async def test_a_second_login_in_the_same_browser_ends_the_first_session(
    browser: httpx.AsyncClient, ann: User, security: Security
) -> None:
    await sign_in(browser)
    await sign_in(browser)
    assert len(await security.sessions.list(ann.user_id)) == 1


async def test_the_first_account_is_made_with_the_token_and_signed_in(
    browser: httpx.AsyncClient, security: Security
) -> None:
    assert (await browser.get("/api/v1/auth/me")).json()["setup_needed"] is True
    wanted = {"token": security.setup.make(), "name": "Ann", "password": PASSWORD}
    answer = await browser.post("/api/v1/auth/setup", json=wanted)
    assert answer.status_code == 200
    me = (await browser.get("/api/v1/auth/me")).json()
    assert (me["user"]["role"], me["setup_needed"]) == ("admin", False)


async def test_the_token_of_the_first_account_works_once(browser: httpx.AsyncClient, security: Security) -> None:
    wanted = {"token": security.setup.make(), "name": "Ann", "password": PASSWORD}
    await browser.post("/api/v1/auth/setup", json=wanted)
    again = await browser.post("/api/v1/auth/setup", json={**wanted, "name": "Eve"})
    assert (again.status_code, again.json()["code"]) == (403, "access.setup_closed")
    assert [user.name for user in await security.users.list()] == ["Ann"]


async def test_a_bad_first_password_leaves_the_token_usable(browser: httpx.AsyncClient, security: Security) -> None:
    token = security.setup.make()
    refused = await browser.post("/api/v1/auth/setup", json={"token": token, "name": "Ann", "password": "short"})
    assert (refused.status_code, refused.json()["code"]) == (422, "access.password_refused")
    taken = await browser.post("/api/v1/auth/setup", json={"token": token, "name": "Ann", "password": PASSWORD})
    assert taken.status_code == 200


async def test_a_new_password_ends_the_other_sessions(
    browser: httpx.AsyncClient, ann: User, security: Security
) -> None:
    elsewhere, _ = await security.sessions.open(ann)
    await sign_in(browser)
    changed = await browser.post("/api/v1/auth/password", json={"old": PASSWORD, "new": OTHER_PASSWORD})
    assert changed.status_code == 204
    assert await security.sessions.find(elsewhere) is None
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is True
    await security.users.verify("Ann", OTHER_PASSWORD)


async def test_a_new_password_takes_the_old_one(browser: httpx.AsyncClient, ann: User) -> None:
    await sign_in(browser)
    refused = await browser.post("/api/v1/auth/password", json={"old": "x", "new": OTHER_PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "access.password_wrong")


async def test_a_token_can_t_change_its_owner_s_password(
    browser: httpx.AsyncClient, ann: User, security: Security
) -> None:
    text, _ = await security.tokens.create(ann.user_id, "machine", "admin")
    headers = {"Authorization": f"Bearer {text}"}
    wanted = {"old": PASSWORD, "new": OTHER_PASSWORD}
    refused = await browser.post("/api/v1/auth/password", json=wanted, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "access.refused")


async def test_who_guesses_has_to_wait_and_others_do_not(
    browser: httpx.AsyncClient, ann: User, services: Services
) -> None:
    answers = [(await sign_in(browser, password="wrong")).status_code for _ in range(8)]
    assert answers[:6] == [401] * 6
    assert answers[-1] == 429
    elsewhere = httpx.ASGITransport(create_app(services), client=("192.0.2.9", 5000))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://localhost:8080") as other:
        assert (await sign_in(other)).status_code == 200


async def test_during_incident_mode_only_administrators_get_in(
    browser: httpx.AsyncClient, ann: User, security: Security
) -> None:
    await security.users.create("Bob", PASSWORD, "operator")
    await security.lockdown.begin(Principal(via="shell", role="admin"), "a test")
    refused = await sign_in(browser, "Bob")
    assert (refused.status_code, refused.json()["code"]) == (403, "access.locked_down")
    assert (await sign_in(browser, "Ann")).status_code == 200


async def test_the_audit_log_knows_who_signed_in(
    browser: httpx.AsyncClient, ann: User, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[AuditNote] = []
    monkeypatch.setattr(security.audit, "note", notes.append)
    await sign_in(browser, "Nobody")
    await sign_in(browser)
    assert [(note.action, note.result, note.on, note.who.name) for note in notes] == [
        ("user.login", "refused", "", ""),
        ("user.login", "ok", f"user:{ann.user_id}", "Ann"),
    ]
