"""What is covered is gone: in all planes, for every size, and beyond any undoing."""

from typing import get_args

import numpy as np
import pytest
from tests.vision.pictures import flat_planes, noise_planes, strided

from popcam.core.facts import BoxNorm
from popcam.core.frame import Planes
from popcam.core.spec import HideStyle
from popcam.vision.anonymiser import cover_regions, cover_whole
from popcam.vision.anonymiser.regions import regions_of

STYLES: tuple[HideStyle, ...] = get_args(HideStyle)
BOX: BoxNorm = (0.3, 0.3, 0.6, 0.7)
MOST_VALUES_PER_PLANE = 36


def all_equal(first: Planes, second: Planes) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("style", STYLES)
def test_every_pixel_of_the_box_in_every_plane_comes_from_a_few_numbers(style: HideStyle) -> None:
    """Show the cover many pictures: what comes out spans no more dimensions than there are mean values."""
    outputs = []
    for seed in range(80):
        planes = noise_planes(160, 160, seed)
        cover_regions(planes, [BOX], style, 0.0)
        (region,) = regions_of([BOX], 0.0, planes)
        outputs.append([part.reshape(-1).astype(np.float64) for part in region.of(planes)])
    for plane in range(3):
        matrix = np.stack([output[plane] for output in outputs])
        singular = np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False)
        # Rounding to whole numbers leaves a little noise in all directions: a half step on each of n pixels.
        noise = 0.6 * np.sqrt(matrix.size)
        assert int((singular > noise).sum()) <= MOST_VALUES_PER_PLANE


@pytest.mark.parametrize("style", STYLES)
def test_few_different_values_are_left(style: HideStyle) -> None:
    planes = noise_planes(200, 200)
    cover_regions(planes, [BOX], style, 0.0)
    region = planes.y[80:120, 80:110]
    assert np.ptp(region) < 40  # noise had 255
    if style != "blur":
        assert len(np.unique(region)) <= MOST_VALUES_PER_PLANE


@pytest.mark.parametrize("style", STYLES)
def test_fine_detail_makes_no_difference_to_the_cover(style: HideStyle) -> None:
    """Two faces with the same coarse light and different features look the same afterwards."""
    checks = np.indices((200, 200)).sum(axis=0) % 2 * 120
    covered = []
    for pattern in (checks, 120 - checks):
        planes = flat_planes(200, 200, (60, 128, 128))
        planes.y[:] = 60 + pattern
        cover_regions(planes, [BOX], style, 0.0)
        (region,) = regions_of([BOX], 0.0, planes)
        covered.append(region.of(planes)[0].astype(int))
    assert np.abs(covered[0] - covered[1]).max() <= 4


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("box", [BOX, (0.313, 0.317, 0.333, 0.341), (0.0, 0.0, 0.05, 0.04), (0.97, 0.96, 1.0, 1.0)])
def test_no_pixel_of_the_box_survives(style: HideStyle, box: BoxNorm) -> None:
    """The box is filled with the hardest noise; chroma that touches it counts as part of it."""
    planes = flat_planes(321, 243, (100, 100, 100))
    left, top, right, bottom = (int(np.floor(v * s)) for v, s in zip(box, (321, 243) * 2, strict=True))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    random = np.random.default_rng(1)
    half = (slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2))
    for part in (planes.y[top:bottom, left:right], planes.u[half], planes.v[half]):
        part[:] = random.integers(0, 2, part.shape) * 255
    assert cover_regions(planes, [box], style, 0.1) == 1
    for part in (planes.y[top:bottom, left:right], planes.u[half], planes.v[half]):
        assert not np.isin(part, (0, 255)).any()


def test_nothing_outside_the_region_is_touched() -> None:
    planes = noise_planes(200, 160)
    before = planes.copy()
    cover_regions(planes, [BOX], "solid", 0.25)
    (region,) = regions_of([BOX], 0.25, planes)
    outside = np.ones((160, 200), bool)
    outside[region.top : region.bottom, region.left : region.right] = False
    assert np.array_equal(planes.y[outside], before.y[outside])
    assert np.all(planes.y[~outside] == 16)


def test_the_margin_is_added_on_each_side() -> None:
    planes = flat_planes(1000, 1000, (100, 128, 128))
    (region,) = regions_of([(0.4, 0.4, 0.6, 0.6)], 0.5, planes)
    assert region.left <= 300
    assert region.top <= 300
    assert region.right >= 700
    assert region.bottom >= 700


def test_regions_have_even_edges_or_those_of_the_picture() -> None:
    planes = flat_planes(641, 359, (100, 128, 128))
    random = np.random.default_rng(2)
    for region in regions_of(random.random((200, 4)).astype(np.float32), 0.2, planes):
        assert region.left % 2 == region.top % 2 == 0
        assert region.right % 2 == 0 or region.right == 641
        assert region.bottom % 2 == 0 or region.bottom == 359


def test_a_face_that_trembles_keeps_its_region() -> None:
    """Else the mosaics of many frames could be put together to a finer picture."""
    planes = flat_planes(1280, 720, (100, 128, 128))
    random = np.random.default_rng(4)
    base = np.array([0.405, 0.305, 0.525, 0.515])
    regions = {next(regions_of([tuple(base + random.normal(0, 0.0008, 4))], 0.25, planes)) for _ in range(50)}
    assert len(regions) <= 4


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 5), (4097, 3), (3, 4097), (17, 1)])
def test_odd_and_tiny_pictures_are_covered(style: HideStyle, size: tuple[int, int]) -> None:
    planes = noise_planes(*size)
    assert cover_regions(planes, [(0.0, 0.0, 1.0, 1.0)], style, 0.25) == 1
    cover_whole(planes, style)


@pytest.mark.parametrize("style", STYLES)
def test_views_with_strides_are_edited_in_place_and_their_padding_is_left(style: HideStyle) -> None:
    plain, padded = noise_planes(200, 160), strided(noise_planes(200, 160))
    memory = padded.y.base
    assert memory is not None
    cover_regions(plain, [BOX], style)
    cover_regions(padded, [BOX], style)
    assert all_equal(plain, padded)
    assert np.all(memory[:, 200:] == 77)


def test_a_box_partly_outside_covers_its_part_of_the_picture() -> None:
    planes = flat_planes(100, 100, (100, 128, 128))
    assert cover_regions(planes, [(-0.5, -0.5, 0.2, 0.2)], "solid", 0.0) == 1
    assert np.all(planes.y[:20, :20] == 16)
    assert np.all(planes.y[40:, 40:] == 100)


def test_a_box_wholly_outside_covers_nothing() -> None:
    planes = flat_planes(100, 100, (100, 128, 128))
    assert cover_regions(planes, [(1.5, 1.5, 1.8, 1.8), (-2.0, 0.0, -1.0, 1.0)], "solid", 0.0) == 0
    assert np.all(planes.y == 100)


def test_a_box_without_area_covers_the_pixels_it_touches() -> None:
    planes = flat_planes(100, 100, (100, 128, 128))
    assert cover_regions(planes, [(0.5, 0.5, 0.5, 0.5)], "solid", 0.25) == 1
    assert planes.y[50, 50] == 16


def test_a_box_with_its_corners_swapped_is_covered() -> None:
    planes = flat_planes(100, 100, (100, 128, 128))
    assert cover_regions(planes, [(0.6, 0.7, 0.3, 0.3)], "solid", 0.0) == 1
    assert planes.y[50, 45] == 16


def test_no_boxes_change_nothing() -> None:
    planes = noise_planes(64, 64)
    before = planes.copy()
    assert cover_regions(planes, [], "blur") == 0
    assert cover_regions(planes, np.zeros((0, 4), np.float32), "blur") == 0
    assert all_equal(planes, before)


@pytest.mark.parametrize("full_range", [False, True])
def test_solid_is_black_in_its_range(full_range: bool) -> None:
    planes = noise_planes(64, 64)
    cover_whole(planes, "solid", full_range)
    assert np.all(planes.y == (0 if full_range else 16))
    assert np.all(planes.u == 128)
    assert np.all(planes.v == 128)


@pytest.mark.parametrize("style", STYLES)
def test_the_whole_picture_is_left_with_a_few_mean_values(style: HideStyle) -> None:
    outputs = []
    for seed in range(120):
        planes = noise_planes(128, 72, seed)
        cover_whole(planes, style)
        outputs.append(planes.y.reshape(-1).astype(np.float64))
    matrix = np.stack(outputs)
    singular = np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False)
    assert int((singular > 0.6 * np.sqrt(matrix.size)).sum()) <= 64
