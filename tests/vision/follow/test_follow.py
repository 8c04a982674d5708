"""Looks in, tracks and covered regions out."""

from collections.abc import Sequence

import numpy as np
import pytest

from popcam.vision.follow import (
    CoverTimes,
    FaceTrack,
    KnownScene,
    Looks,
    Scene,
    associate,
    boxes_between,
    cover_tracks,
    is_cut,
)

Box = tuple[float, float, float, float]
FPS = 30
TIMES_S = np.arange(120) / FPS
WHOLE_FILE = (Scene(0, len(TIMES_S)),)
COVER = CoverTimes(lead_s=0.5, hold_s=0.5)


def box_at(x: float, y: float = 0.5, size: float = 0.1) -> Box:
    return (x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def looks_of(found: dict[int, Sequence[tuple[Box, float]]], scenes: dict[int, int] | None = None) -> Looks:
    frames = sorted(found)
    rows = [item for frame in frames for item in found[frame]]
    counts = [len(found[frame]) for frame in frames]
    return Looks(
        frames=np.array(frames, np.int64),
        times_s=TIMES_S[frames],
        scenes=np.array([(scenes or {}).get(frame, 0) for frame in frames], np.int64),
        first_row=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        boxes=np.array([box for box, _ in rows], np.float64).reshape(-1, 4),
        scores=np.array([score for _, score in rows], np.float64),
    )


def tracks_of(looks: Looks, gap_s: float = 2.0) -> tuple[FaceTrack, ...]:
    return associate(looks, start_score=0.5, sure_score=0.6, gap_s=gap_s)


def moving(start: int, end: int, speed: float = 0.2, score: float = 0.9) -> dict[int, Sequence[tuple[Box, float]]]:
    """A face that is found on each third frame; `speed` in picture widths per second."""
    return {frame: [(box_at(0.2 + speed * frame / FPS), score)] for frame in range(start, end, 3)}


def contains(outer: Sequence[float], inner: Sequence[float]) -> bool:
    low = all(outer[side] <= inner[side] + 1e-6 for side in (0, 1))
    return low and all(outer[side] >= inner[side] - 1e-6 for side in (2, 3))


def boxes_on(frame: int, tracks: Sequence[FaceTrack], looks: Looks, scenes: Sequence[Scene] = WHOLE_FILE) -> list[Box]:
    coverage = cover_tracks(tracks, TIMES_S, looks.frames, scenes, COVER)
    rows = coverage.boxes[coverage.first_box[frame] : coverage.first_box[frame + 1]].tolist()
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in rows]


def test_a_moving_face_is_one_track() -> None:
    tracks = tracks_of(looks_of(moving(30, 90)))
    assert [track.track_id for track in tracks] == [1]
    assert len(tracks[0].frames) == 20


def test_a_face_is_covered_on_every_frame_between_looks() -> None:
    looks = looks_of(moving(30, 90, speed=0.6))
    for frame in range(30, 88):
        (covered,) = boxes_on(frame, tracks_of(looks), looks)
        assert contains(covered, box_at(0.2 + 0.6 * frame / FPS))


def test_a_face_is_covered_before_it_was_found() -> None:
    looks = looks_of({frame: [] for frame in range(0, 60, 3)} | moving(60, 90))
    tracks = tracks_of(looks)
    assert [bool(boxes_on(frame, tracks, looks)) for frame in (44, 45, 59)] == [False, True, True]
    (covered,) = boxes_on(52, tracks, looks)
    assert contains(covered, box_at(0.2 + 0.2 * 52 / FPS))  # where it came from


def test_a_face_is_covered_after_it_was_lost() -> None:
    looks = looks_of(moving(0, 30) | {frame: [] for frame in range(30, 120, 3)})
    tracks = tracks_of(looks)
    assert [bool(boxes_on(frame, tracks, looks)) for frame in (28, 42, 43)] == [True, True, False]


def test_a_face_that_comes_back_is_covered_all_the_while() -> None:
    gap: dict[int, Sequence[tuple[Box, float]]] = {frame: [] for frame in range(30, 78, 3)}
    looks = looks_of(moving(0, 30) | gap | moving(78, 100))
    tracks = tracks_of(looks)
    assert len(tracks) == 1
    for frame in range(30, 78):
        (covered,) = boxes_on(frame, tracks, looks)
        assert contains(covered, box_at(0.2 + 0.2 * frame / FPS))


def test_a_longer_gap_makes_two_tracks() -> None:
    gap: dict[int, Sequence[tuple[Box, float]]] = {frame: [] for frame in range(30, 78, 3)}
    assert len(tracks_of(looks_of(moving(0, 30) | gap | moving(78, 100)), gap_s=1.0)) == 2


def test_weak_detections_before_a_strong_one_belong_to_it() -> None:
    looks = looks_of(moving(30, 45, score=0.35) | moving(45, 60))
    (track,) = tracks_of(looks)
    assert track.frames[0] == 30


def test_weak_detections_alone_are_nothing() -> None:
    assert tracks_of(looks_of(moving(0, 60, score=0.4))) == ()


@pytest.mark.parametrize(("score", "tracks"), [(0.55, 0), (0.7, 1)])
def test_what_was_seen_only_once_must_be_sure(score: float, tracks: int) -> None:
    empty: dict[int, Sequence[tuple[Box, float]]] = {frame: [] for frame in range(0, 60, 3)}
    assert len(tracks_of(looks_of(empty | {30: [(box_at(0.5), score)]}))) == tracks


def test_crossing_faces_are_both_covered_all_the_time() -> None:
    found: dict[int, Sequence[tuple[Box, float]]] = {
        frame: [(box_at(0.2 + frame / 150), 0.9), (box_at(0.8 - frame / 150, 0.52), 0.9)] for frame in range(0, 91, 3)
    }
    looks = looks_of(found)
    tracks = tracks_of(looks)
    for frame in range(90):
        covered = boxes_on(frame, tracks, looks)
        for face in (box_at(0.2 + frame / 150), box_at(0.8 - frame / 150, 0.52)):
            assert any(contains(box, face) for box in covered)


def test_no_box_glides_over_a_cut() -> None:
    before: dict[int, Sequence[tuple[Box, float]]] = {frame: [(box_at(0.2), 0.9)] for frame in range(0, 31, 3)}
    after: dict[int, Sequence[tuple[Box, float]]] = {frame: [(box_at(0.3), 0.9)] for frame in range(33, 60, 3)}
    looks = looks_of(before | after, scenes=dict.fromkeys(after, 1))
    scenes = (Scene(0, 33), Scene(31, len(TIMES_S)))  # the cut lies between the frames 30 and 33
    tracks = tracks_of(looks)
    assert len(tracks) == 2
    assert len(boxes_on(30, tracks, looks, scenes)) == 1
    assert contains(boxes_on(30, tracks, looks, scenes)[0], box_at(0.2))
    assert len(boxes_on(31, tracks, looks, scenes)) == 2  # it may belong to either scene
    assert len(boxes_on(33, tracks, looks, scenes)) == 1
    assert contains(boxes_on(33, tracks, looks, scenes)[0], box_at(0.3))


def test_frames_in_a_long_hole_between_looks_are_covered_wholly() -> None:
    looks = looks_of({frame: [] for frame in [*range(6, 40, 3), *range(60, 90, 3)]})
    whole = cover_tracks((), TIMES_S, looks.frames, WHOLE_FILE, COVER).whole
    assert whole[:6].all()  # before the first look
    assert not whole[6:40].any()
    assert whole[40:60].all()
    assert not whole[60:103].any()
    assert whole[103:].all()  # long after the last look


def test_a_file_that_nobody_looked_at_is_covered_wholly() -> None:
    assert cover_tracks((), TIMES_S, np.zeros(0, np.int64), WHOLE_FILE, COVER).whole.all()


def test_only_spans_without_anything_to_cover_are_untouched() -> None:
    looks = looks_of(moving(0, 30) | {frame: [] for frame in range(30, 120, 3)})
    coverage = cover_tracks(tracks_of(looks), TIMES_S, looks.frames, WHOLE_FILE, COVER)
    assert not coverage.untouched(0, 60)
    assert coverage.untouched(60, 60)
    assert not coverage.untouched(60, 61)  # a frame that is not known


def test_boxes_between_looks_lie_on_a_straight_line() -> None:
    (track,) = tracks_of(looks_of(moving(30, 90)))
    first, boxes = boxes_between(track, TIMES_S, KnownScene(0, 120, 0, 117))
    assert first == 30
    assert boxes[10] == pytest.approx(box_at(0.2 + 0.2 * 40 / FPS))


def test_a_face_at_the_first_look_was_there_before_it() -> None:
    (track,) = tracks_of(looks_of(moving(30, 90)))
    first, boxes = boxes_between(track, TIMES_S, KnownScene(28, 89, 30, 87))
    assert (first, len(boxes)) == (28, 61)


class TestCuts:
    @staticmethod
    def picture(seed: int, light: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        noise = np.random.default_rng(seed).integers(40, 180, (18, 32), np.uint8)
        return (noise + light).astype(np.uint8)

    def test_another_picture_is_a_cut(self) -> None:
        assert is_cut(self.picture(1), self.picture(2), self.picture(2))

    def test_a_flash_is_none(self) -> None:
        assert not is_cut(self.picture(1), self.picture(2), self.picture(1))

    def test_a_change_of_light_is_none(self) -> None:
        assert not is_cut(self.picture(1), self.picture(1, light=60), self.picture(1, light=60))

    def test_a_picture_that_turns_black_is_one(self) -> None:
        black = np.full((18, 32), 16, np.uint8)
        assert is_cut(self.picture(1), black, black)
