"""How a box moves: constant velocity with slowly dying speed.

Numbers of Python and not arrays: there are a handful of faces, and each call of NumPy costs more than all of them.
"""

import math
from typing import Final

from popcam.core.facts import BoxNorm

# In shares of the box's own size. A face of 0.1 of the picture moves like one of 0.2 twice as near.
_MEASUREMENT: Final = 0.06
_ACCELERATION: Final = 2.0  # per second squared, one standard deviation
_FIRST_SPEED: Final = 1.0
_SPEED_LIFE_S: Final = 2.0
_LEAST_SIZE: Final = 1e-4


class Step:
    """What a time does to every filter: made once for all boxes of a frame.

    Attributes:
        reach: how far a speed of 1 goes.
        decay: what is left of it.
        noise: variance of position, covariance, and variance of speed that an acceleration of 1 adds.
    """

    __slots__ = ("decay", "noise", "reach")

    def __init__(self, elapsed_s: float) -> None:
        self.decay = math.exp(-elapsed_s / _SPEED_LIFE_S)
        self.reach = _SPEED_LIFE_S * (1 - self.decay)
        self.noise = (elapsed_s**4 / 4, elapsed_s**3 / 2, elapsed_s**2)


class BoxFilter:
    """A Kalman filter for centre and size of one box, each with its speed.

    Time is real time, so frames may be any distance apart. An unseen box slows down with a life of two seconds, instead
    of leaving the picture.

    Source: the textbook constant-velocity filter with white-noise acceleration (Bar-Shalom, Li, Kirubarajan 2001, 6.2).
    """

    __slots__ = ("_x", "_y")

    def __init__(self, box: BoxNorm) -> None:
        left, top, right, bottom = box
        self._x = _Axis((left + right) / 2, right - left)
        self._y = _Axis((top + bottom) / 2, bottom - top)

    def advance(self, step: Step) -> None:
        """Move on in time."""
        self._x.advance(step)
        self._y.advance(step)

    def correct(self, box: BoxNorm) -> None:
        """Take in where it was seen, xyxy."""
        left, top, right, bottom = box
        self._x.correct((left + right) / 2, right - left)
        self._y.correct((top + bottom) / 2, bottom - top)

    def box_after(self, reach: float) -> BoxNorm:
        """Where the box is, xyxy and not clipped, once a speed of 1 has gone so far. Nothing is changed."""
        left, right = self._x.ends_after(reach)
        top, bottom = self._y.ends_after(reach)
        return left, top, right, bottom


class _Axis:
    """Centre and size along one axis. Both are uncertain in shares of the same size, so one covariance [[a, b], [b, c]]
    of position and speed serves both."""

    __slots__ = ("_a", "_b", "_c", "_centre", "_centre_speed", "_size", "_size_speed")

    def __init__(self, centre: float, size: float) -> None:
        self._centre, self._size = centre, max(size, _LEAST_SIZE)
        self._centre_speed = self._size_speed = 0.0
        self._a = (_MEASUREMENT * self._size) ** 2
        self._b = 0.0
        self._c = (_FIRST_SPEED * self._size) ** 2

    def advance(self, step: Step) -> None:
        reach, decay = step.reach, step.decay
        noise = (_ACCELERATION * self._size) ** 2
        self._centre += reach * self._centre_speed
        self._size = max(self._size + reach * self._size_speed, _LEAST_SIZE)
        self._centre_speed *= decay
        self._size_speed *= decay
        b, c = self._b, self._c
        self._a += reach * (2 * b + reach * c) + step.noise[0] * noise
        self._b = decay * (b + reach * c) + step.noise[1] * noise
        self._c = decay * decay * c + step.noise[2] * noise

    def correct(self, centre: float, size: float) -> None:
        size = max(size, _LEAST_SIZE)
        spread = self._a + (_MEASUREMENT * size) ** 2
        gain, speed_gain = self._a / spread, self._b / spread
        off, size_off = centre - self._centre, size - self._size
        self._centre += gain * off
        self._size += gain * size_off
        self._centre_speed += speed_gain * off
        self._size_speed += speed_gain * size_off
        self._c -= speed_gain * self._b
        self._a *= 1 - gain
        self._b *= 1 - gain

    def ends_after(self, reach: float) -> tuple[float, float]:
        centre = self._centre + reach * self._centre_speed
        half = max(self._size + reach * self._size_speed, _LEAST_SIZE) / 2
        return centre - half, centre + half
