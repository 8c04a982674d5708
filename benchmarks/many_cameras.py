"""Eight cameras with active detection on one machine: does any starve, what does each frame cost, and memory.

    python -m benchmarks.many_cameras [--quick]

Clips of 640x360@15 of two faces that wander, detection on every frame, at their own speed: one camera, then eight.
Efficiency is frames that the detector looked at by processor time (workers and server), eight cameras by one: a camera
that can't keep up looks at fewer, which must not count as cheap. Then one and eight as fast as they can go, where looks
per second of wall time tell how both cores are used. Memory of the workers: RSS of all processes
(pages that they share counted in each) and USS (what they have for themselves).
About 7 minutes with defaults, 3 with `--quick`.
"""

import argparse
from typing import Any, NamedTuple

from benchmarks.lib.clips import active_clip
from benchmarks.lib.live import Memory, Window, look, start_up, worker_memory
from benchmarks.lib.server import running_server
from benchmarks.lib.table import Figure, Wanted, ratios, show

MANY = 8
FPS = 15
WARM_UP_S = 14.0


class Taken(NamedTuple):
    """One run."""

    window: Window
    memory: Memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window", type=float, default=20.0)
    parser.add_argument("--quick", action="store_true", help="1 run of 10 seconds")
    chosen = parser.parse_args()
    runs, window_s = (1, 10.0) if chosen.quick else (chosen.runs, chosen.window)
    one, many, one_fast, many_fast = [], [], [], []
    for _ in range(runs):
        one.append(taken(1, window_s, realtime=True))
        many.append(taken(MANY, window_s, realtime=True))
        one_fast.append(taken(1, window_s, realtime=False))
        many_fast.append(taken(MANY, window_s, realtime=False))
    show(f"{MANY} cameras of 640x360@{FPS} with active detection", figures(one, many, one_fast, many_fast))


def taken(cameras: int, window_s: float, *, realtime: bool) -> Taken:
    """A server with so many cameras."""
    source: dict[str, Any] = {"url": str(active_clip(640, 360, FPS)), "realtime": realtime}
    camera = {"source": source, "act": {"kind": "boxes"}, "detect": {"max_interval_s": 0}}
    names = [f"c{number}" for number in range(cameras)]
    with running_server(dict.fromkeys(names, camera)) as server:
        start_up(server, names, WARM_UP_S)
        window = look(server, names, window_s)
        return Taken(window, worker_memory(server))


def figures(one: list[Taken], many: list[Taken], one_fast: list[Taken], many_fast: list[Taken]) -> list[Figure]:
    """The table."""
    spread = tuple(spread_percent(each.window) for each in many)
    per_one = [each.window.cpu_ms_per_look for each in one]
    per_many = [each.window.cpu_ms_per_look for each in many]
    fast_one, fast_many = ([each.window.looks_per_s for each in fast] for fast in (one_fast, many_fast))
    rss = tuple((b.memory.rss_mib - a.memory.rss_mib) / (MANY - 1) for a, b in zip(one, many, strict=True))
    uss = tuple((b.memory.uss_mib - a.memory.uss_mib) / (MANY - 1) for a, b in zip(one, many, strict=True))
    looked = tuple(sum(each.window.looked_at) / max(1, sum(each.window.frames)) for each in many)
    return [
        Figure("slowest of eight", "frames/s", tuple(min(each.window.fps) for each in many)),
        Figure("fastest of eight", "frames/s", tuple(max(each.window.fps) for each in many)),
        Figure("spread of their frame rates", "%", spread, Wanted(10, 5, " %", most=True)),
        Figure("frames that were looked at", "share", looked, "1.0"),
        Figure("one camera", "ms CPU / look", tuple(per_one)),
        Figure("eight cameras", "ms CPU / look", tuple(per_many)),
        ratios("efficiency: one / eight", per_one, per_many, Wanted(0.9, 0.95)),
        Figure("one camera, as fast as it can", "looks/s", tuple(fast_one)),
        Figure("eight cameras, as fast as they can", "looks/s together", tuple(fast_many)),
        ratios("eight / one, as fast as they can", fast_many, fast_one),
        Figure(
            "spread, as fast as they can",
            "%",
            tuple(spread_percent(each.window) for each in many_fast),
        ),
        Figure("workers with one camera, RSS", "MiB", tuple(each.memory.rss_mib for each in one)),
        Figure("each further camera, RSS", "MiB", rss, Wanted(40, 20, " MiB", most=True)),
        Figure("each further camera, USS", "MiB", uss),
    ]


def spread_percent(window: Window) -> float:
    """How far the slowest camera is behind the fastest."""
    return 100 * (max(window.fps) - min(window.fps)) / max(window.fps)


if __name__ == "__main__":
    main()
