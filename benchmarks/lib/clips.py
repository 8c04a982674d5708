"""Clips that benchmarks play: made here, from public-domain stills, the same each time."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

STILLS = Path(__file__).parents[2] / "tests" / "data" / "stills"
CACHE = Path(__file__).parents[2] / ".cache" / "clips"
NOISE = 2.0
"""Standard deviation of sensor noise in grey levels; a lit indoor camera has about this much."""


def active_clip(width_px: int = 1280, height_px: int = 720, fps: int = 15, seconds: int = 40) -> Path:
    """Two faces that wander before a textured wall, with sensor noise."""
    return _clip("active", width_px, height_px, fps, seconds)


def idle_clip(width_px: int = 1280, height_px: int = 720, fps: int = 15, seconds: int = 120, *, kbps: int = 0) -> Path:
    """The same wall with a face that stands still, with sensor noise: nothing moves. With `kbps` the encoder spends so
    much, as cameras with a set bitrate do: noise is sent then; without, it is smoothed away and decoding is cheap."""
    return _clip("idle", width_px, height_px, fps, seconds, kbps)


def _clip(kind: str, width_px: int, height_px: int, fps: int, seconds: int, kbps: int = 0) -> Path:
    path = CACHE / f"{kind}-{width_px}x{height_px}-{fps}-{seconds}{f'-{kbps}k' if kbps else ''}.mp4"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.time_base = Fraction(1, fps)
        rate = {"b": f"{kbps}k", "maxrate": f"{kbps}k", "bufsize": f"{2 * kbps}k"} if kbps else {"crf": "25"}
        stream.options = {"preset": "veryfast", **rate, "g": str(2 * fps), "bf": "0"}
        for number, picture in enumerate(pictures(kind, width_px, height_px, fps, seconds)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.rename(path)
    return path


def pictures(kind: str, width_px: int, height_px: int, fps: int, seconds: int) -> Iterator[Picture]:
    """A round of BGR pictures, one at a time."""
    rng = np.random.default_rng(7)
    wall = _wall(width_px, height_px, rng)
    faces = [_still(name, height_px // 3) for name in ("astronaut.png", "grace_hopper_512x512.jpg")]
    noise = [rng.normal(0, NOISE, wall.shape).astype(np.int16) for _ in range(8)]
    for number in range(fps * seconds):
        time_s = number / fps if kind == "active" else 0.0
        picture = wall.copy()
        for index, face in enumerate(faces[: 2 if kind == "active" else 1]):
            x = (0.5 + 0.4 * np.sin(0.5 * time_s + 3 * index)) * (width_px - face.shape[1])
            y = (0.5 + 0.4 * np.cos(0.31 * time_s + index)) * (height_px - face.shape[0])
            picture[int(y) : int(y) + face.shape[0], int(x) : int(x) + face.shape[1]] = face
        yield np.clip(picture.astype(np.int16) + noise[number % len(noise)], 0, 255).astype(np.uint8)


def _wall(width_px: int, height_px: int, rng: np.random.Generator) -> Picture:
    rough = rng.integers(60, 190, (height_px // 40, width_px // 40, 3), dtype=np.uint8)
    wall: Picture = cv2.resize(rough, (width_px, height_px), interpolation=cv2.INTER_CUBIC)  # type: ignore[assignment]
    return wall


def _still(name: str, height_px: int) -> Picture:
    still = cv2.imread(str(STILLS / name))
    if still is None:
        raise FileNotFoundError(STILLS / name)
    width_px = round(still.shape[1] * height_px / still.shape[0])
    small: Picture = cv2.resize(still, (width_px, height_px), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small
