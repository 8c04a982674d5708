"""Browsers that are signed in at a server under test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from tests.fakes.accounts import CSRF, PASSWORD, empty_database, login_on

from popcam.core.access import EVERYTHING, Role, Scope
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.services import Services
from popcam.storage import Database

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = empty_database(tmp_path / "data" / "popcam.db")
    yield database
    database.close()


@pytest.fixture
async def security(services: Services, tmp_path: Path, database: Database) -> AsyncIterator[Security]:
    async with login_on(services, tmp_path, database) as security:
        yield security


@pytest.fixture
async def browsers(security: Security, services: Services) -> AsyncIterator[SignIn]:
    """`await browsers("Ann", "admin")`: an account, and a browser that is signed in with it."""
    transport = httpx.ASGITransport(create_app(services))
    async with AsyncExitStack() as stack:

        async def browser(name: str, role: Role = "admin", scope: Scope = EVERYTHING) -> httpx.AsyncClient:
            user = await security.users.by_name(name) or await security.users.create(name, PASSWORD, role, scope)
            value, _ = await security.sessions.open(user)
            return await stack.enter_async_context(
                httpx.AsyncClient(
                    transport=transport,
                    base_url="http://localhost:8080",
                    headers=CSRF,
                    cookies={"popcam_session": value},
                )
            )

        yield browser


@pytest.fixture
async def machine(security: Security, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a cookie; tokens go into the header `Authorization`."""
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as machine:
        yield machine


__all__ = ["browsers", "database", "machine", "security"]
