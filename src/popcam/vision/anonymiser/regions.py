"""Which pixels are covered: boxes grown, put on a coarse grid, and cut to the picture."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from popcam.core.facts import BoxNorm
from popcam.core.frame import FloatArray, Planes, UInt8Array

GRID_STEPS: Final = 8
"""Edges lie on multiples of an eighth of the region: a face that moves a little gives the same mosaic, so that the
pictures of a second can't be put together to a finer one."""


class Region(NamedTuple):
    """A rectangle of the picture in pixels; edges are even, or the picture's own."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, planes: Planes) -> tuple[UInt8Array, UInt8Array, UInt8Array]:
        """Views of the rectangle in the three planes. Every chroma sample that touches it is inside."""
        rows, columns = slice(self.top, self.bottom), slice(self.left, self.right)
        half_rows = slice(self.top // 2, (self.bottom + 1) // 2)
        half_columns = slice(self.left // 2, (self.right + 1) // 2)
        return planes.y[rows, columns], planes.u[half_rows, half_columns], planes.v[half_rows, half_columns]


def regions_of(boxes_norm: Sequence[BoxNorm] | FloatArray, margin: float, planes: Planes) -> Iterator[Region]:
    """The rectangles to cover: never smaller than a box with its margin, cut to the picture.

    A box without area still covers the pixels that it touches. One that lies outside the picture, or holds a value that
    is no number, covers nothing of it: engines never return such ones.
    """
    width, height = planes.width_px, planes.height_px
    # Numbers of Python: a handful of boxes is no work for arrays.
    for x0, y0, x1, y1 in np.asarray(boxes_norm, np.float64).reshape(-1, 4).tolist():
        if not math.isfinite(x0 + y0 + x1 + y1):
            continue
        left, right = _edges(x0 * width, x1 * width, margin, width)
        top, bottom = _edges(y0 * height, y1 * height, margin, height)
        if left < right and top < bottom:
            yield Region(left, top, right, bottom)


def _edges(one: float, other: float, margin: float, length_px: int) -> tuple[int, int]:
    """Both ends with their margin, outward to the grid, whose step is a power of two, so that it rarely changes as a
    face grows."""
    grown = margin * abs(other - one)
    low, high = min(one, other) - grown, max(one, other) + grown
    step = 2
    while step * 2 * GRID_STEPS <= high - low:
        step *= 2
    start = math.floor(low / step) * step
    end = (math.floor(high / step) + 1) * step
    return min(max(start, 0), length_px), min(max(end, 0), length_px)
