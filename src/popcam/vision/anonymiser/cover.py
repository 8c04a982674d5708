"""Cover regions by blur, mosaic or one colour, all in place."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import cv2
import numpy as np

from popcam.core.facts import BoxNorm
from popcam.core.frame import FloatArray, Planes, UInt8Array
from popcam.core.spec import HideStyle
from popcam.vision.anonymiser.regions import Region, regions_of

CELLS: Final = 4
"""A region keeps so many mean values along its shorter side, in each plane, and not more than `MOST_CELLS` along the
longer one. Everything else about it is gone: that, and not the look, is what can't be undone."""
MOST_CELLS: Final = 6
WHOLE_CELLS: Final = 8
"""Along the longer side of the whole picture."""

CONTRAST: Final = 0.25
"""What is left of the differences between cells. At 1.0 detectors took 8 of 119 blurred faces for faces, with
scores up to 0.57; at 0.25 one, with 0.33 (YuNet at 320 and 640, CenterFace at 640, lowest score 0.3,
margin 0.25; 12 photos, the stills of the tests among them; before thinning and steps were added)."""

_NEUTRAL_CHROMA: Final = 128
_POINTS_PER_CELL: Final = 8


def _steps(size: int) -> UInt8Array:
    return np.clip(np.round(np.arange(256) / size) * size, 0, 255).astype(np.uint8)


_LUMA_STEPS: Final = _steps(16)
"""With steps of 4 x264 takes a tenth more time for a picture, and 8 % more bytes."""
_CHROMA_STEPS: Final = _steps(4)
"""Coarser ones give skin another colour."""


def cover_regions(
    planes: Planes,
    boxes_norm: Sequence[BoxNorm] | FloatArray,
    style: HideStyle = "blur",
    margin: float = 0.25,
    full_range: bool = False,
) -> int:
    """Cover boxes in the picture itself.

    Args:
        planes: the picture; views with strides are fine.
        boxes_norm: (N, 4), xyxy in 0..1; they may reach beyond the picture.
        style: `blur`, `pixelate` or `solid`.
        margin: share of a box's size that is added on each of its sides.
        full_range: black is 0 instead of 16.

    Returns:
        How many regions were covered; boxes wholly outside the picture have none.
    """
    count = 0
    for region in regions_of(boxes_norm, margin, planes):
        _cover(planes, region, style, full_range, (CELLS, MOST_CELLS))
        count += 1
    return count


def cover_whole(planes: Planes, style: HideStyle = "blur", full_range: bool = False) -> None:
    """Cover everything: at most 8 by 8 mean values of the picture are left, or none at all for `solid`."""
    region = Region(0, 0, planes.width_px, planes.height_px)
    _cover(planes, region, style, full_range, (WHOLE_CELLS // 2, WHOLE_CELLS))


def _cover(planes: Planes, region: Region, style: HideStyle, full_range: bool, cells: tuple[int, int]) -> None:
    luma, blue, red = region.of(planes)
    if style == "solid":
        luma[:] = 0 if full_range else 16
        blue[:] = red[:] = _NEUTRAL_CHROMA
        return
    fill = _FILLS[style]
    cells_wh = _cells(region, *cells)
    fill(luma, cells_wh, _LUMA_STEPS)
    fill(blue, cells_wh, _CHROMA_STEPS)
    fill(red, cells_wh, _CHROMA_STEPS)


def _cells(region: Region, fewest: int, most: int) -> tuple[int, int]:
    width, height = region.right - region.left, region.bottom - region.top
    shorter = max(1, min(width, height))
    return min(most, round(fewest * width / shorter)), min(most, round(fewest * height / shorter))


def _blur(plane: UInt8Array, cells_wh: tuple[int, int], steps: UInt8Array) -> None:
    _refill(plane, cells_wh, steps, cv2.INTER_LINEAR)


def _pixelate(plane: UInt8Array, cells_wh: tuple[int, int], steps: UInt8Array) -> None:
    _refill(plane, cells_wh, steps, cv2.INTER_NEAREST)


def _refill(plane: UInt8Array, cells_wh: tuple[int, int], steps: UInt8Array, interpolation: int) -> None:
    """Replace a plane by what its few mean values say. The means are of this plane alone: no edge leaks in or out."""
    height, width = plane.shape
    few = _fainter(_means(plane, (min(cells_wh[0], width), min(cells_wh[1], height))), steps)
    # Straight into the picture; where OpenCV took other memory instead, it is copied.
    covered = cv2.resize(few, (width, height), dst=plane, interpolation=interpolation)
    if covered is not plane:
        plane[:] = covered


def _means(plane: UInt8Array, cells_wh: tuple[int, int]) -> UInt8Array:
    """Mean values of the cells. Large planes are thinned first: a mean of 8 by 8 points is as good and faster."""
    thin_wh = (cells_wh[0] * _POINTS_PER_CELL, cells_wh[1] * _POINTS_PER_CELL)
    thin: Any = plane
    if plane.shape[1] > 2 * thin_wh[0] and plane.shape[0] > 2 * thin_wh[1]:
        thin = cv2.resize(plane, thin_wh, interpolation=cv2.INTER_LINEAR)
    means: UInt8Array = cv2.resize(thin, cells_wh, interpolation=cv2.INTER_AREA)
    return means


def _fainter(few: UInt8Array, steps: UInt8Array) -> UInt8Array:
    """Bring the values near their mean, in coarse steps: no pattern of a face is left to be guessed at, and what
    hardly changes from picture to picture costs an encoder next to nothing."""
    middle = cv2.mean(few)[0]
    faint = cv2.addWeighted(few, CONTRAST, few, 0.0, (1.0 - CONTRAST) * middle)
    return np.asarray(cv2.LUT(faint, steps), np.uint8)


_FILLS: Final[dict[HideStyle, Callable[[UInt8Array, tuple[int, int], UInt8Array], None]]] = {
    "blur": _blur,
    "pixelate": _pixelate,
}
