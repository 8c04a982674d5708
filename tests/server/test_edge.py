"""Request ids, failures in both languages, who may ask, and the headers that protect pages."""

import asyncio

import httpx
import pytest
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.server.conftest import Rig

from popcam.server.app import create_app
from popcam.server.edge import MAX_BODY_BYTES, Edge
from popcam.server.hosts import HostRules
from popcam.server.services import Services

KEYS = {"type", "title", "status", "detail", "instance", "code", "hint", "retryable", "request_id"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nowhere", 404, "request.not_found"),
        ("GET", "/nothing.js", 404, "request.not_found"),
        ("DELETE", "/api/v1/cameras", 405, "request.method_not_allowed"),
        ("GET", "/api/v1/cameras/nobody", 404, "camera.not_found"),
        ("GET", "/api/v1/cameras/door/preview?width=-1", 422, "request.invalid"),
        ("GET", "/api/v1/events?limit=0", 422, "request.invalid"),
        ("GET", "/api/v1/events?kind=tea_time", 422, "request.invalid"),
        ("GET", "/api/v1/events?cursor=zzz", 422, "request.invalid"),
        ("GET", "/api/v1/events/none/snapshot", 404, "event.not_found"),
        ("GET", "/api/v1/errors/no.such", 404, "request.not_found"),
    ],
)
async def test_every_failure_is_a_problem(rig: Rig, method: str, path: str, status: int, code: str) -> None:
    answer = await rig.client.request(method, path)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == KEYS
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("language", "title"), [("en-GB,en;q=0.8", "There is no such camera"), ("zh-CN,zh;q=0.9", "没有这个摄像头")]
)
async def test_problems_speak_the_readers_language(rig: Rig, language: str, title: str) -> None:
    answer = await rig.client.get("/api/v1/cameras/nobody", headers={"Accept-Language": language})
    assert answer.json()["title"] == title


async def test_the_type_of_a_problem_leads_to_its_description(rig: Rig) -> None:
    problem = (await rig.client.get("/api/v1/cameras/nobody")).json()
    described = (await rig.client.get(problem["type"])).json()
    assert (described["code"], described["hint"]) == (problem["code"], problem["hint"])


async def test_a_broken_body_is_named_without_its_values(rig: Rig) -> None:
    answer = await rig.client.post("/api/v1/cameras/batch-status", json={"camera_ids": {"password": "hunter2"}})
    assert answer.status_code == 422
    assert "camera_ids" in answer.json()["detail"]
    assert "hunter2" not in answer.text


async def test_a_huge_body_is_refused(rig: Rig) -> None:
    answer = await rig.client.post("/api/v1/cameras/batch-status", content=b"x" * (MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


async def test_a_huge_body_without_a_length_is_refused(rig: Rig) -> None:
    async def chunks() -> object:
        for _ in range(3):
            yield b"x" * (MAX_BODY_BYTES // 2)

    answer = await rig.client.post("/api/v1/cameras/batch-status", content=chunks())  # type: ignore[arg-type]
    assert 400 <= answer.status_code < 500


async def test_a_defect_is_a_problem_too_and_keeps_its_secrets(services: Services) -> None:
    app: FastAPI = create_app(services)

    async def broken() -> None:
        raise RuntimeError("rtsp://admin:s3cret@camera")

    app.router.routes.insert(0, APIRoute("/broken", broken))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "s3cret" not in answer.text
    assert answer.headers["x-request-id"]


async def test_a_callers_own_request_id_is_kept(rig: Rig) -> None:
    answer = await rig.client.get("/health", headers={"X-Request-ID": "abc-1.2_3"})
    assert answer.headers["x-request-id"] == "abc-1.2_3"


async def test_a_harmful_request_id_is_replaced(rig: Rig) -> None:
    answer = await rig.client.get("/health", headers={"X-Request-ID": "a b<script>"})
    assert answer.headers["x-request-id"] != "a b<script>"


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.1.20:8080", "a.localhost"])
async def test_our_own_hosts_are_answered(rig: Rig, host: str) -> None:
    assert (await rig.client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example"]
)
async def test_a_foreign_host_is_refused(rig: Rig, host: str) -> None:
    answer = await rig.client.get("/api/v1/cameras", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "request.host_refused")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999", "http://localhost"])
async def test_a_page_of_another_site_changes_nothing(rig: Rig, origin: str) -> None:
    answer = await rig.client.post("/api/v1/cameras/door/stop", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "request.origin_refused")
    assert "door" in rig.fleet.desired


async def test_our_own_page_may_change(rig: Rig) -> None:
    answer = await rig.client.post("/api/v1/cameras/door/stop", headers={"Origin": "http://localhost:8080"})
    assert answer.status_code == 200


async def test_pages_get_a_strict_policy(rig: Rig) -> None:
    headers = (await rig.client.get("/")).headers
    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


async def test_a_client_that_leaves_while_two_speak_to_it_is_no_defect() -> None:
    """The first of them hears of it from the connection (OSError), the other one from Starlette (RuntimeError)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        first, second = await asyncio.gather(
            websocket.send_text("picture"), websocket.send_text("state"), return_exceptions=True
        )
        assert isinstance(first, WebSocketDisconnect)
        assert isinstance(second, RuntimeError)
        raise second

    async def gone(message: Message) -> None:
        if message["type"] == "websocket.send":
            raise ConnectionResetError

    async def connect() -> Message:
        return {"type": "websocket.connect"}

    edge = Edge(app, rules=HostRules("127.0.0.1", (), ()), slow_s=1.0)
    scope: Scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"127.0.0.1")], "scheme": "ws"}
    with structlog.testing.capture_logs() as lines:
        await edge(scope, connect, gone)
    assert lines == []
