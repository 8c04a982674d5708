"""How well faces were found and hidden, and what became of the rest of the picture."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Luma = npt.NDArray[np.uint8]
LEAST_IOU: Final = 0.5
HIDDEN_BELOW_DB: Final = 30.0
"""A face whose pixels are as far from the original as this is hidden. What an encoder alone does to a face at the
qualities measured here lies above 34 dB, a blurred or blackened one below 26."""


class Scores(NamedTuple):
    """Sums over frames or photos. `matched` of `asked` faces were found; `wrong` boxes of `found` lie on none."""

    asked: int = 0
    matched: int = 0
    found: int = 0
    wrong: int = 0

    def plus(self, other: "Scores") -> "Scores":
        """The sum."""
        return Scores(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def recall(self) -> float:
        """Share of the faces that were found."""
        return self.matched / self.asked if self.asked else math.nan

    @property
    def precision(self) -> float:
        """Share of the boxes that lie on a face; those on faces that are not asked for count neither way."""
        judged = self.matched + self.wrong
        return self.matched / judged if judged else math.nan


def overlaps(a: Array, b: Array) -> Array:
    """Intersection over union of each of (N, 4) with each of (M, 4), xyxy -> (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(a)[:, None] + _areas(b)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-12), np.float32)


def _areas(boxes: Array) -> Array:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)


def score_frame(found: Array, labelled: Array, counted: Bools, least_iou: float = LEAST_IOU) -> Scores:
    """Match the boxes of one picture with its faces, best overlaps first, each once."""
    shared = overlaps(found, labelled)
    pairs = [(float(shared[row, column]), row, column) for row, column in np.argwhere(shared >= least_iou)]
    rows: set[int] = set()
    columns: set[int] = set()
    # Faces that are asked for come first: one that is not must not take their box.
    for _, row, column in sorted(pairs, key=lambda pair: (not counted[pair[2]], -pair[0])):
        if row not in rows and column not in columns:
            rows.add(int(row))
            columns.add(int(column))
    matched = sum(1 for column in columns if counted[column])
    return Scores(int(counted.sum()), matched, len(found), _wrong(found, labelled, counted, rows))


def _wrong(found: Array, labelled: Array, counted: Bools, taken: set[int]) -> int:
    """Boxes that lie on no face; one that lies mostly within a face that is not asked for is forgiven."""
    wrong = 0
    for row in set(range(len(found))) - taken:
        box = found[row]
        low = np.maximum(box[:2], labelled[~counted][:, :2])
        high = np.minimum(box[2:], labelled[~counted][:, 2:])
        within = np.clip(high - low, 0, None).prod(axis=1) / max(float(_areas(box[None])[0]), 1e-12)
        wrong += not bool((within >= LEAST_IOU).any())
    return wrong


def score_all(found: Sequence[Array], labelled: Sequence[Array], counted: Sequence[Bools]) -> Scores:
    """Sums over all pictures.

    Raises:
        ValueError: there are not as many pictures as labels.
    """
    total = Scores()
    for boxes, truth, asked in zip(found, labelled, counted, strict=True):
        total = total.plus(score_frame(boxes, truth, asked))
    return total


def psnr_db(squared_error: float) -> float:
    """Peak signal to noise of a mean squared error, 8 bits; infinite where nothing differs."""
    return 10 * math.log10(255**2 / squared_error) if squared_error > 0 else math.inf


@dataclass(slots=True)
class PixelScores:
    """What two videos or sets of photos have in common, luma."""

    faces: int = 0
    hidden: int = 0
    frames: int = 0
    squared_error: float = 0.0
    pixels: int = 0

    @property
    def hidden_share(self) -> float:
        """Share of the faces of whose pixels nothing is left."""
        return self.hidden / self.faces if self.faces else math.nan

    @property
    def outside_db(self) -> float:
        """PSNR of all that lies far from faces, over the whole."""
        return psnr_db(self.squared_error / self.pixels) if self.pixels else math.nan

    def add(self, before: Luma, after: Luma, faces_norm: Array, counted: Bools, covered_norm: Array) -> None:
        """Compare a picture with what became of it; `covered_norm` are boxes that the program found."""
        difference = after.astype(np.int32) - before
        squares = difference * difference
        for box in faces_norm[counted]:
            rows, columns = _slices(box, before.shape, grow=-0.1)  # inside the face: its corners may be background
            self.faces += 1
            self.hidden += psnr_db(float(squares[rows, columns].mean())) < HIDDEN_BELOW_DB
        far = np.ones(before.shape, bool)
        for box in (*faces_norm, *covered_norm):
            rows, columns = _slices(box, before.shape, grow=0.7)
            far[rows, columns] = False
        self.frames += 1
        self.squared_error += float(squares[far].sum())
        self.pixels += int(far.sum())


def _slices(box_norm: Array, shape: tuple[int, ...], grow: float) -> tuple[slice, slice]:
    """The box, grown by this share of its size on each side, as rows and columns."""
    height, width = shape[:2]
    x0, y0, x1, y1 = (float(side) for side in box_norm)
    dx, dy = grow * (x1 - x0), grow * (y1 - y0)
    left, top = max(0, math.floor((x0 - dx) * width)), max(0, math.floor((y0 - dy) * height))
    right, bottom = min(width, math.ceil((x1 + dx) * width)), min(height, math.ceil((y1 + dy) * height))
    return slice(top, max(top + 1, bottom)), slice(left, max(left + 1, right))


def compare(
    pairs: Iterable[tuple[Luma, Luma]], faces: Sequence[Array], counted: Sequence[Bools], covered: Sequence[Array]
) -> PixelScores:
    """Compare picture by picture; ends with the shorter of both."""
    scores = PixelScores()
    for number, (before, after) in enumerate(pairs):
        scores.add(before, after, faces[number], counted[number], covered[number])
    return scores
