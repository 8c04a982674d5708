"""Hiding the faces of a video: popcam, deface, and what decoding and encoding alone cost.

    python -m benchmarks.hide_video [--quick] [--resume] [--heights 720 1080] [--speed-only]

A made video of five moving faces, a minute of 1280x720 and of 1920x1080, 25 frames per second, with B-frames and a
keyframe every two seconds. Each program is started once before, on one second of video, as everything that is installed
was: compiled modules and compiled models are there then. In each round, one after the other on the otherwise idle
machine, each a whole program from start to end:

- `popcam job run` with its defaults (x264 veryfast, CRF 20),
- `deface` with its defaults (x264 medium, CRF 25; only in the first `--slow-rounds`: it takes minutes),
- `deface --scale 640x384` with popcam's encoder settings, on OpenCV's runtime (its default) and on ONNX Runtime (which
  it takes when installed); the faster one counts,
- ffmpeg, decoding and encoding with the same settings and nothing else: the limit.

Figures are frames per second; ratios are taken within a round. Then the quality of each: faces found at an overlap of
0.5 (popcam: the facts of the same video; deface: its own detector with the same options, fed by its own reader),
faces of whose pixels nothing is left in the output, and PSNR of everything far from faces.

About 75 minutes with defaults on 2 cores, 6 with `--quick` (a shorter video: the second and a half that a job takes to
start and to end weighs more). `--resume` goes on with what an ended run of the same commit measured; `--speed-only`
first keeps the quiet time on the machine short.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from benchmarks.lib.journal import Journal
from benchmarks.lib.peers import DEFACE, DEFACE_ONNX, ROOT, Peer, ffmpeg, peer
from benchmarks.lib.product import boxes_of, only_file, product
from benchmarks.lib.running import run
from benchmarks.lib.scenes import Scene, scene
from benchmarks.lib.score import Array, Scores, compare, score_all
from benchmarks.lib.table import Figure, Wanted, ratios, show
from benchmarks.lib.video import frame_count, pairs

SIZES: Final = ((1280, 720), (1920, 1080))
SCALE: Final = "640x384"
QUALITY, PRESET = "20", "veryfast"
SLOWEST_FPS: Final = 0.5
"""A program that does less than this many frames per second is ended."""
SAME_ENCODER: Final = json.dumps(
    {
        "codec": "libx264",
        "quality": None,
        "macro_block_size": 1,
        "output_params": ["-preset", PRESET, "-crf", QUALITY],
    }
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make the output: writes `output` from the scene, returns what it printed."""

    name: str
    make: Callable[[Scene, Path], dict[str, Any]]
    boxes: Callable[[Scene], list[list[list[float]]]] | None = None
    slow: bool = False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--heights", type=int, nargs="+", choices=[height for _, height in SIZES])
    parser.add_argument("--speed-only", action="store_true", help="measure times alone and print nothing, to resume")
    parser.add_argument("--quick", action="store_true", help="12 seconds of video, 2 rounds")
    parser.add_argument("--resume", action="store_true")
    chosen = parser.parse_args()
    seconds, rounds = (12.0, 2) if chosen.quick else (chosen.seconds, chosen.rounds)
    deface, deface_onnx = peer("deface", DEFACE), peer("deface-onnx", DEFACE_ONNX)
    journal = Journal(f"hide_video-{seconds:g}", resume=chosen.resume)
    ways = all_ways(deface, deface_onnx)
    versions = {name: version for name, version in deface_onnx.versions().items() if name in {"deface", "onnxruntime"}}
    versions["ffmpeg"] = ffmpeg_version()
    first = scene(*SIZES[0], 1.0)
    for way in ways:
        journal.once(_key(first, way, "first start"), partial(once, first, way))
    for width, height in SIZES:
        if chosen.heights and height not in chosen.heights:
            continue
        clip = scene(width, height, seconds)
        speeds = measure(journal, clip, ways, rounds, chosen.slow_rounds)
        if chosen.speed_only:
            continue
        qualities = {way.name: quality(journal, clip, way) for way in ways}
        report(clip, speeds, qualities, versions)


def all_ways(deface: Peer, deface_onnx: Peer) -> tuple[Way, ...]:
    """popcam first: its figures are what the others are compared with."""
    scaled = ("--scale", SCALE, "--ffmpeg-config", SAME_ENCODER)
    return (
        Way("popcam", by_popcam, popcam_boxes),
        Way("ffmpeg alone", by_ffmpeg),
        Way("deface scaled, OpenCV", by_deface(deface, *scaled), deface_boxes(deface, SCALE)),
        Way("deface scaled, ONNX Runtime", by_deface(deface_onnx, *scaled), deface_boxes(deface_onnx, SCALE)),
        Way("deface", by_deface(deface), deface_boxes(deface), slow=True),
    )


def by_popcam(clip: Scene, output: Path) -> dict[str, Any]:
    """The product; every frame is encoded: the video has a face everywhere, and a copy would be no race."""
    with product() as popcam:
        took = popcam.job("--encode-all", str(clip.path), output=output.parent, timeout_s=clip.frames / SLOWEST_FPS)
    only_file(output.parent, "*.mp4").rename(output)
    return {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "rss_mib": took.peak_rss_mib}


def by_deface(peer: Peer, *options: str) -> Callable[[Scene, Path], dict[str, Any]]:
    """The peer with these options."""

    def make(clip: Scene, output: Path) -> dict[str, Any]:
        command = [peer.program("deface"), *options, "--output", str(output), str(clip.path)]
        took = run(command, timeout_s=clip.frames / SLOWEST_FPS)
        return {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "rss_mib": took.peak_rss_mib}

    return make


def by_ffmpeg(clip: Scene, output: Path) -> dict[str, Any]:
    """Decoding and encoding alone, with the threads that ffmpeg chooses."""
    encode = ["-c:v", "libx264", "-preset", PRESET, "-crf", QUALITY, "-pix_fmt", "yuv420p"]
    command = [ffmpeg(), "-v", "error", "-y", "-i", str(clip.path), *encode, str(output)]
    took = run(command, timeout_s=clip.frames / SLOWEST_FPS)
    return {"wall_s": took.wall_s, "cpu_s": took.cpu_s, "rss_mib": took.peak_rss_mib}


def measure(
    journal: Journal, clip: Scene, ways: tuple[Way, ...], rounds: int, slow_rounds: int
) -> dict[str, list[dict[str, Any]]]:
    """All rounds; the output of each way's last round stays for the comparison of pixels."""
    taken: dict[str, list[dict[str, Any]]] = {way.name: [] for way in ways}
    for number in range(rounds):
        for way in ways:
            if way.slow and number >= slow_rounds:
                continue
            taken[way.name].append(journal.once(_key(clip, way, f"run{number}"), partial(once, clip, way)))
    return taken


def once(clip: Scene, way: Way) -> dict[str, Any]:
    """One run, checked to have all frames."""
    kept = result_path(clip, way)
    with TemporaryDirectory(prefix="popcam-bench-out-") as folder:
        output = Path(folder) / "out.mp4"
        taken = way.make(clip, output)
        frames = frame_count(output)
        if abs(frames - clip.frames) > 1:
            raise RuntimeError(f"{way.name} wrote {frames} of {clip.frames} frames")
        kept.parent.mkdir(parents=True, exist_ok=True)
        taken |= {"frames": frames, "bytes": output.stat().st_size}
        kept.write_bytes(output.read_bytes())
    return taken


def result_path(clip: Scene, way: Way) -> Path:
    """Where the output is kept to be looked at."""
    return ROOT / ".cache" / "bench" / "hidden" / f"{clip.path.stem}-{way.name.replace(' ', '-').replace(',', '')}.mp4"


def popcam_boxes(clip: Scene) -> list[list[list[float]]]:
    """The facts of the same video: what is found depends on nothing but the video and the settings."""
    with TemporaryDirectory(prefix="popcam-bench-out-") as folder, product() as popcam:
        popcam.job("--find-faces", str(clip.path), output=Path(folder), timeout_s=clip.frames / SLOWEST_FPS)
        return [boxes.tolist() for boxes in boxes_of(only_file(Path(folder), "*.facts.jsonl"))]


def deface_boxes(peer: Peer, *scale: str) -> Callable[[Scene], list[list[list[float]]]]:
    """The boxes of deface's own detector."""

    def find(clip: Scene) -> list[list[list[float]]]:
        program = ROOT / "benchmarks" / "peer_programs" / "deface_boxes.py"
        printed = run([peer.python, str(program), str(clip.path), *scale], timeout_s=clip.frames / SLOWEST_FPS).output
        return [json.loads(line)["boxes"] for line in printed.splitlines() if line.startswith("{")]

    return find


def quality(journal: Journal, clip: Scene, way: Way) -> dict[str, Any]:
    """What was found, and what of the pixels is left."""

    find = way.boxes
    rows = [] if find is None else journal.once(_key(clip, way, "boxes"), lambda: find(clip))

    def look() -> dict[str, Any]:
        found = [as_boxes(row) for row in rows]
        counted = list(clip.truth.counted)
        faces = list(clip.truth.boxes_norm)
        scores = score_all(found[: len(faces)], faces[: len(found)], counted[: len(found)])
        covered = found or [as_boxes([])] * len(faces)
        size = (clip.width_px, clip.height_px)
        pixels = compare(pairs(clip.path, result_path(clip, way), size), faces, counted, covered)
        return {"scores": list(scores), "hidden": pixels.hidden_share, "outside_db": pixels.outside_db}

    result: dict[str, Any] = journal.once(_key(clip, way, "quality"), look)
    return result


def as_boxes(boxes: list[list[float]]) -> Array:
    """(N, 4)."""
    return np.array(boxes, np.float32).reshape(-1, 4)


def report(
    clip: Scene, speeds: dict[str, list[dict[str, Any]]], qualities: dict[str, dict[str, Any]], versions: dict[str, str]
) -> None:
    """The table of one size."""
    fps = {name: tuple(clip.frames / taken["wall_s"] for taken in runs) for name, runs in speeds.items()}
    scaled = max(
        (name for name in fps if name.startswith("deface scaled")), key=lambda name: statistics.median(fps[name])
    )
    popcam = fps["popcam"]
    figures = [Figure(name, "frames/s", values) for name, values in fps.items()]
    figures += [
        ratios("popcam / deface", popcam[: len(fps["deface"])], fps["deface"], Wanted(15, 25, "x")),
        ratios(f"popcam / {scaled}", popcam, fps[scaled], Wanted(3, 4, "x")),
        ratios("popcam / ffmpeg alone", popcam, fps["ffmpeg alone"], Wanted(0.7, 0.9)),
    ]
    for name, runs in speeds.items():
        figures.append(Figure(f"{name}: processor", "ms/frame", tuple(1000 * t["cpu_s"] / clip.frames for t in runs)))
    for name, runs in speeds.items():
        figures.append(Figure(f"{name}: peak memory", "MiB", tuple(t["rss_mib"] for t in runs)))
    for name, runs in speeds.items():
        figures.append(Figure(f"{name}: output", "MiB", tuple(t["bytes"] / 2**20 for t in runs)))
    figures += quality_figures(qualities)
    title = f"Hide faces in a video of {clip.width_px}x{clip.height_px}, {clip.frames} frames, five moving faces"
    show(title, figures, peers=versions, notes=NOTES)


def quality_figures(qualities: dict[str, dict[str, Any]]) -> list[Figure]:
    """Recall, precision, hidden faces, PSNR; popcam's recall may not be lower than either of deface's."""
    recalls = {name: Scores(*found["scores"]).recall for name, found in qualities.items() if found["scores"][0]}
    least = max((value for name, value in recalls.items() if name != "popcam"), default=0.0)
    rows = []
    for name, recall in recalls.items():
        limit = Wanted(round(least, 4), round(least, 4)) if name == "popcam" else ""
        rows.append(Figure(f"{name}: recall at IoU 0.5", "share", (recall,), limit))
    precisions = {name: Scores(*qualities[name]["scores"]).precision for name in recalls}
    rows += [Figure(f"{name}: precision", "share", (value,)) for name, value in precisions.items()]
    rows += [
        Figure(f"{name}: faces hidden, by pixels", "share", (found["hidden"],)) for name, found in qualities.items()
    ]
    rows += [Figure(f"{name}: PSNR far from faces", "dB", (one["outside_db"],)) for name, one in qualities.items()]
    return rows


NOTES: Final = (
    "Faces of which less than 60 % can be seen, behind another or at the edge, are not asked for.",
    "deface's own defaults scale 1080 rows to 1088, which costs it sharpness and so PSNR.",
)


def ffmpeg_version() -> str:
    """As it says itself."""
    return run([ffmpeg(), "-version"], timeout_s=20).output.split()[2]


def _key(clip: Scene, way: Way, what: str) -> str:
    return f"{clip.width_px}x{clip.height_px}/{way.name}/{what}"


if __name__ == "__main__":
    main()
