"""A real HTTP server over fake jobs, in a thread: what a command meets, without any worker."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fake_jobs import FakeJobs

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.core.clock import SystemClock
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.options import ServerOptions
from popcam.server.services import Services
from popcam.storage import Database, EventStore

T = TypeVar("T")


class JobSite:
    """One server. `do` runs what a test wants of its jobs in the server's own thread."""

    def __init__(self, folder: Path, console_dir: Path | None = None) -> None:
        self.jobs = FakeJobs(folder / "jobs")
        self.port = 0
        self._folder = folder
        self._console_dir = console_dir
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], None] = lambda: None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="job site")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def file(self, name: str = "yard.mp4", content: bytes = b"before") -> str:
        """A file that jobs may take."""
        path = self.jobs.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    def do(self, work: Callable[[], T]) -> T:
        """Run something where the jobs live, and wait for it."""
        assert self._loop is not None

        async def call() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(60)

    def on_made(self, work: Callable[[str], Any]) -> None:
        """What becomes of each new job."""
        self.do(lambda: setattr(self.jobs, "on_made", work))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def close(self) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(60)

    def _options(self) -> ServerOptions:
        options = ServerOptions(data_dir=self._folder / "data", log_dir=self._folder / "log")
        return options if self._console_dir is None else replace(options, console_dir=self._console_dir)

    async def _serve(self) -> None:
        clock, fleet = SystemClock(), FakeFleet()
        cameras = CamerasService(SettingsCameraStore({}), fleet, clock, self._folder / "log")
        await cameras.begin()
        database = Database(self._folder / "data" / "popcam.db")
        services = Services(
            events=EventStore(database),
            options=self._options(),
            clock=clock,
            fleet=fleet,
            cameras=cameras,
            jobs=self.jobs,
            started_monotonic_s=clock.monotonic_s(),
        )
        sockets = listen("127.0.0.1", 0)
        self.port = sockets[0].getsockname()[1]
        server = http_server(services)
        self._loop = asyncio.get_running_loop()
        self._stop = lambda: setattr(server, "should_exit", True)
        serving = asyncio.create_task(server.serve(sockets))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait on
            await asyncio.sleep(0.005)
        self._ready.set()
        await serving
        await cameras.close()
        database.close()


@contextmanager
def running_job_site(folder: Path, console_dir: Path | None = None) -> Iterator[JobSite]:
    """Start it, end it."""
    site = JobSite(folder, console_dir)
    site.start()
    try:
        yield site
    finally:
        site.close()
