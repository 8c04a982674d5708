"""Pictures with faces, noise and colours, as frames."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from popcam.core.frame import Frame, Planes, UInt8Array

STILLS = sorted(p for p in (Path(__file__).parents[1] / "data" / "stills").iterdir() if p.suffix in {".jpg", ".png"})


def frame_of(planes: Planes, *, full_range: bool = False) -> Frame:
    return Frame(planes, seq=0, pts_s=0.0, captured_monotonic_s=0.0, captured_unix_s=0.0, full_range=full_range)


def planes_of(bgr: Any) -> Planes:
    """A BGR picture as limited-range planes of any size, odd ones too."""
    height, width = bgr.shape[:2]
    even = cv2.copyMakeBorder(bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    rows, columns = even.shape[:2]
    flat = cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420).reshape(-1).copy()
    count = rows * columns
    chroma = (rows // 2, columns // 2)
    return Planes(
        flat[:count].reshape(rows, columns)[:height, :width],
        flat[count : count * 5 // 4].reshape(chroma),
        flat[count * 5 // 4 :].reshape(chroma),
    )


def bgr_of(planes: Planes) -> UInt8Array:
    """Planes of even size as a BGR picture."""
    parts = [np.ascontiguousarray(plane).reshape(-1) for plane in planes]
    i420 = np.concatenate(parts).reshape(planes.height_px * 3 // 2, planes.width_px)
    return np.asarray(cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420), np.uint8)


def still(path: Path, longest_px: int = 640) -> Frame:
    """A photo with one face, scaled."""
    bgr = cv2.imread(str(path))
    assert bgr is not None
    scale = longest_px / max(bgr.shape[:2])
    return frame_of(planes_of(cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)))


def noise_planes(width_px: int, height_px: int, seed: int = 7) -> Planes:
    random = np.random.default_rng(seed)
    chroma = ((height_px + 1) // 2, (width_px + 1) // 2)
    return Planes(*(random.integers(0, 256, size, np.uint8) for size in ((height_px, width_px), chroma, chroma)))


def strided(planes: Planes, padding_px: int = 13) -> Planes:
    """The same picture with rows that are not contiguous, as decoders give it."""

    def padded(plane: UInt8Array) -> UInt8Array:
        memory = np.full((plane.shape[0], plane.shape[1] + padding_px), 77, np.uint8)
        memory[:, : plane.shape[1]] = plane
        return memory[:, : plane.shape[1]]

    return Planes(*(padded(plane) for plane in planes))


def flat_planes(width_px: int, height_px: int, yuv: tuple[int, int, int]) -> Planes:
    chroma = ((height_px + 1) // 2, (width_px + 1) // 2)
    sizes = ((height_px, width_px), chroma, chroma)
    return Planes(*(np.full(size, value, np.uint8) for size, value in zip(sizes, yuv, strict=True)))
