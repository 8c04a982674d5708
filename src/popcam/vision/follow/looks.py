"""What was found in a file, in order of time: the input of everything here."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Scene(NamedTuple):
    """Frames between two cuts. A cut lies somewhere between two frames that were decoded, so scenes may share those
    between: such frames could belong to either.

    Attributes:
        first_frame: the first frame that may belong to it.
        end_frame: one after the last that may.
    """

    first_frame: int
    end_frame: int


class KnownScene(NamedTuple):
    """Frames that belong to a scene for certain, and when it was looked at.

    Attributes:
        first_frame: its first frame; end_frame: one after its last.
        first_look: the first of its frames that was looked at; last_look: the last one.
    """

    first_frame: int
    end_frame: int
    first_look: int
    last_look: int


@dataclass(frozen=True, slots=True)
class Looks:
    """All looks of a detector at one file.

    Attributes:
        frames: (L,) number of each frame that was looked at, rising.
        times_s: (L,) its presentation time.
        scenes: (L,) index of the scene that it belongs to.
        first_row: (L + 1,) the detections of look i are the rows `first_row[i]` to `first_row[i + 1]`.
        boxes: (D, 4) xyxy in 0..1.
        scores: (D,) in 0..1.
    """

    frames: Ints
    times_s: Floats
    scenes: Ints
    first_row: Ints
    boxes: Floats
    scores: Floats
