"""The tracker of one camera."""

from collections.abc import Mapping, Sequence
from typing import Final

from popcam.core.facts import BoxNorm, Detection, PointNorm, Track
from popcam.core.spec import TrackSpec
from popcam.vision.tracker.association import assign, similarity
from popcam.vision.tracker.kalman import BoxFilter, Step
from popcam.vision.tracker.state import TrackState

DEFAULT_START_SCORE: Final = 0.5
_LEAST_SIMILARITY: Final = 0.1
_LEAST_SIMILARITY_WEAK: Final = 0.3
_BUFFER: Final = 0.3
_BUFFER_PER_UNSEEN_S: Final = 0.4
_MOST_BUFFER: Final = 0.8
_WEAK_UNSEEN_S: Final = 0.5
_LEAST_SIZE: Final = 1e-4


class Tracker:
    """Gives what is seen stable ids, over frames and short occlusions. It belongs to one camera and one thread.

    Strong detections are matched with all tracks first, weak ones then with the tracks that are left and were seen a
    moment ago: a face that turns away or is half hidden keeps its track, but noise never begins one. Ids are never used
    twice by one tracker.

    Args:
        spec: how long a track survives unseen, and when it counts as real.
        start_score: a detection that fits no track begins one from this score on; one number, or one for each label.

    Source: the two-stage association of Zhang et al.: ByteTrack (2022), with buffered overlaps and real time.
    """

    def __init__(self, spec: TrackSpec, *, start_score: float | Mapping[str, float] = DEFAULT_START_SCORE) -> None:
        self._spec = spec
        self._start_score = start_score
        self._states: list[TrackState] = []
        self._next_id = 1
        self._at_s: float | None = None

    def update(self, detections: Sequence[Detection], time_s: float) -> tuple[Track, ...]:
        """Take in what was found in a frame.

        Args:
            detections: all that was found, weak ones (from 0.3 on) too.
            time_s: the frame's presentation time. A time before the last one counts as the last one.

        Returns:
            All living tracks, also those not confirmed yet and those unseen now (`unseen_s` tells).
        """
        time_s = self._advance(time_s)
        boxes = [_with_area(detection.box) for detection in detections]
        strong: list[int] = []
        weak: list[int] = []
        for index, detection in enumerate(detections):
            (strong if self._may_start(detection) else weak).append(index)
        open_rows = self._match(list(range(len(self._states))), strong, detections, boxes, time_s, _LEAST_SIMILARITY)
        recent = [row for row in open_rows if time_s - self._states[row].seen_s <= _WEAK_UNSEEN_S]
        self._match(recent, weak, detections, boxes, time_s, _LEAST_SIMILARITY_WEAK)
        self._end_lost(time_s)
        self._begin([detections[index] for index in strong], [boxes[index] for index in strong], time_s)
        return self._tracks(time_s)

    def predict(self, time_s: float) -> tuple[Track, ...]:
        """Where the tracks are at a time without detection. Changes nothing; tracks unseen too long are left out."""
        return self._tracks(time_s)

    def reset(self) -> None:
        """End all tracks, for a cut or a change of source. Ids go on."""
        self._states = []
        self._at_s = None

    def _advance(self, time_s: float) -> float:
        before_s = time_s if self._at_s is None else self._at_s
        self._at_s = max(time_s, before_s)
        if self._at_s > before_s and self._states:
            step = Step(self._at_s - before_s)
            for state in self._states:
                state.motion.advance(step)
        return self._at_s

    def _may_start(self, detection: Detection) -> bool:
        limit = self._start_score
        least = limit.get(detection.label, DEFAULT_START_SCORE) if isinstance(limit, Mapping) else limit
        return detection.score >= least

    def _match(
        self,
        rows: list[int],
        candidates: list[int],
        detections: Sequence[Detection],
        boxes: Sequence[BoxNorm],
        time_s: float,
        least: float,
    ) -> list[int]:
        """Match tracks with detections, take the matched out of `candidates`, and return the rows without a match."""
        if not rows or not candidates:
            return rows
        scores = [self._scores(self._states[row], candidates, detections, boxes, time_s) for row in rows]
        pairs = [(rows[row], candidates[column]) for row, column in assign(scores, least)]
        if not pairs:
            return rows
        matched = {row for row, _ in pairs}
        for row, index in pairs:
            self._states[row].motion.correct(boxes[index])
            self._states[row].see(detections[index], time_s)
            candidates.remove(index)
        return [row for row in rows if row not in matched]

    def _scores(
        self,
        state: TrackState,
        candidates: list[int],
        detections: Sequence[Detection],
        boxes: Sequence[BoxNorm],
        time_s: float,
    ) -> list[float]:
        """How well a track fits each candidate. The longer it was unseen, the farther it may be from where it is
        expected."""
        expected = state.motion.box_after(0.0)
        buffer = min(_BUFFER + _BUFFER_PER_UNSEEN_S * (time_s - state.seen_s), _MOST_BUFFER)
        return [
            similarity(expected, boxes[index], buffer) if detections[index].label == state.label else 0.0
            for index in candidates
        ]

    def _end_lost(self, time_s: float) -> None:
        self._states = [state for state in self._states if self._lives(state, time_s)]

    def _lives(self, state: TrackState, time_s: float) -> bool:
        return time_s - state.seen_s <= self._spec.max_lost_s

    def _begin(self, detections: list[Detection], boxes: list[BoxNorm], time_s: float) -> None:
        for detection, box in zip(detections, boxes, strict=True):
            self._states.append(TrackState(self._next_id, detection, BoxFilter(box), time_s))
            self._next_id += 1

    def _tracks(self, time_s: float) -> tuple[Track, ...]:
        ahead_s = 0.0 if self._at_s is None else max(0.0, time_s - self._at_s)
        reach = Step(ahead_s).reach if ahead_s else 0.0
        return tuple([self._track(state, reach, time_s) for state in self._states if self._lives(state, time_s)])

    def _track(self, state: TrackState, reach: float, time_s: float) -> Track:
        left, top, right, bottom = state.motion.box_after(reach)
        box = (_clipped(left), _clipped(top), _clipped(right), _clipped(bottom))
        return Track(
            track_id=state.track_id,
            label=state.label,
            score=state.score,
            box=box,
            landmarks=_placed(state.landmarks_in_box, box),
            age_s=max(0.0, time_s - state.first_s),
            unseen_s=max(0.0, time_s - state.seen_s),
            confirmed=state.hits >= self._spec.min_hits,
        )


def _with_area(box: BoxNorm) -> BoxNorm:
    """A box without area overlaps with nothing, not even with itself a frame later."""
    left, top, right, bottom = box
    return left, top, max(right, left + _LEAST_SIZE), max(bottom, top + _LEAST_SIZE)


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _placed(landmarks_in_box: tuple[PointNorm, ...], box: BoxNorm) -> tuple[PointNorm, ...]:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return tuple([(left + x * width, top + y * height) for x, y in landmarks_in_box])
