"""Faces of a whole file are found and followed, whoever looks at which chunk."""

import base64
import json
from pathlib import Path

import cv2
import pytest
from tests.fakes.batch_tasks import BatchJob, EngineHost, Watch
from tests.fakes.engines import ScriptedEngine, face_at
from tests.fakes.face_clips import Actor, Clip, make_face_clip, straight
from tests.fakes.face_truth import accuracy, share_inside

from popcam.core.batch import Find
from popcam.core.errors import InferenceError, JobCancelledError, JobChunkDamagedError
from popcam.core.jobs import FindSpec, HideSpec
from popcam.pipeline.batch.finder import input_width, turned_back
from popcam.pipeline.batch.regions_file import read_regions


def grown(box: tuple[float, ...], margin: float = 0.25) -> tuple[float, float, float, float]:
    x, y = margin * (box[2] - box[0]), margin * (box[3] - box[1])
    return (box[0] - x, box[1] - y, box[2] + x, box[3] + y)


def bare_faces(clip: Clip, regions: Path) -> int:
    """Faces of which more than a tenth is in no covered box."""
    known = read_regions(str(regions), 0, len(clip.boxes))
    bare = 0
    for index, boxes in enumerate(clip.boxes):
        if not known.covers_whole(index):
            cover = [grown(box) for box in known.of(index)]
            bare += sum(all(share_inside(face, box) < 0.9 for box in cover) for face in boxes)
    return bare


def test_moving_faces_are_found_on_every_frame(walk: Clip, walk_job: BatchJob) -> None:
    recall, precision = accuracy(walk, walk_job.facts_lines)
    assert recall >= 0.98
    assert precision >= 0.85  # a face behind something is told as well: it is there


def test_no_frame_leaks_a_face_from_the_very_first_on(walk: Clip, walk_job: BatchJob) -> None:
    assert bare_faces(walk, walk_job.regions) == 0


def test_few_frames_are_looked_at(walk_job: BatchJob) -> None:
    looked = sum(line.get("looked", True) for line in walk_job.facts_lines[1:])
    assert looked <= 60  # of 100


@pytest.mark.parametrize(("span_frames", "order"), [(1000, [0]), (50, [1, 0]), (17, [5, 2, 0, 4, 1, 3])])
def test_chunks_of_any_length_in_any_order_give_the_same_bytes(
    walk: Clip, walk_job: BatchJob, tmp_path: Path, span_frames: int, order: list[int]
) -> None:
    job = BatchJob(walk.path, tmp_path, span_frames=span_frames)
    job.run_find(order)
    assert len(job.facts.spans) == len(order)
    assert len(walk_job.facts.spans) == 3
    assert (tmp_path / "a.facts.jsonl").read_bytes() == (walk_job.folder / "a.facts.jsonl").read_bytes()
    assert job.regions.read_bytes() == walk_job.regions.read_bytes()


def test_codecs_of_keyframes_alone_are_the_same_in_any_chunks_too(tmp_path: Path) -> None:
    actors = (Actor(straight(120, 140, 70, vx=60)),)
    clip = make_face_clip(tmp_path / "a.mkv", actors, frames=40, codec="mjpeg", cuts_s=(0.8,))
    jobs = [BatchJob(clip.path, tmp_path / str(frames), span_frames=frames) for frames in (1000, 10, 20)]
    for job in jobs:
        job.run_find()
    assert [len(job.facts.spans) for job in jobs] == [1, 4, 2]
    assert len({(job.folder / "a.facts.jsonl").read_bytes() for job in jobs}) == 1
    assert accuracy(clip, jobs[0].facts_lines).recall == 1.0


def test_a_face_behind_something_stays_one_face(walk_job: BatchJob) -> None:
    assert walk_job.facts_lines[0]["faces"] == 2


def test_no_box_goes_over_a_cut(tmp_path: Path) -> None:
    actors = (Actor(straight(150, 180, 80), to_s=1.28), Actor(straight(470, 180, 80), from_s=1.28))
    clip = make_face_clip(tmp_path / "a.mp4", actors, frames=64, gop=100, cuts_s=(1.28,))
    job = BatchJob(clip.path, tmp_path)
    job.run_find()
    # A frame next to the cut that is not decoded may belong to either scene: it is covered for both and tells nothing.
    assert accuracy(clip, job.facts_lines).recall >= 63 / 64
    assert bare_faces(clip, job.regions) == 0
    lines = job.facts_lines[1:]
    assert [len(lines[frame]["faces"]) for frame in (28, 31, 33, 36)] == [1, 1, 1, 1]
    regions = read_regions(str(job.regions), 0, 64)
    middles = {round((box[0] + box[2]) / 2, 1) for frame in range(64) for box in regions.of(frame)}
    assert middles == {0.2, 0.7}
    assert [len(regions.of(frame)) for frame in (28, 36)] == [1, 1]  # neither holds on nor leads in beyond the cut


def test_a_fast_face_is_covered_between_looks(tmp_path: Path) -> None:
    clip = make_face_clip(tmp_path / "a.mp4", (Actor(straight(60, 180, 70, vx=420)),), frames=32, gop=100)
    job = BatchJob(clip.path, tmp_path)
    job.run_find()
    assert bare_faces(clip, job.regions) == 0


def test_a_video_that_is_turned_for_showing_is_looked_at_upright(tmp_path: Path) -> None:
    actors = (Actor(straight(180, 200, 90, vx=30)),)
    turn = cv2.ROTATE_90_COUNTERCLOCKWISE
    clip = make_face_clip(tmp_path / "a.mp4", actors, width=360, height=640, frames=25, turn=turn)
    job = BatchJob(clip.path, tmp_path)
    job.run_find()
    assert job.facts.rotation_deg in (90, 270)
    clip.boxes = [[turned_back(box, job.facts.rotation_deg) for box in boxes] for boxes in clip.boxes]
    assert accuracy(clip, job.facts_lines).recall == 1.0


def test_all_frames_are_decoded_where_leaving_some_out_makes_long_holes(tmp_path: Path) -> None:
    params = "bframes=12:b-adapt=0:b-pyramid=none:scenecut=0:keyint=100"
    options = {"preset": "ultrafast", "x264-params": params}
    clip = make_face_clip(tmp_path / "a.mp4", (Actor(straight(120, 140, 70, vx=60)),), frames=40, options=options)
    job = BatchJob(clip.path, tmp_path)
    job.inspect()
    found = job.find_span(0)
    assert found.frames_decoded == 40
    assert 8 <= found.frames_looked_at <= 20
    job.follow((found.file.path,))
    assert accuracy(clip, job.facts_lines).recall == 1.0


def test_a_chunk_that_nobody_could_look_at_is_covered_wholly(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, span_frames=34)
    job.inspect()
    job.follow((job.find_span(0).file.path, "", job.find_span(2).file.path))
    regions = read_regions(str(job.regions), 0, 100)
    assert all(regions.covers_whole(frame) for frame in range(35, 67))
    assert not any(regions.covers_whole(frame) for frame in (*range(34), *range(68, 100)))


def test_an_engine_that_fails_fails_the_task(walk: Clip, tmp_path: Path) -> None:
    engine = ScriptedEngine()
    engine.fail()
    job = BatchJob(walk.path, tmp_path, host=EngineHost(engine))
    job.inspect()
    with pytest.raises(InferenceError):
        job.find_span(0)
    assert list(tmp_path.glob("*.found")) == []


def test_findings_of_another_chunk_are_refused(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, span_frames=34, host=EngineHost(ScriptedEngine()))
    job.inspect()
    paths = [job.find_span(index).file.path for index in range(3)]
    with pytest.raises(JobChunkDamagedError):
        job.follow((paths[1], paths[0], paths[2]))
    with pytest.raises(JobChunkDamagedError):
        job.follow((paths[0],))


def test_damaged_findings_are_refused(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, host=EngineHost(ScriptedEngine()))
    job.inspect()
    path = Path(job.find_span(0).file.path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(JobChunkDamagedError):
        job.follow((str(path),))


def test_a_cancelled_task_leaves_no_file(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, host=EngineHost(ScriptedEngine()))
    job.inspect()
    job.watch = Watch(cancel_at=20)
    with pytest.raises(JobCancelledError):
        job.find_span(0)
    assert list(tmp_path.iterdir()) == []


def test_spans_without_faces_are_untouched(empty_room: Clip, tmp_path: Path) -> None:
    job = BatchJob(empty_room.path, tmp_path / "out", span_frames=25, hide=HideSpec(lead_s=0.5))
    assert job.run_find().untouched == (0,)  # the lead reaches into the second one


def test_the_index_says_who_appears_when_with_a_picture(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, span_frames=34, index=True)
    job.run_find()
    index = json.loads((tmp_path / "a.index.json").read_text())
    first, second = index["faces"]
    assert first["first_s"] == 0.0
    assert second["first_s"] == pytest.approx(1.04, abs=0.15)
    assert all(base64.b64decode(face["picture_jpeg"]).startswith(b"\xff\xd8") for face in index["faces"])


def test_findings_do_not_depend_on_the_tasks_facts(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path, host=EngineHost(ScriptedEngine([face_at(0.5)])))
    job.inspect()
    with_facts = job.find_span(0)
    again = job.do(Find(path=str(walk.path), span=job.facts.spans[0], find=job.find, output=str(tmp_path / "b")))
    assert again.file.sha256 == with_facts.file.sha256


@pytest.mark.parametrize(
    ("smallest_face", "width", "height", "wanted"),
    [
        (0.03, 1280, 720, 608),
        (0.03, 1920, 1080, 608),
        (0.1, 1280, 720, 320),
        (0.01, 3840, 2160, 1792),
        (0.03, 640, 360, 608),
    ],
)
def test_the_detectors_picture_follows_from_the_smallest_face(
    smallest_face: float, width: int, height: int, wanted: int
) -> None:
    assert input_width(FindSpec(smallest_face=smallest_face), width, height) == wanted
