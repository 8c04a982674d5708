"""Repeated reads of states: how many are answered from what is kept or by 304, and what that spares.

A real server (uvicorn, all routes) in a process of its own, over a fleet without workers: synthetic cameras report
once a second each, their figures move, and each second one of them loses its source or finds it again. Clients read,
twice a second each, the server's status, the list of cameras and the status of one of `LOOKED_AT` cameras, as scripts
and dashboards do; every other client sends the tag of what it has. In turns with the cache and without.

Meanwhile somebody starts and stops a camera each second: what they read next must show it. What does not is stale.
"""

import argparse
import asyncio
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
from benchmarks.lib.server import cpu_s
from benchmarks.lib.table import Figure, Wanted, percentile, show
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.watched import watched
from uvloop import new_event_loop

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.config import LogSettings
from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.server import logs
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.options import ServerOptions
from popcam.server.services import Services
from popcam.storage import Database, EventStore

ROUNDS = 3
READ_EVERY_S = 0.5
REPORT_EVERY_S = 1.0
LOOKED_AT = 5
WRITE_EVERY_S = 1.0


async def serve(cameras: int, folder: Path, *, keep: bool) -> None:
    """The server; prints its port, and runs until it is ended."""
    logs.configure(LogSettings(level="warning"))
    fleet, clock = FakeFleet(), SystemClock()
    specs = {
        f"camera-{number}": CameraSpec(id=f"camera-{number}", source=SourceSpec(url="rtsp://192.0.2.1/main"))
        for number in range(cameras)
    }
    service = CamerasService(SettingsCameraStore(specs), fleet, clock, folder, settle_s=0.05)
    await service.begin()
    database = Database(folder / "popcam.db")
    await asyncio.to_thread(database.open)
    services = Services(
        options=ServerOptions(data_dir=folder, log_dir=folder),
        clock=clock,
        fleet=fleet,
        cameras=service,
        events=EventStore(database),
        started_monotonic_s=clock.monotonic_s(),
    )
    operating = watched(services, database)
    if operating.cache is None:
        raise RuntimeError("there is no cache")
    operating.cache.enabled = keep
    sockets = listen("127.0.0.1", 0)
    # The last camera is started and stopped by somebody, and reports when it is told to.
    reporting = asyncio.create_task(report(fleet, list(specs)[:-1]))
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(http_server(services).serve(sockets), reporting)


async def report(fleet: FakeFleet, ids: list[str]) -> None:
    """Each camera reports once in `REPORT_EVERY_S`, spread over it; of all reports of a second one tells a change."""
    began_s = time.monotonic()
    lost: set[str] = set()
    for number in count():
        camera_id, turn = ids[number % len(ids)], number // len(ids)
        if turn % len(ids) == number % len(ids):
            lost ^= {camera_id}
        state = CameraState.RECONNECTING if camera_id in lost else CameraState.RUNNING
        fps, latency_ms = 15.0 - 0.01 * (number % 7), 36.0 + number * 7 % 11 * 0.5
        fleet.report(camera_id, state, fps=fps, source_fps=15.0, latency_ms=latency_ms, frames=number)
        await asyncio.sleep(max(0.0, began_s + number * REPORT_EVERY_S / len(ids) - time.monotonic()))


@dataclass
class Read:
    """What one client saw."""

    times_ms: list[float] = field(default_factory=list)
    answers: int = 0
    not_modified: int = 0
    size_bytes: int = 0


def read(port: int, number: int, ended: Callable[[], bool], seen: Read) -> None:
    """One client."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    paths = ("/status", "/api/v1/cameras", f"/api/v1/cameras/camera-{number % LOOKED_AT}/status")
    tags: dict[str, str] = {}
    time.sleep(READ_EVERY_S * number / 20)
    while not ended():
        for path in paths:
            headers = {"If-None-Match": tags[path]} if path in tags else {}
            began_s = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            seen.times_ms.append((time.perf_counter() - began_s) * 1000)
            seen.answers += 1
            seen.not_modified += answer.status == 304
            seen.size_bytes += len(body)
            if number % 2:
                tags[path] = answer.getheader("ETag", "")
        time.sleep(READ_EVERY_S)
    connection.close()


def write(port: int, camera_id: str, ended: Callable[[], bool], stale: list[int]) -> None:
    """Somebody who starts and stops a camera, and reads what came of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    wanted = True
    while not ended():
        wanted = not wanted
        connection.request("POST", f"/api/v1/cameras/{camera_id}/{'start' if wanted else 'stop'}")
        connection.getresponse().read()
        connection.request("GET", "/api/v1/cameras")
        items = json.loads(connection.getresponse().read())["items"]
        stale.append(sum(item["id"] == camera_id and item["wanted"] != wanted for item in items))
        time.sleep(WRITE_EVERY_S)
    connection.close()


@dataclass(frozen=True)
class Round:
    """One round. The share is None without a cache."""

    reads: list[Read]
    stale: list[int]
    cpu_percent: float
    spared_ratio: float | None

    @property
    def times_ms(self) -> list[float]:
        """Of all answers."""
        return [value for one in self.reads for value in one.times_ms]


def measure(port: int, pid: int, clients: int, cameras: int, window_s: float) -> Round:
    """One round on a server that runs."""
    end_s = time.monotonic() + window_s
    reads, stale = [Read() for _ in range(clients)], list[int]()
    threads = [
        threading.Thread(target=read, args=(port, number, lambda: time.monotonic() >= end_s, seen))
        for number, seen in enumerate(reads)
    ]
    threads.append(
        threading.Thread(target=write, args=(port, f"camera-{cameras - 1}", lambda: time.monotonic() >= end_s, stale))
    )
    process = psutil.Process(pid)
    before_s, began_s = cpu_s(process), time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cpu_percent = 100 * (cpu_s(process) - before_s) / (time.monotonic() - began_s)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/api/cache/stats")
    stats = json.loads(connection.getresponse().read())
    connection.close()
    return Round(reads, stale, cpu_percent, stats["spared_ratio"])


def run(arguments: argparse.Namespace, *, keep: bool) -> Round:
    """One server, one round."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.response_cache", "--cameras", str(arguments.cameras)]
        command += ["--serve", folder] + ([] if keep else ["--without"])
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                port = int(server.stdout.readline()) if server.stdout else 0
                time.sleep(1.5)
                return measure(port, server.pid, arguments.clients, arguments.cameras, arguments.window_s)
            finally:
                server.terminate()


def main() -> None:
    """Run the servers, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=50)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--window-s", type=float, default=10.0)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--without", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(serve(arguments.cameras, arguments.serve, keep=not arguments.without))
        return
    rounds: dict[bool, list[Round]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for keep, found in rounds.items():
            found.append(run(arguments, keep=keep))
    kept, without = rounds[True], rounds[False]
    shares = tuple(100 * (one.spared_ratio or 0.0) for one in kept)
    figures = [
        Figure("answered from what is kept, or by 304", "%", shares, Wanted(80, 90)),
        Figure("stale answers after a write", "answers", tuple(sum(one.stale) for one in kept), "0"),
        Figure("writes", "requests", tuple(len(one.stale) for one in kept)),
    ]
    for name, found in (("with the cache", kept), ("without", without)):
        figures += [
            Figure(f"answers, {name}", "1/s", tuple(len(one.times_ms) / arguments.window_s for one in found)),
            Figure(f"P50, {name}", "ms", tuple(percentile(one.times_ms, 0.5) for one in found)),
            Figure(f"P95, {name}", "ms", tuple(percentile(one.times_ms, 0.95) for one in found)),
            Figure(f"server CPU, {name}", "% of a core", tuple(one.cpu_percent for one in found)),
        ]
    show("repeated reads of states", figures)


if __name__ == "__main__":
    main()
