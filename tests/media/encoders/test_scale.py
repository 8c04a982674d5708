"""Shrinking planes."""

import numpy as np
import pytest
from tests.media.pictures import gradient_planes

from popcam.media.encoders.scale import fit_size, shrink_planes


@pytest.mark.parametrize(
    ("size_wh", "max_width_px", "expected_wh"),
    [
        ((1280, 720), 0, (1280, 720)),
        ((1280, 720), 1280, (1280, 720)),
        ((641, 361), 1000, (641, 361)),
        ((1280, 720), 640, (640, 360)),
        ((1280, 720), 641, (640, 360)),
        ((4097, 3), 64, (64, 1)),
        ((8192, 8192), 64, (64, 64)),
        ((10, 4000), 4, (4, 1600)),
    ],
)
def test_sizes_fit_and_keep_their_shape(
    size_wh: tuple[int, int], max_width_px: int, expected_wh: tuple[int, int]
) -> None:
    assert fit_size(*size_wh, max_width_px) == expected_wh


def test_a_picture_that_fits_is_not_copied() -> None:
    planes = gradient_planes(64, 48)
    assert shrink_planes(planes, 64) is planes


@pytest.mark.parametrize("width_px", [640, 500, 100])
@pytest.mark.parametrize("size_wh", [(1280, 720), (1281, 721), (1919, 1079)])
def test_the_planes_fit_one_another_and_show_the_same(size_wh: tuple[int, int], width_px: int) -> None:
    planes = gradient_planes(*size_wh)
    small = shrink_planes(planes, width_px)
    assert small.u.shape == small.v.shape == ((small.height_px + 1) // 2, (small.width_px + 1) // 2)
    assert abs(float(np.mean(small.y)) - float(np.mean(planes.y))) < 1.0
    assert abs(float(np.mean(small.u)) - float(np.mean(planes.u))) < 1.0


def test_fine_patterns_become_grey_instead_of_flickering() -> None:
    planes = gradient_planes(1280, 720)
    planes.y[:] = np.where(np.indices(planes.y.shape).sum(axis=0) % 2, 200, 100)
    assert int(np.ptp(shrink_planes(planes, 320).y)) <= 1
