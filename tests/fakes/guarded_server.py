"""A server with login on, in this process: the real app on a loopback port, real accounts and database, no workers."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fake_jobs import FakeJobs
from tests.fakes.watched import watched

from popcam.cameras.service import CamerasService
from popcam.cameras.sql_store import SqlCameraStore
from popcam.config import Settings
from popcam.core.access import EVERYTHING, Role, Scope
from popcam.core.clock import SystemClock
from popcam.core.protocol import (
    DevicesFound,
    FindDevices,
    FindOnvif,
    OnvifFound,
    Question,
    Reply,
    SourceTested,
    TestSource,
)
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.security.accounts import User
from popcam.security.passwords import Hashing
from popcam.security.service import Security, open_security
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.options import ServerOptions
from popcam.server.rates import RATES, Rates
from popcam.server.services import Services
from popcam.storage import Database, EventStore

Result = TypeVar("Result")
PASSWORD = "only for tests, long enough"
CAMERAS = {
    "door": CameraSpec(id="door", name="Front door", source=SourceSpec(url="demo:"), groups=("entrance",)),
    "yard": CameraSpec(id="yard", source=SourceSpec(url="demo:")),
}
NO_RATES = dict.fromkeys(RATES, ("1000000/minute",))


class AnsweringFleet(FakeFleet):
    """Answers every question with what a machine without devices and a camera that works would say."""

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        match question:
            case TestSource():
                return SourceTested(codec="h264", width_px=1280, height_px=720, fps=25.0)
            case FindDevices():
                return DevicesFound(devices=())
            case FindOnvif():
                return OnvifFound(cameras=())
        return await super().ask(question, timeout_s)


@dataclass
class GuardedServer:
    """The server and what is needed to come in."""

    port: int
    services: Services
    loop: asyncio.AbstractEventLoop
    folder: Path
    people: dict[str, User] = field(default_factory=dict)

    @property
    def security(self) -> Security:
        """Its accounts."""
        assert self.services.security is not None
        return self.services.security

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, work: Callable[[], Awaitable[Result]], timeout_s: float = 60) -> Result:
        """Something in the server's loop."""

        async def call() -> Result:
            return await work()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(timeout_s)

    def add(self, name: str, role: Role, scope: Scope = EVERYTHING) -> None:
        """Make an account."""
        self.people[name] = self.run(lambda: self.security.users.create(name, PASSWORD, role, scope))

    def sign_in(self, name: str) -> dict[str, str]:
        """A new browser session; the headers of its requests."""
        user = self.people[name]
        cookie, _session = self.run(lambda: self.security.sessions.open(user, "127.0.0.1", "test"))
        return {"Cookie": f"popcam_session={cookie}", "X-Popcam-Csrf": "1"}


@contextmanager
def guarded_server(folder: Path, cameras: Mapping[str, CameraSpec] = CAMERAS) -> Iterator[GuardedServer]:
    """It runs in a thread with a loop of its own, without limits of rate, until the block ends."""
    begun: list[GuardedServer] = []
    ready, end = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(_serve(folder, cameras, begun, ready, end))
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="guarded server")
    thread.start()
    assert ready.wait(60)
    if failures:
        raise failures[0]
    try:
        yield begun[0]
    finally:
        end.set()
        thread.join(30)
        assert not thread.is_alive()


async def _serve(
    folder: Path,
    cameras: Mapping[str, CameraSpec],
    begun: list[GuardedServer],
    ready: threading.Event,
    end: threading.Event,
) -> None:
    clock, fleet = SystemClock(), AnsweringFleet()
    database = Database(folder / "data" / "popcam.db")
    settings = Settings(data_dir=folder / "data", runtime_dir=folder / "run", log_dir=folder / "log")
    cheap = Hashing(time_cost=1, memory_kib=64, parallelism=1)
    security = open_security(settings, database, folder / "data", clock, hashing=cheap)
    await security.start()
    store = SqlCameraStore(database, cameras, folder, clock.unix_s, security.vault)
    service = CamerasService(store, fleet, clock, folder / "log", settle_s=0.05)
    await service.begin()
    services = Services(
        events=EventStore(database),
        options=ServerOptions(
            data_dir=folder / "data", log_dir=folder / "log", console_dir=folder / "console", login=True
        ),
        clock=clock,
        fleet=fleet,
        cameras=service,
        jobs=FakeJobs(folder / "jobs"),
        security=security,
        rates=Rates(NO_RATES),
        started_monotonic_s=clock.monotonic_s(),
    )
    watched(services, database, settings)
    sockets = listen("127.0.0.1", 0)
    server = http_server(services)
    serving = asyncio.create_task(server.serve(sockets))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    begun.append(GuardedServer(sockets[0].getsockname()[1], services, asyncio.get_running_loop(), folder))
    ready.set()
    await asyncio.to_thread(end.wait)
    services.closing.set()
    server.should_exit = True
    await serving
    await security.stop()
    await service.close()
    database.close()
    for taken in sockets:
        taken.close()
