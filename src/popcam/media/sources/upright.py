"""Any picture of a decoder to planes of an upright, progressive 8-bit YUV 4:2:0 picture."""

from dataclasses import replace
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter

from popcam.core.errors import SourceCorruptError, SourcePictureSizeError
from popcam.core.frame import Planes, StreamInfo
from popcam.media.sources.deinterlace import Deinterlacer
from popcam.media.sources.hardware import SOFTWARE
from popcam.media.sources.picture import YUV420, new_picture, planes_of, view_of

MAX_SIDE_PX: Final = 8192
_TURNS: Final = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


class Upright:
    """Makes planes of pictures. Keeps its converters from picture to picture.

    Pictures that are YUV 4:2:0 with 8 bits already are not touched: their planes are read-only views of the
    decoder's memory. All others are converted once and may be written.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._deinterlacer: Deinterlacer | None = None
        self.interlaced = False

    def progressive(self, picture: av.VideoFrame) -> list[av.VideoFrame]:
        """Take out interlacing. From the first interlaced picture on each one comes one picture later."""
        if not self.interlaced and not picture.interlaced_frame:
            return [picture]
        self.interlaced = True
        if self._deinterlacer is None or not self._deinterlacer.fits(picture):
            self._deinterlacer = Deinterlacer(picture)
        return self._deinterlacer.process(picture)

    def flush(self) -> list[av.VideoFrame]:
        """What the deinterlacer still holds, at the end of a stream."""
        held = self._deinterlacer.flush() if self._deinterlacer else []
        self._deinterlacer = None
        return held

    def planes(self, picture: av.VideoFrame) -> tuple[av.VideoFrame, Planes, bool]:
        """The upright picture, its planes and whether its luma spans 0..255.

        Raises:
            SourcePictureSizeError: larger than 8192 pixels.
            SourceCorruptError: FFmpeg can't convert the picture.
        """
        check_size(picture.width, picture.height)
        full_range = is_full_range(picture)
        turn = round(picture.rotation) % 360
        made, planes = self._yuv420(picture, full_range=full_range)
        if turn in _TURNS:
            made, planes = _turned(planes, _TURNS[turn], full_range=full_range)
        return made, planes, full_range

    def _yuv420(self, picture: av.VideoFrame, *, full_range: bool) -> tuple[av.VideoFrame, Planes]:
        name = picture.format.name
        if name in YUV420:
            return picture, planes_of(picture, writable=False)
        if name == "gray":
            return _from_grey(picture, full_range=full_range)
        rng = ColorRange.JPEG if full_range else ColorRange.MPEG
        came = None if picture.format.is_rgb else rng
        try:
            made = self._reformatter.reformat(
                picture, format="yuv420p", src_color_range=came, dst_color_range=rng, threads=1
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceCorruptError(f"a {name} picture of {picture.width}x{picture.height}: {error}") from error
        return made, planes_of(made, writable=True)


def told_by(picture: av.VideoFrame, info: StreamInfo) -> StreamInfo:
    """A stream's facts, corrected by one of its pictures."""
    turn = round(picture.rotation) % 360
    width, height = (picture.width, picture.height) if turn % 180 == 0 else (picture.height, picture.width)
    decoder, fallback = info.decoder, info.decoder_fallback
    if decoder != SOFTWARE and picture.format.name in YUV420:  # what comes from hardware is nv12
        decoder, fallback = SOFTWARE, f"{decoder}: it does not decode this stream"
    return replace(
        info,
        width_px=width,
        height_px=height,
        pixel_format=picture.format.name,
        rotation_deg=turn,
        interlaced=info.interlaced or picture.interlaced_frame,
        decoder=decoder,
        decoder_fallback=fallback,
    )


def check_size(width_px: int, height_px: int) -> None:
    """Refuse what is too large.

    Raises:
        SourcePictureSizeError: a side is longer than 8192 pixels.
    """
    if max(width_px, height_px) > MAX_SIDE_PX:
        raise SourcePictureSizeError(f"{width_px}x{height_px}")


def is_full_range(picture: av.VideoFrame) -> bool:
    """Whether luma spans 0..255. What is not marked is video range; RGB becomes video range."""
    if picture.format.is_rgb:
        return False
    return picture.format.name.startswith("yuvj") or picture.color_range == ColorRange.JPEG


def _from_grey(picture: av.VideoFrame, *, full_range: bool) -> tuple[av.VideoFrame, Planes]:
    made, planes = new_picture(picture.width, picture.height, full_range=full_range)
    np.copyto(planes.y, view_of(picture.planes[0]))
    planes.u[:] = 128
    planes.v[:] = 128
    made.pts, made.time_base = picture.pts, picture.time_base
    return made, planes


def _turned(planes: Planes, turn: int, *, full_range: bool) -> tuple[av.VideoFrame, Planes]:
    swapped = turn != cv2.ROTATE_180
    width, height = (planes.height_px, planes.width_px) if swapped else (planes.width_px, planes.height_px)
    made, to = new_picture(width, height, full_range=full_range)
    for target, plane in zip(to, planes, strict=True):
        np.copyto(target, cv2.rotate(plane, turn))
    return made, to
