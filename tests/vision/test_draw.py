"""Boxes and labels are drawn where they belong, in all planes."""

import numpy as np
import pytest
from tests.vision.pictures import flat_planes, noise_planes, strided

from popcam.core.facts import BoxNorm, Track
from popcam.vision.draw import draw_boxes


def track(box: BoxNorm, **values: object) -> Track:
    return Track(**{"track_id": 7, "label": "face", "score": 0.9, "box": box, **values})  # type: ignore[arg-type]


def test_the_edges_are_drawn_and_the_inside_is_left() -> None:
    planes = flat_planes(640, 360, (50, 128, 128))
    draw_boxes(planes, [track((0.25, 0.5, 0.5, 0.75))])
    for row, column in ((180, 200), (268, 200), (220, 161), (220, 318)):
        assert planes.y[row, column] == 173
        assert planes.u[row // 2, column // 2] == 42
    assert np.all(planes.y[186:262, 166:312] == 50)
    assert np.all(planes.u[93:131, 83:156] == 128)


def test_the_label_stands_above_the_box() -> None:
    planes = flat_planes(640, 360, (50, 128, 128))
    draw_boxes(planes, [track((0.25, 0.5, 0.5, 0.75))])
    above = planes.y[160:180, 160:260]
    assert {16, 173} <= set(np.unique(above).tolist())


def test_unseen_and_unconfirmed_tracks_have_another_colour() -> None:
    seen, unseen, unsure = (flat_planes(640, 360, (50, 128, 128)) for _ in range(3))
    draw_boxes(seen, [track((0.2, 0.5, 0.5, 0.75))])
    draw_boxes(unseen, [track((0.2, 0.5, 0.5, 0.75), unseen_s=0.3)])
    draw_boxes(unsure, [track((0.2, 0.5, 0.5, 0.75), confirmed=False)])
    assert unseen.v[100, 64] == unsure.v[100, 64] != seen.v[100, 64]


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 1.0, 1.0), (0.99, 0.99, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5), (0.0, 0.0, 0.01, 0.01)]
)
@pytest.mark.parametrize("size", [(1, 1), (33, 17), (641, 359), (4097, 3)])
def test_any_box_in_any_picture_is_drawn_without_failure(box: BoxNorm, size: tuple[int, int]) -> None:
    planes = strided(flat_planes(*size, (50, 128, 128)))
    draw_boxes(planes, [track(box)])
    memory = planes.y.base
    assert memory is not None
    assert np.all(memory[:, size[0] :] == 77)
    assert np.any(planes.y != 50)


def test_no_tracks_draw_nothing() -> None:
    planes = noise_planes(64, 64)
    before = planes.copy()
    draw_boxes(planes, [])
    assert np.array_equal(planes.y, before.y)
