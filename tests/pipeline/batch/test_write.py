"""Chunks are covered, encoded or copied; the whole has all frames at their times, whoever wrote which chunk."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.fakes.batch_tasks import BatchJob, SharedHost, Watch
from tests.fakes.face_clips import Clip
from tests.fakes.face_truth import cut_out, likeness, lumas

from popcam.core.errors import JobCancelledError, JobChunkDamagedError
from popcam.core.jobs import EncodeSpec
from popcam.pipeline.batch import StageSeconds


def test_every_face_on_every_frame_is_gone(walk: Clip, walk_job: BatchJob) -> None:
    before, after = lumas(walk.path), lumas(walk_job.folder / "joined.mp4")
    assert len(after) == len(before) == 100
    for one, other, boxes in zip(before, after, walk.boxes, strict=True):
        for box in boxes:
            assert likeness(cut_out(one, box), cut_out(other, box)) < 0.75


def test_what_is_far_from_faces_stays_as_it_was(walk: Clip, walk_job: BatchJob) -> None:
    for one, other in zip(lumas(walk.path), lumas(walk_job.folder / "joined.mp4"), strict=True):
        below = slice(335, 360)  # no face ever comes there
        noise = np.mean((one[below].astype(float) - other[below].astype(float)) ** 2)
        assert 10 * np.log10(255**2 / max(noise, 1e-9)) > 38


def test_chunks_of_any_length_show_the_same_pictures(walk: Clip, walk_job: BatchJob, tmp_path: Path) -> None:
    one_chunk = BatchJob(walk.path, tmp_path, span_frames=1000)
    one_chunk.run()
    pairs = zip(lumas(walk_job.folder / "joined.mp4"), lumas(tmp_path / "joined.mp4"), strict=True)
    assert max(np.abs(one.astype(int) - other.astype(int)).mean() for one, other in pairs) < 1.5  # of the encoder


def test_the_same_task_gives_the_same_bytes(walk_job: BatchJob) -> None:
    first = walk_job.write_span(1)
    assert walk_job.write_span(1).file == first.file


def test_a_chunk_that_nobody_could_look_at_shows_nothing(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path)
    job.inspect()
    job.follow(("",))
    job.join((job.write_span(0).file,))
    for one, other in zip(lumas(walk.path), lumas(tmp_path / "joined.mp4"), strict=True):
        assert other.std() < 0.6 * one.std()
        assert np.abs(np.diff(other.astype(int), axis=1)).mean() < 1.5


def test_chunks_without_faces_are_copied_bit_for_bit(empty_room: Clip, tmp_path: Path) -> None:
    job = BatchJob(empty_room.path, tmp_path / "out", span_frames=25)
    joined = job.run()
    assert joined.frames == 75
    copied = [job.write_span(index).frames_copied for index in range(3)]
    assert copied == [25, 0, 0]
    before, after = lumas(empty_room.path), lumas(tmp_path / "out" / "joined.mp4")
    assert all(np.array_equal(one, other) for one, other in zip(before[:25], after[:25], strict=True))


def test_nothing_is_copied_where_that_is_not_wanted(empty_room: Clip, tmp_path: Path) -> None:
    job = BatchJob(empty_room.path, tmp_path / "out", span_frames=25, encode=EncodeSpec(copy_untouched=False))
    job.run_find()
    assert job.write_span(0).frames_copied == 0


def test_a_transcode_covers_and_copies_nothing(empty_room: Clip, tmp_path: Path) -> None:
    job = BatchJob(empty_room.path, tmp_path / "out", span_frames=25)
    job.inspect()
    written = [job.write_span(index, regions=False) for index in range(3)]
    assert [chunk.frames_copied for chunk in written] == [0, 0, 0]
    assert job.join(tuple(chunk.file for chunk in written)).frames == 75


@pytest.mark.parametrize("damage", ["missing", "short", "other"])
def test_without_readable_regions_no_frame_is_written(
    walk: Clip, walk_job: BatchJob, tmp_path: Path, damage: str
) -> None:
    regions = tmp_path / "regions"
    content = walk_job.regions.read_bytes()
    if damage != "missing":
        regions.write_bytes(content[:-16] if damage == "short" else b"x" * 100)
    task = replace_output(walk_job, tmp_path, str(regions))
    with pytest.raises(JobChunkDamagedError):
        walk_job.do(task)
    assert not (tmp_path / "a.chunk").exists()


def test_a_cancelled_chunk_leaves_no_file(walk_job: BatchJob, tmp_path: Path) -> None:
    job = replace(walk_job, watch=Watch(cancel_at=10), host=SharedHost(), stages=StageSeconds())
    with pytest.raises(JobCancelledError):
        job.do(replace_output(walk_job, tmp_path, str(walk_job.regions)))
    assert list(tmp_path.iterdir()) == []


def test_previews_show_processed_pictures(walk_job: BatchJob, tmp_path: Path) -> None:
    watch = Watch(preview_due=True)
    job = replace(walk_job, watch=watch, stages=StageSeconds())
    job.do(replace_output(walk_job, tmp_path, str(walk_job.regions)))
    assert len(watch.previews) == 34
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in watch.previews)


def test_each_stage_says_how_long_it_took(walk_job: BatchJob) -> None:
    assert {"decode", "detect", "follow", "cover", "encode", "mux"} <= set(walk_job.stages.seconds)


def test_a_changed_chunk_is_not_joined(walk: Clip, tmp_path: Path) -> None:
    job = BatchJob(walk.path, tmp_path)
    job.inspect()
    chunk = job.write_span(0, regions=False).file
    path = Path(chunk.path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(JobChunkDamagedError):
        job.join((chunk,))
    path.unlink()
    with pytest.raises(JobChunkDamagedError):
        job.join((chunk,))


def replace_output(job: BatchJob, folder: Path, regions: str) -> object:
    return msgspec.structs.replace(job.write_task(0), output=str(folder / "a.chunk"), regions=regions)
