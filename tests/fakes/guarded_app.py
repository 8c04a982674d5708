"""The real app with logins on, asked without a network: until an answer begins, which is all that a refusal needs."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from tests.fakes.accounts import login_on
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fake_jobs import FakeJobs
from tests.fakes.fresh_database import fresh_database
from tests.fakes.watched import watched

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.core.access import EVERYTHING, Role, Scope
from popcam.core.clock import SystemClock
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.security.accounts import User
from popcam.security.service import Security
from popcam.server.app import create_app
from popcam.server.options import ServerOptions
from popcam.server.rates import RATES, Rates
from popcam.server.services import Services
from popcam.storage import EventStore

CAMERAS = {
    "door": CameraSpec(id="door", name="Front door", source=SourceSpec(url="demo:"), groups=("entrance",)),
    "yard": CameraSpec(id="yard", source=SourceSpec(url="demo:"), groups=("garden",)),
}
ANSWER_S = 20.0


@dataclass(frozen=True)
class Answer:
    """The beginning of an answer; 101 is an accepted WebSocket. `text` is there for short answers alone."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error's code; empty for an answer that is none."""
        is_problem = "problem" in self.headers.get("content-type", "")
        return str(self.json["code"]) if is_problem and self.text else ""


@dataclass
class GuardedApp:
    """The app and what is needed to come in."""

    app: FastAPI
    services: Services
    security: Security
    fleet: FakeFleet
    store: SettingsCameraStore
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def user(self, name: str, role: Role, scope: Scope = EVERYTHING) -> User:
        """An account that signs in by `session` alone: hashing a password takes longer than all the rest."""
        return await self.security.users.create(name, None, role, scope)

    async def session(self, user: User) -> dict[str, str]:
        """Headers of a browser that is signed in."""
        cookie, _ = await self.security.sessions.open(user, "127.0.0.1", "test")
        return {"cookie": f"popcam_session={cookie}", "x-popcam-csrf": "1"}

    async def token(self, owner: User, role: Role, scope: Scope = EVERYTHING, **more: Any) -> dict[str, str]:
        """Headers of a machine with a token."""
        text, _ = await self.security.tokens.create(owner.user_id, f"token {next(self._numbers)}", role, scope, **more)
        return {"authorization": f"Bearer {text}"}

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        query: str = "",
        address: str = "",
        scheme: str = "http",
    ) -> Answer:
        """One request; `WS` as the method opens a WebSocket. Without an `address` each comes from one of its own."""
        number = next(self._numbers)
        raw = b"" if body is None else json.dumps(body).encode()
        given = {"host": "localhost", "content-type": "application/json", **(headers or {})}
        scope: dict[str, Any] = {
            "type": "websocket" if method == "WS" else "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": scheme.replace("http", "ws") if method == "WS" else scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": (address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 4711),
            "server": ("localhost", 80),
            "extensions": {"websocket.http.response": {}},
        }
        if method != "WS":
            scope["method"] = method
        return await _ask(self.app, scope, raw)


@asynccontextmanager
async def guarded_app(folder: Path, cameras: Mapping[str, CameraSpec] = CAMERAS) -> AsyncIterator[GuardedApp]:
    """It has no limits of rate, and ends with the block."""
    clock, fleet, store = SystemClock(), FakeFleet(), SettingsCameraStore(cameras)
    service = CamerasService(store, fleet, clock, folder / "log", settle_s=0.05)
    await service.begin()
    database = fresh_database(folder / "data" / "popcam.db")
    services = Services(
        events=EventStore(database),
        options=ServerOptions(data_dir=folder / "data", log_dir=folder / "log", console_dir=folder / "console"),
        clock=clock,
        fleet=fleet,
        cameras=service,
        jobs=FakeJobs(folder / "jobs"),
        rates=Rates(dict.fromkeys(RATES, ("1000000/minute",))),
        started_monotonic_s=clock.monotonic_s(),
    )
    watched(services, database)
    async with login_on(services, folder, database) as security:
        yield GuardedApp(create_app(services), services, security, fleet, store)
    await service.close()
    database.close()


async def _ask(app: FastAPI, scope: dict[str, Any], raw: bytes) -> Answer:
    began, ended = asyncio.Event(), asyncio.Event()
    start: dict[str, Any] = {}
    text = bytearray()
    first: list[dict[str, Any]] = [
        {"type": "websocket.connect"}
        if scope["type"] == "websocket"
        else {"type": "http.request", "body": raw, "more_body": False}
    ]

    async def receive() -> dict[str, Any]:
        if first:
            return first.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"].endswith(".body"):
            text.extend(message.get("body", b""))
            if not message.get("more_body", False):
                ended.set()
        elif not start:
            start.update(message)
            began.set()
            if message["type"] in {"websocket.accept", "websocket.close"}:
                ended.set()

    task = asyncio.create_task(app(scope, receive, send))
    try:
        async with asyncio.timeout(ANSWER_S):
            await asyncio.wait({task, asyncio.create_task(began.wait())}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        headers = {name.decode().lower(): value.decode() for name, value in start.get("headers", ())}
        if "multipart" not in headers.get("content-type", ""):
            async with asyncio.timeout(ANSWER_S):
                await ended.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return Answer(int(start.get("status", 101)), headers, text.decode("utf-8", "replace"))
