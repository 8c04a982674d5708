"""Is there something to look at? Motion on the luma plane at low resolution."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from popcam.core.frame import FloatArray, Frame, UInt8Array
from popcam.core.spec import GateSpec, PolygonNorm

_WIDTH_PX: Final = 160
_BACKGROUND_S: Final = 2.0  # a thing that stops becomes background within seconds
_NOISE_S: Final = 10.0
_NOISE_FACTOR: Final = 3.5
_WHOLE_PICTURE: Final = 0.6
_LEAST_RATIO: Final = 4 / (_WIDTH_PX * 90)
_MOST_RATIO: Final = 1 / 3
_QUARTERS: Final = np.array([0.25, 0.5, 0.75])


class Motion(NamedTuple):
    """What the gate says of one frame.

    Attributes:
        moving: something moves, or did within the cooldown.
        changed_ratio: share of the unmasked picture that changed, 0..1.
        settled: False while there is nothing to compare with yet, after the start or a change of size: look once.
    """

    moving: bool
    changed_ratio: float
    settled: bool = True


ALWAYS: Final = Motion(moving=True, changed_ratio=1.0)
"""What a gate that is switched off says."""


class MotionGate:
    """Compares each frame with a running background. One gate belongs to one camera and one thread.

    A pixel counts as changed when it differs from the background by more than a limit and than its own usual noise;
    a change of the whole picture's brightness and contrast is taken out first. Time is an argument, so frames may be
    any time apart: with keyframes alone it compares each with the one before.

    Args:
        spec: sensitivity, cooldown and masks.
    """

    def __init__(self, spec: GateSpec) -> None:
        self._gates = MotionGates(spec)

    def update(self, frame: Frame, now_s: float) -> Motion:
        """Judge one frame. `now_s` is any clock that only goes forward."""
        return self._gates.update(frame, now_s)[0]


class MotionGates:
    """Several gates for one camera: they judge differently, but look once. The background is theirs together, and the
    noise of a pixel is learnt as the most sensitive of them sees it.

    Args:
        specs: one for each gate.
    """

    def __init__(self, *specs: GateSpec) -> None:
        self._judges = tuple(_Judge(spec) for spec in specs)
        self._idle = not any(spec.enabled for spec in specs)
        self._least_difference = min(judge.least_difference for judge in self._judges)
        self._shrink = Shrinker()
        self._scene: _Scene | None = None

    def update(self, frame: Frame, now_s: float) -> tuple[Motion, ...]:
        """What each gate says of one frame, in their order. `now_s` is any clock that only goes forward."""
        if self._idle:
            return tuple(ALWAYS for _ in self._judges)
        small = self._shrink(frame.planes.y)
        if self._scene is None or self._scene.shape != small.shape:
            self._scene = _Scene(small, now_s)
            for judge in self._judges:
                judge.watch(small.shape)
            return tuple(judge.unsettled(now_s) for judge in self._judges)
        difference, noise = self._scene.compared(small, now_s, self._least_difference)
        return tuple(judge.verdict(difference, noise, now_s) for judge in self._judges)


class _Judge:
    """One gate's own opinion of how a picture differs from its background."""

    def __init__(self, spec: GateSpec) -> None:
        self._spec = spec
        self._least_ratio = least_ratio(spec.sensitivity)
        self.least_difference = 20.0 - 12.0 * spec.sensitivity
        self._least = np.uint8(round(self.least_difference))
        self._last_motion_s = -math.inf
        self._whole_changed = False
        self._watched: UInt8Array | None = None
        self._watched_count = 0

    def watch(self, shape: tuple[int, ...]) -> None:
        """Prepare for pictures of a size; a picture without masks needs no comparison with them."""
        area = watched_area(shape, self._spec.masks)
        self._watched = area if self._spec.masks else None
        self._watched_count = cv2.countNonZero(area)

    def unsettled(self, now_s: float) -> Motion:
        """There is nothing to compare with yet."""
        return Motion(self._cooling(now_s), 0.0, settled=False) if self._spec.enabled else ALWAYS

    def verdict(self, difference: UInt8Array, noise: FloatArray, now_s: float) -> Motion:
        """Judge how far each pixel is from the background, given how far it usually is; both (h, w)."""
        if not self._spec.enabled:
            return ALWAYS
        ratio = self._changed_ratio(difference, noise)
        if self._counts(ratio):
            self._last_motion_s = now_s
        return Motion(self._cooling(now_s), ratio)

    def _changed_ratio(self, difference: UInt8Array, noise: FloatArray) -> float:
        limit = cv2.convertScaleAbs(noise, alpha=_NOISE_FACTOR, beta=self.least_difference * 0.6)
        changed = cv2.compare(difference, np.maximum(limit, self._least), cv2.CMP_GT)
        if cv2.countNonZero(changed) == 0 or self._watched_count == 0:
            return 0.0
        # Lone pixels are noise; what moves covers neighbours too.
        moved = cv2.medianBlur(changed, 3)
        if self._watched is not None:
            moved = cv2.bitwise_and(moved, self._watched)
        return cv2.countNonZero(moved) / self._watched_count

    def _cooling(self, now_s: float) -> bool:
        return now_s - self._last_motion_s <= self._spec.cooldown_s

    def _counts(self, ratio: float) -> bool:
        """Once, all of the picture changes when a light is switched or an infrared filter drops in: that is no motion.
        If it goes on, it is a turning camera or something close."""
        whole_before, self._whole_changed = self._whole_changed, ratio >= _WHOLE_PICTURE
        return ratio >= self._least_ratio and (whole_before or not self._whole_changed)


def least_ratio(sensitivity: float) -> float:
    """Share of the picture that must change: a third at 0, four points of the small picture at 1.

    The power bends the scale, so that the middle (0.3 %) notices a person who is a tenth of the picture high.
    """
    return _MOST_RATIO * math.pow(_LEAST_RATIO / _MOST_RATIO, math.pow(sensitivity, 0.6))


class Shrinker:
    """Makes the luma plane at most 160 wide and high, in memory of its own: valid until the next picture.

    First a quick thinning to double that size, then an average.
    """

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._thin: UInt8Array | None = None
        self._small: UInt8Array = np.empty((1, 1), np.uint8)

    def __call__(self, luma: UInt8Array) -> UInt8Array:
        height, width = luma.shape
        if self._size != (width, height):
            self._prepare(width, height)
        if self._thin is not None:
            thin_wh = (self._thin.shape[1], self._thin.shape[0])
            luma = cv2.resize(luma, thin_wh, dst=self._thin, interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]
        small_wh = (self._small.shape[1], self._small.shape[0])
        result: UInt8Array = cv2.resize(luma, small_wh, dst=self._small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return result

    def _prepare(self, width: int, height: int) -> None:
        scale = min(1.0, _WIDTH_PX / max(width, height))
        small_hw = (max(1, round(height * scale)), max(1, round(width * scale)))
        self._size = (width, height)
        self._small = np.empty(small_hw, np.uint8)
        self._thin = np.empty((small_hw[0] * 2, small_hw[1] * 2), np.uint8) if scale < 1 / 2 else None


def shrink(luma: UInt8Array) -> UInt8Array:
    """The luma plane at most 160 wide and high."""
    return Shrinker()(luma)


class _Scene:
    """What one picture size usually looks like: a background and its noise, both moving averages."""

    def __init__(self, small: UInt8Array, now_s: float) -> None:
        self.shape = small.shape
        self._background: FloatArray = small.astype(np.float32)
        self._noise: FloatArray = np.zeros(small.shape, np.float32)
        self._noise_before = self._noise.copy()
        self._at_s = now_s

    def compared(self, small: UInt8Array, now_s: float, least_difference: float) -> tuple[UInt8Array, FloatArray]:
        """How far each pixel is from the background, and how far it usually is; the picture is then learnt."""
        elapsed_s, self._at_s = max(0.0, now_s - self._at_s), now_s
        gain, offset = brightness_change(self._background, small)
        expected = cv2.convertScaleAbs(self._background, alpha=gain, beta=offset)  # clipped to 0..255, as cameras do
        difference: UInt8Array = cv2.absdiff(small, expected)  # type: ignore[assignment]
        np.copyto(self._noise_before, self._noise)
        cv2.accumulateWeighted(small, self._background, 1 - math.exp(-elapsed_s / _BACKGROUND_S))
        # NumPy's: a number stays a number there, also beside a picture of four by one, the shape of OpenCV's scalars.
        usual = np.minimum(difference, np.uint8(round(2 * least_difference)))
        cv2.accumulateWeighted(usual, self._noise, 1 - math.exp(-elapsed_s / _NOISE_S))
        return difference, self._noise_before


def brightness_change(before: FloatArray, now: UInt8Array) -> tuple[float, float]:
    """Gain and offset by which most of the picture changed its brightness: `now` is about `before * gain + offset`.

    From the quartiles, so that a thing that fills less than a quarter does not pull at it.
    """
    old, new = quartiles(cv2.convertScaleAbs(before)), quartiles(now)  # type: ignore[arg-type]
    spread = old[2] - old[0]
    gain = (new[2] - new[0]) / spread if spread > 8 else 1.0
    gain = min(max(gain, 0.5), 2.0)
    return gain, new[1] - gain * old[1]


def quartiles(luma: UInt8Array) -> tuple[float, float, float]:
    """Values below which a quarter, half and three quarters of the pixels lie. A histogram is ten times faster than
    sorting."""
    counts = np.cumsum(cv2.calcHist([luma], [0], None, [256], [0, 256]))
    low, middle, high = np.searchsorted(counts, counts[-1] * _QUARTERS)
    return float(low), float(middle), float(high)


def watched_area(shape: tuple[int, ...], masks: Sequence[PolygonNorm]) -> npt.NDArray[np.uint8]:
    """255 where motion counts, 0 inside a mask; (height, width) uint8."""
    area: npt.NDArray[np.uint8] = np.full(shape, 255, np.uint8)
    size = np.array([shape[1], shape[0]], np.float64)
    for polygon in masks:
        corners = np.round(np.array(polygon) * size - 0.5).astype(np.int32)
        cv2.fillPoly(area, [corners], 0)
    return area
