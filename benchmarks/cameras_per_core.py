"""How many cameras one core carries at 1280x720@15: idle, active but unwatched, watched, and with hidden faces.

A real `popcam serve` plays a clip from a file at its own speed; the CPU time of its workers is measured over a window.
"Decode" is the CPU time of ffmpeg's own decoder on the same clip with one thread, for the same number of frames.
"""

import argparse
import time
from typing import Any

from benchmarks.lib.clips import active_clip, idle_clip
from benchmarks.lib.parts import decode_cpu_s
from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.table import Figure, show

FPS = 15
WARM_UP_S = 14.0
"""Models load, the start-up look-around and the motion cooldown pass."""


def percent_of_core(server: RunningServer, window_s: float) -> float:
    """CPU of the workers over the window; 100 is one core."""
    before_s = server.worker_cpu_s()
    time.sleep(window_s)
    return 100 * (server.worker_cpu_s() - before_s) / window_s


def measure(cameras: dict[str, Any], watch: bool, runs: int, window_s: float) -> list[float]:
    """Percent of a core per camera, once a run."""
    with running_server(cameras, workers={"count": 1}) as server:
        for camera_id in cameras if watch else ():
            server.watch(camera_id)
        server.wait_until(lambda: all(server.status(camera_id)["running"] for camera_id in cameras))
        time.sleep(WARM_UP_S)
        return [percent_of_core(server, window_s) / len(cameras) for _ in range(runs)]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--window", type=float, default=8.0)
    arguments.add_argument("--cameras", type=int, default=2)
    chosen = arguments.parse_args()
    active, idle = str(active_clip()), str(idle_clip())
    boxes, hide = {"kind": "boxes"}, {"kind": "hide"}
    cases: list[tuple[str, str, dict[str, Any], bool]] = [
        ("idle, unwatched", idle, boxes, False),
        ("active, unwatched", active, boxes, False),
        ("active, watched, boxes", active, boxes, True),
        ("active, watched, faces hidden", active, hide, True),
    ]
    decode = [100 * decode_cpu_s(active, frames=20 * FPS) / 20 for _ in range(chosen.runs)]
    figures = [Figure("decode alone", "% core", tuple(decode))]
    for name, clip, act, watch in cases:
        cameras = {f"c{number}": {"source": clip, "act": act} for number in range(chosen.cameras)}
        percent = measure(cameras, watch, chosen.runs, chosen.window)
        figures.append(Figure(name, "% core per camera", tuple(percent)))
        figures.append(Figure(f"{name}: cameras per core", "cameras", tuple(100 / value for value in percent)))
        figures.append(Figure(f"{name} / decode alone", "ratio", tuple(value / decode[0] for value in percent)))
    show("Cameras per core, 1280x720@15", figures)


if __name__ == "__main__":
    main()
