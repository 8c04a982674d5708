"""Ids stay with their objects: over frames, crossings, occlusions, cuts and gaps in time."""

import time

import numpy as np
import pytest

from popcam.core.facts import Detection, Track
from popcam.core.spec import TrackSpec
from popcam.vision.tracker import Tracker

SPEC = TrackSpec(max_lost_s=1.5, min_hits=2)


def face(x: float, y: float = 0.5, *, size: float = 0.1, score: float = 0.9, label: str = "face") -> Detection:
    box = (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    return Detection(label=label, score=score, box=box, landmarks=((x, y),) * 5 if label == "face" else ())


def middle(track: Track) -> float:
    return (track.box[0] + track.box[2]) / 2


def seen_now(tracks: tuple[Track, ...]) -> dict[int, float]:
    return {track.track_id: middle(track) for track in tracks if track.unseen_s == 0}


@pytest.mark.parametrize("fps", [3, 15, 60])
def test_a_moving_face_keeps_its_id(fps: int) -> None:
    tracker = Tracker(SPEC)
    ids = {track.track_id for i in range(3 * fps) for track in tracker.update([face(0.1 + 0.25 * i / fps)], i / fps)}
    assert ids == {1}


@pytest.mark.parametrize("fps", [5, 15, 30])
@pytest.mark.parametrize("speed", [0.1, 0.2, 0.4])
def test_crossing_faces_keep_their_ids(fps: int, speed: float) -> None:
    """The nearer face hides the other one while they pass."""
    random = np.random.default_rng(3)
    tracker = Tracker(SPEC)
    tracks: tuple[Track, ...] = ()
    for i in range(int(0.8 / speed * fps)):
        near, far = 0.1 + speed * i / fps, 0.9 - speed * i / fps
        found = [face(near + random.normal(0, 0.003))]
        if abs(near - far) > 0.07:
            found.append(face(far + random.normal(0, 0.003), 0.51))
        tracks = tracker.update(found, i / fps)
    at = seen_now(tracks)
    assert set(at) == {1, 2}
    assert at[1] > 0.75 > 0.25 > at[2]


@pytest.mark.parametrize("speed", [0.0, 0.15])
def test_an_occlusion_of_a_second_keeps_the_id(speed: float) -> None:
    tracker = Tracker(SPEC)
    for i in range(30):
        tracker.update([face(0.2 + speed * i / 15)], i / 15)
    for i in range(30, 45):
        hidden = tracker.update([], i / 15)
        assert [track.track_id for track in hidden] == [1]
    assert set(seen_now(tracker.update([face(0.2 + speed * 3)], 3.0))) == {1}


def test_a_face_unseen_too_long_ends_and_its_id_is_not_used_again() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 0.0)
    assert tracker.update([], 1.5) != ()
    assert tracker.update([], 1.51) == ()
    assert [track.track_id for track in tracker.update([face(0.5)], 1.6)] == [2]


def test_after_a_cut_faces_elsewhere_get_new_ids() -> None:
    tracker = Tracker(SPEC)
    for i in range(10):
        tracker.update([face(0.2), face(0.5)], i / 15)
    assert set(seen_now(tracker.update([face(0.35, 0.8), face(0.8)], 10 / 15))) == {3, 4}


def test_a_face_at_the_same_place_but_twice_as_large_is_another_one() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5, size=0.1)], 0.0)
    assert set(seen_now(tracker.update([face(0.5, size=0.25)], 0.1))) == {2}


def test_reset_ends_all_tracks_and_ids_go_on() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 5.0)
    tracker.reset()
    assert tracker.predict(5.0) == ()
    assert [track.track_id for track in tracker.update([face(0.5)], 0.0)] == [2]


def test_a_weak_detection_keeps_a_track_alive() -> None:
    tracker = Tracker(SPEC, start_score=0.6)
    tracker.update([face(0.5)], 0.0)
    (track,) = tracker.update([face(0.51, score=0.35)], 0.1)
    assert (track.track_id, track.unseen_s) == (1, 0.0)


def test_a_weak_detection_begins_no_track() -> None:
    tracker = Tracker(SPEC, start_score=0.6)
    assert tracker.update([face(0.5, score=0.59)], 0.0) == ()
    assert len(tracker.update([face(0.5, score=0.6)], 0.1)) == 1


def test_the_score_that_begins_a_track_can_differ_by_label() -> None:
    tracker = Tracker(SPEC, start_score={"face": 0.6, "person": 0.35})
    found = tracker.update([face(0.2, score=0.4), face(0.7, score=0.4, label="person")], 0.0)
    assert [track.label for track in found] == ["person"]


def test_a_strong_detection_wins_over_a_weak_one_nearer_by() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 0.0)
    (track,) = tracker.update([face(0.5, score=0.35), face(0.53, score=0.9)], 0.1)
    assert track.score == 0.9


def test_labels_are_never_mixed() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 0.0)
    tracks = tracker.update([face(0.5, label="person")], 0.1)
    assert [(track.label, track.unseen_s == 0) for track in tracks] == [("face", False), ("person", True)]


def test_a_track_is_confirmed_by_its_second_detection() -> None:
    tracker = Tracker(SPEC)
    assert [track.confirmed for track in tracker.update([face(0.5)], 0.0)] == [False]
    assert [track.confirmed for track in tracker.update([face(0.5)], 0.1)] == [True]


def test_age_and_unseen_time_are_those_of_the_frames() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 10.0)
    tracker.update([face(0.5)], 10.5)
    (track,) = tracker.update([], 11.25)
    assert (track.age_s, track.unseen_s) == (1.25, 0.75)


def test_prediction_moves_the_box_and_its_landmarks_and_changes_nothing() -> None:
    tracker = Tracker(SPEC)
    for i in range(20):
        tracker.update([face(0.1 + 0.3 * i / 15)], i / 15)
    here, later = tracker.predict(19 / 15)[0], tracker.predict(19 / 15 + 0.2)[0]
    assert middle(later) - middle(here) == pytest.approx(0.06, abs=0.015)
    assert later.landmarks[0][0] == pytest.approx(middle(later), abs=0.01)
    assert later.unseen_s == pytest.approx(0.2)
    assert tracker.predict(19 / 15)[0] == here


def test_prediction_drops_what_is_unseen_too_long() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 0.0)
    assert tracker.predict(2.0) == ()


def test_an_unseen_face_slows_down_and_stays_in_the_picture() -> None:
    tracker = Tracker(TrackSpec(max_lost_s=10))
    for i in range(15):
        tracker.update([face(0.1 + 0.3 * i / 15)], i / 15)
    (track,) = tracker.predict(9.0)
    assert all(0 <= value <= 1 for value in track.box)
    assert middle(track) < 1


def test_time_that_goes_back_is_taken_as_no_time() -> None:
    tracker = Tracker(SPEC)
    tracker.update([face(0.5)], 5.0)
    (track,) = tracker.update([face(0.5)], 3.0)
    assert (track.track_id, track.age_s) == (1, 0.0)


def test_a_detection_without_area_does_no_harm() -> None:
    tracker = Tracker(SPEC)
    flat = Detection(label="face", score=0.9, box=(0.5, 0.5, 0.5, 0.5))
    tracker.update([flat], 0.0)
    (track,) = tracker.update([flat], 0.1)
    assert all(np.isfinite(track.box))


def test_twenty_faces_in_a_row_keep_their_ids_while_the_camera_pans() -> None:
    tracker = Tracker(SPEC)
    tracks: tuple[Track, ...] = ()
    for i in range(30):
        tracks = tracker.update([face(0.03 + 0.04 * k + 0.1 * i / 30, size=0.03) for k in range(20)], i / 15)
    places = [middle(track) for track in sorted(tracks, key=lambda track: track.track_id)]
    assert places == sorted(places)
    assert len(tracks) == 20


def test_five_tracks_take_far_less_than_a_frame() -> None:
    """0.16 ms was measured; the limit leaves room for a busy machine."""
    tracker = Tracker(SPEC)
    times = []
    for i in range(200):
        found = [face(0.1 + 0.18 * k) for k in range(5)]
        start = time.perf_counter()
        tracker.update(found, i / 15)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.001
