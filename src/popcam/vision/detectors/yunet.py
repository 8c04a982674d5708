"""YuNet's twelve outputs."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from popcam.core.frame import FloatArray
from popcam.vision.detectors.found import MOST_CANDIDATES, Found, Indexes, check_outputs, keep_distinct

STRIDES: Final = (8, 16, 32)
_MOST_OVERLAP: Final = 0.3
_FEW: Final = 100
"""Cells: a dozen for each face."""
_MOST_LOG_SIZE: Final = 10.0  # e^10 strides are more than any picture; larger would overflow

NOTHING: Final = Found(
    np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.intp)
)


def decode_yunet(outputs: Sequence[FloatArray], input_wh: tuple[int, int], min_score: float) -> Found:
    """Faces of one picture.

    Args:
        outputs: cls, obj, bbox and kps for the strides 8, 16 and 32, in this order: (1, cells, 1 or 1 or 4 or 10).
        input_wh: size of the small picture, multiples of 32.
        min_score: lowest score.

    Raises:
        EngineOutputError: the outputs are not YuNet's.

    Source: the anchor-free head of Wu, Peng, Yu: YuNet, A Tiny Millisecond-level Face Detector (2023), as OpenCV's
    FaceDetectorYN reads it: the score is the root of class times objectness, positions are in strides.
    """
    grid = _grid(input_wh)
    check_outputs(outputs, grid.shapes)
    heads = _Heads(*(outputs[kind : kind + len(STRIDES)] for kind in range(0, 12, len(STRIDES))))
    presence = np.concatenate(heads.objects, axis=1).reshape(-1)
    # No product of two shares is above one of them, and few cells hold an object.
    likely = (presence >= min_score * min_score).nonzero()[0]
    if len(likely) == 0:
        return NOTHING
    kinds = np.concatenate(heads.classes, axis=1).reshape(-1)
    if len(likely) > _FEW:
        return _of_many(heads, grid, likely, np.minimum(np.maximum(kinds[likely], 0), 1), presence[likely], min_score)
    return _of_few(heads, grid, likely.tolist(), kinds[likely].tolist(), presence[likely].tolist(), min_score)


class _Heads(NamedTuple):
    """The outputs by what they say, three of each: one for each stride."""

    classes: Sequence[FloatArray]
    objects: Sequence[FloatArray]
    offsets: Sequence[FloatArray]
    points: Sequence[FloatArray]


def _of_many(
    heads: "_Heads", grid: "_Grid", likely: Indexes, kind_of: FloatArray, presence: FloatArray, min_score: float
) -> Found:
    """Faces of a crowd, by arrays."""
    product = kind_of * np.minimum(presence, 1)
    certain = product >= min_score * min_score
    scores = np.sqrt(product[certain])
    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    chosen = likely[certain]
    offset, point = _rows(heads.offsets, chosen, grid)[order], _rows(heads.points, chosen, grid)[order]
    chosen = chosen[order]
    cell, stride = grid.cells[chosen], grid.strides[chosen]
    centre = (cell + offset[:, :2]) * stride
    half = np.exp(np.minimum(offset[:, 2:], _MOST_LOG_SIZE)) * (stride / 2)
    found = Found(
        np.concatenate([centre - half, centre + half], axis=1),
        scores[order],
        (point.reshape(-1, 5, 2) + cell[:, None]) * stride[:, None],
        np.zeros(len(chosen), np.intp),
    )
    return keep_distinct(found, _MOST_OVERLAP)


def _of_few(
    heads: "_Heads", grid: "_Grid", likely: list[int], kinds: list[float], presence: list[float], min_score: float
) -> Found:
    """The same of a few cells, by numbers of Python: after a model has run, each call of NumPy waits for its code to
    come back into the processor's caches, and twenty cells take less than the forty calls of the other way."""
    least = min_score * min_score
    scored = []
    for cell, kind, present in zip(likely, kinds, presence, strict=True):
        product = min(max(kind, 0.0), 1.0) * min(present, 1.0)
        if product >= least:
            scored.append((-product, cell))
    scored.sort()
    kept: list[_Kept] = []
    for negative, cell in scored:
        level = 0 if cell < grid.ends[0] else 1 if cell < grid.ends[1] else 2
        own = cell - (grid.ends[level - 1] if level else 0)
        row, column = divmod(own, grid.columns[level])
        box = _box(heads.offsets[level][0, own].tolist(), column, row, STRIDES[level])
        if not any(_overlap(box, other.box) > _MOST_OVERLAP for other in kept):
            kept.append(_Kept(box, -negative, level, own, column, row))
    if not kept:
        return NOTHING
    return Found(
        np.array([one.box for one in kept], np.float32),
        np.sqrt(np.array([one.product for one in kept], np.float32)),
        np.array([_points(heads.points, one) for one in kept], np.float32),
        np.zeros(len(kept), np.intp),
    )


class _Kept(NamedTuple):
    """A face that overlaps with no better one, and its cell."""

    box: tuple[float, float, float, float]
    product: float
    level: int
    own: int
    column: int
    row: int


def _box(offset: list[float], column: int, row: int, stride: int) -> tuple[float, float, float, float]:
    x, y = (column + offset[0]) * stride, (row + offset[1]) * stride
    half_width = math.exp(min(offset[2], _MOST_LOG_SIZE)) * stride / 2
    half_height = math.exp(min(offset[3], _MOST_LOG_SIZE)) * stride / 2
    return x - half_width, y - half_height, x + half_width, y + half_height


def _points(points: Sequence[FloatArray], one: _Kept) -> list[tuple[float, float]]:
    values, stride = points[one.level][0, one.own].tolist(), STRIDES[one.level]
    return [((x + one.column) * stride, (y + one.row) * stride) for x, y in zip(values[::2], values[1::2], strict=True)]


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    whole = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return shared / (whole - shared)


class _Grid(NamedTuple):
    """The cells of all strides, one after the other.

    Attributes:
        shapes: of the twelve outputs.
        ends: how many cells there are up to the end of each stride.
        columns: how many lie beside one another.
        cells: column and row of each cell, (cells, 2).
        strides: pixels of each cell, (cells, 1).
    """

    shapes: list[tuple[int, ...]]
    ends: tuple[int, ...]
    columns: tuple[int, ...]
    cells: FloatArray
    strides: FloatArray


def _rows(outputs: Sequence[FloatArray], chosen: Indexes, grid: _Grid) -> FloatArray:
    """The rows of chosen cells, (len(chosen), width); `chosen` grows. Only rows that are asked for are touched."""
    rows, first, begin = [], 0, 0
    for output, end, last in zip(outputs, grid.ends, np.searchsorted(chosen, grid.ends).tolist(), strict=True):
        if last > first:
            rows.append(output[0, chosen[first:last] - begin])
        first, begin = last, end
    return rows[0] if len(rows) == 1 else np.concatenate([outputs[0][0, :0], *rows])


@lru_cache(maxsize=16)
def _grid(input_wh: tuple[int, int]) -> _Grid:
    counts, cells, strides = [], [], []
    for stride in STRIDES:
        columns, rows = input_wh[0] // stride, input_wh[1] // stride
        row, column = np.divmod(np.arange(rows * columns), columns)
        counts.append(rows * columns)
        cells.append(np.stack([column, row], axis=1).astype(np.float32))
        strides.append(np.full((rows * columns, 1), stride, np.float32))
    return _Grid(
        shapes=[(1, count, width) for width in (1, 1, 4, 10) for count in counts],
        ends=tuple(accumulate(counts)),
        columns=tuple(input_wh[0] // stride for stride in STRIDES),
        cells=np.concatenate(cells),
        strides=np.concatenate(strides),
    )
