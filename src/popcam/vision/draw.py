"""Boxes and short labels drawn into the picture itself, for recordings that can't draw them when they are played."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np

from popcam.core.facts import Track
from popcam.core.frame import Planes, UInt8Array

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


class _Colour(NamedTuple):
    """One colour in limited-range YUV (BT.601)."""

    y: int
    u: int
    v: int


_CONFIRMED: Final = _Colour(173, 42, 26)  # green
_UNSURE: Final = _Colour(180, 90, 160)  # sand: not confirmed, or only predicted now
_TEXT_LUMA: Final = 16


def draw_boxes(planes: Planes, tracks: Sequence[Track]) -> None:
    """Draw each track's box, and its label, id and score above it, into the planes."""
    thickness = _line_px(planes)
    for track in tracks:
        colour = _CONFIRMED if track.confirmed and track.unseen_s == 0 else _UNSURE
        left, top, right, bottom = _pixels(track, planes)
        _fill(planes, left, top, right, top + thickness, colour)
        _fill(planes, left, bottom - thickness, right, bottom, colour)
        _fill(planes, left, top, left + thickness, bottom, colour)
        _fill(planes, right - thickness, top, right, bottom, colour)
        _label(planes, left, top, f"{track.label} {track.track_id} {track.score:.2f}", colour)


def _line_px(planes: Planes) -> int:
    """Thickness of lines: even, so that they have chroma of their own; 2 up to 720p, 4 at 1080p, 8 at 4K."""
    return max(2, 2 * round(planes.height_px / 540))


def _pixels(track: Track, planes: Planes) -> tuple[int, int, int, int]:
    """The box on even pixels, so that luma and chroma agree."""
    size = (planes.width_px, planes.height_px)
    left, top, right, bottom = (round(value * size[index % 2] / 2) * 2 for index, value in enumerate(track.box))
    return left, top, max(right, left + 2), max(bottom, top + 2)


def _fill(planes: Planes, left: int, top: int, right: int, bottom: int, colour: _Colour) -> None:
    left, top = max(left, 0), max(top, 0)
    if right <= left or bottom <= top:
        return
    planes.y[top:bottom, left:right] = colour.y
    chroma = (slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2))
    planes.u[chroma] = colour.u
    planes.v[chroma] = colour.v


def _label(planes: Planes, left: int, top: int, text: str, colour: _Colour) -> None:
    mask = _text_mask(text, max(8, planes.height_px // 45))
    height, width = mask.shape
    # Above the box where there is room, else inside it; never beyond the picture's edges.
    top = top - height if top >= height else top
    left = max(0, min(left, planes.width_px - width) // 2 * 2)
    _fill(planes, left, top, left + width, top + height, colour)
    target = planes.y[top : top + height, left : left + width]
    target[mask[: target.shape[0], : target.shape[1]] > 0] = _TEXT_LUMA


@lru_cache(maxsize=256)
def _text_mask(text: str, height_px: int) -> UInt8Array:
    """White text on black, (height, width) uint8, sides even. Kept: tracks repeat their labels frame after frame."""
    scale = height_px / 22
    (width, height), baseline = cv2.getTextSize(text, _FONT, scale, 1)
    mask = np.zeros(((height + baseline + 5) // 2 * 2, (width + 5) // 2 * 2), np.uint8)
    cv2.putText(mask, text, (2, height + 2), _FONT, scale, 255, 1, cv2.LINE_8)
    return mask
