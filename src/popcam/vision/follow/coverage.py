"""What to cover on every frame of a file, as a few flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from popcam.vision.follow.looks import Floats, Ints, Scene
from popcam.vision.follow.paths import CoverTimes, FaceTrack, covered_boxes

MOST_UNLOOKED_S: Final = 0.5
"""Frames in a longer hole between two looks are covered wholly: nobody knows what they show."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Boxes of all frames, one after the other.

    Attributes:
        first_box: (F + 1,) the boxes of frame i are the rows `first_box[i]` to `first_box[i + 1]`.
        boxes: (B, 4) float32 xyxy in shares of the picture, without margin; they may reach beyond it.
        whole: (F,) bool; True: nothing is known about this frame and all of it is to be covered.
    """

    first_box: Ints
    boxes: npt.NDArray[np.float32]
    whole: npt.NDArray[np.bool_]

    @property
    def frames(self) -> int:
        return len(self.whole)

    def untouched(self, first_frame: int, frames: int) -> bool:
        """Whether nothing is covered on these frames; what reaches beyond the file's known frames is not."""
        end = first_frame + frames
        if end > self.frames:
            return False
        return bool(self.first_box[first_frame] == self.first_box[end]) and not self.whole[first_frame:end].any()


def cover_tracks(
    tracks: Sequence[FaceTrack], times_s: Floats, looked_at: Ints, scenes: Sequence[Scene], cover: CoverTimes
) -> Coverage:
    """Put the boxes of all tracks in order of frames.

    Args:
        tracks: the faces of the file.
        times_s: (F,) times of all frames of the file, rising.
        looked_at: (L,) numbers of the frames that a detector has seen, rising.
        scenes: what `FaceTrack.scene` counts.
    """
    frames: list[Ints] = [np.zeros(0, np.int64)]
    boxes: list[npt.NDArray[np.float32]] = [np.zeros((0, 4), np.float32)]
    for track in tracks:
        start, covered = covered_boxes(track, times_s, scenes[track.scene], cover)
        frames.append(np.arange(start, start + len(covered)))
        boxes.append(covered.astype(np.float32))
    frame_of, box_of = np.concatenate(frames), np.concatenate(boxes)
    order = np.argsort(frame_of, kind="stable")  # within a frame, tracks keep their order
    counts = np.bincount(frame_of, minlength=len(times_s))
    first_box = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return Coverage(first_box, box_of[order], _unknown(times_s, looked_at))


def _unknown(times_s: Floats, looked_at: Ints) -> npt.NDArray[np.bool_]:
    """Frames in holes between looks that are too long, or before the first look, or long after the last."""
    whole = np.ones(len(times_s), np.bool_)
    if len(looked_at) == 0:
        return whole
    at_s = times_s[looked_at]
    after = np.searchsorted(looked_at, np.arange(len(times_s)), "left")  # the look at or after each frame
    before = np.searchsorted(looked_at, np.arange(len(times_s)), "right") - 1
    inside = (before >= 0) & (after < len(looked_at))
    hole_s = at_s[np.minimum(after, len(looked_at) - 1)] - at_s[np.maximum(before, 0)]
    whole[inside] = hole_s[inside] > MOST_UNLOOKED_S
    tail = after == len(looked_at)
    whole[tail] = times_s[tail] - at_s[-1] > MOST_UNLOOKED_S
    return whole
