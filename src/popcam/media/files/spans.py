"""Where a video may be cut: pure rules over the times of its packets."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from popcam.core.batch import Span

_PATIENCE = 4
"""Spans may become so many times as long as asked for while waiting for a clean cut."""
_TAPER = 6
"""Spans shrink once what is left of a video is less than so many of them."""

_STEADY_FRAMES, _STEADY_SHARE, _GAP_S = 24, 0.95, 0.4

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeyPacket:
    """A keyframe: its place among the shown packets in decoding order, its time, whether decoding begins afresh."""

    place: int
    pts: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a span may begin: frames shown before it, time, whether no picture refers across it."""

    frame: int
    pts: int
    clean: bool


def reorder_depth(pts: Ticks) -> int:
    """How many pictures decoding is ahead of showing, at most: times in decoding order against their ranks."""
    if not len(pts):
        return 0
    ranks = np.empty(len(pts), np.int64)
    ranks[np.argsort(pts, kind="stable")] = np.arange(len(pts))
    return int(max(0, (ranks - np.arange(len(pts))).max(initial=0), (np.arange(len(pts)) - ranks).max(initial=0)))


def possible_cuts(pts: Ticks, keys: list[KeyPacket]) -> list[Cut]:
    """Keyframes as cuts, in order.

    A cut is clean when the keyframe begins afresh, everything before it in the file is shown before it, and
    everything behind it is shown behind it.

    Args:
        pts: (N,) int64, times of the shown packets in decoding order.
    """
    latest_before = np.maximum.accumulate(pts)
    earliest_from = np.minimum.accumulate(pts[::-1])[::-1]
    in_order = np.sort(pts)
    cuts = []
    for key in keys:
        if key.place == 0 or key.place >= len(pts):
            continue
        clean = key.fresh and latest_before[key.place - 1] < key.pts <= earliest_from[key.place]
        cuts.append(Cut(int(np.searchsorted(in_order, key.pts)), key.pts, bool(clean)))
    return cuts


def make_spans(
    pts: Ticks, keys: list[KeyPacket], span_frames: int, least_frames: int = 0, *, timed: bool = True
) -> tuple[Span, ...]:
    """Cut at the first clean place after `span_frames` each; at any keyframe where there is none for long.

    Args:
        pts: (N,) int64, times of the shown packets in decoding order; N is at least 1.
        least_frames: towards the end spans shrink, down to this, so that all who work on them come to an end together,
            however many they are; 0 lets none shrink.
        timed: whether pictures can be told by their times; else only clean cuts will do.
    """
    total = len(pts)
    chosen = [Cut(0, int(pts.min()), True)]
    cuts = sorted((cut for cut in possible_cuts(pts, keys) if timed or cut.clean), key=_frame)
    while (cut := _next_cut(cuts, chosen[-1].frame, span_frames, least_frames or span_frames, total)) is not None:
        chosen.append(cut)
    ends = [*chosen[1:], Cut(total, 0, True)]
    return tuple(
        Span(
            index=index,
            start_pts=start.pts,
            end_pts=None if end.frame == total else end.pts,
            first_frame=start.frame,
            frames=end.frame - start.frame,
            closed=start.clean and end.clean,
        )
        for index, (start, end) in enumerate(zip(chosen, ends, strict=True))
    )


def _next_cut(cuts: list[Cut], from_frame: int, span_frames: int, least_frames: int, total: int) -> Cut | None:
    wanted = max(min(least_frames, span_frames), min(span_frames, (total - from_frame) // _TAPER))
    # A last span of a few frames is not worth a task of its own.
    last = total - max(1, wanted // 3)
    first: Cut | None = None
    for cut in islice(cuts, bisect_left(cuts, from_frame + wanted, key=_frame), None):
        if cut.frame > last or (first is not None and cut.frame > from_frame + _PATIENCE * span_frames):
            break
        if cut.clean and cut.frame <= from_frame + _PATIENCE * span_frames:
            return cut
        first = first or cut
    return first


def _frame(cut: Cut) -> int:
    return cut.frame


def unlikely_gaps(pts: Ticks, tick_s: float) -> list[tuple[int, int]]:
    """Holes in a video that otherwise has a steady rate: last time before and first time after each.

    Cameras and screens with a rate of their own choice have holes on purpose, so those are left alone.
    """
    if len(pts) < _STEADY_FRAMES:
        return []
    in_order = np.sort(pts)
    steps = np.diff(in_order)
    pace = float(np.median(steps))
    steady = np.abs(steps - pace) <= max(1.0, 0.2 * pace)
    if pace <= 0 or steady.mean() < _STEADY_SHARE:
        return []
    holes = np.flatnonzero(steps * tick_s > max(_GAP_S, 4 * pace * tick_s))
    return [(int(in_order[at]), int(in_order[at + 1])) for at in holes]
