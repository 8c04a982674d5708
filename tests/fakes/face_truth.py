"""Compares what was found, and what was covered, with where faces are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import numpy.typing as npt
from tests.fakes.face_clips import BoxPx, Clip

Luma = npt.NDArray[np.uint8]


class Accuracy(NamedTuple):
    recall: float
    precision: float


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union."""
    shared = _shared(one, other)
    return shared / (_area(one) + _area(other) - shared)


def share_inside(box: Sequence[float], cover: Sequence[float]) -> float:
    """How much of a box lies in another one."""
    return _shared(box, cover) / _area(box)


def accuracy(clip: Clip, lines: Sequence[dict[str, Any]]) -> Accuracy:
    """Recall and precision at an overlap of 0.5, over all frames; `lines` are those of a facts file."""
    right = real = told = 0
    for boxes, line in zip(clip.boxes, lines[1:], strict=True):
        found = [face["box"] for face in line["faces"]]
        real, told = real + len(boxes), told + len(found)
        right += sum(any(overlap(clipped(box), other) >= 0.5 for other in found) for box in boxes)
    return Accuracy(right / real, right / max(1, told))


def clipped(box: BoxPx) -> BoxPx:
    """The part inside the picture."""
    x0, y0, x1, y1 = (min(max(side, 0.0), 1.0) for side in box)
    return (x0, y0, x1, y1)


def lumas(path: Path) -> list[Luma]:
    """Luma of all frames of a video, in order of showing."""
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in container.decode(video=0)]


def cut_out(picture: Luma, box: BoxPx) -> npt.NDArray[np.float64]:
    """The pixels of a box."""
    height, width = picture.shape
    x0, y0, x1, y1 = clipped(box)
    return picture[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)].astype(np.float64)


def likeness(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Correlation of two cuts of the same size: 1 is the same picture, a covered face is far from itself."""
    first, second = one.ravel() - one.mean(), other.ravel() - other.mean()
    return float(first @ second / max(1e-9, np.sqrt((first @ first) * (second @ second))))


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    wide = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    return wide * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
