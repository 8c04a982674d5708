"""What browsers are told about every answer: nothing of ours can be framed, sniffed, or made to run foreign scripts."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.server.conftest import Rig

from popcam.server.app import create_app
from popcam.server.headers import DATA_POLICY, PAGE_POLICY, security_headers
from popcam.server.needs import declared

PAGE = [(b"content-type", b"text/html; charset=utf-8")]
ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/health", 200),
    ("GET", "/api/v1/cameras", 200),
    ("GET", "/api/v1/cameras/nobody", 404),
    ("GET", "/api/v1/nowhere", 404),
    ("DELETE", "/api/v1/cameras", 405),
    ("GET", "/api/v1/events?limit=0", 422),
    ("GET", "/api/docs", 200),
]


def of(given: list[tuple[bytes, bytes]], *, hsts: bool = False) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in security_headers(given, hsts=hsts)}


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
async def test_every_answer_has_them(rig: Rig, method: str, path: str, status: int) -> None:
    answer = await rig.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] in {"DENY", "SAMEORIGIN"}
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("place", ["nobody", "door"])
async def test_every_way_into_the_app_answers_with_them(rig: Rig, place: str) -> None:
    bare = []
    for route in declared(create_app(rig.services)):
        path = re.sub(r"\{[^}]+\}", place, route.path)
        for method in route.methods - {"HEAD"}:
            if "mjpeg" in path and place == "door":
                continue  # it never ends
            answer = await rig.client.request(method, path)
            missing = {"x-content-type-options", "content-security-policy", "referrer-policy"} - set(answer.headers)
            json = answer.headers.get("content-type", "").startswith("application/json")
            bare += [(method, path)] if missing or (json and "cache-control" not in answer.headers) else []
    assert not bare


@pytest.mark.parametrize("directive", ["script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-src 'none'"])
def test_a_page_runs_scripts_of_ours_alone(directive: str) -> None:
    policy = of(PAGE)["content-security-policy"]
    assert directive in policy.split("; ")
    assert policy == PAGE_POLICY
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")


async def test_data_may_do_nothing_in_a_browser_and_is_not_stored(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/cameras")
    assert answer.headers["content-security-policy"] == DATA_POLICY
    assert answer.headers["cache-control"] == "no-store"


async def test_what_a_route_says_itself_stays() -> None:
    given = [(b"content-type", b"application/json"), (b"Cache-Control", b"no-cache")]
    assert "cache-control" not in of(given)


def test_browsers_are_told_to_come_by_https_only_when_asked() -> None:
    assert "strict-transport-security" not in of(PAGE)
    assert of(PAGE, hsts=True)["strict-transport-security"] == "max-age=31536000"


@pytest.fixture
async def strict(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    from popcam.server.edge import Edge
    from popcam.server.hosts import HostRules

    app = Edge(rig.client._transport.app, rules=HostRules("127.0.0.1"), slow_s=9.0, hsts=True)  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        yield client


@pytest.mark.parametrize(("address", "told"), [("https://localhost/health", True), ("http://localhost/health", False)])
async def test_hsts_goes_with_tls_alone(strict: httpx.AsyncClient, address: str, told: bool) -> None:
    assert ("strict-transport-security" in (await strict.get(address)).headers) is told
