"""Which detections of a whole file are one face. Time runs forward once, and back once."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from popcam.vision.follow.looks import Looks
from popcam.vision.follow.paths import FaceTrack
from popcam.vision.tracker.association import assign, similarity

_LEAST_SIMILARITY: Final = 0.1
_LEAST_SIMILARITY_WEAK: Final = 0.3
_BUFFER: Final = 0.3
_BUFFER_PER_UNSEEN_S: Final = 0.4
_MOST_BUFFER: Final = 0.8
_WEAK_UNSEEN_S: Final = 0.5
_COAST_S: Final = 0.5
"""A face that is not seen for longer than this may have gone on as it went, or may have stopped about then."""
_NEW_SPEED: Final = 0.6
"""Share of the newest speed in the speed that is assumed."""

Box = Sequence[float]


def associate(looks: Looks, *, start_score: float, sure_score: float, gap_s: float) -> tuple[FaceTrack, ...]:
    """Join detections to tracks.

    Strong detections begin tracks, weak ones only continue them: forward for faces that turn away, and back in time
    for faces that were found late. A track ends at a cut. The result depends on the looks alone.

    Args:
        start_score: a detection begins a track from this score on.
        sure_score: a track that was seen only once is kept from this score on; what is less is noise.
        gap_s: a face that is found again within this time is the same track.

    Source: forward, the two-stage association of Zhang et al.: ByteTrack (2022), with buffered overlaps.
    """
    walk = _Walk(looks, start_score, gap_s)
    for look in range(len(looks.frames)):
        walk.forward(look)
    walk.back()
    kept = [path for path in walk.paths if len(path.rows) > 1 or looks.scores[path.rows[0]] >= sure_score]
    kept.sort(key=lambda path: (path.looks[0], path.rows[0]))
    return tuple(_track(number, path, looks) for number, path in enumerate(kept, start=1))


class _Path:
    """One track while it grows."""

    __slots__ = ("box", "looks", "rows", "scene", "seen_s", "velocity")

    def __init__(self, look: int, row: int, box: Box, time_s: float, scene: int) -> None:
        self.looks = [look]
        self.rows = [row]
        self.box = box
        self.seen_s = time_s
        self.scene = scene
        self.velocity = (0.0, 0.0)

    def add(self, look: int, row: int, box: Box, time_s: float) -> None:
        elapsed_s = time_s - self.seen_s
        if elapsed_s > 0:
            moved = _moved(self.box, box)
            share = _NEW_SPEED if len(self.looks) > 1 else 1.0
            self.velocity = (
                share * moved[0] / elapsed_s + (1 - share) * self.velocity[0],
                share * moved[1] / elapsed_s + (1 - share) * self.velocity[1],
            )
        self.looks.append(look)
        self.rows.append(row)
        self.box = box
        self.seen_s = time_s

    def expected(self, time_s: float) -> tuple[Box, ...]:
        """Where it may be."""
        unseen_s = time_s - self.seen_s
        going = _shifted(self.box, self.velocity, unseen_s)
        return (going,) if unseen_s <= _COAST_S else (going, _shifted(self.box, self.velocity, _COAST_S))


class _Walk:
    """Goes through the looks. Numbers of Python and not arrays: there are a handful of faces at a time."""

    def __init__(self, looks: Looks, start_score: float, gap_s: float) -> None:
        self.paths: list[_Path] = []
        self._open: list[_Path] = []
        self._start_score = start_score
        self._gap_s = gap_s
        self._boxes: list[list[float]] = looks.boxes.tolist()
        self._scores: list[float] = looks.scores.tolist()
        self._times_s: list[float] = looks.times_s.tolist()
        self._scenes: list[int] = looks.scenes.tolist()
        self._first_row: list[int] = looks.first_row.tolist()
        self._taken = bytearray(len(self._scores))

    def forward(self, look: int) -> None:
        """Continue and begin tracks with one look."""
        time_s, scene = self._times_s[look], self._scenes[look]
        self._open = [p for p in self._open if p.scene == scene and time_s - p.seen_s <= self._gap_s]
        rows = range(self._first_row[look], self._first_row[look + 1])
        strong = [row for row in rows if self._scores[row] >= self._start_score]
        weak = [row for row in rows if self._scores[row] < self._start_score]
        missed = self._match(self._open, strong, look, _LEAST_SIMILARITY)
        recent = [path for path in missed if time_s - path.seen_s <= _WEAK_UNSEEN_S]
        self._match(recent, weak, look, _LEAST_SIMILARITY_WEAK)
        for row in strong:
            if not self._taken[row]:
                self._taken[row] = 1
                path = _Path(look, row, self._boxes[row], time_s, scene)
                self._open.append(path)
                self.paths.append(path)

    def back(self) -> None:
        """Give each track the weak detections from just before it was found."""
        for path in sorted(self.paths, key=lambda path: (-path.looks[0], path.rows[0])):
            earlier = self._earlier(path)
            path.looks[:0] = [look for look, _ in reversed(earlier)]
            path.rows[:0] = [row for _, row in reversed(earlier)]

    def _match(self, paths: list[_Path], rows: list[int], look: int, least: float) -> list[_Path]:
        """Match tracks with free detections; returns the tracks without a match."""
        if not paths or not rows:
            return paths
        time_s = self._times_s[look]
        scores = []
        for path in paths:
            expected, buffer = path.expected(time_s), _buffer(time_s - path.seen_s)
            scores.append([max(similarity(box, self._boxes[row], buffer) for box in expected) for row in rows])
        pairs = assign(scores, least)
        for index, column in pairs:
            row = rows[column]
            self._taken[row] = 1
            paths[index].add(look, row, self._boxes[row], time_s)
        matched = {index for index, _ in pairs}
        return [path for index, path in enumerate(paths) if index not in matched]

    def _earlier(self, path: _Path) -> list[tuple[int, int]]:
        """(look, row) of weak detections before the track's first one, newest first."""
        first = path.looks[0]
        box, time_s, velocity = self._boxes[path.rows[0]], self._times_s[first], self._first_speed(path)
        found: list[tuple[int, int]] = []
        for look in range(first - 1, -1, -1):
            unseen_s = time_s - self._times_s[look]
            if unseen_s > _WEAK_UNSEEN_S or self._scenes[look] != path.scene:
                break
            expected, buffer = _shifted(box, velocity, -unseen_s), _buffer(unseen_s)
            best, best_row = _LEAST_SIMILARITY_WEAK, -1
            for row in range(self._first_row[look], self._first_row[look + 1]):
                likeness = 0.0 if self._taken[row] else similarity(expected, self._boxes[row], buffer)
                if likeness > best:
                    best, best_row = likeness, row
            if best_row >= 0:
                self._taken[best_row] = 1
                found.append((look, best_row))
                box, time_s = self._boxes[best_row], self._times_s[look]
        return found

    def _first_speed(self, path: _Path) -> tuple[float, float]:
        if len(path.looks) < 2:
            return (0.0, 0.0)
        elapsed_s = self._times_s[path.looks[1]] - self._times_s[path.looks[0]]
        if not 0 < elapsed_s <= _WEAK_UNSEEN_S:
            return (0.0, 0.0)
        moved = _moved(self._boxes[path.rows[0]], self._boxes[path.rows[1]])
        return (moved[0] / elapsed_s, moved[1] / elapsed_s)


def _track(track_id: int, path: _Path, looks: Looks) -> FaceTrack:
    chosen, rows = np.array(path.looks, np.int64), np.array(path.rows, np.int64)
    return FaceTrack(
        track_id=track_id,
        scene=path.scene,
        frames=looks.frames[chosen],
        times_s=looks.times_s[chosen],
        boxes=looks.boxes[rows],
        scores=looks.scores[rows],
    )


def _buffer(unseen_s: float) -> float:
    return min(_MOST_BUFFER, _BUFFER + _BUFFER_PER_UNSEEN_S * unseen_s)


def _moved(before: Box, now: Box) -> tuple[float, float]:
    """How far the middle of a box went."""
    return (now[0] + now[2] - before[0] - before[2]) / 2, (now[1] + now[3] - before[1] - before[3]) / 2


def _shifted(box: Box, velocity: tuple[float, float], elapsed_s: float) -> Box:
    x, y = velocity[0] * elapsed_s, velocity[1] * elapsed_s
    return (box[0] + x, box[1] + y, box[2] + x, box[3] + y)
