"""CPU of the whole pipeline against the sum of what can't be avoided: decoding, inference and encoding alone.

A real `popcam serve` hides the faces of a 1280x720@15 clip; the CPU time of its worker per frame is divided by
that of the parts, each run alone in a process of its own: ffmpeg's decoder with the same threads, the detector's model
in the same runtime on a picture of the same size, and the same encoder. Both go as fast as they can, or, in the rows
"at 15 fps", both wait for the next frame: caches are cold then, for the parts as well. Parts are measured between the
runs. Wanted: 1.25 or less.
"""

import argparse
import time
from typing import Any

from benchmarks.lib.clips import active_clip
from benchmarks.lib.parts import decode_cpu_s, part_cpu_s
from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.table import Figure, show

WARM_UP_S = 8.0
FRAMES = 300


def frame_cpu_ms(server: RunningServer, window_s: float) -> float:
    """CPU milliseconds of the worker per frame that went through."""
    frames, cpu_s = _frames(server), server.worker_cpu_s()
    time.sleep(window_s)
    return 1000 * (server.worker_cpu_s() - cpu_s) / (_frames(server) - frames)


def _frames(server: RunningServer) -> int:
    frames: int = server.site.camera("cam")["pipeline"]["frames"]
    return frames


def parts_ms(clip: str, encode: str, fps: float) -> float:
    """Decoding, inference and encoding of one frame, together; at most `fps` of them per second, 0 for no limit."""
    decode = part_cpu_s("decode", clip, FRAMES, fps=fps) if fps else decode_cpu_s(clip, FRAMES)
    alone = sum(part_cpu_s(part, clip, FRAMES, fps=fps) for part in ("inference", encode))
    return 1000 * (decode + alone) / FRAMES


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--window", type=float, default=10.0)
    chosen = arguments.parse_args()
    clip = str(active_clip())
    fast = {"url": clip, "realtime": False}
    hide: dict[str, Any] = {"source": fast, "act": {"kind": "hide"}}
    record = {**hide, "record": {"mode": "continuous"}}
    paced = {"source": clip}
    cases: list[tuple[str, dict[str, Any], bool, str, float]] = [
        ("hide and record 720p", record, False, "h264", 0.0),
        ("hide and record, at 15 fps", {**record, **paced}, False, "h264", 15.0),
        ("hide and preview 360p JPEG", hide, True, "jpeg", 0.0),
        ("hide and preview, at 15 fps", {**hide, **paced}, True, "jpeg", 15.0),
    ]
    figures: list[Figure] = []
    for name, camera, watched, encode, fps in cases:
        whole, parts = [], []
        with running_server({"cam": camera}) as server:
            if watched:
                server.watch("cam")
            server.site.wait_frames("cam")
            time.sleep(WARM_UP_S)
            for _ in range(chosen.runs):
                whole.append(frame_cpu_ms(server, chosen.window))
                parts.append(parts_ms(clip, encode, fps))
        ratios = tuple(all_ / some for all_, some in zip(whole, parts, strict=True))
        figures += [
            Figure(f"{name}: whole", "ms CPU / frame", tuple(whole)),
            Figure(f"{name}: parts", "ms CPU / frame", tuple(parts)),
            Figure(f"{name}: whole / parts", "ratio", ratios, "<= 1.25"),
        ]
    show("Pipeline CPU, 1280x720@15", figures)


if __name__ == "__main__":
    main()
