"""The small picture: right colours, right shape, any size of picture."""

import threading

import cv2
import numpy as np
import pytest
from tests.vision.pictures import STILLS, bgr_of, flat_planes, noise_planes, still, strided

from popcam.core.frame import Planes, UInt8Array
from popcam.media.buffers import PicturePool
from popcam.vision.preprocess import ColourCanvas, PictureContract, Preprocessor, content_size, joined

BGR = PictureContract(colour="BGR")
RGB = PictureContract(colour="RGB")


def test_the_shape_is_kept_and_filled_up_to_multiples_of_32() -> None:
    small = Preprocessor(640, BGR)(flat_planes(1280, 720, (16, 128, 128)), full_range=False)
    assert (small.tensor.shape, small.content_wh) == ((1, 3, 384, 640), (640, 360))


def test_an_upright_picture_is_scaled_by_its_height() -> None:
    small = Preprocessor(640, BGR)(flat_planes(1080, 1920, (16, 128, 128)), full_range=False)
    assert small.content_wh == (360, 640)


def test_a_square_contract_gives_a_square() -> None:
    contract = PictureContract(colour="RGB", square_px=416)
    small = Preprocessor(640, contract)(flat_planes(1280, 720, (16, 128, 128)), full_range=False)
    assert (small.tensor.shape, small.content_wh) == ((1, 3, 416, 416), (416, 234))


@pytest.mark.parametrize("size", [(1, 1), (4097, 3), (3, 4097), (2, 1), (641, 359), (7680, 4320)])
def test_any_size_of_picture_works(size: tuple[int, int]) -> None:
    small = Preprocessor(640, BGR)(noise_planes(*size), full_range=False)
    width, height = small.content_wh
    assert 2 <= width <= small.tensor.shape[3] <= 640
    assert 2 <= height <= small.tensor.shape[2] <= 640
    assert small.tensor[..., height:, :].sum() == 0


def test_a_tiny_picture_is_enlarged_twice_at_most() -> None:
    assert content_size(100, 50, 640) == (200, 100)


def test_an_odd_width_of_the_small_picture_is_rounded_down() -> None:
    assert content_size(1280, 720, 333) == (332, 188)


@pytest.mark.parametrize(
    ("yuv", "full_range", "bgr"),
    [
        ((16, 128, 128), False, (0, 0, 0)),
        ((235, 128, 128), False, (255, 255, 255)),
        ((0, 128, 128), True, (0, 0, 0)),
        ((255, 128, 128), True, (255, 255, 255)),
        # Pure red in BT.601: limited (81, 90, 240), full (76, 85, 255).
        ((81, 90, 240), False, (0, 0, 255)),
        ((76, 85, 255), True, (0, 0, 255)),
    ],
)
def test_both_ranges_give_the_same_colours(yuv: tuple[int, int, int], full_range: bool, bgr: tuple[int, ...]) -> None:
    small = Preprocessor(64, BGR)(flat_planes(64, 64, yuv), full_range=full_range)
    assert np.abs(small.tensor[0, :, 20, 20] - np.array(bgr)).max() <= 4


def test_rgb_is_bgr_turned_round() -> None:
    planes = noise_planes(64, 64)
    first = Preprocessor(64, BGR)(planes, full_range=False).tensor
    second = Preprocessor(64, RGB)(planes, full_range=False).tensor
    assert np.array_equal(first[:, ::-1], second)


def test_mean_and_deviation_are_applied_to_picture_and_border() -> None:
    contract = PictureContract(colour="BGR", mean=(10.0, 20.0, 30.0), deviation=(2.0, 4.0, 5.0))
    small = Preprocessor(64, contract)(flat_planes(64, 36, (235, 128, 128)), full_range=False)
    assert small.tensor[0, :, 10, 10].tolist() == pytest.approx([122.5, 58.75, 45.0])
    assert small.tensor[0, :, 63, 10].tolist() == pytest.approx([-5.0, -5.0, -6.0])


def test_strided_planes_give_the_same_picture() -> None:
    planes = noise_planes(321, 241)
    plain = Preprocessor(160, BGR)(planes, full_range=True).tensor.copy()
    assert np.array_equal(Preprocessor(160, BGR)(strided(planes), full_range=True).tensor, plain)


def test_the_picture_is_the_photo() -> None:
    frame = still(STILLS[0], 512)
    small = Preprocessor(512, BGR)(frame.planes, full_range=False)
    difference = np.abs(small.tensor[0].transpose(1, 2, 0) - bgr_of(frame.planes))
    assert difference.max() <= 1


def test_the_planes_are_left_as_they_were() -> None:
    planes = noise_planes(100, 80)
    before = planes.copy()
    Preprocessor(64, BGR)(planes, full_range=True)
    assert all(np.array_equal(plane, old) for plane, old in zip(planes, before, strict=True))


def test_a_thread_uses_its_memory_again_and_another_thread_its_own() -> None:
    preprocess = Preprocessor(64, BGR)
    planes = noise_planes(64, 64)
    first = preprocess(planes, full_range=False).tensor
    others: list[object] = []
    thread = threading.Thread(target=lambda: others.append(preprocess(planes, full_range=False).tensor))
    thread.start()
    thread.join()
    assert preprocess(planes, full_range=False).tensor is first
    assert others[0] is not first


def test_many_sizes_do_not_gather_memory() -> None:
    preprocess = Preprocessor(64, BGR)
    for height in range(20, 60):
        preprocess(flat_planes(64, height, (16, 128, 128)), full_range=False)
    assert len(preprocess._local.buffers) <= 6


def canvas_of(input_wh: tuple[int, int]) -> ColourCanvas:
    """A canvas whose memory held something else before, as a model's does."""
    width, height = input_wh
    return ColourCanvas(np.full((1, height, width * 3), 77, np.uint8), "BGR")


def colours(canvas: ColourCanvas) -> UInt8Array:
    return canvas.picture.transpose(2, 0, 1)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1, 1), (4097, 3), (359, 641)])
def test_a_picture_of_bytes_has_the_same_content_as_one_of_numbers(size: tuple[int, int], full_range: bool) -> None:
    planes = flat_planes(*size, (120, 100, 150))
    preprocess = Preprocessor(640, BGR)
    small = preprocess(planes, full_range=full_range)
    input_wh, content_wh = preprocess.sizes(planes)
    assert content_wh == small.content_wh
    assert input_wh == (small.tensor.shape[3], small.tensor.shape[2])
    canvas = canvas_of(input_wh)
    canvas.draw(planes, content_wh, full_range=full_range)
    assert np.array_equal(colours(canvas), small.tensor[0].astype(np.uint8))


def test_nothing_of_a_larger_picture_is_left_around_a_smaller_one() -> None:
    preprocess = Preprocessor(64, BGR)
    canvas = canvas_of((64, 64))
    canvas.draw(flat_planes(64, 60, (200, 90, 160)), (64, 60), full_range=False)
    smaller = flat_planes(64, 40, (120, 100, 150))
    canvas.draw(smaller, (64, 40), full_range=False)
    assert preprocess.sizes(smaller) == ((64, 64), (64, 40))
    assert np.array_equal(colours(canvas), preprocess(smaller, full_range=False).tensor[0].astype(np.uint8))


def test_planes_in_one_memory_are_converted_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    planes = PicturePool().planes((64, 40))
    for mine, noise in zip(planes, noise_planes(64, 40), strict=True):
        mine[:] = noise
    canvas = canvas_of((64, 64))
    with monkeypatch.context() as without:
        without.setattr(cv2, "resize", None)
        canvas.draw(planes, (64, 40), full_range=False)
    assert np.array_equal(colours(canvas), Preprocessor(64, BGR)(planes, full_range=False).tensor[0].astype(np.uint8))


def test_only_planes_that_follow_one_another_count_as_one_memory() -> None:
    y, u, v = PicturePool().planes((64, 40))
    assert joined(Planes(y, u, v), (64, 40)) is not None
    assert joined(Planes(y, v, u), (64, 40)) is None
    assert joined(Planes(y[1:], u, v), (64, 39)) is None
    assert joined(Planes(y, u, v), (32, 20)) is None
    assert joined(noise_planes(64, 40), (64, 40)) is None
    assert joined(Planes(y, u, noise_planes(64, 40).v), (64, 40)) is None
