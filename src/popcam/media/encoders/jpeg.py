"""JPEG straight from YUV planes."""

from typing import NamedTuple

import numpy as np
import simplejpeg  # type: ignore[import-untyped] # it ships no types

from popcam.core.errors import EncoderError
from popcam.core.frame import ColourMatrix, Frame, Planes, UInt8Array
from popcam.media.encoders.colour import to_jpeg_colours
from popcam.media.encoders.scale import shrink_planes


class JpegPicture(NamedTuple):
    """An encoded picture and the size it has."""

    data: bytes
    width_px: int
    height_px: int


def encode_jpeg(
    planes: Planes, *, quality: int, full_range: bool, max_width_px: int = 0, matrix: ColourMatrix = "bt601"
) -> JpegPicture:
    """Encode a picture, shrunk to at most `max_width_px` when that is above 0.

    Args:
        planes: any size from 1x1 on; rows may have strides.
        quality: 1..100.
        full_range: whether luma spans 0..255; limited range is stretched, as JPEG knows full range alone.
        matrix: how the picture's colours were mixed; JPEG knows BT.601 alone.

    Raises:
        EncoderError: the encoder refused the picture.
    """
    small = shrink_planes(planes, max_width_px)
    y, u, v = to_jpeg_colours(small, full_range=full_range, matrix=matrix)
    try:
        # The fast transform saves little and costs up to two levels of accuracy, so it stays off.
        data: bytes = simplejpeg.encode_jpeg_yuv_planes(_evenly_backed(y), u, v, quality=quality, fastdct=False)
    except (ValueError, RuntimeError) as exc:
        raise EncoderError(f"JPEG of {small.width_px}x{small.height_px}: {exc}") from exc
    return JpegPicture(data, small.width_px, small.height_px)


def snapshot_jpeg(frame: Frame, *, quality: int = 90, max_width_px: int = 0) -> JpegPicture:
    """JPEG of a frame as it is now. The caller hands in a processed frame: nothing is covered here.

    Raises:
        EncoderError: the encoder refused the picture.
    """
    return encode_jpeg(
        frame.planes,
        quality=quality,
        full_range=frame.full_range,
        max_width_px=max_width_px,
        matrix=frame.matrix,
    )


def _evenly_backed(luma: UInt8Array) -> UInt8Array:
    """The plane with memory behind its last row and column where its size is odd.

    libjpeg-turbo reads luma up to the next even size. Whatever lies there would get into the file: another picture's
    bytes, at worst.
    """
    height_px, width_px = luma.shape
    if height_px % 2 == 0 and width_px % 2 == 0:
        return luma
    backed = np.pad(luma, ((0, height_px % 2), (0, width_px % 2)), mode="edge")
    return backed[:height_px, :width_px]
