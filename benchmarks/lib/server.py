"""A real `popcam serve` in a folder of its own, with its processes to measure and viewers to watch."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
from tests.fakes.popcam_site import START_TIMEOUT_S, Site, start_site
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


class RunningServer:
    """One server under measurement. Times are CPU seconds, user and system."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.port = site.port
        self._watchers: list[Watcher] = []

    def status(self, camera_id: str) -> dict[str, Any]:
        return self.site.status(camera_id)

    def wait_until(self, condition: Any, timeout_s: float = 60.0) -> float:
        return self.site.wait_until(condition, timeout_s)

    def worker_cpu_s(self) -> float:
        return sum(cpu_s(worker) for worker in self.site.workers())

    def server_cpu_s(self) -> float:
        return cpu_s(psutil.Process(self.site.process.pid))

    def worker_uss_bytes(self) -> int:
        """Memory that the workers have for themselves; shared libraries are not counted."""
        return sum(worker.memory_full_info().uss for worker in self.site.workers())

    def watch(self, camera_id: str, query: str = "codec=jpeg") -> "Watcher":
        """A viewer that takes every picture, until the server stops."""
        watcher = Watcher(f"ws://127.0.0.1:{self.port}/api/v1/cameras/{camera_id}/live?{query}")
        self._watchers.append(watcher)
        return watcher

    def open_console(self, camera_ids: Iterable[str]) -> None:
        """What a console's page of these cameras keeps open: news, and their live pictures. Until the server stops."""
        self._watchers.append(Watcher(f"ws://127.0.0.1:{self.port}/api/v1/live?topics=brief,events,jobs,alerts"))
        for camera_id in camera_ids:
            self.watch(camera_id)

    def leave(self) -> None:
        """End all viewers."""
        for watcher in self._watchers:
            watcher.stop()
        self._watchers.clear()


class Watcher:
    """A WebSocket viewer in a thread; counts pictures and bytes."""

    def __init__(self, url: str) -> None:
        self.pictures = 0
        self.size_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(url,), daemon=True)
        self._thread.start()

    def _run(self, url: str) -> None:
        with contextlib.suppress(OSError, ConnectionClosed), connect(url, max_size=None, compression=None) as viewer:
            while not self._stop.is_set():
                with contextlib.suppress(TimeoutError):
                    message = viewer.recv(timeout=0.5)
                    if isinstance(message, bytes):
                        self.pictures += 1
                        self.size_bytes += len(message)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)


def cpu_s(process: psutil.Process) -> float:
    """CPU seconds of one process so far."""
    times = process.cpu_times()
    total: float = times.user + times.system
    return total


@contextlib.contextmanager
def running_server(cameras: Mapping[str, Any], **settings: Any) -> Iterator[RunningServer]:
    """Start `popcam serve` with these cameras (as in popcam.yaml) and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="popcam-bench-") as folder:
        site = start_site(Path(folder), cameras, **settings)
        server = RunningServer(site)
        try:
            _wait_for_answer(site)
            yield server
        finally:
            server.leave()
            site.close()


def _wait_for_answer(site: Site) -> None:
    """Until it answers; on a busy machine a first answer may take longer than a request waits.

    Raises:
        TimeoutError: it did not within a minute, or ended.
    """
    began_s = time.monotonic()
    while True:
        try:
            site.wait_until(lambda: site.get("/health"))
        except TimeoutError:
            if site.process.poll() is not None or time.monotonic() - began_s > START_TIMEOUT_S:
                raise
        else:
            return
