"""One task of a batch job, whatever its kind."""

from pathlib import Path

from popcam.core.batch import (
    FileRef,
    Find,
    Follow,
    Inspect,
    Inspected,
    Join,
    Joined,
    Photos,
    Task,
    TaskResult,
    Write,
)
from popcam.core.errors import JobChunkDamagedError
from popcam.media.files import Problems, inspect_file, join
from popcam.pipeline.batch.find import find
from popcam.pipeline.batch.follow import follow
from popcam.pipeline.batch.host import BatchHost, StageSeconds, TaskWatch
from popcam.pipeline.batch.photos import do_photos
from popcam.pipeline.batch.result_files import file_ref
from popcam.pipeline.batch.write import write


def run_task(task: Task, host: BatchHost, watch: TaskWatch, stages: StageSeconds | None = None) -> TaskResult:
    """Do a task. It depends on nothing but its inputs, so it may be done again, and anywhere.

    Args:
        host: where engines come from.
        watch: is told between frames how far it is, and says when to stop.
        stages: gets the seconds that each stage took.

    Raises:
        PopcamError: the named error; no file of the task is left then that could be taken for a result.
    """
    stages = stages or StageSeconds()
    watch.step(0)
    match task:
        case Inspect():
            with stages.measure("inspect"):
                path, frames = Path(task.path), task.span_frames
                return Inspected(facts=inspect_file(path, frames, watch.step, least_frames=task.least_frames))
        case Find():
            return find(task, host, watch, stages)
        case Follow():
            return follow(task, watch, stages)
        case Write():
            return write(task, watch, stages)
        case Join():
            return _join(task, watch, stages)
        case Photos():
            return do_photos(task, host, watch, stages)


def _join(task: Join, watch: TaskWatch, stages: StageSeconds) -> Joined:
    with stages.measure("verify"):
        for chunk in task.chunks:
            _check(chunk)
            watch.step(0)
    problems = Problems()
    with stages.measure("mux"):
        joined = join(
            Path(task.path),
            task.facts,
            [Path(chunk.path) for chunk in task.chunks],
            Path(task.output),
            problems=problems,
            report=watch.step,
        )
    with stages.measure("hash"):
        file = file_ref(str(joined.path))
    return Joined(file=file, frames=joined.frames, duration_s=joined.duration_s, problems=problems.found)


def _check(chunk: FileRef) -> None:
    """Refuse a chunk that is not what was written.

    Raises:
        JobChunkDamagedError: it is missing or its hash is another.
    """
    try:
        seen = file_ref(chunk.path)
    except OSError as error:
        raise JobChunkDamagedError(f"{Path(chunk.path).name}: {error.strerror}") from error
    if seen != chunk:
        raise JobChunkDamagedError(Path(chunk.path).name)
