"""What is done to the picture before any output may have it."""

import msgspec

from popcam.core.facts import BoxNorm, Track
from popcam.core.frame import Frame, Planes
from popcam.core.spec import ActSpec
from popcam.media.buffers import PicturePool
from popcam.media.sources import writable
from popcam.pipeline.look import FACE, Sight
from popcam.pipeline.privacy import Cover, Evidence, UncoveredCount, decide_cover, is_covered
from popcam.vision.anonymiser import cover_regions, cover_whole
from popcam.vision.draw import draw_boxes

SAME_SHARE = 0.85
"""A track's box that lies in a detection's by this share is the same face: covering twice only flattens the cover."""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A frame and what has to be covered in it. `frame` is the source's and `small` the same picture, perhaps scaled
    down: neither is for outputs as it is. `spare`: nobody else looks at the small picture, so it may be written."""

    frame: Frame
    small: Frame
    cover: Cover | None
    spare: bool = False


class Act:
    """Applies one camera's action. Used by the processing thread, and by snapshots under the camera's lock.

    A frame of a camera that hides faces reaches outputs only as the result of `processed`.
    """

    def __init__(self, spec: ActSpec) -> None:
        self._spec = spec
        self._uncovered = UncoveredCount()
        self._pool = PicturePool()
        self.whole_covers = 0

    @property
    def uncovered_frames(self) -> int:
        return self._uncovered.total

    def rule(self, frame: Frame, small: Frame, sight: Sight) -> Ruling:
        """Decide what has to be covered in this frame."""
        if self._spec.kind != "hide":
            return Ruling(frame=frame, small=small, cover=None)
        faces = [track for track in sight.tracks if track.label == FACE]
        evidence = Evidence(
            result_age_s=sight.result_age_s,
            still=sight.still,
            changed_ratio=sight.changed_ratio,
            interval_s=frame.interval_s,
        )
        cover = decide_cover(evidence, faces, hold_s=self._spec.hold_s, max_stale_s=self._spec.max_stale_s)
        if sight.looked:
            found: list[BoxNorm] = [item.box for item in sight.detections if item.label == FACE]
            self._uncovered.result(found, self._spec.margin)
            if cover.kind == "regions" and cover.why == "fresh":
                # what was found just here is exact; tracks add those that this look missed
                missed = (box for box in cover.boxes if not is_covered(box, found, share=SAME_SHARE))
                cover = Cover(kind="regions", boxes=(*found, *missed), why="fresh")
        return Ruling(frame=frame, small=small, cover=cover, spare=small is not frame and not sight.in_work)

    def processed(self, ruling: Ruling) -> Frame:
        """The frame as outputs may have it: a copy where it is edited, because decoders predict from the original."""
        return self._covered(ruling.frame, ruling.cover)

    def processed_small(self, ruling: Ruling) -> Frame:
        """The same of the small picture, for outputs that need no more."""
        return self._covered(ruling.small, ruling.cover, spare=ruling.spare)

    def _covered(self, frame: Frame, cover: Cover | None, *, spare: bool = False) -> Frame:
        if cover is None or (cover.kind == "regions" and not cover.boxes):
            return frame
        copy = frame if spare else self._own_copy(frame)
        if cover.kind == "whole":
            cover_whole(copy.planes, full_range=copy.full_range)
        else:
            cover_regions(
                copy.planes, cover.boxes, style=self._spec.style, margin=self._spec.margin, full_range=copy.full_range
            )
        return copy

    def published(self, ruling: Ruling) -> None:
        """The frame went to an output: count what has to be counted."""
        if ruling.cover is None:
            return
        self._uncovered.published(ruling.cover)
        if ruling.cover.kind == "whole":
            self.whole_covers += 1

    def with_boxes(self, frame: Frame, tracks: tuple[Track, ...]) -> Frame:
        """A copy with the boxes of confirmed tracks burnt in."""
        drawn = self._own_copy(frame)
        draw_boxes(drawn.planes, [track for track in tracks if track.confirmed])
        return drawn

    def _own_copy(self, frame: Frame) -> Frame:
        """The frame in memory of its own. Never the same one: a late detector may still look at the original, and what
        it found in a covered picture would be taken for an empty scene."""
        copy = writable(frame)
        return with_planes(frame, self._pool.copy(frame.planes)) if copy is frame else copy


def with_planes(frame: Frame, planes: Planes) -> Frame:
    """The frame with another picture, that has no owner. A third of the time of `dataclasses.replace`."""
    return Frame(
        planes=planes,
        seq=frame.seq,
        pts_s=frame.pts_s,
        captured_monotonic_s=frame.captured_monotonic_s,
        captured_unix_s=frame.captured_unix_s,
        full_range=frame.full_range,
        keyframe=frame.keyframe,
        interval_s=frame.interval_s,
        matrix=frame.matrix,
    )
