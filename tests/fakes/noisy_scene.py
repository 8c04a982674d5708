"""A scene in which nothing moves, as a sensor sees it: the same still again and again, each time with other noise."""

from pathlib import Path

import cv2
import numpy as np
from tests.fakes.face_clips import ASTRONAUT

PICTURES = 24


def write_noisy_scene(path: Path, width_px: int, height_px: int, *, sigma: float = 2.0, seed: int = 7) -> Path:
    """Write raw I420 pictures, one after the other.

    Args:
        path: the file.
        width_px, height_px: even.
        sigma: standard deviation of the noise in levels of brightness.
        seed: of the noise.
    """
    picture = cv2.imread(str(ASTRONAUT))
    assert picture is not None
    still = cv2.resize(picture, (width_px, height_px)).astype(np.float32)
    chance = np.random.default_rng(seed)
    with path.open("wb") as file:
        for _ in range(PICTURES):
            noise = chance.normal(0.0, sigma, (height_px, width_px, 1))
            seen = np.clip(still + noise, 0, 255).astype(np.uint8)
            file.write(cv2.cvtColor(seen, cv2.COLOR_BGR2YUV_I420).tobytes())
    return path
