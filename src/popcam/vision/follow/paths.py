"""Where one face is on every frame, between, before and after the frames on which it was found."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from popcam.vision.follow.looks import Floats, Ints, KnownScene, Scene

_BEND: Final = 0.25
"""Between two looks a box grows by up to this share of the way that it goes: nothing moves quite straight.

Half way, a face with the acceleration a is off the straight line by a t^2 / 8, which is a quarter of the way when it
starts from rest.
"""
_DOUBT_PER_S: Final = 0.25
_MOST_DOUBT: Final = 0.25
"""A box grows by so much of its size per second that it was not found, to at most so much, on each side."""
_STEADY_FRAMES: Final = 2
"""Each box takes in those of so many frames before and after it: 8 % smaller files than with none; 4 gain 1 % more."""
_SPEED_OVER_S: Final = 0.35
_COAST_S: Final = 0.3
_MOST_COAST: Final = 1.5
"""Beyond its ends a track is covered where it was and where it would be after so long, at most so many sizes away."""


class CoverTimes(NamedTuple):
    """How long a face is covered before it was found first and after it was found last."""

    lead_s: float
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTrack:
    """One face, as often as it was found.

    Attributes:
        track_id: 1, 2, ... in order of appearance.
        scene: index of its scene.
        frames: (N,) numbers of the frames on which it was found, rising.
        times_s: (N,) their times.
        boxes: (N, 4) xyxy in 0..1.
        scores: (N,)
    """

    track_id: int
    scene: int
    frames: Ints
    times_s: Floats
    boxes: Floats
    scores: Floats


def boxes_between(track: FaceTrack, times_s: Floats, known: KnownScene) -> tuple[int, Floats]:
    """Where the face is from the first to the last frame on which it was found, in a straight line between.

    Args:
        times_s: (F,) times of all frames of the file.
        known: frames of the track's scene, and in it the first and last that were looked at. A face that is there
            when its scene is first looked at was there a moment before, when nobody looked, too.

    Returns:
        the first frame and a box for each frame from there on, (M, 4).
    """
    first, last = int(track.frames[0]), int(track.frames[-1])
    start = known.first_frame if first == known.first_look else first
    end = known.end_frame if last == known.last_look else last + 1
    return start, _straight(track, times_s[start:end])


def covered_boxes(track: FaceTrack, times_s: Floats, scene: Scene, cover: CoverTimes) -> tuple[int, Floats]:
    """What to cover because of the face: larger than the face where its place is not known exactly.

    Args:
        times_s: (F,) times of all frames of the file.
        scene: cover goes no further than this.

    Returns:
        the first frame and a box for each frame from there on, (M, 4); boxes may reach beyond the picture.
    """
    first, last = int(track.frames[0]), int(track.frames[-1])
    start = max(scene.first_frame, int(np.searchsorted(times_s, track.times_s[0] - cover.lead_s, "left")))
    end = min(scene.end_frame, int(np.searchsorted(times_s, track.times_s[-1] + cover.hold_s, "right")))
    start, end = min(start, first), max(end, last + 1)
    before = _beyond(track.boxes[0], -_speed(track, first=True), track.times_s[0] - times_s[start:first])
    after = _beyond(track.boxes[-1], _speed(track, first=False), times_s[last + 1 : end] - track.times_s[-1])
    inside = _grown(track, times_s[first : last + 1])
    return start, _steadied(np.concatenate([before, inside, after]))


def _straight(track: FaceTrack, at_s: Floats) -> Floats:
    return np.stack([np.interp(at_s, track.times_s, track.boxes[:, side]) for side in range(4)], axis=1)


def _grown(track: FaceTrack, at_s: Floats) -> Floats:
    """Boxes on the straight line, grown by what is not known between two looks."""
    boxes = _straight(track, at_s)
    if len(track.times_s) < 2:
        return boxes
    step = np.clip(np.searchsorted(track.times_s, at_s, "right") - 1, 0, len(track.times_s) - 2)
    begin_s, end_s = track.times_s[step], track.times_s[step + 1]
    share = (at_s - begin_s) / np.maximum(end_s - begin_s, 1e-9)
    unknown = 4 * share * (1 - share)
    way = np.abs(track.boxes[step + 1] - track.boxes[step])
    unseen_s = np.minimum(at_s - begin_s, end_s - at_s)
    doubt = np.minimum(_DOUBT_PER_S * unseen_s, _MOST_DOUBT)
    sizes = boxes[:, 2:] - boxes[:, :2]
    grow = _BEND * unknown[:, None] * np.maximum(way[:, :2], way[:, 2:]) + doubt[:, None] * sizes
    return np.concatenate([boxes[:, :2] - grow, boxes[:, 2:] + grow], axis=1)


def _steadied(boxes: Floats) -> Floats:
    """Each box with those of the frames around it: a cover that grows and shrinks with every look costs the encoder
    more than one that is a little larger, and shows more of how the face moves."""
    low, high = boxes[:, :2].copy(), boxes[:, 2:].copy()
    for away in range(1, _STEADY_FRAMES + 1):
        for one, other in ((slice(away, None), slice(None, -away)), (slice(None, -away), slice(away, None))):
            low[one] = np.minimum(low[one], boxes[other, :2])
            high[one] = np.maximum(high[one], boxes[other, 2:])
    return np.concatenate([low, high], axis=1)


def _speed(track: FaceTrack, *, first: bool) -> Floats:
    """Speed of the middle at one end of the track, (2,) per second, over about a third of a second."""
    if first:
        near = track.times_s - track.times_s[0] <= _SPEED_OVER_S
    else:
        near = track.times_s[-1] - track.times_s <= _SPEED_OVER_S
    times_s, boxes = track.times_s[near], track.boxes[near]
    elapsed_s = float(times_s[-1] - times_s[0])
    if elapsed_s <= 0:
        return np.zeros(2)
    moved = boxes[-1] - boxes[0]
    speed: Floats = (moved[:2] + moved[2:]) / (2 * elapsed_s)
    return speed


def _beyond(box: Floats, speed: Floats, away_s: Floats) -> Floats:
    """The box and where it would be `away_s` (M,) from its end, together, and a little more with time."""
    size = box[2:] - box[:2]
    shift = np.clip(speed[None, :] * np.minimum(away_s, _COAST_S)[:, None], -_MOST_COAST * size, _MOST_COAST * size)
    grow = np.minimum(_DOUBT_PER_S * away_s, _MOST_DOUBT)[:, None] * size
    low = box[:2] + np.minimum(shift, 0) - grow
    high = box[2:] + np.maximum(shift, 0) + grow
    return np.concatenate([low, high], axis=1)
