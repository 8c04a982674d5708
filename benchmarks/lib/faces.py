"""Faces cut from the public-domain stills, each with its box, to be set anywhere in a made picture."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.lib.clips import STILLS

Picture = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]
Drawn = npt.NDArray[np.integer[Any] | np.floating[Any]]

BOXES_PX: Final[dict[str, tuple[int, int, int, int]]] = {
    "astronaut.png": (180, 61, 271, 175),
    "biden.jpg": (425, 169, 718, 573),
    "grace_hopper_512x512.jpg": (182, 110, 355, 316),
    "obama.jpg": (370, 89, 615, 427),
    "obama2.jpg": (201, 232, 481, 638),
    "obama3.jpg": (645, 271, 914, 620),
}
"""Hairline or cap to chin, cheek to cheek, xyxy: looked at, and the middle between what both detectors of popcam find,
which differ by a fortieth of the face; so neither popcam's default nor its peer's model has an advantage."""

CUT: Final = 1.75
"""A cut shows this many times the face's box, fading out along an ellipse: hair, ears and neck belong to a face."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is: its box's centre and height in pixels of the picture, and how far the head leans."""

    x_px: float
    y_px: float
    height_px: float
    lean_deg: float = 0.0
    light: float = 1.0


@dataclass(frozen=True, slots=True)
class Face:
    """One cut: BGR and how much of it shows (0..1), with the face's box in its middle."""

    bgr: Picture
    alpha: Array
    box_wh: tuple[float, float]

    @property
    def aspect(self) -> float:
        """Width of the box by its height."""
        return self.box_wh[0] / self.box_wh[1]

    def box(self, pose: Pose) -> Array:
        """Its box in pixels, xyxy, reaching beyond the picture where the face does."""
        half_w, half_h = pose.height_px * self.aspect / 2, pose.height_px / 2
        corners = (pose.x_px - half_w, pose.y_px - half_h, pose.x_px + half_w, pose.y_px + half_h)
        return np.array(corners, np.float32)


@cache
def face(name: str) -> Face:
    """The face of one still.

    Raises:
        FileNotFoundError: the still is not there.
    """
    still = cv2.imread(str(STILLS / name))
    if still is None:
        raise FileNotFoundError(STILLS / name)
    left, top, right, bottom = BOXES_PX[name]
    width, height = right - left, bottom - top
    size = (round(width * CUT), round(height * CUT))
    centre = ((left + right) / 2, (top + bottom) / 2)
    cut = cv2.getRectSubPix(still, size, centre)
    return Face(np.asarray(cut, np.uint8), _fading(size), (width, height))


def _fading(size_wh: tuple[int, int]) -> Array:
    y, x = np.mgrid[-1 : 1 : size_wh[1] * 1j, -1 : 1 : size_wh[0] * 1j]
    shown: Array = np.clip((1 - np.hypot(x, y)) / 0.2, 0, 1).astype(np.float32)
    return shown


def place(picture: Picture, one: Face, pose: Pose) -> None:
    """Draw a face into a picture, in place; what lies outside is cut off."""
    scale = pose.height_px / one.box_wh[1]
    reach_px = math.ceil(scale * math.hypot(one.bgr.shape[0], one.bgr.shape[1]) / 2) + 1
    left, top = math.floor(pose.x_px) - reach_px, math.floor(pose.y_px) - reach_px
    turn = cv2.getRotationMatrix2D((one.bgr.shape[1] / 2, one.bgr.shape[0] / 2), pose.lean_deg, scale)
    turn[:, 2] += (pose.x_px - left - one.bgr.shape[1] / 2, pose.y_px - top - one.bgr.shape[0] / 2)
    size = (2 * reach_px, 2 * reach_px)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    bgr = cv2.warpAffine(_shrunk(one.bgr, scale), _for_shrunk(turn, scale), size, flags=how)
    alpha = cv2.warpAffine(_shrunk(one.alpha, scale), _for_shrunk(turn, scale), size)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(picture.shape[1], left + size[0]), min(picture.shape[0], top + size[1])
    if x0 >= x1 or y0 >= y1:
        return
    shown = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    weight = alpha[shown][..., None]
    under = picture[y0:y1, x0:x1]
    mixed = under * (1 - weight) + np.clip(bgr[shown] * pose.light, 0, 255) * weight
    picture[y0:y1, x0:x1] = (mixed + 0.5).astype(np.uint8)


def _halvings(scale: float) -> int:
    """How often a cut can be halved before it is smaller than it will be shown: warping far down would flicker."""
    return max(0, math.floor(-math.log2(scale)))


def _shrunk(cut: Drawn, scale: float) -> Drawn:
    factor = 0.5 ** _halvings(scale)
    if factor == 1:
        return cut
    return cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _for_shrunk(turn: Drawn, scale: float) -> Drawn:
    factor = 0.5 ** _halvings(scale)
    fitted = np.array(turn, np.float64)
    fitted[:, :2] /= factor
    return fitted
