"""What is remembered of one track, beside its motion."""

from popcam.core.facts import BoxNorm, Detection, PointNorm
from popcam.vision.tracker.kalman import BoxFilter


class TrackState:
    """Identity, times and the newest looks of one track.

    Attributes:
        motion: where it is and how it moves.
        landmarks_in_box: points in shares of the box, so that they move and grow with it.
        hits: how often it was really detected.
    """

    __slots__ = ("first_s", "hits", "label", "landmarks_in_box", "motion", "score", "seen_s", "track_id")

    def __init__(self, track_id: int, detection: Detection, motion: BoxFilter, time_s: float) -> None:
        self.track_id = track_id
        self.motion = motion
        self.label = detection.label
        self.first_s = time_s
        self.hits = 0
        self.see(detection, time_s)

    def see(self, detection: Detection, time_s: float) -> None:
        """Take in that it was detected."""
        self.hits += 1
        self.seen_s = time_s
        self.score = detection.score
        self.landmarks_in_box = _in_box(detection.landmarks, detection.box)


def _in_box(points: tuple[PointNorm, ...], box: BoxNorm) -> tuple[PointNorm, ...]:
    left, top, right, bottom = box
    width, height = max(right - left, 1e-6), max(bottom - top, 1e-6)
    return tuple([((x - left) / width, (y - top) / height) for x, y in points])
