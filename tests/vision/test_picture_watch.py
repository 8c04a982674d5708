"""Frozen and dark pictures, told from still scenes with a sensor's noise. Encoded for real."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from tests.fakes.face_clips import ASTRONAUT
from tests.vision.pictures import frame_of, planes_of

from popcam.core.frame import Frame, UInt8Array
from popcam.vision.picture_watch import (
    MEMORY,
    NEVER_LIVELY_S,
    PictureWatch,
    changed_ratio,
    is_dark,
    sampled,
)

WIDTH_PX, HEIGHT_PX = 320, 180
GROUP_S = 2.0


class Camera:
    """A scene in which nothing moves, by a noisy sensor and an encoder of constant quality; one keyframe at a time."""

    def __init__(self, *, sigma: float = 2.0, brightness: float = 1.0, quality: int = 30) -> None:
        still = cv2.imread(str(ASTRONAUT))
        assert still is not None
        self._scene = cv2.resize(still, (WIDTH_PX, HEIGHT_PX)).astype(np.float32) * brightness
        self._chance = np.random.default_rng(7)
        self._sigma = sigma
        self._quality = quality
        self._held: UInt8Array | None = None
        self.frozen = False
        self.at_s = 0.0

    def keyframes(self, count: int) -> Iterator[Frame]:
        for _ in range(count):
            self.at_s += GROUP_S
            frame = frame_of(planes_of(encoded(self._picture(), self._quality)))
            yield replace(frame, keyframe=True)

    def _picture(self) -> UInt8Array:
        if self._held is None or not self.frozen:
            noise = self._chance.normal(0.0, self._sigma, (HEIGHT_PX, WIDTH_PX, 1))
            self._held = np.clip(self._scene + noise, 0, 255).astype(np.uint8)
        return self._held


def encoded(picture: UInt8Array, quality: int) -> UInt8Array:
    """What a decoder makes of the picture as a keyframe of H.264."""
    encoder = VideoCodecContext.create("libx264", "w")
    decoder = VideoCodecContext.create("h264", "r")
    assert isinstance(encoder, VideoCodecContext)
    assert isinstance(decoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    encoder.time_base = Fraction(1, 15)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": str(quality), "threads": "1"}
    given = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
    packets = [*encoder.encode(given), *encoder.encode(None)]
    (decoded,) = [*(one for packet in packets for one in decoder.decode(packet)), *decoder.decode(None)]
    return np.asarray(decoded.to_ndarray(format="bgr24"), np.uint8)


def watch(camera: Camera, picture_watch: PictureWatch, count: int) -> float | None:
    for frame in camera.keyframes(count):
        picture_watch.look(frame, camera.at_s)
    return picture_watch.frozen_s(camera.at_s)


@pytest.mark.parametrize(
    ("sigma", "brightness", "quality"), [(2.0, 1.0, 26), (0.7, 1.0, 35), (0.7, 0.15, 35)], ids=["day", "fine", "night"]
)
def test_a_still_scene_lives_by_its_noise(sigma: float, brightness: float, quality: int) -> None:
    watched = PictureWatch()
    camera = Camera(sigma=sigma, brightness=brightness, quality=quality)
    assert watch(camera, watched, MEMORY + 2) == 0.0
    assert watched.lively


def test_a_frozen_picture_is_noticed_at_the_second_equal_keyframe() -> None:
    watched, camera = PictureWatch(lively=True), Camera()
    assert watch(camera, watched, 3) == 0.0
    camera.frozen = True
    assert watch(camera, watched, 1) == GROUP_S
    assert watch(camera, watched, 4) == 5 * GROUP_S


def test_it_counts_on_while_no_keyframe_comes() -> None:
    watched, camera = PictureWatch(lively=True), Camera()
    camera.frozen = True
    watch(camera, watched, 2)
    assert watched.frozen_s(camera.at_s + 30.0) == GROUP_S + 30.0


def test_one_changed_keyframe_ends_nothing_and_two_do() -> None:
    """An encoder's rate control makes a step now and then, of a frozen picture too."""
    watched, camera = PictureWatch(lively=True), Camera()
    camera.frozen = True
    watch(camera, watched, 3)
    camera.frozen = False
    watch(camera, watched, 1)
    camera.frozen = True
    assert watch(camera, watched, 1) == 4 * GROUP_S
    camera.frozen = False
    assert watch(camera, watched, 2) == 0.0


def test_a_picture_that_nobody_saw_alive_takes_minutes() -> None:
    watched, camera = PictureWatch(), Camera()
    camera.frozen = True
    assert watch(camera, watched, 20) is None
    assert not watched.lively
    assert watched.frozen_s(camera.at_s + NEVER_LIVELY_S) is not None


def test_a_source_that_may_stand_still_is_never_frozen() -> None:
    watched, camera = PictureWatch(lively=True, can_freeze=False), Camera()
    camera.frozen = True
    assert watch(camera, watched, 5) is None


def test_black_is_dark_and_never_frozen() -> None:
    watched, camera = PictureWatch(lively=True), Camera(sigma=0.3, brightness=0.0)
    assert watch(camera, watched, 5) == 0.0
    assert watched.dark is True


def test_one_brightness_all_over_is_a_covered_lens() -> None:
    noisy = np.random.default_rng(1).normal(120.0, 1.5, (64, 320))
    assert is_dark(np.clip(noisy, 0, 255).astype(np.uint8))


def test_a_dim_scene_is_not_dark() -> None:
    watched, camera = PictureWatch(), Camera(brightness=0.35)
    watch(camera, watched, 5)
    assert watched.dark is False


def test_a_moment_of_black_is_not_dark() -> None:
    watched, camera = PictureWatch(), Camera()
    watch(camera, watched, 2)
    black = Camera(brightness=0.0)
    black.at_s = camera.at_s
    watch(black, watched, 1)
    assert watched.dark is False


def test_another_size_is_no_change() -> None:
    watched, camera = PictureWatch(lively=True), Camera()
    watch(camera, watched, 2)
    other = replace(frame_of(planes_of(np.full((90, 160, 3), 99, np.uint8))), keyframe=True)
    watched.look(other, camera.at_s + GROUP_S)
    assert watched.frozen_s(camera.at_s + GROUP_S) == 0.0


def test_most_pictures_are_passed_over() -> None:
    watched = PictureWatch(lively=True)
    (frame,) = Camera().keyframes(1)
    for number in range(26):
        watched.look(frame, number / 30)
    assert watched.frozen_s(1.0) == 0.0


def test_samples_are_few_and_their_own() -> None:
    luma = np.random.default_rng(1).integers(0, 255, (1080, 1920), dtype=np.uint8)
    small = sampled(luma)
    assert small.shape == (64, 320)
    luma[:] = 0
    assert small.max() > 0


def test_clipped_samples_do_not_count() -> None:
    before = np.full((64, 320), 16, np.uint8)
    assert changed_ratio(before, before) is None
    now = before.copy()
    before[:, :10], now[:, :10] = 100, 101
    assert changed_ratio(before, now) == 1.0
