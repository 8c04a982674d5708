"""A camera at which nothing happens and nobody looks, against decoding its stream.

    python -m benchmarks.idle_camera [--quick]

A 1920x1080@15 clip of a room with a face that stands still and sensor noise, a keyframe every two seconds; as a camera
with a set bitrate of 3 Mbit/s sends it, and as an encoder that smooths the noise away (0.3 Mbit/s, cheap to decode).
popcam is a running server with four such cameras: processor time of the workers, and with the server, per camera and
second. Beside it, in turns, ffmpeg decodes the same stream in whole: once at the stream's own speed (`-re`), once as
fast as it can (cheaper by frame: caches stay warm); the cheaper one counts.
About 9 minutes with defaults, 5 with `--quick`.
"""

import argparse
import re

from benchmarks.lib.clips import idle_clip
from benchmarks.lib.live import look, start_up
from benchmarks.lib.peers import ffmpeg
from benchmarks.lib.running import run
from benchmarks.lib.server import running_server
from benchmarks.lib.table import Figure, Wanted, ratios, show

FPS = 15
CAMERAS = ("a", "b", "c", "d")
STREAMS = {"3 Mbit/s": 3000, "smoothed": 0}
WARM_UP_S = 75.0
"""Models load, the start-up look-around and the motion cooldown pass, and a camera learns how much its noise weighs."""
SECONDS = 60


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window", type=float, default=30.0)
    parser.add_argument("--quick", action="store_true", help="2 runs of 10 seconds")
    chosen = parser.parse_args()
    runs, window_s = (2, 10.0) if chosen.quick else (chosen.runs, chosen.window)
    figures = [row for words, kbps in STREAMS.items() for row in rows(words, kbps, runs, window_s)]
    show("Idle, unwatched camera of 1920x1080@15", figures, peers={"ffmpeg": ffmpeg_version()})


def rows(words: str, kbps: int, runs: int, window_s: float) -> list[Figure]:
    """Figures of one stream."""
    clip = str(idle_clip(1920, 1080, FPS, SECONDS, kbps=kbps))
    workers, whole, paced, fast = [], [], [], []
    camera = {"source": clip, "act": {"kind": "boxes"}}
    with running_server(dict.fromkeys(CAMERAS, camera)) as server:
        start_up(server, CAMERAS, WARM_UP_S)
        for _ in range(runs):
            window = look(server, CAMERAS, window_s)
            workers.append(100 * window.worker_cpu_s / window.seconds / len(CAMERAS))
            whole.append(window.core_percent_per_camera)
            paced.append(decode_percent(clip, window_s, "-re"))
            fast.append(decode_percent(clip, window_s))
    cheaper = [min(pair) for pair in zip(paced, fast, strict=True)]
    return [
        Figure(f"{words}: popcam, workers", "% core per camera", tuple(workers)),
        Figure(f"{words}: popcam, with the server", "% core per camera", tuple(whole)),
        Figure(f"{words}: ffmpeg decodes, at the stream's speed", "% core per camera", tuple(paced)),
        Figure(f"{words}: ffmpeg decodes, as fast as it can", "% core per camera", tuple(fast)),
        ratios(f"{words}: popcam, workers / ffmpeg", workers, cheaper, Wanted(0.1, 0.05, most=True)),
        ratios(f"{words}: popcam with the server / ffmpeg", whole, cheaper),
    ]


def decode_percent(clip: str, seconds: float, *pace: str) -> float:
    """Percent of a core that decoding everything takes at 15 frames per second, by ffmpeg's own account."""
    frames = round(seconds * FPS)
    command = [ffmpeg(), "-v", "info", "-nostats", "-benchmark", *pace, "-stream_loop", "-1", "-i", clip]
    printed = run([*command, "-frames:v", str(frames), "-f", "null", "-"], timeout_s=4 * seconds + 60).output
    times = re.search(r"utime=([\d.]+)s stime=([\d.]+)s", printed)
    if times is None:
        raise RuntimeError("ffmpeg told no times")
    return 100 * (float(times[1]) + float(times[2])) * FPS / frames


def ffmpeg_version() -> str:
    """As it says itself."""
    return run([ffmpeg(), "-version"], timeout_s=20).output.split()[2]


if __name__ == "__main__":
    main()
