"""All that is to be done with photos: look, cover, write, tell."""

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec

from popcam.core.batch import FileRef, MediaFacts, PhotoDone, PhotoFailed, Photos, PhotosDone, PhotoTask
from popcam.core.errors import JobCancelledError, PopcamError
from popcam.core.facts import Detection
from popcam.core.frame import Frame, Planes
from popcam.core.jobs import Problem
from popcam.media.files import Photo, Problems, read_photo, write_photo
from popcam.pipeline.batch.facts_file import face, header
from popcam.pipeline.batch.finder import Finder
from popcam.pipeline.batch.host import BatchHost, StageSeconds, TaskWatch
from popcam.pipeline.batch.index_file import index_bytes, picture_of
from popcam.pipeline.batch.result_files import file_ref, whole_file, write_whole
from popcam.pipeline.batch.write import preview_jpeg
from popcam.vision.anonymiser import cover_regions


def do_photos(task: Photos, host: BatchHost, watch: TaskWatch, stages: StageSeconds) -> PhotosDone:
    """Do each photo by itself: a bad one has its own answer and stops no other.

    Raises:
        JobCancelledError: the rest is not done.
    """
    results: list[PhotoDone | PhotoFailed] = []
    for done, photo in enumerate(task.photos):
        watch.step(done)
        try:
            results.append(_do_photo(photo, host, watch, stages))
        except JobCancelledError:
            raise
        except PopcamError as error:
            results.append(PhotoFailed(problem=Problem(code=error.code, detail=error.detail)))
    watch.step(len(task.photos))
    return PhotosDone(results=tuple(results))


def _do_photo(task: PhotoTask, host: BatchHost, watch: TaskWatch, stages: StageSeconds) -> PhotoDone:
    problems = Problems()
    with stages.measure("decode"):
        photo = read_photo(Path(task.path))
    found = _faces(task, photo, host, stages)
    with stages.measure("save"):
        facts_file = write_whole(task.facts_output, _facts(task, photo.facts, found)) if task.facts_output else None
        index_file = write_whole(task.index_output, _index(task, photo, found)) if task.index_output else None
    file = _write(task, photo, found, problems, watch, stages) if task.output else None
    return PhotoDone(
        facts=photo.facts,
        faces=len(found),
        file=file,
        facts_file=facts_file,
        index_file=index_file,
        unchanged=not found,
        problems=problems.found,
    )


def _faces(task: PhotoTask, photo: Photo, host: BatchHost, stages: StageSeconds) -> tuple[Detection, ...]:
    """Faces in a photo: there is no other picture to confirm a weak one, so each must be sure enough to be hidden."""
    facts = photo.facts
    finder = Finder(task.find, facts.width_px, facts.height_px, facts.rotation_deg, host, stages)
    return tuple(one for one in finder.look(photo.frame) if one.score >= finder.start_score)


def _write(
    task: PhotoTask,
    photo: Photo,
    found: tuple[Detection, ...],
    problems: Problems,
    watch: TaskWatch,
    stages: StageSeconds,
) -> FileRef:
    with whole_file(task.output) as unfinished:
        if not found:
            with stages.measure("copy"):
                shutil.copyfile(task.path, unfinished)
        else:
            with stages.measure("cover"):
                planes = photo.frame.planes.copy()
                boxes = [one.box for one in found]
                cover_regions(planes, boxes, task.hide.style, task.hide.margin, photo.frame.full_range)
            with stages.measure("encode"):
                write_photo(photo, planes, unfinished, task.encode.photo_quality, problems)
            if watch.preview_due:
                watch.preview(preview_jpeg(_shown(photo, planes)))
    with stages.measure("hash"):
        return file_ref(task.output)


def _shown(photo: Photo, planes: Planes) -> Frame:
    return replace(photo.frame, planes=planes, owner=None)


def _facts(task: PhotoTask, facts: MediaFacts, found: tuple[Detection, ...]) -> bytes:
    faces = [face(number, list(one.box), one.score) for number, one in enumerate(found, start=1)]
    lines = [header(task.path, facts, len(found)), {"frame": 0, "pts": 0, "time_s": 0.0, "faces": faces}]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _index(task: PhotoTask, photo: Photo, found: tuple[Detection, ...]) -> bytes:
    faces = []
    for number, one in enumerate(found, start=1):
        picture = picture_of(photo.frame, list(one.box), photo.facts.rotation_deg)
        faces.append({**face(number, list(one.box), one.score), "picture_jpeg": base64.b64encode(picture).decode()})
    return index_bytes(task.path, photo.facts, faces)
