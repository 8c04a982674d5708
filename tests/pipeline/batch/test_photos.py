"""Photos: each is done by itself, and what holds no face stays as it is, to the byte."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.fakes.batch_tasks import EngineHost, SharedHost, Watch
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.face_clips import ASTRONAUT, ASTRONAUT_FACE, background
from tests.fakes.face_truth import cut_out, likeness, overlap

from popcam.core.batch import PhotoDone, PhotoFailed, Photos, PhotosDone, PhotoTask
from popcam.core.errors import InferenceError, JobCancelledError
from popcam.core.jobs import EncodeSpec, FindSpec, HideSpec
from popcam.pipeline.batch import run_task


def photo_task(path: Path, folder: Path, *, facts: bool = False) -> PhotoTask:
    return PhotoTask(
        path=str(path),
        find=FindSpec(),
        hide=HideSpec(),
        encode=EncodeSpec(),
        output=str(folder / f"out.{path.name}"),
        facts_output=str(folder / "a.facts.jsonl") if facts else "",
        index_output=str(folder / "a.index.json") if facts else "",
    )


def done_with(*tasks: PhotoTask, watch: Watch | None = None) -> tuple[PhotoDone | PhotoFailed, ...]:
    done = run_task(Photos(photos=tasks), SharedHost(), watch or Watch())
    assert isinstance(done, PhotosDone)
    return done.results


@pytest.fixture
def landscape(tmp_path: Path) -> Path:
    path = tmp_path / "landscape.jpg"
    cv2.imwrite(str(path), background(640, 360, 3))
    return path


def grey(path: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def test_a_face_in_a_photo_is_gone(tmp_path: Path) -> None:
    (done,) = done_with(photo_task(ASTRONAUT, tmp_path))
    assert isinstance(done, PhotoDone)
    assert done.file is not None
    assert (done.faces, done.unchanged) == (1, False)
    face = [cut_out(grey(path), ASTRONAUT_FACE) for path in (str(ASTRONAUT), done.file.path)]
    assert likeness(*face) < 0.75


def test_a_photo_without_faces_keeps_its_bytes(landscape: Path, tmp_path: Path) -> None:
    (done,) = done_with(photo_task(landscape, tmp_path))
    assert isinstance(done, PhotoDone)
    assert done.unchanged
    assert done.file is not None
    assert Path(done.file.path).read_bytes() == landscape.read_bytes()


def test_a_bad_photo_has_its_own_answer_and_stops_no_other(landscape: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(landscape.read_bytes()[:100])
    first, second, third = done_with(
        photo_task(broken, tmp_path), photo_task(tmp_path / "none.jpg", tmp_path), photo_task(landscape, tmp_path)
    )
    assert isinstance(first, PhotoFailed)
    assert first.problem.code == "source.corrupt"
    assert isinstance(second, PhotoFailed)
    assert second.problem.code == "source.not_found"
    assert isinstance(third, PhotoDone)
    assert not (tmp_path / "out.broken.jpg").exists()


def test_an_engine_that_fails_writes_no_photo(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    engine.fail()
    done = run_task(Photos(photos=(photo_task(ASTRONAUT, tmp_path),)), EngineHost(engine), Watch())
    assert isinstance(done, PhotosDone)
    (failed,) = done.results
    assert isinstance(failed, PhotoFailed)
    assert failed.problem.code == InferenceError.code
    assert list(tmp_path.iterdir()) == []


def test_weak_detections_are_not_covered(tmp_path: Path) -> None:
    host = EngineHost(ScriptedEngine([face_at(0.5, score=0.4)]))
    done = run_task(Photos(photos=(photo_task(ASTRONAUT, tmp_path),)), host, Watch())
    assert isinstance(done, PhotosDone)
    assert isinstance(done.results[0], PhotoDone)
    assert done.results[0].unchanged


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_photo_is_looked_at_upright(tmp_path: Path, orientation: int) -> None:
    turns = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}
    picture = cv2.imread(str(ASTRONAUT))
    assert picture is not None
    _, jpeg = cv2.imencode(".jpg", cv2.rotate(picture, turns[orientation]))
    # EXIF as little-endian TIFF with the one tag 0x0112.
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0]) + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    path = tmp_path / "turned.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg.tobytes()[2:])
    (done,) = done_with(photo_task(path, tmp_path, facts=True))
    assert isinstance(done, PhotoDone)
    assert done.faces == 1
    x0, y0, x1, y1 = ASTRONAUT_FACE
    stored = {3: (1 - x1, 1 - y1, 1 - x0, 1 - y0), 6: (y0, 1 - x1, y1, 1 - x0), 8: (1 - y1, x0, 1 - y0, x1)}
    lines = [json.loads(line) for line in (tmp_path / "a.facts.jsonl").read_text().splitlines()]
    assert overlap(lines[1]["faces"][0]["box"], stored[orientation]) > 0.5


def test_facts_and_index_are_written(tmp_path: Path) -> None:
    done_with(photo_task(ASTRONAUT, tmp_path, facts=True))
    header, frame = [json.loads(line) for line in (tmp_path / "a.facts.jsonl").read_text().splitlines()]
    assert (header["format"], header["kind"], header["faces"]) == ("popcam.facts", "photo", 1)
    assert overlap(frame["faces"][0]["box"], ASTRONAUT_FACE) > 0.5
    index = json.loads((tmp_path / "a.index.json").read_text())
    assert len(index["faces"]) == 1


def test_cancelling_stops_before_the_next_photo(landscape: Path, tmp_path: Path) -> None:
    copies = [Path(shutil.copy(landscape, tmp_path / f"{number}.jpg")) for number in range(3)]
    with pytest.raises(JobCancelledError):
        done_with(*(photo_task(path, tmp_path) for path in copies), watch=Watch(cancel_at=2))
    assert sorted(path.name for path in tmp_path.glob("out.*")) == ["out.0.jpg", "out.1.jpg"]


def test_previews_show_covered_photos(tmp_path: Path) -> None:
    watch = Watch(preview_due=True)
    done_with(photo_task(ASTRONAUT, tmp_path), watch=watch)
    (jpeg,) = watch.previews
    picture = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)
    assert likeness(cut_out(picture, ASTRONAUT_FACE), cut_out(grey(str(ASTRONAUT)), ASTRONAUT_FACE)) < 0.75
