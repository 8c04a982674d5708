"""The rule that keeps faces covered: what is not known to be covered is not shown.

Every picture of a privacy output is judged by the detection result it can rely on. Its own result: cover what was
found and what was found a moment ago. No result of its own: the last known regions for at most two frames, grown by
the movement that may have happened, then the whole picture. The real picture is never the fall-back.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from popcam.core.facts import BoxNorm, Track

SCENE_CHANGE_RATIO = 0.35
"""Share of changed picture beyond which regions found in an earlier picture mean nothing (a cut, a turned camera)."""
STALE_FRAMES = 2.5
"""Regions of an earlier picture are trusted for this many frame intervals."""
GROWTH_PER_S = 1.5
"""A region grows by this share of its size per second without a result: a walking person near the camera moves about
one face width per second against the prediction."""

CoverKind = Literal["regions", "whole"]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one picture.

    Attributes:
        result_age_s: capture time of this picture minus that of the newest picture with a result; None: never had one.
        still: nothing moved since that result, so it holds for this picture too.
        changed_ratio: share of the picture that differs from the one before, 0..1.
        interval_s: time between frames.
    """

    result_age_s: float | None
    still: bool
    changed_ratio: float
    interval_s: float


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be covered; `why` is a public word that is counted."""

    kind: CoverKind
    boxes: tuple[BoxNorm, ...] = ()
    why: Literal["fresh", "still", "held", "never_detected", "scene_changed", "stale"] = "fresh"


def decide_cover(evidence: Evidence, tracks: Sequence[Track], *, hold_s: float, max_stale_s: float) -> Cover:
    """Say what has to be covered in one picture.

    Args:
        evidence: see there.
        tracks: followed faces with their boxes predicted for this picture, lost ones included.
        hold_s: a face that is no longer found stays covered this long.
        max_stale_s: upper bound for trusting an earlier result while something moves.
    """
    age_s = evidence.result_age_s
    if age_s is None:
        return Cover(kind="whole", why="never_detected")
    boxes = tuple(grown(track.box, track.unseen_s) for track in tracks if track.unseen_s <= hold_s)
    if age_s <= 0.0:
        return Cover(kind="regions", boxes=boxes, why="fresh")
    if evidence.still:
        return Cover(kind="regions", boxes=boxes, why="still")
    if evidence.changed_ratio >= SCENE_CHANGE_RATIO:
        return Cover(kind="whole", why="scene_changed")
    if age_s > min(max_stale_s, STALE_FRAMES * evidence.interval_s):
        return Cover(kind="whole", why="stale")
    return Cover(kind="regions", boxes=tuple(grown(box, age_s) for box in boxes), why="held")


def grown(box: BoxNorm, unseen_s: float) -> BoxNorm:
    """The box with room for the movement since it was last seen, clipped to the picture."""
    x0, y0, x1, y1 = box
    grow_x = (x1 - x0) * GROWTH_PER_S * unseen_s / 2
    grow_y = (y1 - y0) * GROWTH_PER_S * unseen_s / 2
    return (max(0.0, x0 - grow_x), max(0.0, y0 - grow_y), min(1.0, x1 + grow_x), min(1.0, y1 + grow_y))


def is_covered(box: BoxNorm, covers: Iterable[BoxNorm], *, share: float = 0.7) -> bool:
    """Whether one of the covers hides at least `share` of the box's area."""
    x0, y0, x1, y1 = box
    area = max(0.0, x1 - x0) * max(0.0, y1 - y0)
    if area <= 0.0:
        return True
    for cover in covers:
        width = min(x1, cover[2]) - max(x0, cover[0])
        height = min(y1, cover[3]) - max(y0, cover[1])
        if width > 0.0 and height > 0.0 and width * height >= share * area:
            return True
    return False


class UncoveredCount:
    """Counts published pictures in which a face turns out to have been bare.

    Pictures that were shown on the strength of an earlier result are remembered until the next result. When that
    result shows a face where they had no cover, they are counted. The target is 0.
    """

    def __init__(self) -> None:
        self._unproved: list[Cover] = []
        self.total = 0

    def published(self, cover: Cover) -> None:
        """A picture went out under this cover."""
        if cover.kind == "regions" and cover.why != "fresh":
            self._unproved.append(cover)
            del self._unproved[:-1000]

    def result(self, faces: Sequence[BoxNorm], margin: float) -> int:
        """A result came: count and forget the pictures before it; returns how many were bare."""
        bare = sum(
            1
            for cover in self._unproved
            if not all(is_covered(face, [_with_margin(box, margin) for box in cover.boxes]) for face in faces)
        )
        self._unproved.clear()
        self.total += bare
        return bare


def _with_margin(box: BoxNorm, margin: float) -> BoxNorm:
    x0, y0, x1, y1 = box
    pad_x, pad_y = (x1 - x0) * margin, (y1 - y0) * margin
    return (x0 - pad_x, y0 - pad_y, x1 + pad_x, y1 + pad_y)
