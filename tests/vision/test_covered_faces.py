"""The real detectors find no face where a face was covered."""

from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from tests.vision.pictures import STILLS, bgr_of, frame_of, planes_of, still

from popcam.core.facts import BoxNorm, Detection
from popcam.core.frame import Frame
from popcam.core.interfaces import Engine
from popcam.core.spec import HideStyle
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.vision.anonymiser import cover_regions, cover_whole

STYLES: tuple[HideStyle, ...] = get_args(HideStyle)
LOWEST_SCORE = 0.3


@pytest.fixture(scope="module")
def detectors() -> list[Engine]:
    """Both face detectors, eager, and YuNet once more for large faces only."""
    wanted = (("yunet", 640), ("yunet", 320), ("centerface", 640))
    return [
        load_engine(name, input_width_px=width, min_score=LOWEST_SCORE, inference=InferenceSpec())
        for name, width in wanted
    ]


def on_the_face(found: tuple[Detection, ...], box: BoxNorm) -> list[Detection]:
    """Detections whose middle lies on the face: a likeness elsewhere in the photo was never covered."""
    return [
        item
        for item in found
        if box[0] <= (item.box[0] + item.box[2]) / 2 <= box[2] and box[1] <= (item.box[1] + item.box[3]) / 2 <= box[3]
    ]


def as_jpeg(frame: Frame) -> Frame:
    """The picture as it comes out of a JPEG of quality 80."""
    bgr = bgr_of(frame.planes)
    _, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])
    decoded = cv2.imdecode(np.asarray(coded, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return frame_of(planes_of(decoded))


def even(frame: Frame) -> Frame:
    planes = frame.planes
    width, height = planes.width_px // 2 * 2, planes.height_px // 2 * 2
    return frame_of(
        type(planes)(
            planes.y[:height, :width], planes.u[: height // 2, : width // 2], planes.v[: height // 2, : width // 2]
        )
    )


@pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
@pytest.mark.parametrize("longest_px", [200, 480, 900])
def test_no_face_is_found_where_one_was_covered(detectors: list[Engine], path: Path, longest_px: int) -> None:
    original = even(still(path, longest_px))
    found = [detector.infer(original) for detector in detectors]
    boxes = [item.box for items in found for item in items if item.score > 0.6]
    assert boxes, "the photo has a face"
    for style in STYLES:
        covered = frame_of(original.planes.copy())
        cover_regions(covered.planes, [boxes[0]], style)
        for picture in (covered, as_jpeg(covered)):
            left = [on_the_face(detector.infer(picture), boxes[0]) for detector in detectors]
            assert left == [[], [], []], style


@pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
@pytest.mark.parametrize("style", STYLES)
def test_no_face_is_found_in_a_picture_covered_as_a_whole(
    detectors: list[Engine], path: Path, style: HideStyle
) -> None:
    covered = even(still(path, 640))
    cover_whole(covered.planes, style)
    for picture in (covered, as_jpeg(covered)):
        assert [detector.infer(picture) for detector in detectors] == [(), (), ()]


@pytest.mark.parametrize("style", STYLES)
def test_no_face_is_found_when_the_face_fills_the_whole_picture(detectors: list[Engine], style: HideStyle) -> None:
    """The hardest case of a whole cover: all of its few values are spent on one face."""
    frame = even(still(STILLS[0], 900))
    box = detectors[0].infer(frame)[0].box
    planes = frame.planes
    left, top, right, bottom = (
        int(value * size) // 2 * 2 for value, size in zip(box, (planes.width_px, planes.height_px) * 2, strict=True)
    )
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    close = frame_of(
        type(planes)(planes.y[top:bottom, left:right].copy(), planes.u[half].copy(), planes.v[half].copy())
    )
    cover_whole(close.planes, style)
    assert [detector.infer(close) for detector in detectors] == [(), (), ()]
