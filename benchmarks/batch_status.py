"""200 cameras in the API: the state of all in one request, and how soon an open page hears of a change.

A real server (uvicorn, all routes) in a process of its own, over a fleet without workers: 200 synthetic cameras report
once a second each, with everything that a real one reports. A client on the same machine asks for all states again and
again over one kept connection, so its time holds the server's and the way there and back. Meanwhile pages listen to
`/api/v1/live`, in turns to full states and to those in brief. Figures move as real ones do, and each camera loses or
finds its source once in `CHANGE_EVERY` reports; a loss is as late as the time between its report and its being read.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from benchmarks.lib.server import cpu_s
from benchmarks.lib.table import Figure, percentile, show
from tests.fakes.fake_fleet import FakeFleet
from uvloop import new_event_loop
from websockets.sync.client import connect

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.config import LogSettings
from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState, FaultReport, StageTime
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.server import logs
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.options import ServerOptions
from popcam.server.services import Services
from popcam.storage import Database, EventStore

REPORT_EVERY_S = 1.0
ROUNDS = 3
CHANGE_EVERY = 10
TOPICS = {"full": "cameras,status", "brief": "brief"}
STAGES = tuple(
    StageTime(stage=name, frames=15, mean_ms=1.2, p95_ms=2.4, max_ms=3.1)
    for name in ("decode", "gate", "detect", "track", "act", "encode")
)


async def serve(cameras: int, folder: Path) -> None:
    """The server; prints its port, and runs until it is ended."""
    logs.configure(LogSettings(level="warning"))
    fleet, clock = FakeFleet(), SystemClock()
    specs = {
        f"camera-{number}": CameraSpec(
            id=f"camera-{number}", name=f"Camera {number}", source=SourceSpec(url=f"rtsp://u:p@192.0.2.1/{number}")
        )
        for number in range(cameras)
    }
    service = CamerasService(SettingsCameraStore(specs), fleet, clock, folder)
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
    sockets = listen("127.0.0.1", 0)
    reporting = asyncio.create_task(report(fleet, list(specs)))
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(http_server(services).serve(sockets), reporting)


async def report(fleet: FakeFleet, ids: list[str]) -> None:
    """Each camera reports once in `REPORT_EVERY_S`, spread over it as those of real workers are."""
    number = 0
    began_s = time.monotonic()
    while True:
        lost = (number // len(ids) + number) // CHANGE_EVERY % 2 == 1
        fault = FaultReport(code="source.unreachable", at_unix_s=time.time())
        fleet.report(
            ids[number % len(ids)],
            CameraState.RECONNECTING if lost else CameraState.RUNNING,
            *([fault] if lost else []),
            fps=15.0 - 0.01 * (number % 7),
            source_fps=15.0,
            latency_ms=36.0 + number * 7 % 11 * 0.5,
            codec="h264",
            width_px=1280,
            height_px=720,
            frames=number,
            stages=STAGES,
            drops={"late": 3},
        )
        number += 1
        wait_s = began_s + number * REPORT_EVERY_S / len(ids) - time.monotonic()
        await asyncio.sleep(max(0.0, wait_s))


class Page(threading.Thread):
    """Listens to states; notes how late each lost source is, and what came over the wire."""

    def __init__(self, port: int, topics: str) -> None:
        super().__init__(daemon=True)
        self.url = f"ws://127.0.0.1:{port}/api/v1/live?topics={topics}"
        self.late_ms: list[float] = []
        self.opening_bytes = 0
        self.size_bytes = 0
        self.messages = 0
        self.ended = threading.Event()

    def run(self) -> None:
        with connect(self.url, compression=None, max_size=None) as page:
            while not self.ended.is_set():
                text = page.recv(decode=False)
                self._hear(json.loads(text), len(text))

    def _hear(self, message: dict[str, Any], size_bytes: int) -> None:
        if message["type"] in {"cameras", "brief"}:
            self.opening_bytes = size_bytes
            return
        self.size_bytes += size_bytes
        self.messages += 1
        for state in (message["status"],) if message["type"] == "status" else message["states"]:
            if fault := state.get("last_error"):
                self.late_ms.append((time.time() - fault["at_unix_s"]) * 1000)


def ask(port: int, window_s: float) -> list[float]:
    """Milliseconds of each request for all states; ten a second, so that the pages are measured too."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times: list[float] = []
    body = b""
    end_s = time.monotonic() + window_s
    while time.monotonic() < end_s:
        began_s = time.perf_counter()
        connection.request("POST", "/api/v1/cameras/batch-status")
        body = connection.getresponse().read()
        times.append((time.perf_counter() - began_s) * 1000)
        time.sleep(0.1)
    connection.close()
    if len(json.loads(body)) < 2:
        raise RuntimeError("the answer holds no cameras")
    return times


def main() -> None:
    """Run the server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--pages", type=int, default=4)
    parser.add_argument("--window-s", type=float, default=8.0)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(serve(arguments.cameras, arguments.serve))
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "benchmarks.batch_status",
            "--cameras",
            str(arguments.cameras),
            "--serve",
            folder,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                measure(server, arguments.cameras, arguments.pages, arguments.window_s)
            finally:
                server.terminate()


def measure(server: "subprocess.Popen[str]", cameras: int, pages: int, window_s: float) -> None:
    """Ask and listen in rounds, and print the figures."""
    port = int(server.stdout.readline()) if server.stdout else 0
    process = psutil.Process(server.pid)
    asked: list[list[float]] = []
    listened: dict[str, list[Round]] = {name: [] for name in TOPICS}
    alone: list[float] = []
    for _ in range(ROUNDS):
        alone.append(listen_to(port, process, "events", 0, window_s, []).cpu_percent)
        for name, topics in TOPICS.items():
            listened[name].append(listen_to(port, process, topics, pages, window_s, asked))
    figures = [
        figure("batch-status, P50", asked, 0.5),
        figure("batch-status, P95", asked, 0.95, "< 50"),
        figure("batch-status, longest", asked, 1.0),
        Figure("server CPU, nobody listens", "% of a core", tuple(alone)),
    ]
    for name, rounds in listened.items():
        figures += [
            figure(f"{name}: change to an open page, P50", [one.late_ms for one in rounds], 0.5),
            figure(f"{name}: change to an open page, P95", [one.late_ms for one in rounds], 0.95, "< 100"),
            Figure(f"{name}: the first message", "KiB", tuple(one.opening_bytes / 1024 for one in rounds)),
            Figure(f"{name}: to each page", "kB/s", tuple(one.bytes_per_s / 1000 for one in rounds)),
            Figure(f"{name}: of each camera", "B/s", tuple(one.bytes_per_s / cameras for one in rounds)),
            Figure(f"{name}: messages to each page", "1/s", tuple(one.messages_per_s for one in rounds)),
            Figure(f"{name}: server CPU with {pages} pages", "% of a core", tuple(x.cpu_percent for x in rounds)),
        ]
    show("states of many cameras", figures)


@dataclass(frozen=True)
class Round:
    """What pages heard in one round, and what it cost the server."""

    late_ms: list[float]
    opening_bytes: int
    bytes_per_s: float
    messages_per_s: float
    cpu_percent: float


def listen_to(
    port: int, process: psutil.Process, topics: str, pages: int, window_s: float, asked: list[list[float]]
) -> Round:
    """Listen with so many pages; first only that, then while all states are asked for."""
    listeners = [Page(port, topics) for _ in range(pages)]
    for listener in listeners:
        listener.start()
    time.sleep(2.0)
    for listener in listeners:
        listener.late_ms, listener.size_bytes, listener.messages = [], 0, 0
    before_s = cpu_s(process)
    time.sleep(window_s)
    cpu_percent = 100 * (cpu_s(process) - before_s) / window_s
    size_bytes, messages = sum(x.size_bytes for x in listeners), sum(x.messages for x in listeners)
    if pages:
        asked.append(ask(port, window_s))
    for listener in listeners:
        listener.ended.set()
    for listener in listeners:
        listener.join(5)
    return Round(
        late_ms=[value for listener in listeners for value in listener.late_ms],
        opening_bytes=max((listener.opening_bytes for listener in listeners), default=0),
        bytes_per_s=size_bytes / window_s / max(1, pages),
        messages_per_s=messages / window_s / max(1, pages),
        cpu_percent=cpu_percent,
    )


def figure(name: str, rounds: list[list[float]], share: float, limit: str = "") -> Figure:
    """A percentile of each round, in milliseconds."""
    return Figure(name, "ms", tuple(percentile(values, share) for values in rounds), limit)


if __name__ == "__main__":
    main()
