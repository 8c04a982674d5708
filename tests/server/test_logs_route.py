"""/api/v1/logs and its WebSocket."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.fakes.log_lines import T0_UNIX_S, append, log_line
from tests.server.conftest import Rig
from websockets.asyncio.client import ClientConnection, connect

from popcam.config import LogSettings
from popcam.server import log_follower, logs
from popcam.server.edge import Edge
from popcam.server.hosts import HostRules
from popcam.server.services import Services

URL = "/api/v1/logs"


@pytest.fixture
def folder(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(log_follower, "LOOK_EVERY_S", 0.02)
    folder = rig.services.options.log_dir
    append(
        folder / "server.log", log_line(0, "server.started"), log_line(2, "request.slow", "warning", request_id="r1")
    )
    append(folder / "workers" / "w1.log", log_line(1, "source.lost", "warning", camera="door", worker="w1"))
    return folder


async def asked(rig: Rig, query: str = "") -> dict[str, Any]:
    answer = await rig.client.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_lines_of_all_processes_newest_first(rig: Rig, folder: Path) -> None:
    found = await asked(rig)
    assert [(one["event"], one["process"]) for one in found["items"]] == [
        ("request.slow", "server"),
        ("source.lost", "w1"),
        ("server.started", "server"),
    ]
    assert (found["next_before"], found["processes"]) == (None, ["server", "w1"])
    assert found["items"][0]["time"] == "2026-11-22T09:20:02.000000Z"
    assert found["items"][0]["time_unix_s"] == T0_UNIX_S + 2


@pytest.mark.parametrize(
    ("query", "events"),
    [
        ("?level=warning", ["request.slow", "source.lost"]),
        ("?process=w1", ["source.lost"]),
        ("?request_id=r1", ["request.slow"]),
        ("?text=START", ["server.started"]),
        ("?limit=1", ["request.slow"]),
        (f"?before={T0_UNIX_S + 1}", ["server.started"]),
    ],
)
async def test_filters_and_pages(rig: Rig, folder: Path, query: str, events: list[str]) -> None:
    assert [one["event"] for one in (await asked(rig, query))["items"]] == events


@pytest.mark.parametrize("query", ["?level=loud", "?camera_id=../server", "?limit=0", "?before=nan"])
async def test_what_is_no_filter_is_refused(rig: Rig, query: str) -> None:
    answer = await rig.client.get(f"{URL}{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


def address(port: int, query: str = "") -> str:
    return f"ws://127.0.0.1:{port}{URL}/live{query}"


async def next_lines(socket: ClientConnection) -> list[str]:
    message = json.loads(await socket.recv())
    assert message["type"] == "logs"
    return [one["event"] for one in message["items"]]


async def test_new_lines_come_as_they_are_written(folder: Path, port: int) -> None:
    async with connect(address(port, "?level=warning")) as socket:
        await socket.send('{"type": "ping", "id": 3}')
        assert json.loads(await socket.recv()) == {"type": "pong", "id": 3}
        append(folder / "server.log", log_line(5, "quiet"), log_line(6, "loud", "error"))
        assert await next_lines(socket) == ["loud"]


async def test_one_who_comes_back_goes_on_where_it_was(folder: Path, port: int) -> None:
    async with connect(address(port, f"?since={T0_UNIX_S + 0.5}")) as socket:
        assert await next_lines(socket) == ["source.lost", "request.slow"]
        append(folder / "server.log", log_line(7, "new"))
        assert await next_lines(socket) == ["new"]


async def test_what_is_no_message_ends_it(folder: Path, port: int) -> None:
    async with connect(address(port)) as socket:
        await socket.send("hello")
        await socket.wait_closed()
    assert socket.close_code == 1007


async def test_the_servers_end_ends_it(folder: Path, port: int, services: Services) -> None:
    async with connect(address(port)) as socket:
        await socket.send('{"type": "ping"}')
        await socket.recv()
        services.closing.set()
        await socket.wait_closed()
    assert socket.close_code == 1012


async def test_a_line_of_a_request_has_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that is written deep inside, by what knows nothing of requests."""

    async def deep(scope: Scope, receive: Receive, send: Send) -> None:
        structlog.get_logger("deep").warning("inside")
        await PlainTextResponse("done")(scope, receive, send)

    logs.configure(LogSettings(format="json"))
    edge = Edge(deep, rules=HostRules("localhost", (), ()), slow_s=10.0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://localhost") as client:
        await client.get("/", headers={"x-request-id": "r-77"})
    logs.server_log().end()
    structlog.reset_defaults()
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["request_id"]) == ("inside", "r-77")
