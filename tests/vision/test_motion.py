"""Motion is what moves: not noise, not light, not what is masked."""

import math
import time
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from tests.vision.pictures import frame_of

from popcam.core.frame import Frame, Planes
from popcam.core.spec import GateSpec
from popcam.vision.motion import Motion, MotionGate, MotionGates, least_ratio, shrink

FPS = 15.0
CHROMA = np.full((180, 320), 128, np.uint8)
Picture = npt.NDArray[np.float64]


def scene() -> Picture:
    """A soft pattern of 640x360 with luma 40..190."""
    random = np.random.default_rng(5)
    soft = cv2.GaussianBlur(random.random((360, 640)), (0, 0), 12)
    low, high = float(np.min(soft)), float(np.max(soft))
    return np.asarray((soft - low) / (high - low) * 150 + 40, np.float64)


SCENE = scene()


def shot(picture: Picture, *, noise: float = 3.0, seed: int = 0) -> Frame:
    grain = np.random.default_rng(seed).normal(0, noise, picture.shape)
    return frame_of(Planes(np.clip(picture + grain, 0, 255).astype(np.uint8), CHROMA, CHROMA))


def with_square(x: int, y: int = 150, side: int = 50) -> Picture:
    picture = SCENE.copy()
    picture[y : y + side, x : x + side] = 230
    return picture


def settle(gate: MotionGate, frames: int = 30) -> float:
    """Show the empty scene; returns the time of the next frame."""
    for i in range(frames):
        gate.update(shot(SCENE, seed=i), i / FPS)
    return frames / FPS


def spec(**values: object) -> GateSpec:
    return GateSpec(**{"cooldown_s": 0.0, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("noise", [2.0, 8.0])
def test_noise_is_no_motion(noise: float) -> None:
    gate = MotionGate(spec(sensitivity=0.8))
    seen = [gate.update(shot(SCENE, noise=noise, seed=i), i / FPS) for i in range(60)]
    assert not any(motion.moving for motion in seen)


def test_a_moving_square_is_motion() -> None:
    gate = MotionGate(spec())
    start_s = settle(gate)
    seen = [gate.update(shot(with_square(100 + 8 * i), seed=i), start_s + i / FPS) for i in range(10)]
    assert all(motion.moving for motion in seen)
    assert seen[0].changed_ratio == pytest.approx(50 * 50 / (640 * 360), rel=0.3)


def test_a_thing_that_stays_becomes_background() -> None:
    gate = MotionGate(spec())
    start_s = settle(gate)
    last = [gate.update(shot(with_square(200), seed=i), start_s + i / FPS) for i in range(150)]
    assert last[0].moving
    assert not last[-1].moving


def test_motion_inside_a_mask_does_not_count() -> None:
    gate = MotionGate(spec(masks=(((0.0, 0.3), (1.0, 0.3), (1.0, 0.7), (0.0, 0.7)),)))
    start_s = settle(gate)
    inside = [gate.update(shot(with_square(100 + 8 * i), seed=i), start_s + i / FPS) for i in range(10)]
    assert not any(motion.moving for motion in inside)
    assert gate.update(shot(with_square(300, y=290)), start_s + 1).moving


def test_a_picture_masked_as_a_whole_never_moves() -> None:
    gate = MotionGate(spec(masks=(((-0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),), sensitivity=1.0))
    start_s = settle(gate, 3)
    assert gate.update(shot(with_square(100)), start_s) == Motion(moving=False, changed_ratio=0.0)


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.25])
def test_a_step_of_exposure_is_no_motion(factor: float) -> None:
    gate = MotionGate(spec())
    start_s = settle(gate)
    seen = [gate.update(shot(SCENE * factor, seed=i), start_s + i / FPS) for i in range(20)]
    assert not any(motion.moving for motion in seen)


def test_flickering_light_is_no_motion() -> None:
    gate = MotionGate(spec())
    settle(gate)
    seen = [gate.update(shot(SCENE * (1 + 0.15 * math.sin(i * 2.3)), seed=i), 2 + i / FPS) for i in range(60)]
    assert not any(motion.moving for motion in seen)


def test_slowly_changing_light_is_no_motion() -> None:
    gate = MotionGate(spec())
    ramp = np.linspace(0, 60, 640)[None, :]  # the sun moves: one side gets brighter
    seen = [gate.update(shot(SCENE + ramp * (i / 900), seed=i), i / FPS) for i in range(0, 900, 3)]
    assert not any(motion.moving for motion in seen)


def test_another_picture_altogether_counts_only_if_it_goes_on() -> None:
    gate = MotionGate(spec())
    start_s = settle(gate)
    other = 255.0 - np.roll(SCENE, 200, axis=1)
    once = gate.update(shot(other), start_s)
    again = gate.update(shot(np.roll(SCENE, 300, axis=0)), start_s + 1 / FPS)
    assert (once.moving, again.moving) == (False, True)
    assert once.changed_ratio > 0.6


def test_something_moving_in_other_light_is_still_seen() -> None:
    gate = MotionGate(spec())
    start_s = settle(gate)
    assert gate.update(shot(with_square(200) * 0.7), start_s).moving


def test_keyframes_seconds_apart_are_enough() -> None:
    gate = MotionGate(spec())
    for i in range(5):
        assert not gate.update(shot(SCENE, seed=i), 4.0 * i).moving
    assert gate.update(shot(with_square(100)), 20.0).moving
    gate.update(shot(with_square(100), seed=1), 24.0)
    assert not gate.update(shot(with_square(100), seed=2), 28.0).moving


def test_motion_lasts_for_its_cooldown() -> None:
    gate = MotionGate(GateSpec(cooldown_s=3.0))
    start_s = settle(gate)
    gate.update(shot(with_square(200)), start_s)
    for i in range(45):
        assert gate.update(shot(SCENE, seed=i), start_s + 3.0 * i / 45).moving
    assert not gate.update(shot(SCENE), start_s + 9.0).moving


def test_a_gate_that_is_off_always_moves() -> None:
    gate = MotionGate(GateSpec(enabled=False))
    assert gate.update(shot(SCENE), 0.0).moving


def test_the_first_frame_is_not_settled_and_no_motion() -> None:
    gate = MotionGate(spec())
    assert gate.update(shot(SCENE), 0.0) == Motion(moving=False, changed_ratio=0.0, settled=False)
    assert gate.update(shot(SCENE), 0.1).settled


def test_another_size_of_picture_begins_anew() -> None:
    gate = MotionGate(spec())
    settle(gate, 3)
    tall = frame_of(Planes(np.full((640, 360), 90, np.uint8), CHROMA.T, CHROMA.T))
    assert not gate.update(tall, 1.0).settled


@pytest.mark.parametrize("size", [(1, 1), (3, 4097), (720, 1280), (2, 2)])
def test_the_small_picture_is_at_most_160_a_side(size: tuple[int, int]) -> None:
    small = shrink(np.full(size, 99, np.uint8))
    assert max(small.shape) <= 160
    assert np.all(small == 99)


@pytest.mark.parametrize("size", [(4, 1), (1, 4), (4, 4), (1, 1), (3, 1), (640, 1)])
def test_a_picture_of_a_few_points_is_judged_by_its_differences(size: tuple[int, int]) -> None:
    gate = MotionGate(spec(sensitivity=0.5))
    dark, bright = (replace(shot(SCENE), planes=_flat(size, luma)) for luma in (40, 60))
    for number in range(10):
        gate.update(dark, number / FPS)
    assert gate.update(dark, 1.0).changed_ratio == 0.0
    gates = MotionGates(spec(sensitivity=0.5), spec(sensitivity=1.0))
    for number in range(10):
        gates.update(dark, number / FPS)
    assert all(0.0 <= motion.changed_ratio <= 1.0 for motion in gates.update(bright, 1.0))


def _flat(size: tuple[int, int], luma: int) -> Planes:
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    return Planes(np.full(size, luma, np.uint8), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8))


def test_limits_hold_for_a_picture_of_four_by_one() -> None:
    rng, gate = np.random.default_rng(7), MotionGate(spec(sensitivity=0.5))
    ratios = []
    for number in range(60):
        trembling = _flat((4, 1), 100)
        trembling.y[:] += rng.integers(0, 3, (4, 1), dtype=np.uint8)
        ratios.append(gate.update(replace(shot(SCENE), planes=trembling), number / FPS).changed_ratio)
    assert ratios == [0.0] * 60


def test_sensitivity_reaches_from_a_third_of_the_picture_to_a_few_points() -> None:
    assert least_ratio(0.0) == pytest.approx(1 / 3)
    assert least_ratio(1.0) * 160 * 90 == pytest.approx(4)
    assert least_ratio(0.0) > least_ratio(0.3) > least_ratio(0.5) > least_ratio(1.0)


def test_low_sensitivity_ignores_what_high_sensitivity_sees() -> None:
    results = []
    for sensitivity in (0.2, 0.8):
        gate = MotionGate(spec(sensitivity=sensitivity))
        start_s = settle(gate)
        results.append(gate.update(shot(with_square(200, side=30)), start_s).moving)
    assert results == [False, True]


def test_a_frame_of_720p_takes_far_less_than_its_time() -> None:
    """0.11 ms was measured; the limit leaves room for a busy machine."""
    gate = MotionGate(spec())
    luma = cv2.resize(shot(SCENE).planes.y, (1280, 720))
    frame = frame_of(Planes(np.asarray(luma, np.uint8), CHROMA, CHROMA))
    times = []
    for i in range(100):
        start = time.perf_counter()
        gate.update(frame, i / FPS)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.001
