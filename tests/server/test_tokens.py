"""API tokens over HTTP."""

from typing import Any

import httpx
import pytest
from tests.fakes.accounts import PASSWORD
from tests.server.access_browsers import SignIn, browsers, database, machine, security

from popcam.core.access import Scope
from popcam.security.service import Security

__all__ = ["browsers", "database", "machine", "security"]

TOKENS = "/api/v1/tokens"
DOOR = Scope(cameras=frozenset({"door"}))


async def made(browser: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await browser.post(TOKENS, json={"name": "Home Assistant", **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearing(token: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token['token']}"}


async def test_a_token_works_and_is_shown_once(browsers: SignIn, machine: httpx.AsyncClient) -> None:
    browser = await browsers("Ann", "operator")
    token = await made(browser)
    me = (await machine.get("/api/v1/auth/me", headers=bearing(token))).json()
    assert (me["known"], me["user"], me["role"]) == (True, None, "viewer")
    listed = await browser.get(TOKENS)
    assert token["token"] not in listed.text
    assert [(one["name"], one["user"]) for one in listed.json()["items"]] == [("Home Assistant", "Ann")]


async def test_a_token_ends_after_a_year_unless_it_is_said_otherwise(browsers: SignIn) -> None:
    browser = await browsers("Ann")
    token = await made(browser)
    assert token["expires_unix_s"] - token["created_unix_s"] == pytest.approx(365 * 86_400, abs=5)
    assert (await made(browser, expires_days=None))["expires_unix_s"] is None


async def test_who_is_limited_makes_tokens_of_the_same_limit(browsers: SignIn) -> None:
    browser = await browsers("Bob", "viewer", DOOR)
    assert (await made(browser))["cameras"] == ["door"]


@pytest.mark.parametrize("more", [{"role": "admin"}, {"role": "operator"}, {"cameras": ["yard"]}])
async def test_nobody_makes_a_token_that_may_more_than_they(browsers: SignIn, more: dict[str, Any]) -> None:
    browser = await browsers("Bob", "viewer", DOOR)
    answer = await browser.post(TOKENS, json={"name": "x", **more})
    assert (answer.status_code, answer.json()["code"]) == (403, "access.refused")


async def test_a_token_makes_no_tokens(browsers: SignIn, machine: httpx.AsyncClient) -> None:
    token = await made(await browsers("Ann"), role="admin")
    answer = await machine.post(TOKENS, json={"name": "x"}, headers=bearing(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "access.refused")


async def test_the_tokens_of_others_are_for_administrators(browsers: SignIn, security: Security) -> None:
    admin, bob, eve = await browsers("Ann"), await browsers("Bob", "viewer"), await browsers("Eve", "viewer")
    token = await made(bob)
    path = f"{TOKENS}/{token['id']}"
    assert (await eve.get(TOKENS)).json()["items"] == []
    for query in (f"?user_id={token['user_id']}", "?all=true"):
        assert (await eve.get(f"{TOKENS}{query}")).status_code == 403
        assert [one["id"] for one in (await admin.get(f"{TOKENS}{query}")).json()["items"]] == [token["id"]]
    # It looks as if there were none.
    assert (await eve.delete(path)).json()["code"] == "token.not_found"
    assert (await eve.patch(path, json={"paused": True})).json()["code"] == "token.not_found"
    assert (await admin.patch(path, json={"paused": True})).json()["paused"] is True


async def test_an_administrator_makes_a_token_for_somebody(browsers: SignIn, security: Security) -> None:
    admin = await browsers("Ann")
    bob = await security.users.create("Bob", PASSWORD, "viewer", DOOR)
    assert (await made(admin, user_id=bob.user_id, cameras=["door"]))["user"] == "Bob"
    for body in ({"role": "operator", "cameras": ["door"]}, {"cameras": None}):
        answer = await admin.post(TOKENS, json={"name": "x", "user_id": bob.user_id, **body})
        assert answer.status_code == 403
    eve = await browsers("Eve", "viewer")
    assert (await eve.post(TOKENS, json={"name": "x", "user_id": bob.user_id})).status_code == 403


async def test_the_shell_makes_no_tokens_and_sees_all(security: Security, machine: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {security.shell_key.path.read_text()}"}
    bob = await security.users.create("Bob", PASSWORD, "viewer")
    await security.tokens.create(bob.user_id, "x", "viewer")
    refused = await machine.post(TOKENS, json={"name": "x", "user_id": bob.user_id}, headers=headers)
    assert refused.json()["code"] == "access.refused"
    assert len((await machine.get(TOKENS, headers=headers)).json()["items"]) == 1


async def test_a_paused_token_does_not_work_until_it_is_let(browsers: SignIn, machine: httpx.AsyncClient) -> None:
    browser = await browsers("Ann")
    token = await made(browser)
    path = f"{TOKENS}/{token['id']}"

    async def known() -> bool:
        return bool((await machine.get("/api/v1/auth/me", headers=bearing(token))).json()["known"])

    assert await known()
    await browser.patch(path, json={"paused": True, "name": "Kitchen"})
    assert not await known()
    assert (await browser.patch(path, json={"paused": False})).json()["name"] == "Kitchen"
    assert await known()
    assert (await browser.delete(path)).status_code == 204
    assert not await known()
    assert (await browser.delete(path)).status_code == 404


async def test_a_token_needs_no_csrf_header_and_a_browser_does(browsers: SignIn, machine: httpx.AsyncClient) -> None:
    browser = await browsers("Ann")
    token = await made(browser, role="admin")
    change = {"name": "Kitchen"}
    path = f"{TOKENS}/{token['id']}"
    assert (await machine.patch(path, headers=bearing(token), json=change)).status_code == 200
    refused = await browser.patch(path, headers={"X-Popcam-Csrf": ""}, json=change)
    assert refused.json()["code"] == "access.csrf_refused"
