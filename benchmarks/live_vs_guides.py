"""A live camera with detection on every moving frame: popcam, and the same by the guides of the usual parts.

    python -m benchmarks.live_vs_guides [--quick]

The same 1280x720@15 clip of two faces that wander, read at its own speed. popcam is a running server with two cameras
whose detection may skip no frame; counted is the processor time of everything that it runs, server included. The peer
(`peer_programs/live_guide.py`, one process for one camera) reads with OpenCV's VideoCapture, runs the same model at the
same size in ONNX Runtime as `InferenceSession` sets it up, and follows with supervision and its trackers. Each with
faces only followed, and with faces hidden and every picture encoded as JPEG. The row "one thread" is the peer after
somebody tuned it: one thread, no spinning.

Processor time is counted by frames that really went through, in turns; times 15 it is the load of one camera.
About 6 minutes with defaults, 2 with `--quick`.
"""

import argparse
import json
from typing import Any

from benchmarks.lib.clips import active_clip
from benchmarks.lib.live import Window, look, start_up
from benchmarks.lib.peers import GUIDES, ROOT, Peer, peer
from benchmarks.lib.running import run
from benchmarks.lib.server import running_server
from benchmarks.lib.table import Figure, Wanted, ratios, show
from popcam_models import path as model_path

FPS = 15
CAMERAS = ("a", "b")
WARM_UP_S = 10.0
ACTS = {"detect": "faces followed", "hide": "faces hidden, JPEG"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window", type=float, default=15.0)
    parser.add_argument("--quick", action="store_true", help="2 runs of 6 seconds")
    chosen = parser.parse_args()
    runs, window_s = (2, 6.0) if chosen.quick else (chosen.runs, chosen.window)
    guides = peer("guides", GUIDES)
    figures: list[Figure] = []
    for act, words in ACTS.items():
        taken = [one_round(act, guides, window_s) for _ in range(runs)]
        figures += rows(act, words, taken)
    packages = ("supervision", "trackers", "onnxruntime", "opencv-python")
    versions = {name: version for name, version in guides.versions().items() if name in packages}
    show("Live camera of 1280x720@15, against the guides of the usual parts", figures, peers=versions)


def one_round(act: str, guides: Peer, window_s: float) -> dict[str, Any]:
    """popcam, the peer, and the tuned peer, one after the other."""
    window = popcam(act, window_s)
    return {
        "popcam": window.cpu_ms_per_frame,
        "looked_at": sum(window.looked_at) / max(1, sum(window.frames)),
        "guides": guide(act, guides, window_s),
        "tuned": guide(act, guides, window_s, "--threads", "1"),
    }


def popcam(act: str, window_s: float) -> Window:
    """The product; watched when pictures are to be encoded."""
    kind = "boxes" if act == "detect" else "hide"
    camera = {"source": str(active_clip()), "act": {"kind": kind}, "detect": {"max_interval_s": 0}}
    with running_server(dict.fromkeys(CAMERAS, camera)) as server:
        for camera_id in CAMERAS if act == "hide" else ():
            server.watch(camera_id)
        start_up(server, CAMERAS, WARM_UP_S)
        return look(server, CAMERAS, window_s)


def guide(act: str, guides: Peer, window_s: float, *options: str) -> float:
    """Milliseconds of processor time per frame of the peer."""
    program = str(ROOT / "benchmarks" / "peer_programs" / "live_guide.py")
    command = [guides.python, program, str(active_clip()), str(model_path("yunet")), str(FPS), str(window_s), act]
    printed = run([*command, *options], timeout_s=window_s + 60).output
    taken = json.loads(printed.strip().splitlines()[-1])
    return 1000 * float(taken["cpu_s"]) / max(1, int(taken["frames"]))


def rows(act: str, words: str, taken: list[dict[str, Any]]) -> list[Figure]:
    """Figures of one way to use a camera."""
    values = {name: tuple(float(one[name]) for one in taken) for name in ("popcam", "guides", "tuned", "looked_at")}
    limit: str | Wanted = Wanted(round(1 / 3, 3), 0.2, most=True) if act == "detect" else ""
    figures = [
        Figure(f"{words}: {name}", "% core per camera", tuple(ms * FPS / 10 for ms in values[key]))
        for name, key in (("popcam", "popcam"), ("guides", "guides"), ("guides, one thread", "tuned"))
    ]
    return [
        *figures,
        ratios(f"{words}: popcam / guides", values["popcam"], values["guides"], limit),
        ratios(f"{words}: popcam / guides, one thread", values["popcam"], values["tuned"]),
        Figure(f"{words}: frames that popcam looked at", "share", values["looked_at"], "1.0"),
    ]


if __name__ == "__main__":
    main()
