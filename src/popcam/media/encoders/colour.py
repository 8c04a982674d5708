"""Brings planes to the colours that JPEG expects: full range, mixed after ITU-R BT.601.

Sources: JFIF 1.02 (JPEG's YCbCr); ITU-R BT.601-7 and BT.709-6 (the two mixes, and video's
limited range: luma 16..235, chroma 16..240).
"""

import threading

import cv2
import numpy as np

from popcam.core import copies
from popcam.core.frame import ColourMatrix, Planes, UInt8Array
from popcam.media.buffers import PicturePool

_KEPT = 6
"""Planes of two pictures: one of each preview."""
_LUMA_GAIN = 255 / 219
_CHROMA_GAIN = 255 / 224

# BT.709's (luma, Cb, Cr) to BT.601's: the product of 601's RGB-to-YCbCr matrix and the inverse of 709's.
_Y_FROM_CB, _Y_FROM_CR = 0.101579, 0.196076
_CB_FROM_CB, _CB_FROM_CR = 0.989854, -0.110653
_CR_FROM_CB, _CR_FROM_CR = -0.072453, 0.983398


def to_jpeg_colours(planes: Planes, *, full_range: bool, matrix: ColourMatrix = "bt601") -> Planes:
    """The same picture in JPEG's colours: the planes themselves where nothing has to change, else new ones."""
    if matrix == "bt709":
        return _from_bt709(planes, full_range=full_range)
    if full_range:
        return planes
    pool = _pool()
    return Planes(
        _look_up(planes.y, _LUMA_LUT, pool),
        _look_up(planes.u, _CHROMA_LUT, pool),
        _look_up(planes.v, _CHROMA_LUT, pool),
    )


_local = threading.local()


def _pool() -> PicturePool:
    """Memory of this thread: the result is encoded at once and then free again."""
    pool: PicturePool | None = getattr(_local, "pool", None)
    if pool is None:
        pool = _local.pool = PicturePool(_KEPT)
    return pool


def _look_up(plane: UInt8Array, table: UInt8Array, pool: PicturePool) -> UInt8Array:
    """Each value replaced by its entry in a table of 256."""
    copies.note(plane.size)
    result = pool.array((plane.shape[0], plane.shape[1]))
    return np.asarray(cv2.LUT(plane, table, dst=result), dtype=np.uint8)


def _from_bt709(planes: Planes, *, full_range: bool) -> Planes:
    luma_gain, chroma_gain, black = (1.0, 1.0, 0.0) if full_range else (_LUMA_GAIN, _CHROMA_GAIN, 16.0)
    u = _mix(planes.u, chroma_gain * _CB_FROM_CB, planes.v, chroma_gain * _CB_FROM_CR, around=128.0)
    v = _mix(planes.u, chroma_gain * _CR_FROM_CB, planes.v, chroma_gain * _CR_FROM_CR, around=128.0)
    # What chroma adds to luma, around 128 so that it fits a byte: at most 0.3 * 128 either way.
    added = _mix(planes.u, chroma_gain * _Y_FROM_CB, planes.v, chroma_gain * _Y_FROM_CR, around=128.0)
    added = _doubled(added)[: planes.height_px, : planes.width_px]
    y = cv2.addWeighted(planes.y, luma_gain, added, 1.0, -black * luma_gain - 128.0)
    return Planes(np.asarray(y, dtype=np.uint8), u, v)


def _mix(u: UInt8Array, u_share: float, v: UInt8Array, v_share: float, *, around: float) -> UInt8Array:
    """`around` plus the shares of both planes' distances from 128, clipped to 0..255."""
    offset = around - 128.0 * (u_share + v_share)
    return np.asarray(cv2.addWeighted(u, u_share, v, v_share, offset), dtype=np.uint8)


def _doubled(plane: UInt8Array) -> UInt8Array:
    size_wh = (plane.shape[1] * 2, plane.shape[0] * 2)
    return np.asarray(cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _stretch_table(gain: float, from_centre: float, to_centre: float) -> UInt8Array:
    values = (np.arange(256) - from_centre) * gain + to_centre
    table: UInt8Array = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return table


_LUMA_LUT = _stretch_table(_LUMA_GAIN, 16, 0)
_CHROMA_LUT = _stretch_table(_CHROMA_GAIN, 128, 128)
