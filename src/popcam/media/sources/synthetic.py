"""`synthetic:`, a moving test picture that carries its frame number and clock, for tests and latency measurement."""

import time
from datetime import UTC, datetime

import cv2
import numpy as np

from popcam.core.frame import Planes, UInt8Array
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.generated import GeneratedSource, PictureShape, shape_of
from popcam.media.sources.stamp import Stamp, draw_stamp, has_room, prepare

DEFAULT_SHAPE = PictureShape(1280, 720, 25.0)
# The 75 % colour bars of ITU-R BT.601 (white, yellow, cyan, green, magenta, red, blue): luma, blue, red difference.
_BARS = ((180, 128, 128), (162, 44, 142), (131, 156, 44), (112, 72, 58), (84, 184, 198), (65, 100, 212), (35, 212, 114))
_LETTERS = "0123456789:.- #"


class TestCard:
    """Colour bars, a grey ramp, a square that goes to and fro, the stamp, and frame number and UTC time as text."""

    __test__ = False  # it is no test class, whatever pytest thinks of its name

    def __init__(self, width_px: int, height_px: int) -> None:
        self._background = _background(width_px, height_px)
        self._stamped = has_room(width_px, height_px)
        if self._stamped:
            prepare(self._background)
        self._glyphs = {letter: _glyph(letter, max(8, height_px // 24)) for letter in _LETTERS}

    def paint(self, planes: Planes, *, index: int, seq: int, unix_s: float) -> None:
        for to, came in zip(planes, self._background, strict=True):
            np.copyto(to, came)
        self._paint_square(planes, index)
        if self._stamped:
            draw_stamp(planes, Stamp(seq, round(unix_s * 1e6)))
            clock = datetime.fromtimestamp(unix_s, UTC).strftime("%H:%M:%S.%f")[:-3]
            self._write(planes.y, f"#{seq} {clock}")

    def _paint_square(self, planes: Planes, index: int) -> None:
        height, width = planes.y.shape
        side = height // 6
        run = width - side
        if side < 2 or run < 1:
            planes.y[:] = 16 + index * 8 % 220  # too small for a square: the whole picture changes
            return
        step = index * max(2, width // 160) % (2 * run)
        left = (step if step < run else 2 * run - step) & ~1
        top = (height // 2) & ~1
        planes.y[top : top + side, left : left + side] = 235
        planes.u[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2] = 128
        planes.v[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2] = 128

    def _write(self, luma: UInt8Array, text: str) -> None:
        glyph_height, glyph_width = self._glyphs[" "].shape
        top, left = int(luma.shape[0] * 0.88), luma.shape[1] // 32
        if top + glyph_height > luma.shape[0]:
            return
        for letter in text:
            if left + glyph_width > luma.shape[1]:
                return
            luma[top : top + glyph_height, left : left + glyph_width] = self._glyphs[letter]
            left += glyph_width


def open_synthetic(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:  # noqa: ARG001 one signature for all openers
    """Open `synthetic:`, by default 1280x720 at 25 frames per second.

    Raises:
        SourceAddressError, SourcePictureSizeError: the address asks for something impossible.
    """
    shape = shape_of(spec, DEFAULT_SHAPE)
    return GeneratedSource("synthetic", shape, TestCard(shape.width_px, shape.height_px), continuity)


def now_stamp(seq: int) -> Stamp:
    """A stamp of this moment, for pictures that tests paint themselves."""
    return Stamp(seq, time.time_ns() // 1000)


def _background(width_px: int, height_px: int) -> Planes:
    small = ((width_px + 1) // 2, (height_px + 1) // 2)
    columns = np.arange(width_px) * len(_BARS) // width_px
    rows_small = np.arange(small[0]) * len(_BARS) // small[0]
    bars = np.array(_BARS, np.uint8)
    y = np.tile(bars[columns, 0], (height_px, 1))
    y[height_px * 7 // 8 :] = np.linspace(16, 235, width_px).astype(np.uint8)
    u, v = (np.tile(bars[rows_small, part], (small[1], 1)) for part in (1, 2))
    u[small[1] * 7 // 8 :] = 128
    v[small[1] * 7 // 8 :] = 128
    return Planes(y, u, v)


def _glyph(letter: str, height_px: int) -> UInt8Array:
    """One white letter on black, (height, 0.7 height)."""
    picture = np.full((height_px, max(6, height_px * 7 // 10)), 16, np.uint8)
    scale = height_px / 30
    cv2.putText(
        picture, letter, (0, height_px * 4 // 5), cv2.FONT_HERSHEY_SIMPLEX, scale, 235, max(1, round(scale * 2))
    )
    return picture
