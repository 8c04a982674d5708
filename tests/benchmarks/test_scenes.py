"""The made clips show the faces where their truth says."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.lib.faces import Pose, face, place
from benchmarks.lib.photo_set import photo_set
from benchmarks.lib.scenes import FPS, Scene, Truth, scene, seen_shares, truth
from benchmarks.lib.score import score_frame
from benchmarks.lib.video import frame_count, lumas

from popcam.core.frame import Frame, Planes
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene(640, 360, 1.0, tmp_path_factory.mktemp("clip"))


def test_a_clip_has_the_frames_of_its_truth(clip: Scene) -> None:
    assert frame_count(clip.path) == clip.frames == len(clip.truth.boxes_norm) == FPS


def test_a_detector_finds_the_faces_where_the_truth_says(clip: Scene) -> None:
    engine = load_engine("yunet", inference=InferenceSpec(providers=("onnxruntime-cpu",)))
    luma = next(lumas(clip.path))
    grey = np.full((180, 320), 128, np.uint8)
    found = engine.infer(Frame(Planes(luma, grey, grey), seq=0, pts_s=0.0, captured_monotonic_s=0, captured_unix_s=0))
    boxes = np.array([one.box for one in found if one.score > 0.6], np.float32).reshape(-1, 4)
    scores = score_frame(boxes, clip.truth.boxes_norm[0], clip.truth.counted[0])
    assert (scores.matched, scores.wrong) == (scores.asked, 0)


def test_the_second_time_the_clip_is_there_already(clip: Scene) -> None:
    before = clip.path.stat().st_mtime_ns
    again = scene(640, 360, 1.0, clip.path.parent)
    assert again.path.stat().st_mtime_ns == before
    assert np.array_equal(again.truth.boxes_norm, clip.truth.boxes_norm)


def test_truth_is_kept_whole(tmp_path: Path) -> None:
    made = truth(1280, 720, 5)
    made.save(tmp_path / "a.npz")
    stored = Truth.load(tmp_path / "a.npz")
    assert np.array_equal(stored.boxes_norm, made.boxes_norm)
    assert np.array_equal(stored.counted, made.counted)


def test_a_face_that_walks_out_is_no_longer_asked_for() -> None:
    walker = truth(640, 360, 20 * FPS).counted[:, -1]
    assert walker.any()
    assert not walker.all()


def test_a_face_behind_another_is_seen_in_part() -> None:
    front = np.array([[100, 100, 200, 200], [150, 100, 250, 200]], np.float32)
    shares = seen_shares(front, 640, 360)
    assert 0.2 < shares[0] < 0.5
    assert shares[1] == 1


def test_a_face_at_the_edge_is_seen_in_part() -> None:
    assert seen_shares(np.array([[-50, 0, 50, 100]], np.float32), 640, 360)[0] == pytest.approx(0.5, abs=0.05)


def test_a_face_is_drawn_about_its_place_and_nowhere_else() -> None:
    picture = np.zeros((400, 400, 3), np.uint8)
    place(picture, face("astronaut.png"), Pose(200, 150, 60))
    rows, columns = np.nonzero(picture.any(axis=2))
    assert abs((rows.min() + rows.max()) / 2 - 150) < 4
    assert abs((columns.min() + columns.max()) / 2 - 200) < 4
    assert np.ptp(rows) <= 60 * 1.75 + 4


def test_a_face_beyond_the_edge_is_cut_off() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    place(picture, face("astronaut.png"), Pose(-300, 50, 60))
    assert not picture.any()


def test_photos_have_their_faces_within_them(tmp_path: Path) -> None:
    photos = photo_set(3, tmp_path)
    assert [len(faces) for faces in photos.faces.values()] == [0, 2, 3]
    assert all(((faces >= 0) & (faces <= 1)).all() for faces in photos.faces.values())
    assert sorted(path.name for path in photos.folder.iterdir()) == sorted(photos.faces)
