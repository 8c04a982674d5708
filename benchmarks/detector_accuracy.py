"""Accuracy of the product's own face detectors: recall, precision and AP@0.5 on labelled photos.

    python benchmarks/detector_accuracy.py --data ../shared/data

The photos go the product's whole way: YUV planes, small picture, model, decoding. Beside it stands the same model fed
in the plain way, with the whole photo scaled in RGB: the product may not lose anything against it. The data is not part
of the repository (licences unclear: measure only): `dlib_faces/` has dlib's example photos with `testing.xml` and
`training.xml`, `facemask_a/` 107 of the 853 photos of the face mask detection set with `annotations.json`.

The manifest's figures (YuNet 0.82, CenterFace 0.90) are of all 853 photos. The labels leave out the forehead:
they sit an eighth of their height below what both detectors find, so that AP at an overlap of 0.4 says more.

Ends with status 1 when a figure is lower than it must be.
"""

import argparse
import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from popcam.core.frame import Frame, Planes
from popcam.core.worker_settings import InferenceSpec, ProviderName
from popcam.engines import ENGINES as ENGINES_TABLE
from popcam.engines import engine_scores, load_engine
from popcam.vision.detectors.found import iou
from popcam.vision.runtimes import available_providers, load_runtime

Array = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]
LOWEST_SCORE: Final = 0.02
PROVIDERS: Final[tuple[ProviderName, ...]] = ("onnxruntime-cpu", "openvino-cpu")


class Photo(NamedTuple):
    """A labelled photo; boxes in pixels, xyxy (N, 4)."""

    path: Path
    boxes: Array


ENGINES: Final = ("yunet", "centerface")
MOST_LOSS: Final = 0.01
"""AP that the product may lie below the plain way: 4:2:0 colour and rounding move it by so much up and down."""


@dataclass(frozen=True)
class Result:
    """Figures of one detector on one set. `recall` and `precision` are at its own threshold."""

    engine: str
    provider: str
    data: str
    faces: int
    recall: float
    recall_hide: float
    precision: float
    ap50: float
    ap40: float


def main() -> int:
    """Measure all detectors on all data and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--input-width", type=int, default=640)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES))
    options = parser.parse_args()
    sets = {"dlib_faces": dlib_faces(options.data / "dlib_faces"), "facemask_a": facemask(options.data / "facemask_a")}
    results = []
    for name in options.engines:
        plain = PlainDetector(name, options.input_width)
        results += [measure(plain, label, photos) for label, photos in sets.items()]
        for provider in PROVIDERS:
            if provider in available_providers():
                product = ProductDetector(name, options.input_width, provider)
                results += [measure(product, label, photos) for label, photos in sets.items()]
    print_table(results)
    return report_misses(results)


def dlib_faces(folder: Path) -> list[Photo]:
    """dlib's example photos."""
    photos = []
    for name in ("testing.xml", "training.xml"):
        for image in ET.parse(folder / name).iter("image"):  # noqa: S314  (our own data)
            boxes = [
                [int(box.attrib[k]) for k in ("left", "top", "width", "height")]
                for box in image.iter("box")
                if box.attrib.get("ignore") != "1"
            ]
            corners = np.array(boxes, np.float32).reshape(-1, 4)
            corners[:, 2:] += corners[:, :2]
            photos.append(Photo(folder / image.attrib["file"], corners))
    return photos


def facemask(folder: Path) -> list[Photo]:
    """The part of the face mask set that we have."""
    rows = json.loads((folder / "annotations.json").read_text())
    return [Photo(folder / row["file"], np.array(row["boxes"], np.float32).reshape(-1, 4)) for row in rows]


def read(path: Path) -> Picture:
    """A photo, BGR."""
    bgr = cv2.imread(str(path))
    if bgr is None:
        raise SystemExit(f"{path.name} can't be read")
    return np.asarray(bgr, np.uint8)


def frame_of(bgr: Picture) -> Frame:
    """A photo as the frame that a camera would have given."""
    height, width = bgr.shape[:2]
    even = cv2.copyMakeBorder(bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    rows, columns = even.shape[:2]
    flat = np.asarray(cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420), np.uint8).reshape(-1)
    luma, chroma = rows * columns, (rows // 2, columns // 2)
    planes = Planes(
        flat[:luma].reshape(rows, columns)[:height, :width],
        flat[luma : luma * 5 // 4].reshape(chroma),
        flat[luma * 5 // 4 :].reshape(chroma),
    )
    return Frame(planes, seq=0, pts_s=0.0, captured_monotonic_s=0.0, captured_unix_s=0.0)


class ProductDetector:
    """The product's engine."""

    def __init__(
        self, name: str, width_px: int, provider: ProviderName, inference: InferenceSpec | None = None
    ) -> None:
        self.name, self.way = name, provider
        spec = inference or InferenceSpec(providers=(provider,))
        self._engine = load_engine(name, input_width_px=width_px, min_score=LOWEST_SCORE, inference=spec)

    def find(self, bgr: Picture) -> tuple[Array, Array]:
        """Boxes in 0..1 and scores."""
        found = self._engine.infer(frame_of(bgr))
        boxes = np.array([item.box for item in found], np.float32).reshape(-1, 4)
        return boxes, np.array([item.score for item in found], np.float32)


class PlainDetector:
    """The same model and decoding, fed with the whole photo scaled in RGB."""

    way = "plain RGB"

    def __init__(self, name: str, width_px: int) -> None:
        self.name = name
        self._entry, self._width_px = ENGINES_TABLE[name], width_px
        self._runtime = load_runtime(self._entry.model, InferenceSpec(providers=("onnxruntime-cpu",)))

    def find(self, bgr: Picture) -> tuple[Array, Array]:
        """Boxes in 0..1 and scores."""
        scale = self._width_px / max(bgr.shape[:2])
        small = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        height, width = small.shape[:2]
        input_wh = (-(-width // 32) * 32, -(-height // 32) * 32)
        tensor = np.zeros((1, 3, input_wh[1], input_wh[0]), np.float32)
        colours = small if self._entry.contract.colour == "BGR" else small[..., ::-1]
        tensor[0, :, :height, :width] = colours.transpose(2, 0, 1)
        found = self._entry.decode(self._runtime.run({self._entry.input_name: tensor}), input_wh, LOWEST_SCORE)
        return np.clip(found.boxes_px / np.array([width, height] * 2, np.float32), 0, 1), found.scores


def measure(detector: ProductDetector | PlainDetector, label: str, photos: Sequence[Photo]) -> Result:
    """Run one detector over one set."""
    # dlib's boxes are squares around the landmarks, not around the head: half as much overlap is the same face.
    least_iou = 0.5 if label == "facemask_a" else 0.3
    scores: list[Array] = []
    hits: list[bool] = []
    hits40: list[bool] = []
    for photo in photos:
        bgr = read(photo.path)
        boxes_norm, found_scores = detector.find(bgr)
        order = np.argsort(-found_scores, kind="stable")
        boxes = boxes_norm[order] * np.array([bgr.shape[1], bgr.shape[0]] * 2, np.float32)
        hits += match(boxes, photo.boxes, least_iou)
        hits40 += match(boxes, photo.boxes, min(least_iou, 0.4))
        scores.append(found_scores[order])
    faces = sum(len(photo.boxes) for photo in photos)
    limits = engine_scores(detector.name)
    score = np.concatenate(scores)
    order = np.argsort(-score, kind="stable")
    score, hit, hit40 = score[order], np.array(hits)[order], np.array(hits40)[order]
    return Result(
        engine=detector.name,
        provider=detector.way,
        data=label,
        faces=faces,
        recall=float(hit[score >= limits.detect].sum() / faces),
        recall_hide=float(hit[score >= limits.hide].sum() / faces),
        precision=float(hit[score >= limits.detect].mean()),
        ap50=average_precision(hit, faces),
        ap40=average_precision(hit40, faces),
    )


def match(found: Array, labelled: Array, least_iou: float) -> list[bool]:
    """For each found box, best score first: whether it is a labelled face that no better one has taken."""
    overlaps = iou(found, labelled)
    free = np.ones(len(labelled), bool)
    hits = []
    for row in overlaps:
        candidates = np.where(free, row, 0)
        best = int(candidates.argmax()) if len(candidates) else -1
        hit = best >= 0 and bool(candidates[best] >= least_iou)
        if hit:
            free[best] = False
        hits.append(hit)
    return hits


def average_precision(hit: npt.NDArray[np.bool_], faces: int) -> float:
    """Area under the precision-recall curve, each precision the best at this or a higher recall (PASCAL VOC 2010)."""
    true = np.cumsum(hit)
    precision = true / np.arange(1, len(hit) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[hit].sum() / faces)


def print_table(results: Sequence[Result]) -> None:
    """One row for each detector, way and set."""
    print("| detector | way | data | faces | recall | recall for hiding | precision | AP@0.5 | AP@0.4 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        overlap = "" if r.data == "facemask_a" else " (0.3)"
        print(
            f"| {r.engine} | {r.provider} | {r.data}{overlap} | {r.faces} | {r.recall:.3f} | {r.recall_hide:.3f} | "
            f"{r.precision:.3f} | {r.ap50:.3f} | {r.ap40:.3f} |"
        )


def report_misses(results: Sequence[Result]) -> int:
    """Say which figures are lower than they must be; the status of the program."""
    plain = {(r.engine, r.data): r for r in results if r.provider == PlainDetector.way}
    misses = []
    for r in results:
        if r.ap50 < plain[r.engine, r.data].ap50 - MOST_LOSS:
            misses.append(f"{r.engine} on {r.provider}, {r.data}: AP {r.ap50:.3f} is below the plain way's")
        if r.data == "dlib_faces" and r.recall_hide < 1:
            misses.append(f"{r.engine} on {r.provider}: only {r.recall_hide:.3f} of dlib's faces are found")
    print("\n".join(misses) if misses else "The product loses nothing, and finds all of dlib's faces.")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
