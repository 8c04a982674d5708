"""The file in which `Follow` leaves what to cover, for `Write`: flat arrays, of which a chunk reads its part alone.

Layout, all little-endian: 8 bytes magic, int64 frames, int64 boxes; then int64 (frames + 1) `first_box`,
uint8 (frames) `whole`, float32 (boxes, 4) `boxes`; see `vision.follow.Coverage`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from popcam.core.batch import FileRef
from popcam.core.errors import JobChunkDamagedError
from popcam.pipeline.batch.result_files import write_whole
from popcam.vision.follow import Coverage

_MAGIC: Final = b"popcamR1"
_HEAD_BYTES: Final = 24

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FrameRegions:
    """What to cover on the frames of one chunk. A frame that nobody knows anything of is covered wholly."""

    first_frame: int
    first_box: list[int]
    whole: list[int]
    boxes: list[Box]

    def covers_whole(self, index: int) -> bool:
        """Whether all of a frame is to be covered."""
        at = index - self.first_frame
        return not 0 <= at < len(self.whole) or bool(self.whole[at])

    def of(self, index: int) -> list[Box]:
        """The boxes of a frame that is not covered wholly."""
        at = index - self.first_frame
        return self.boxes[self.first_box[at] : self.first_box[at + 1]]

    def touches(self, frames: int) -> bool:
        """Whether anything is covered, or unknown, on the first so many frames of the chunk."""
        return len(self.whole) < frames or bool(self.boxes) or any(self.whole)


def write_regions(path: str, coverage: Coverage) -> FileRef:
    """Write the file."""
    head = _MAGIC + np.array([coverage.frames, len(coverage.boxes)], "<i8").tobytes()
    parts = [
        head,
        coverage.first_box.astype("<i8").tobytes(),
        coverage.whole.astype(np.uint8).tobytes(),
        coverage.boxes.astype("<f4").tobytes(),
    ]
    return write_whole(path, b"".join(parts))


def read_regions(path: str, first_frame: int, frames: int) -> FrameRegions:
    """Read what concerns some frames.

    Raises:
        JobChunkDamagedError: the file is missing or not whole.
    """
    try:
        with Path(path).open("rb") as file:
            return _read(file, Path(path), first_frame, frames)
    except (OSError, ValueError) as error:
        raise JobChunkDamagedError(f"{Path(path).name}: {error}") from error


def _read(file: BinaryIO, path: Path, first_frame: int, frames: int) -> FrameRegions:
    head = file.read(_HEAD_BYTES)
    if len(head) != _HEAD_BYTES or head[:8] != _MAGIC:
        raise ValueError("it is no file of regions")
    known, boxes = (int(number) for number in np.frombuffer(head[8:], "<i8"))
    if path.stat().st_size != _HEAD_BYTES + 8 * (known + 1) + known + 16 * boxes:
        raise ValueError("it is not whole")
    frames = min(frames, known - first_frame)
    if frames <= 0:
        return FrameRegions(first_frame, [0], [], [])
    file.seek(_HEAD_BYTES + 8 * first_frame)
    first_box = np.frombuffer(file.read(8 * (frames + 1)), "<i8")
    file.seek(_HEAD_BYTES + 8 * (known + 1) + first_frame)
    whole = file.read(frames)
    start, end = int(first_box[0]), int(first_box[-1])
    file.seek(_HEAD_BYTES + 8 * (known + 1) + known + 16 * start)
    values = np.frombuffer(file.read(16 * (end - start)), "<f4").reshape(-1, 4)
    rows = [(x0, y0, x1, y1) for x0, y0, x1, y1 in values.tolist()]
    return FrameRegions(first_frame, (first_box - start).tolist(), list(whole), rows)
