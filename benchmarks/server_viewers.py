"""What viewers cost the server, how late their pictures are, and how many requests it answers.

A real `popcam serve` with one synthetic camera of 640x360@25; the CPU time of the server process is measured over a
window while 0, 1 and 4 viewers take every picture. Late is from the worker's publishing to the viewer's having it.
Requests are status requests over a few kept connections, from a process of its own, beside one running camera.
"""

import argparse
import threading
import time

from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.status_load import requests
from benchmarks.lib.table import Figure, percentile, show
from websockets.sync.client import connect

from popcam.server.wire import unpack

CAMERA = {"source": {"url": "synthetic:", "width_px": 640, "height_px": 360, "fps": 25}}
WARM_UP_S = 8.0


class TimedViewer(threading.Thread):
    """Takes pictures and notes how late each is."""

    def __init__(self, port: int, codec: str) -> None:
        super().__init__(daemon=True)
        self.url = f"ws://127.0.0.1:{port}/api/v1/cameras/cam/live?codec={codec}"
        self.late_ms: list[float] = []
        self.ended = threading.Event()

    def run(self) -> None:
        with connect(self.url, max_size=None, compression=None) as viewer:
            while not self.ended.is_set():
                message = viewer.recv()
                if isinstance(message, bytes):
                    self.late_ms.append((time.time() - unpack(message).header.published_unix_s) * 1000)


def watched(server: RunningServer, codec: str, viewers: int, window_s: float) -> tuple[float, list[float]]:
    """Server CPU in percent of a core, and lateness in milliseconds, with so many viewers."""
    threads = [TimedViewer(server.port, codec) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    time.sleep(2.0)
    for thread in threads:
        thread.late_ms.clear()
    before_s = server.server_cpu_s()
    time.sleep(window_s)
    cpu = 100 * (server.server_cpu_s() - before_s) / window_s
    late = [value for thread in threads for value in thread.late_ms]
    for thread in threads:
        thread.ended.set()
        thread.join(5)
    return cpu, late


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window-s", type=float, default=8.0)
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with running_server({"cam": CAMERA}, workers={"count": 1}) as server:
        server.wait_until(lambda: server.status("cam")["running"])
        time.sleep(WARM_UP_S)
        idle = [watched(server, "jpeg", 0, arguments.window_s)[0] for _ in range(arguments.runs)]
        figures.append(Figure("server CPU, no viewer", "% of a core", tuple(idle), "< 1"))
        for codec in ("jpeg", "h264"):
            for viewers in (1, 4):
                runs = [watched(server, codec, viewers, arguments.window_s) for _ in range(arguments.runs)]
                name = f"{viewers} x {codec}"
                figures.append(Figure(f"server CPU, {name}", "% of a core", tuple(cpu for cpu, _ in runs)))
                shown = tuple(len(late) / viewers / arguments.window_s for _, late in runs)
                figures.append(Figure(f"pictures of each viewer, {name}", "1/s", shown))
                figures.append(Figure(f"late P50, {name}", "ms", tuple(percentile(late, 0.5) for _, late in runs)))
                figures.append(Figure(f"late P95, {name}", "ms", tuple(percentile(late, 0.95) for _, late in runs)))
        rates = [requests(server, arguments.window_s / 2) for _ in range(arguments.runs)]
        figures.append(Figure("status requests", "1/s", tuple(rate for rate, _ in rates)))
        figures.append(Figure("server CPU, one status request", "ms", tuple(cpu for _, cpu in rates)))
    show("Viewers and requests", figures)


if __name__ == "__main__":
    main()
