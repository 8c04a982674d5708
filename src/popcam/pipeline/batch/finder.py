"""Looks at pictures with the detector of a job, at a size that follows from the smallest face asked for."""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from popcam.core.facts import BoxNorm, Detection
from popcam.core.frame import Frame, Planes, UInt8Array
from popcam.core.jobs import FaceDetector, FindSpec
from popcam.engines import engine_scores
from popcam.pipeline.batch.host import BatchHost, StageSeconds
from popcam.vision.preprocess import content_size

LEAST_FACE_PX: Final[dict[FaceDetector, float]] = {"yunet": 10.0, "centerface": 14.0}
"""Height of the smallest face that a detector finds reliably, in pixels of the picture that it sees. From there on
recall stays level; measured on annotated photos scaled down in steps, 445 sightings of faces of 6 to 150 pixels.
"""
_STEP_PX: Final = 32
_LEAST_PX: Final = 320
_MOST_PX: Final = 1920
_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def input_width(find: FindSpec, width_px: int, height_px: int) -> int:
    """Longer side of the picture that the detector sees.

    The smallest face asked for gets the detector's least height there, and the result is rounded up to 32 pixels.
    Sizes are those of the picture as it is shown. Enlarging a small picture finds nothing more, so it is not done
    beyond the next step.
    """
    scale = LEAST_FACE_PX[find.detector] / (find.smallest_face * height_px)
    longest_px = max(width_px, height_px)
    wanted = min(scale, 1.0) * longest_px
    return int(min(max(-(-wanted // _STEP_PX) * _STEP_PX, _LEAST_PX), _MOST_PX))


class Finder:
    """One detector at one size.

    Args:
        find: how faces are looked for.
        width_px, height_px: of the pictures as they are stored.
        rotation_deg: how far they are turned clockwise for showing: faces lie in them the other way round.
    """

    def __init__(
        self, find: FindSpec, width_px: int, height_px: int, rotation_deg: int, host: BatchHost, stages: StageSeconds
    ) -> None:
        shown = (width_px, height_px) if rotation_deg % 180 == 0 else (height_px, width_px)
        scores = engine_scores(find.detector)
        self.detector = find.detector
        self.start_score = scores.hide if find.min_score is None else find.min_score
        self.sure_score = max(scores.detect, self.start_score)
        self.input_width_px = input_width(find, *shown)
        self._rotation_deg = rotation_deg % 360
        self._stages = stages
        self._engine = host.engine(
            find.detector,
            input_width_px=self.input_width_px,
            min_score=min(scores.keep, self.start_score),
        )

    def look(self, frame: Frame) -> tuple[Detection, ...]:
        """Faces of a picture, weak ones too; boxes in shares of the picture as it is stored.

        Raises:
            InferenceError: the detector failed; nothing is known about the picture.
        """
        if self._rotation_deg not in _TURNS:
            with self._stages.measure("detect"):
                return self._engine.infer(frame)
        with self._stages.measure("scale"):
            upright = self._upright(frame)
        with self._stages.measure("detect"):
            found = self._engine.infer(upright)
        return tuple(
            Detection(label=one.label, score=one.score, box=turned_back(one.box, self._rotation_deg)) for one in found
        )

    def _upright(self, frame: Frame) -> Frame:
        """A small picture that stands upright: turning a small one costs next to nothing."""
        width, height = content_size(frame.width_px, frame.height_px, self.input_width_px)
        turn = _TURNS[self._rotation_deg]
        half = (width // 2, height // 2)
        planes = frame.planes
        small = Planes(
            _small(planes.y, (width, height), turn), _small(planes.u, half, turn), _small(planes.v, half, turn)
        )
        return replace(frame, planes=small, owner=None)


def turned_back(box: BoxNorm, rotation_deg: int) -> BoxNorm:
    """Where a box of the picture as shown lies in the picture as stored, which is turned clockwise for showing."""
    x0, y0, x1, y1 = box
    match rotation_deg % 360:
        case 90:
            return (y0, 1 - x1, y1, 1 - x0)
        case 180:
            return (1 - x1, 1 - y1, 1 - x0, 1 - y0)
        case 270:
            return (1 - y1, x0, 1 - y0, x1)
        case _:
            return box


def _small(plane: UInt8Array, size_wh: tuple[int, int], turn: int) -> UInt8Array:
    small = cv2.resize(plane, size_wh, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.rotate(small, turn), np.uint8)
