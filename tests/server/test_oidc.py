"""Login by an identity provider, as a browser goes: there, back, and onto the page that it wanted."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.fakes.accounts import security_in
from tests.fakes.identity_provider import CLIENT, SECRET, IdentityProvider
from tests.server.access_browsers import database

from popcam.config.model import SecuritySettings
from popcam.core.access import AuditNote
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.routes.oidc import own_page
from popcam.server.services import Services
from popcam.storage import Database

__all__ = ["database"]

START = "/api/v1/auth/oidc/start"
CALLBACK = "/api/v1/auth/oidc/callback"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        provider.tell(claims={"sub": "1", "preferred_username": "Ann", "groups": ["family"]})
        yield provider


@pytest.fixture
async def security(
    services: Services, tmp_path: Path, database: Database, provider: IdentityProvider
) -> AsyncIterator[Security]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    settings = SecuritySettings(
        login=True,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret_file=str(secret),
        oidc_viewers=("family",),
    )
    security = security_in(tmp_path, database, services.clock, settings)
    services.security, services.options = security, replace(services.options, login=True)
    await security.start()
    yield security
    await security.stop()


@pytest.fixture
async def browser(security: Security, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as browser:
        yield browser


async def test_all_the_way_there_and_back(browser: httpx.AsyncClient, provider: IdentityProvider) -> None:
    assert (await browser.get("/api/v1/auth/me")).json()["oidc"] is True
    away = await browser.get(START, params={"to": "/events?camera=door"})
    assert away.status_code == 302
    cookie = away.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    back = await browser.get(CALLBACK, params=provider.visit(away.headers["location"]))
    assert (back.status_code, back.headers["location"]) == (302, "/events?camera=door")
    me = (await browser.get("/api/v1/auth/me")).json()
    assert (me["user"]["name"], me["user"]["external"], me["role"]) == ("Ann", True, "viewer")


async def test_a_login_that_was_begun_elsewhere_ends_at_the_login_page(
    browser: httpx.AsyncClient, provider: IdentityProvider
) -> None:
    away = await browser.get(START)
    answer = provider.visit(away.headers["location"])
    browser.cookies.clear()
    back = await browser.get(CALLBACK, params=answer)
    assert back.headers["location"] == "/login?problem=access.login_failed"
    assert (await browser.get("/api/v1/auth/me")).json()["known"] is False


async def test_who_is_refused_is_in_the_audit_log(
    browser: httpx.AsyncClient, security: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[AuditNote] = []
    monkeypatch.setattr(security.audit, "note", notes.append)
    await browser.get(CALLBACK, params={"state": "x", "code": "y"})
    assert [(note.action, note.result, note.detail) for note in notes] == [
        ("user.login", "refused", "access.login_failed")
    ]


async def test_a_provider_that_does_not_answer_is_told_at_the_login_page(
    browser: httpx.AsyncClient, security: Security, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.tell(fault="no JSON")
    try:
        away = await browser.get(START)
    finally:
        provider.tell(fault="")
    assert away.headers["location"] == "/login?problem=access.identity_provider"


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", "", "/api/v1/x"]
)
def test_the_way_back_never_leads_elsewhere(to: str) -> None:
    assert own_page(to) == "/"


@pytest.mark.parametrize("to", ["/", "/events?camera=door#now", "/cameras/door"])
def test_the_way_back_leads_to_the_page_that_was_wanted(to: str) -> None:
    assert own_page(to) == to


async def test_without_a_provider_there_is_no_such_way_in(client: httpx.AsyncClient) -> None:
    assert (await client.get(START)).status_code == 404
    assert (await client.get("/api/v1/auth/me")).json()["oidc"] is False
