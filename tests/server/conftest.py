"""A server over a fake fleet: in process for plain requests, on a real loopback port for live ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fake_jobs import FakeJobs
from tests.fakes.fresh_database import fresh_database
from tests.fakes.watched import watched

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.core.clock import SystemClock
from popcam.core.spec import CameraSpec, LineSpec, SourceSpec, ZoneSpec
from popcam.server.app import create_app
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.options import ServerOptions
from popcam.server.services import Services
from popcam.storage import Database, EventStore

CAMERAS = {
    "door": CameraSpec(
        id="door",
        name="Front door",
        source=SourceSpec(url="rtsp://admin:s3cret@10.0.0.5/main"),
        sub_source=SourceSpec(url="rtsp://admin:s3cret@10.0.0.5/sub"),
        zones=(ZoneSpec(name="step", points=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),),
        lines=(LineSpec(name="gate", start=(0.0, 0.5), end=(1.0, 0.5)),),
    ),
    "yard": CameraSpec(id="yard", source=SourceSpec(url="demo:"), auto_start=False),
    "attic": CameraSpec(id="attic", source=SourceSpec(url="demo:"), active=False),
}


@dataclass
class Rig:
    """A server's parts, for a test to pull at."""

    services: Services
    fleet: FakeFleet
    store: SettingsCameraStore
    client: httpx.AsyncClient
    jobs: FakeJobs


@pytest.fixture
async def fleet() -> FakeFleet:
    return FakeFleet()


@pytest.fixture
async def store() -> SettingsCameraStore:
    return SettingsCameraStore(CAMERAS)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "data" / "popcam.db")
    yield database
    database.close()


@pytest.fixture
async def jobs(tmp_path: Path) -> FakeJobs:
    return FakeJobs(tmp_path / "jobs")


@pytest.fixture
async def services(
    tmp_path: Path, database: Database, fleet: FakeFleet, store: SettingsCameraStore, jobs: FakeJobs
) -> Services:
    clock = SystemClock()
    log_dir = tmp_path / "log"
    cameras = CamerasService(store, fleet, clock, log_dir, settle_s=0.2)
    await cameras.begin()
    services = Services(
        events=EventStore(database),
        options=ServerOptions(
            data_dir=tmp_path / "data",
            log_dir=log_dir,
            console_dir=tmp_path / "console",
            max_viewers=8,
            max_webrtc_sessions=2,
        ),
        clock=clock,
        fleet=fleet,
        cameras=cameras,
        jobs=jobs,
        started_monotonic_s=clock.monotonic_s(),
    )
    watched(services, database)
    return services


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client


@pytest.fixture
async def rig(
    services: Services, fleet: FakeFleet, store: SettingsCameraStore, client: httpx.AsyncClient, jobs: FakeJobs
) -> Rig:
    return Rig(services, fleet, store, client, jobs)


_DOCUMENT: dict[str, Any] = {}


@pytest.fixture
async def document(rig: Rig) -> dict[str, Any]:
    """The API's description. It is the same for all apps, and takes long to make: it is asked for once."""
    if not _DOCUMENT:
        _DOCUMENT.update((await rig.client.get("/api/openapi.json")).json())
    return _DOCUMENT


async def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    """Wait until something holds; fail when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.005)


@asynccontextmanager
async def listening(services: Services) -> AsyncIterator[int]:
    """The app on a free loopback port; gives the port."""
    sockets = listen("127.0.0.1", 0)
    server = http_server(services)
    task = asyncio.create_task(server.serve(sockets))
    await until(lambda: server.started)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        services.closing.set()
        server.should_exit = True
        await task


@pytest.fixture
async def port(services: Services) -> AsyncIterator[int]:
    async with listening(services) as port:
        yield port
