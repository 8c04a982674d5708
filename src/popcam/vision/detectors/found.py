"""What a detector found in one small picture, and the two checks that all detectors share."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from popcam.core.errors import EngineOutputError
from popcam.core.frame import FloatArray

Indexes = npt.NDArray[np.intp]

MOST_CANDIDATES: Final = 1000
"""Before overlapping ones are removed, the best so many are looked at: it bounds the time for any picture."""


class Found(NamedTuple):
    """Things in one small picture, best score first.

    Attributes:
        boxes_px: (N, 4) float32, xyxy in pixels of the small picture; not clipped.
        scores: (N,) float32 in 0..1.
        landmarks_px: (N, 5, 2) float32; (N, 0, 2) for detectors without.
        classes: (N,) index of the label.
    """

    boxes_px: FloatArray
    scores: FloatArray
    landmarks_px: FloatArray
    classes: Indexes

    def only(self, chosen: Indexes) -> "Found":
        """Those with these indexes, in their order."""
        return Found(self.boxes_px[chosen], self.scores[chosen], self.landmarks_px[chosen], self.classes[chosen])


def check_outputs(outputs: Sequence[FloatArray], shapes: Sequence[tuple[int, ...]]) -> None:
    """Refuse outputs that can't be right.

    Raises:
        EngineOutputError: number or shape of outputs is another than the model's, or a value is no finite number.
    """
    seen = [output.shape for output in outputs]
    if seen != list(shapes):
        raise EngineOutputError(f"outputs have the shapes {seen}, not {list(shapes)}")
    # The sum of squares shows any NaN or infinity, at a fraction of the cost of asking each value.
    if not all(math.isfinite(np.vdot(memory, memory)) for memory in _memories(outputs)):
        raise EngineOutputError("an output holds values that are no finite numbers")


def _memories(outputs: Sequence[FloatArray]) -> Sequence[FloatArray]:
    """The one array that all outputs are pieces of, when there is one and they fill it; else the outputs."""
    base = outputs[0].base
    if isinstance(base, np.ndarray) and all(output.base is base for output in outputs):
        whole: FloatArray = base
        if whole.dtype == np.float32 and whole.size == sum(output.size for output in outputs):
            return (whole,)
    return outputs


def best(scores: FloatArray, candidates: Indexes) -> Indexes:
    """The candidates with the highest scores, best first, at most `MOST_CANDIDATES`."""
    order = np.argsort(-scores[candidates], kind="stable")
    return candidates[order[:MOST_CANDIDATES]]


def keep_distinct(found: Found, most_overlap: float) -> Found:
    """Of boxes of one class that overlap more than `most_overlap` (IoU), keep the best (non-maximum suppression)."""
    if len(found.scores) < 2:
        return found
    boxes_xywh = found.boxes_px.astype(np.float64)
    boxes_xywh[:, 2:] -= boxes_xywh[:, :2]
    classes = found.classes.astype(np.int32)
    kept = cv2.dnn.NMSBoxesBatched(boxes_xywh, found.scores, classes, 0.0, most_overlap)  # type: ignore[arg-type]
    if len(kept) == len(found.scores):
        return found
    return found.only(np.asarray(kept, np.intp))


def iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """Intersection over union of each box of (N, 4) with each of (M, 4), xyxy: (N, M) in 0..1."""
    upper_left = np.maximum(first[:, None, :2], second[None, :, :2])
    lower_right = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(lower_right - upper_left, 0), axis=2)
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    result: FloatArray = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return result


def _areas(boxes: FloatArray) -> FloatArray:
    result: FloatArray = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    return result
