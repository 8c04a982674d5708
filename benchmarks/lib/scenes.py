"""Videos of several faces that move, with the exact place of each face on each frame.

A slowly panning textured room with sensor noise; faces wander, come nearer, lean, and one walks through the picture and
out of it. A face of which less than 60 % can be seen (behind another, or at the edge) is neither asked for nor counted
as wrong when it is found.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.lib.clips import CACHE, NOISE
from benchmarks.lib.faces import Face, Pose, face, place

Picture = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]
FPS: Final = 25
KEYFRAMES_S: Final = 2
SEEN_SHARE: Final = 0.6
VERSION: Final = 2
"""Part of the file's name: a changed scene is a new file."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Where the faces are: `boxes_norm` (frames, faces, 4) xyxy in 0..1, `counted` (frames, faces)."""

    boxes_norm: Array
    counted: npt.NDArray[np.bool_]

    def save(self, path: Path) -> None:
        """Write it beside its clip."""
        with path.open("wb") as file:
            np.savez_compressed(file, boxes_norm=self.boxes_norm, counted=self.counted)

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(stored["boxes_norm"], stored["counted"])


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip on disk with its truth."""

    path: Path
    width_px: int
    height_px: int
    frames: int
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Actor:
    """How one face moves. Places are shares of the picture, times seconds."""

    still: str
    middle: tuple[float, float]
    reach: tuple[float, float]
    period_s: tuple[float, float]
    height: float
    nearer: float = 0.15
    walks_through: bool = False

    def pose(self, time_s: float, width_px: int, height_px: int) -> Pose:
        """Where it is at that time."""
        swing = [math.sin(2 * math.pi * time_s / period) for period in self.period_s]
        x = self.middle[0] + self.reach[0] * swing[0]
        if self.walks_through:
            x = (time_s / self.period_s[0] + self.middle[0]) % 1.4 - 0.2
        size = self.height * (1 + self.nearer * math.sin(2 * math.pi * time_s / 7 + self.middle[0]))
        return Pose(
            x * width_px,
            (self.middle[1] + self.reach[1] * swing[1]) * height_px,
            size * height_px,
            lean_deg=8 * math.sin(2 * math.pi * time_s / 5 + self.middle[1]),
            light=1 + 0.1 * swing[1],
        )


ACTORS: Final = (
    _Actor("obama3.jpg", (0.50, 0.15), (0.05, 0.02), (9.0, 6.0), 0.085, walks_through=False),
    _Actor("astronaut.png", (0.20, 0.36), (0.12, 0.08), (8.0, 5.0), 0.17),
    _Actor("biden.jpg", (0.74, 0.40), (0.16, 0.06), (6.0, 4.3), 0.20),
    _Actor("grace_hopper_512x512.jpg", (0.42, 0.68), (0.10, 0.08), (7.0, 3.7), 0.26, nearer=0.25),
    _Actor("obama.jpg", (0.95, 0.80), (0.0, 0.03), (11.0, 2.6), 0.15, walks_through=True),
)
"""From the back to the front: later ones stand before earlier ones."""


def scene(width_px: int, height_px: int, seconds: float, folder: Path = CACHE) -> Scene:
    """The clip of this size with its truth; made once."""
    frames = round(seconds * FPS)
    path = folder / f"scene{VERSION}-{width_px}x{height_px}-{frames}.mp4"
    facts = path.with_suffix(".npz")
    if not (path.exists() and facts.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        truth(width_px, height_px, frames).save(facts)
        _encode(path, width_px, height_px, frames)
    return Scene(path, width_px, height_px, frames, Truth.load(facts))


def truth(width_px: int, height_px: int, frames: int) -> Truth:
    """Where every face is on every frame."""
    faces = [face(actor.still) for actor in ACTORS]
    boxes = np.array(
        [
            [one.box(actor.pose(number / FPS, width_px, height_px)) for one, actor in zip(faces, ACTORS, strict=True)]
            for number in range(frames)
        ],
        np.float32,
    )
    scale = np.array([width_px, height_px] * 2, np.float32)
    counted = np.array([seen_shares(row, width_px, height_px) >= SEEN_SHARE for row in boxes])
    return Truth(np.clip(boxes / scale, 0, 1), counted)


def seen_shares(boxes_px: Array, width_px: int, height_px: int) -> Array:
    """Share of each box that lies in the picture and behind no later one. (N, 4) xyxy -> (N,)."""
    shares = np.zeros(len(boxes_px), np.float32)
    for index, box in enumerate(boxes_px):
        x0, y0, x1, y1 = box
        visible = np.ones((32, 32), bool)
        x, y = np.meshgrid(np.linspace(x0, x1, 32), np.linspace(y0, y1, 32))
        visible &= (x >= 0) & (x < width_px) & (y >= 0) & (y < height_px)
        for other in boxes_px[index + 1 :]:
            # hair and neck of the one before hide as well
            grow_x, grow_y = 0.15 * (other[2] - other[0]), 0.15 * (other[3] - other[1])
            inside_x = (x >= other[0] - grow_x) & (x <= other[2] + grow_x)
            visible &= ~(inside_x & (y >= other[1] - grow_y) & (y <= other[3] + grow_y))
        shares[index] = visible.mean()
    return shares


def pictures(width_px: int, height_px: int, frames: int) -> Iterator[Picture]:
    """The frames, BGR, one at a time."""
    rng = np.random.default_rng(11)
    faces = [face(actor.still) for actor in ACTORS]
    room = _room(width_px + width_px // 8, height_px, rng)
    noise = [rng.normal(0, NOISE, (height_px, width_px, 3)).astype(np.int8) for _ in range(7)]
    for number in range(frames):
        yield _picture(number / FPS, room, noise[number % len(noise)], faces)


def _picture(time_s: float, room: Picture, noise: npt.NDArray[np.int8], faces: list[Face]) -> Picture:
    height_px, width_px = noise.shape[:2]
    shift = round((room.shape[1] - width_px) * (0.5 + 0.5 * math.sin(2 * math.pi * time_s / 20)))
    picture = room[:, shift : shift + width_px].copy()
    for one, actor in zip(faces, ACTORS, strict=True):
        place(picture, one, actor.pose(time_s, width_px, height_px))
    noisy: Picture = cv2.add(picture, noise, dtype=cv2.CV_8U)  # type: ignore[assignment]
    return noisy


def _room(width_px: int, height_px: int, rng: np.random.Generator) -> Picture:
    """A wall with large soft patches, finer texture and hard edges, like shelves and frames."""
    coarse = rng.integers(60, 180, (9, 16, 3), dtype=np.uint8)
    fine = rng.integers(0, 40, (height_px // 6, width_px // 6, 3), dtype=np.uint8)
    size = (width_px, height_px)
    room = cv2.add(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), cv2.resize(fine, size))
    for _ in range(14):
        x, y = int(rng.integers(0, width_px)), int(rng.integers(0, height_px))
        wide, high = int(rng.integers(20, width_px // 6)), int(rng.integers(20, height_px // 5))
        colour = tuple(int(value) for value in rng.integers(30, 220, 3))
        cv2.rectangle(room, (x, y), (x + wide, y + high), colour, -1)
    return np.asarray(room, np.uint8)


def _encode(path: Path, width_px: int, height_px: int, frames: int) -> None:
    part = path.with_suffix(".part")
    with av.open(str(part), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        # As phones and cameras make it: B-frames, a keyframe every two seconds, plenty of bits.
        stream.options = {"preset": "faster", "crf": "20", "g": str(KEYFRAMES_S * FPS)}
        for number, picture in enumerate(pictures(width_px, height_px, frames)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.rename(path)
