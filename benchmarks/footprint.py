"""Start, memory and idle cost: `popcam serve` to the first picture, memory of a further camera, server at rest.

Start is measured from the start of the program to the first live JPEG at a WebSocket viewer. Memory is what the
workers have for themselves (USS), with one camera and with several of 1280x720@15 that are watched and whose faces are
looked for. The server at rest has two cameras whose faces are looked for, and nobody looks at it; then a console is
open with the pictures of both. Its CPU is also given as a share of its workers'. What follows a start (things loaded in
advance, checks for the first time) is over when it is measured.
"""

import argparse
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.lib.clips import active_clip
from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.table import Figure, show

SETTLE_S = 20.0
CAMERAS = 5
CALM_AFTER_S = 35.0
CONSOLE_AFTER_S = 5.0
REST_S = 30.0


def first_picture_s() -> float:
    """Seconds from the start of `popcam serve` to the first picture at a viewer."""
    camera = {"source": "demo:", "act": {"kind": "hide"}}
    with running_server({"cam": camera}) as server:
        watcher = server.watch("cam")
        server.wait_until(lambda: watcher.pictures > 0)
        return time.monotonic() - server.site.started_monotonic_s


def memory_mib(cameras: dict[str, Any]) -> float:
    """Memory of the workers that run these cameras, all watched."""
    with running_server(cameras, workers={"count": 1}) as server:
        for camera_id in cameras:
            server.watch(camera_id)
            server.site.wait_frames(camera_id)
        time.sleep(SETTLE_S)
        return statistics.median(_uss_mib(server) for _ in range(5))


def _uss_mib(server: Any) -> float:
    time.sleep(0.5)
    uss: float = server.worker_uss_bytes() / 2**20
    return uss


@dataclass
class Rest:
    """CPU of the server in percent of a core, unwatched and with a console open, and as a share of its workers'."""

    percents: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    watched_percents: list[float] = field(default_factory=list)


def at_rest(runs: int) -> Rest:
    """The server without and with somebody who looks."""
    camera, rest = {"source": "demo:", "act": {"kind": "boxes"}}, Rest()
    with running_server({"a": camera, "b": camera}) as server:
        for camera_id in ("a", "b"):
            server.site.wait_frames(camera_id)
        time.sleep(CALM_AFTER_S)
        for _ in range(runs):
            percent, share = _spent(server)
            rest.percents.append(percent)
            rest.shares.append(share)
        server.open_console(("a", "b"))
        time.sleep(CONSOLE_AFTER_S)
        rest.watched_percents.extend(_spent(server)[0] for _ in range(runs))
    return rest


def _spent(server: RunningServer) -> tuple[float, float]:
    """Percent of a core over a while, and the share of what the workers took."""
    server_s, workers_s = server.server_cpu_s(), server.worker_cpu_s()
    began_s = time.monotonic()
    time.sleep(REST_S)
    spent_s = server.server_cpu_s() - server_s
    return 100 * spent_s / (time.monotonic() - began_s), spent_s / (server.worker_cpu_s() - workers_s)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--rest", action="store_true", help="the server at rest alone")
    chosen = arguments.parse_args()
    figures = [] if chosen.rest else start_and_memory(chosen.runs)
    show("Footprint", figures + rest_figures(chosen.runs))


def start_and_memory(runs: int) -> list[Figure]:
    """The first picture, and what cameras take."""
    camera = {"source": str(active_clip()), "act": {"kind": "hide"}}
    starts = tuple(first_picture_s() for _ in range(runs))
    alone = tuple(memory_mib({"c0": camera}) for _ in range(runs))
    many = tuple(memory_mib({f"c{number}": camera for number in range(CAMERAS)}) for _ in range(runs))
    further = tuple((all_ - one) / (CAMERAS - 1) for all_, one in zip(many, alone, strict=True))
    return [
        Figure("start to first picture", "s", starts, "< 5"),
        Figure("worker with one camera", "MiB", alone),
        Figure("each further camera", "MiB", further, "<= 60"),
        Figure(
            "each further camera / one-camera worker",
            "ratio",
            tuple(b / a for a, b in zip(alone, further, strict=True)),
        ),
    ]


def rest_figures(runs: int) -> list[Figure]:
    """The server with two cameras."""
    rest = at_rest(runs)
    return [
        Figure("server at rest", "% core", tuple(rest.percents), "< 1"),
        Figure("server at rest / its workers", "ratio", tuple(rest.shares)),
        Figure("server with a console open, pictures of both cameras", "% core", tuple(rest.watched_percents)),
    ]


if __name__ == "__main__":
    main()
