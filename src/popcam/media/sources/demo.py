"""`demo:`, a camera that pans and zooms over a public-domain portrait, so that a newcomer sees faces found at once."""

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import cv2
import numpy as np

from popcam.core.frame import Planes
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.generated import GeneratedSource, PictureShape, shape_of

DEFAULT_SHAPE = PictureShape(1280, 720, 15.0)
_ENLARGED: Final = 4
"""The portrait is kept this many times larger, so that windows at whole pixels still move smoothly."""


class View(NamedTuple):
    """What the camera looks at, in pixels of the portrait: the window's centre and width."""

    at_s: float
    x: float
    y: float
    width: float


PATH: Final = (
    View(0.0, 256, 150, 470),
    View(5.0, 225, 130, 250),
    View(9.0, 205, 120, 330),
    View(13.0, 300, 140, 300),
    View(17.0, 240, 160, 400),
    View(20.0, 240, 120, 230),
    View(22.0, 390, 240, 236),  # the face has left the picture
    View(24.0, 385, 430, 236),
    View(27.0, 240, 130, 300),  # and comes back
    View(32.0, 256, 150, 470),
)
"""The way of the camera, repeated; the first and last view are the same. The face is out of sight for about 4 s."""


class Portrait:
    """Paints the window of `PATH` that belongs to a frame's time."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._portrait = _enlarged_portrait()

    def paint(self, planes: Planes, *, index: int, seq: int, unix_s: float) -> None:  # noqa: ARG002 a Painter
        left, top, right, bottom = window(index / self._fps, planes.width_px / planes.height_px)
        for number, (to, portrait) in enumerate(zip(planes, self._portrait, strict=True)):
            scale = _ENLARGED if number == 0 else _ENLARGED / 2
            rows = slice(round(top * scale), max(round(top * scale) + 1, round(bottom * scale)))
            columns = slice(round(left * scale), max(round(left * scale) + 1, round(right * scale)))
            to[:] = cv2.resize(portrait[rows, columns], (to.shape[1], to.shape[0]), interpolation=cv2.INTER_LINEAR)


def window(time_s: float, aspect: float) -> tuple[float, float, float, float]:
    """The window at a time: left, top, right, bottom in pixels of the 512x512 portrait, inside of it.

    Args:
        time_s: time since the start; the path repeats.
        aspect: width of the picture divided by its height.
    """
    x, y, width = _view_at(time_s % PATH[-1].at_s)
    width = min(width, 512.0, 512.0 * aspect)
    height = width / aspect
    left = min(max(x - width / 2, 0.0), 512.0 - width)
    top = min(max(y - height / 2, 0.0), 512.0 - height)
    return left, top, left + width, top + height


def open_demo(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:  # noqa: ARG001 one signature for all openers
    """Open `demo:`, by default 1280x720 at 15 frames per second.

    Raises:
        SourceAddressError, SourcePictureSizeError: the address asks for something impossible.
    """
    shape = shape_of(spec, DEFAULT_SHAPE)
    return GeneratedSource("demo", shape, Portrait(shape.fps), continuity)


def _view_at(time_s: float) -> tuple[float, float, float]:
    after = next(number for number, view in enumerate(PATH) if view.at_s > time_s)
    start, end = PATH[after - 1], PATH[after]
    share = (time_s - start.at_s) / (end.at_s - start.at_s)
    ease = share * share * (3 - 2 * share)
    return (
        start.x + (end.x - start.x) * ease,
        start.y + (end.y - start.y) * ease,
        start.width + (end.width - start.width) * ease,
    )


@cache
def _enlarged_portrait() -> Planes:
    """The portrait in YUV 4:2:0 (ITU-R BT.601, 16..235), enlarged; 6 MiB, shared by all demo cameras of a worker."""
    jpeg = files("popcam.media.sources").joinpath("assets", "astronaut.jpg").read_bytes()
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None  # noqa: S101 it ships with the package
    side = 512 * _ENLARGED
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    i420 = cv2.cvtColor(large, cv2.COLOR_BGR2YUV_I420).reshape(-1)
    luma, chroma = side * side, side * side // 4
    return Planes(
        np.ascontiguousarray(i420[:luma].reshape(side, side), np.uint8),
        np.ascontiguousarray(i420[luma : luma + chroma].reshape(side // 2, side // 2), np.uint8),
        np.ascontiguousarray(i420[luma + chroma :].reshape(side // 2, side // 2), np.uint8),
    )
