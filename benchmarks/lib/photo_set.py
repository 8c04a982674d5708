"""A folder of made photos of 2 to 12 megapixels, with the exact place of each face."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from benchmarks.lib.clips import CACHE
from benchmarks.lib.faces import BOXES_PX, Pose, face, place

Picture = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float32]
SIZES: Final = ((1600, 1200), (2048, 1536), (2592, 1944), (3264, 2448), (4000, 3000), (1536, 2048), (3000, 4000))
"""2, 3, 5, 8 and 12 megapixels, some upright."""
EMPTY_OF_20: Final = 1
"""Of 20 photos so many show nobody."""
JPEG_QUALITY: Final = 92
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """The folder, and the faces of each photo by its name: (N, 4) xyxy in 0..1."""

    folder: Path
    faces: dict[str, Array]
    megapixels: float


def photo_set(count: int, cache: Path = CACHE) -> PhotoSet:
    """So many photos; made once."""
    folder = cache / f"photos{VERSION}-{count}"
    labels = folder.with_suffix(".json")
    if not (labels.exists() and folder.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        labelled = {}
        for name, picture, boxes in photos(count):
            if not cv2.imwrite(str(folder / name), picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
                raise OSError(f"{folder / name} can't be written")
            labelled[name] = {"boxes": boxes.tolist(), "pixels": picture.shape[0] * picture.shape[1]}
        labels.write_text(json.dumps(labelled), "utf-8")
    stored = json.loads(labels.read_text("utf-8"))
    faces = {name: np.array(row["boxes"], np.float32).reshape(-1, 4) for name, row in stored.items()}
    return PhotoSet(folder, faces, sum(row["pixels"] for row in stored.values()) / 1e6)


def photos(count: int) -> Iterator[tuple[str, Picture, Array]]:
    """Names, BGR pictures and boxes, one at a time: 1 to 6 people in rows, from a portrait to a group far away."""
    for number in range(count):
        rng = np.random.default_rng(1000 + number)
        width, height = SIZES[number % len(SIZES)]
        people = 0 if number % 20 < EMPTY_OF_20 else 1 + number % 6
        picture = _ground(width, height, rng)
        boxes = [_stand(picture, index, people, rng) for index in range(people)]
        noise = np.empty(picture.shape, np.int8)
        cv2.randn(noise, (0, 0, 0), (2, 2, 2))  # type: ignore[call-overload]
        noisy = np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)
        yield f"photo-{number:03d}.jpg", noisy, np.array(boxes, np.float32).reshape(-1, 4)


def _ground(width: int, height: int, rng: np.random.Generator) -> Picture:
    coarse = rng.integers(50, 190, (6, 8, 3), dtype=np.uint8)
    fine = rng.integers(0, 40, (height // 8, width // 8, 3), dtype=np.uint8)
    size = (width, height)
    ground = cv2.add(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), cv2.resize(fine, size))
    return np.asarray(ground, np.uint8)


def _stand(picture: Picture, index: int, people: int, rng: np.random.Generator) -> Array:
    """Draw one of several people in a place of their own; their box in 0..1."""
    height, width = picture.shape[:2]
    one = face(list(BOXES_PX)[int(rng.integers(len(BOXES_PX)))])
    columns = min(people, 3)
    rows = -(-people // columns)
    cell_w, cell_h = width / columns, height / rows
    # With hair and neck it must fit its cell; the smallest is a twelfth of the picture's height.
    largest = min(cell_h / 2.0, cell_w / (2.0 * one.aspect))
    size = float(rng.uniform(min(height / 12, largest), largest))
    spare = (cell_w - 1.8 * size * one.aspect, cell_h - 1.8 * size)
    x = (index % columns + 0.5) * cell_w + float(rng.uniform(-0.5, 0.5)) * spare[0]
    y = (index // columns + 0.5) * cell_h + float(rng.uniform(-0.5, 0.5)) * spare[1]
    pose = Pose(x, y, size, lean_deg=float(rng.uniform(-12, 12)), light=float(rng.uniform(0.75, 1.1)))
    place(picture, one, pose)
    box: Array = (one.box(pose) / np.array([width, height] * 2, np.float32)).astype(np.float32)
    return box
