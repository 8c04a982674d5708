"""Shrinks the three planes of a picture, without a detour over RGB."""

import cv2
import numpy as np

from popcam.core import copies
from popcam.core.frame import Planes, UInt8Array
from popcam.media.buffers import PicturePool


def fit_size(width_px: int, height_px: int, max_width_px: int) -> tuple[int, int]:
    """Size of a picture that is at most `max_width_px` wide and keeps its shape; 0 is no limit.

    A shrunk size is even where it is above 1, so that JPEG and H.264 can share it. A picture never grows.
    """
    if max_width_px <= 0 or width_px <= max_width_px:
        return width_px, height_px
    return _even(max_width_px), _even(round(height_px * max_width_px / width_px))


def shrink_planes(planes: Planes, max_width_px: int, pool: PicturePool | None = None) -> Planes:
    """The picture at most `max_width_px` wide: itself when it already is, else a new one, in memory of `pool`.

    Halving by averages is nearly free in OpenCV and leaves no flicker; only the rest, less than a factor of two, is
    interpolated.
    """
    width_px, height_px = fit_size(planes.width_px, planes.height_px, max_width_px)
    if (width_px, height_px) == (planes.width_px, planes.height_px):
        return planes
    memory = pool or PicturePool(0)
    small = memory.planes((width_px, height_px))
    for plane, result in zip(planes, small, strict=True):
        _shrink(plane, result, memory)
    return small


def _even(length_px: int) -> int:
    return max(1, length_px - length_px % 2) if length_px > 1 else 1


def _shrink(plane: UInt8Array, result: UInt8Array, memory: PicturePool) -> None:
    """Fill `result` with the plane at its size."""
    height, width = result.shape
    while plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height:
        half_hw = (plane.shape[0] // 2, plane.shape[1] // 2)
        # An odd last row or column is left out: exactly half is the fast path.
        even = plane[: half_hw[0] * 2, : half_hw[1] * 2]
        plane = result if half_hw == result.shape else memory.array(half_hw)
        _resize(even, plane, cv2.INTER_AREA)
    if plane is not result:
        _resize(plane, result, cv2.INTER_LINEAR)


def _resize(plane: UInt8Array, result: UInt8Array, interpolation: int) -> None:
    """Straight into the result; where OpenCV took other memory instead, it is copied."""
    copies.note(result.size)
    made = cv2.resize(plane, (result.shape[1], result.shape[0]), dst=result, interpolation=interpolation)
    if made is not result:
        np.copyto(result, made)
