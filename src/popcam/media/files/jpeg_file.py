"""JPEG photos: their own planes out, and in again with as little loss as the format allows."""

from typing import Final

import av
import numpy as np
import simplejpeg  # type: ignore[import-untyped] # it ships no types
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from popcam.core.errors import EncoderError, SourceCorruptError
from popcam.core.frame import Planes, UInt8Array
from popcam.media.files import metadata
from popcam.media.sources.picture import view_of

_PLANAR: Final = frozenset({"yuvj420p", "yuvj422p", "yuvj444p", "yuv420p", "yuv422p", "yuv444p", "gray"})
_ZIGZAG: Final = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)  # fmt: skip
"""Places in the table, row by row, in the order in which files write them."""
_LUMA: Final = np.array((
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
))  # fmt: skip
"""The luma table of ITU-T T.81, annex K.1, from which libjpeg makes those of each quality."""


def jpeg_planes(data: bytes, name: str) -> tuple[av.VideoFrame, Planes] | None:
    """A JPEG's picture and its planes, chroma as fine as it is; None for kinds without such planes (CMYK, RGB).

    A grey picture has chroma planes of no size.

    Raises:
        SourceCorruptError: it can't be decoded.
    """
    context = av.CodecContext.create("mjpeg", "r")
    assert isinstance(context, VideoCodecContext)  # noqa: S101 - a video decoder's name
    context.thread_count = 1
    try:
        pictures = [*context.decode(av.Packet(data)), *context.decode(None)]
    except FFmpegError as error:
        raise SourceCorruptError(f"{name}: {error}") from error
    if not pictures:
        raise SourceCorruptError(f"{name}: no picture comes out of it")
    picture = pictures[0]
    if picture.format.name not in _PLANAR:
        return None
    views = [view_of(plane) for plane in picture.planes]
    for view in views:
        view.flags.writeable = False
    empty = np.empty((0, 0), np.uint8)
    return picture, Planes(views[0], *(views[1:] or (empty, empty)))


def encode_jpeg_planes(planes: Planes, quality: int) -> bytes:
    """A JPEG of these planes, chroma as fine as they are.

    Raises:
        EncoderError: the encoder refused the picture.
    """
    chroma = (None, None) if not planes.u.size else (_backed(planes.u), _backed(planes.v))
    try:
        return bytes(simplejpeg.encode_jpeg_yuv_planes(_backed(planes.y), *chroma, quality=quality, fastdct=False))
    except (ValueError, RuntimeError) as error:
        raise EncoderError(f"JPEG of {planes.width_px}x{planes.height_px}: {error}") from error


def quality_of(data: bytes) -> int | None:
    """The quality at which libjpeg's own luma table is this JPEG's; None when it has another.

    Encoding again at this quality rounds to the same steps: what is unchanged stays nearly bit for bit.
    """
    for one in metadata.jpeg_segments(data):
        if one.marker == 0xDB and len(one.body) >= 65 and one.body[0] == 0:
            table = np.empty(64, np.int64)
            table[list(_ZIGZAG)] = np.frombuffer(one.body[1:65], np.uint8)
            return next((quality for quality in range(100, 0, -1) if np.array_equal(_scaled(quality), table)), None)
    return None


def is_whole(data: bytes) -> bool:
    """Whether the file has the marker that ends a picture."""
    return b"\xff\xd9" in data[-65536:]


def _scaled(quality: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """libjpeg's table for a quality (jcparam.c: jpeg_quality_scaling, jpeg_add_quant_table)."""
    factor = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.asarray(np.clip((_LUMA * factor + 50) // 100, 1, 255), np.int64)


def _backed(plane: UInt8Array) -> UInt8Array:
    """The plane with memory behind an odd last row and column: libjpeg-turbo reads up to the next even size, and
    whatever lies there would get into the file."""
    height, width = plane.shape
    if height % 2 == 0 and width % 2 == 0:
        return plane
    return np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")[:height, :width]
