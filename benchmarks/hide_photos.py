"""Hiding the faces in a folder of photos: popcam and deface.

    python -m benchmarks.hide_photos [--quick] [--resume] [--data FOLDER]

200 made JPEG photos of 2 to 12 megapixels with none to six people each. In each round, one after the other, each a
whole program from start to end: `popcam job run FOLDER` and `deface FILES`, both with their defaults (deface only in
the first `--slow-rounds`: it takes minutes). Each is started once before, on four photos, so that compiled modules and
models are there, as in everything that is installed. Figures are photos per second; then recall and precision at an
overlap of 0.5, faces of whose pixels nothing is left, and PSNR of everything far from faces. popcam writes JPEG of
quality 95, deface of imageio's default 75.

With `--data`, recall and precision of both are measured on annotated photos as well (see `detector_accuracy`; they are
not part of the repository).

About 15 minutes with defaults on 2 cores, 3 with `--quick` (40 photos).
"""

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
from benchmarks.detector_accuracy import dlib_faces, facemask, read
from benchmarks.lib.journal import Journal
from benchmarks.lib.peers import DEFACE, ROOT, Peer, peer
from benchmarks.lib.photo_set import PhotoSet, photo_set
from benchmarks.lib.product import boxes_of, product
from benchmarks.lib.running import Run, run
from benchmarks.lib.score import Array, Luma, PixelScores, Scores, score_frame
from benchmarks.lib.table import Figure, Wanted, ratios, show

SLOWEST_S: Final = 60.0
"""A program that takes longer than this per photo is ended."""
NAMES: Final = ("popcam", "deface")
Boxes = dict[str, Array]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-rounds", type=int, default=1)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="40 photos, 2 rounds")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--data", type=Path)
    chosen = parser.parse_args()
    count, rounds = (40, 2) if chosen.quick else (chosen.photos, chosen.rounds)
    deface = peer("deface", DEFACE)
    photos = photo_set(count)
    journal = Journal(f"hide_photos-{count}", resume=chosen.resume)
    few = photo_set(4)
    for name in NAMES:  # as installed: compiled modules and models are there
        journal.once(f"{name}/first start", partial(once, name, few, deface))
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for number in range(rounds):
        for name in NAMES[: 2 if number < chosen.slow_rounds else 1]:
            runs[name].append(journal.once(f"{name}/run{number}", partial(once, name, photos, deface)))
    qualities = {name: journal.once(f"{name}/quality", partial(quality, name, photos, deface)) for name in NAMES}
    versions = {"deface": deface.versions()["deface"]}
    report(photos, runs, qualities, versions)
    if chosen.data:
        show("Hide faces in photos: annotated sets", annotated(chosen.data, deface, journal), peers=versions)


def once(name: str, photos: PhotoSet, deface: Peer) -> dict[str, Any]:
    """One run; its results stay to be looked at."""
    kept = results(name, photos)
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    taken = by_popcam(photos.folder, kept) if name == "popcam" else by_deface(photos.folder, kept, deface)
    written = sum(1 for _ in kept.rglob("*.jpg"))
    if written != len(photos.faces):
        raise RuntimeError(f"{name} wrote {written} of {len(photos.faces)} photos")
    return {"wall_s": taken.wall_s, "cpu_s": taken.cpu_s, "rss_mib": taken.peak_rss_mib}


def by_popcam(folder: Path, output: Path) -> Run:
    """The product with its defaults."""
    with product() as popcam:
        return popcam.job(str(folder), output=output, timeout_s=SLOWEST_S * _photos_in(folder))


def by_deface(folder: Path, output: Path, deface: Peer) -> Run:
    """The peer with its defaults: it writes beside its inputs, so it gets a folder of links and its results are
    moved afterwards."""
    with TemporaryDirectory(prefix="popcam-bench-in-") as name:
        for path in folder.iterdir():
            (Path(name) / path.name).symlink_to(path)
        names = sorted(str(path) for path in Path(name).iterdir())
        taken = run([deface.program("deface"), *names], timeout_s=SLOWEST_S * len(names))
        for path in Path(name).glob("*_anonymized.jpg"):
            shutil.move(path, output / path.name.replace("_anonymized", ""))
    return taken


def results(name: str, photos: PhotoSet) -> Path:
    """Where they are kept."""
    return ROOT / ".cache" / "bench" / "photos" / f"{photos.folder.name}-{name}"


def quality(name: str, photos: PhotoSet, deface: Peer) -> dict[str, Any]:
    """What was found, and what of the pixels is left."""
    found = found_by(name, photos.folder, deface)
    written = {path.name: path for path in results(name, photos).rglob("*.jpg")}
    scores, pixels = Scores(), PixelScores()
    for photo, faces in photos.faces.items():
        counted = np.ones(len(faces), bool)
        scores = scores.plus(score_frame(found[photo], faces, counted))
        pixels.add(_luma(photos.folder / photo), _luma(written[photo]), faces, counted, found[photo])
    return {"scores": list(scores), "hidden": pixels.hidden_share, "outside_db": pixels.outside_db}


def found_by(name: str, folder: Path, deface: Peer) -> Boxes:
    """Boxes in shares of each photo, by its name."""
    timeout_s = SLOWEST_S * _photos_in(folder)
    if name == "deface":
        program = ROOT / "benchmarks" / "peer_programs" / "deface_boxes.py"
        printed = run([deface.python, str(program), str(folder)], timeout_s=timeout_s).output
        rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        return {row["name"]: np.array(row["boxes"], np.float32).reshape(-1, 4) for row in rows}
    with TemporaryDirectory(prefix="popcam-bench-out-") as output, product() as popcam:
        popcam.job("--find-faces", str(folder), output=Path(output), timeout_s=timeout_s)
        facts = sorted(Path(output).rglob("*.facts.jsonl"))
        return {_source_of(path): boxes_of(path)[0] for path in facts}


def _source_of(facts: Path) -> str:
    source: str = json.loads(facts.read_text("utf-8").split("\n", 1)[0])["source"]
    return source


def _photos_in(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())


def _luma(path: Path) -> Luma:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture, np.uint8)


def report(
    photos: PhotoSet,
    runs: Mapping[str, Sequence[dict[str, Any]]],
    qualities: Mapping[str, dict[str, Any]],
    versions: Mapping[str, str],
) -> None:
    """The table."""
    count = len(photos.faces)
    speed = {name: tuple(count / taken["wall_s"] for taken in runs[name]) for name in NAMES}
    scores = {name: Scores(*qualities[name]["scores"]) for name in NAMES}
    least = round(scores["deface"].recall, 4)
    figures = [Figure(name, "photos/s", speed[name]) for name in NAMES]
    figures.append(
        ratios("popcam / deface", speed["popcam"][: len(speed["deface"])], speed["deface"], Wanted(5, 10, "x"))
    )
    for name in NAMES:
        figures.append(Figure(f"{name}: processor", "ms/photo", tuple(1000 * t["cpu_s"] / count for t in runs[name])))
        figures.append(Figure(f"{name}: peak memory", "MiB", tuple(t["rss_mib"] for t in runs[name])))
    figures.append(Figure("popcam: recall at IoU 0.5", "share", (scores["popcam"].recall,), Wanted(least, least)))
    figures.append(Figure("deface: recall at IoU 0.5", "share", (scores["deface"].recall,)))
    figures += [Figure(f"{name}: precision", "share", (scores[name].precision,)) for name in NAMES]
    figures += [Figure(f"{name}: faces hidden, by pixels", "share", (qualities[name]["hidden"],)) for name in NAMES]
    figures += [Figure(f"{name}: PSNR far from faces", "dB", (qualities[name]["outside_db"],)) for name in NAMES]
    show(
        f"Hide faces in {count} photos, {photos.megapixels / count:.1f} megapixels on average", figures, peers=versions
    )


def annotated(data: Path, deface: Peer, journal: Journal) -> list[Figure]:
    """Recall and precision of both on real photos that people labelled."""
    sets = {"dlib_faces": dlib_faces(data / "dlib_faces"), "facemask_a": facemask(data / "facemask_a")}
    figures = []
    for label, photos in sets.items():
        # dlib's squares lie around the landmarks: half as much overlap is the same face.
        least_iou = 0.3 if label == "dlib_faces" else 0.5
        with TemporaryDirectory(prefix="popcam-bench-data-") as name:
            for photo in photos:
                (Path(name) / photo.path.name).symlink_to(photo.path.absolute())
            for program in NAMES:
                found: dict[str, Any] = journal.once(
                    f"{label}/{program}", partial(_found_as_json, program, Path(name), deface)
                )
                scores = Scores()
                for photo in photos:
                    height, width = read(photo.path).shape[:2]
                    faces = (photo.boxes / np.array([width, height] * 2, np.float32)).astype(np.float32)
                    boxes = np.array(found[photo.path.name], np.float32).reshape(-1, 4)
                    scores = scores.plus(score_frame(boxes, faces, np.ones(len(faces), bool), least_iou))
                figures.append(Figure(f"{label}, {program}: recall at IoU {least_iou}", "share", (scores.recall,)))
                figures.append(Figure(f"{label}, {program}: precision", "share", (scores.precision,)))
    return figures


def _found_as_json(name: str, folder: Path, deface: Peer) -> dict[str, Any]:
    return {photo: boxes.tolist() for photo, boxes in found_by(name, folder, deface).items()}


if __name__ == "__main__":
    main()
