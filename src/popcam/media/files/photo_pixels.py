"""Pictures of photos: to 8-bit 4:2:0 planes for looking and covering, and changes back into what the photo had.

JPEG's colours (full range, BT.601) are OpenCV's YCrCb, so no picture is ever stretched.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from popcam.core.frame import Planes, UInt8Array

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
_SPREAD: Final = np.ones((5, 5), np.uint8)
"""How far around a changed pixel finer colour detail is replaced, too."""


def planes_of_pixels(pixels: Pixels) -> Planes:
    """Planes of a grey, BGR or BGRA picture of 8 or 16 bits; transparency is left aside."""
    eight: UInt8Array = (pixels >> 8 if pixels.dtype == np.uint16 else pixels).astype(np.uint8, copy=False)
    if eight.ndim == 2:
        grey = eight.copy()
        chroma_shape = ((grey.shape[0] + 1) // 2, (grey.shape[1] + 1) // 2)
        return Planes(grey, np.full(chroma_shape, 128, np.uint8), np.full(chroma_shape, 128, np.uint8))
    mixed = cv2.cvtColor(np.ascontiguousarray(eight[:, :, :3]), cv2.COLOR_BGR2YCrCb)
    y, v, u = (np.ascontiguousarray(mixed[:, :, number], np.uint8) for number in range(3))
    return Planes(y, halved(u, y.shape), halved(v, y.shape))


def halved(chroma: UInt8Array, luma_shape: tuple[int, ...]) -> UInt8Array:
    """A chroma plane of any size as that of 4:2:0."""
    size_wh = ((luma_shape[1] + 1) // 2, (luma_shape[0] + 1) // 2)
    if (chroma.shape[1], chroma.shape[0]) == size_wh:
        return chroma
    return np.asarray(cv2.resize(chroma, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def change_pixels(pixels: Pixels, before: Planes, after: Planes) -> Pixels:
    """The picture with the changes that were made to its planes; all other pixels are the same as before."""
    changed = changed_mask(before, after)
    box = _box_of(changed)
    made = pixels.copy()
    if box is None:
        return made
    rows, columns = box
    mask = changed[rows, columns]
    part: Pixels = _to_pixels(after, rows, columns, grey=pixels.ndim == 2)
    if pixels.dtype == np.uint16:
        part = part.astype(np.uint16) * 257
    target = made[rows, columns]
    if made.ndim == 2:
        target[mask] = part[mask]
    else:
        # `made[...]` is a view, so this writes into the copy; transparency stays.
        target[:, :, :3][mask] = part[mask]
    return made


def change_chroma(chroma: UInt8Array, after_half: UInt8Array, changed: npt.NDArray[np.bool_]) -> UInt8Array:
    """A chroma plane finer than 4:2:0 with the changes made to its 4:2:0 form."""
    size_wh = (chroma.shape[1], chroma.shape[0])
    mask = cv2.resize(changed.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST).astype(bool)
    made = chroma.copy()
    made[mask] = np.asarray(cv2.resize(after_half, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)[mask]
    return made


def changed_mask(before: Planes, after: Planes) -> npt.NDArray[np.bool_]:
    """(height, width) bool: where a picture was changed, and two pixels around."""
    height, width = before.y.shape
    chroma = ((before.u != after.u) | (before.v != after.v)).astype(np.uint8)
    luma = (before.y != after.y).astype(np.uint8)
    both = (
        luma
        | cv2.resize(chroma, (2 * chroma.shape[1], 2 * chroma.shape[0]), interpolation=cv2.INTER_NEAREST)[
            :height, :width
        ]
    )
    return np.asarray(cv2.dilate(both, _SPREAD), bool)


def _box_of(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice] | None:
    """The smallest rectangle around what is set, from even pixels on."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (slice(int(rows[0]) & ~1, int(rows[-1]) + 1), slice(int(columns[0]) & ~1, int(columns[-1]) + 1))


def _to_pixels(planes: Planes, rows: slice, columns: slice, *, grey: bool) -> UInt8Array:
    """A part of a picture as (height, width[, 3]) uint8, grey or BGR."""
    y = planes.y[rows, columns]
    if grey:
        return y
    height, width = y.shape
    half = (slice(rows.start // 2, (rows.stop + 1) // 2), slice(columns.start // 2, (columns.stop + 1) // 2))
    u, v = (
        cv2.resize(plane[half], None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)[:height, :width]
        for plane in (planes.u, planes.v)
    )
    return np.asarray(cv2.cvtColor(cv2.merge([y, v, u]), cv2.COLOR_YCrCb2BGR), np.uint8)
