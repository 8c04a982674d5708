"""Decoded pictures as 8-bit 4:2:0 planes, as coded: not turned, not deinterlaced."""

from typing import Final

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, VideoReformatter

from popcam.core.errors import SourceCorruptError
from popcam.core.frame import ColourMatrix, Planes
from popcam.media.sources.picture import YUV420, new_picture, planes_of, view_of
from popcam.media.sources.upright import is_full_range

__all__ = ["YUV420", "Pixels", "matrix_of"]
_BT709: Final = 1


class Pixels:
    """Makes planes of the pictures of one stream.

    Pictures that are YUV 4:2:0 with 8 bits already are not touched: their planes are read-only views of the
    decoder's memory. Others, and those of another size than the stream's, are converted once and may be written.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._reformatter = VideoReformatter()

    def planes(self, picture: av.VideoFrame) -> tuple[av.VideoFrame, Planes, bool]:
        """The picture, its planes, and whether its luma spans 0..255.

        Raises:
            SourceCorruptError: FFmpeg can't convert it.
        """
        full_range = is_full_range(picture)
        fits = (picture.width, picture.height) == self._size
        if fits and picture.format.name in YUV420:
            return picture, planes_of(picture, writable=False), full_range
        if fits and picture.format.name == "gray":
            return *_from_grey(picture, full_range=full_range), full_range
        made = self._converted(picture, full_range=full_range)
        return made, planes_of(made, writable=True), full_range

    def _converted(self, picture: av.VideoFrame, *, full_range: bool) -> av.VideoFrame:
        rng = ColorRange.JPEG if full_range else ColorRange.MPEG
        try:
            made = self._reformatter.reformat(
                picture,
                *self._size,
                format="yuv420p",
                src_color_range=None if picture.format.is_rgb else rng,
                dst_color_range=rng,
                threads=1,
            )
        except (FFmpegError, ValueError) as error:
            name = picture.format.name
            raise SourceCorruptError(f"a {name} picture of {picture.width}x{picture.height}: {error}") from error
        return made


def matrix_of(picture: av.VideoFrame) -> ColourMatrix:
    """How the picture's colours were mixed."""
    return "bt709" if picture.colorspace == _BT709 else "bt601"


def _from_grey(picture: av.VideoFrame, *, full_range: bool) -> tuple[av.VideoFrame, Planes]:
    made, planes = new_picture(picture.width, picture.height, full_range=full_range)
    np.copyto(planes.y, view_of(picture.planes[0]))
    planes.u[:] = 128
    planes.v[:] = 128
    return made, planes
