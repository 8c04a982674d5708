"""Which frames of a chunk are looked at.

Whether a frame is looked at follows from its own group of pictures alone, so it makes no difference how a file was cut
into chunks: each group's first and last decoded frame are looked at, both sides of a cut, enough in between that no
two looks are further apart than `LOOK_S`, and the middle, and so on, between two looks whose faces came, went or moved
far. Codecs whose frames are all keyframes have no groups: they are looked at at fixed times, more often instead.
"""

from collections.abc import Sequence
from typing import Final

from popcam.core.facts import Detection
from popcam.vision.tracker.association import assign, similarity

LOOK_S: Final = 0.2
"""Longest time between two looks: 6 frames at 30 frames per second, 4 at 25 where every second one is decoded."""
LOOK_ALL_KEYFRAMES_S: Final = 0.067
_FAR: Final = 1.0
"""A face that moves by its size, or grows by it, between two looks is looked at more often. What moves less is found
on the straight line between: at 0.5 a third more looks were taken, and recall stayed as it was.
"""
_LEAST_SIMILARITY: Final = 0.1
_BUFFER: Final = 0.3


def is_due(next_s: float | None, looked_s: float | None) -> bool:
    """Whether to look at a frame, because the next one would come too late. `next_s` is None at a group's end."""
    return looked_s is None or next_s is None or next_s - looked_s > LOOK_S + 1e-6


def is_due_by_clock(time_s: float, next_s: float | None) -> bool:
    """Whether the frame is the last one before a tick of the clock."""
    return next_s is None or int(next_s / LOOK_ALL_KEYFRAMES_S) != int(time_s / LOOK_ALL_KEYFRAMES_S)


def is_restless(before: Sequence[Detection], now: Sequence[Detection], sure_score: float) -> bool:
    """Whether a face came, went or moved far between two looks. Doubtful detections come and go by themselves."""
    scores = [[similarity(one.box, other.box, _BUFFER) for other in now] for one in before]
    pairs = assign(scores, _LEAST_SIMILARITY) if before and now else []
    if any(_far(before[row].box, now[column].box) for row, column in pairs):
        return True
    stayed, met = {row for row, _ in pairs}, {column for _, column in pairs}
    gone = any(item.score >= sure_score for index, item in enumerate(before) if index not in stayed)
    come = any(item.score >= sure_score for index, item in enumerate(now) if index not in met)
    return gone or come


def _far(before: Sequence[float], now: Sequence[float]) -> bool:
    width, height = before[2] - before[0], before[3] - before[1]
    across = max(abs(now[0] - before[0]), abs(now[2] - before[2]))
    down = max(abs(now[1] - before[1]), abs(now[3] - before[3]))
    return across > _FAR * width or down > _FAR * height
