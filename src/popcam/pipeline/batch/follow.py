"""Follow faces over a whole video: all decisions over time are made here, from all chunks' findings at once."""

from popcam.core.batch import FileRef, Follow, Followed
from popcam.pipeline.batch.facts_file import write_facts
from popcam.pipeline.batch.host import StageSeconds, TaskWatch
from popcam.pipeline.batch.index_file import write_index
from popcam.pipeline.batch.regions_file import write_regions
from popcam.pipeline.batch.story import tell_story
from popcam.vision.follow import CoverTimes, FaceTrack, associate, cover_tracks


def follow(task: Follow, watch: TaskWatch, stages: StageSeconds) -> Followed:
    """Make tracks, and say what is covered on each frame.

    Raises:
        JobChunkDamagedError: a file of findings is missing or damaged.
        StorageFullError, StorageReadOnlyError, JobCancelledError.
    """
    with stages.measure("load"):
        story = tell_story(task)
    watch.step(0)
    with stages.measure("follow"):
        tracks = associate(
            story.looks, start_score=story.start_score, sure_score=story.sure_score, gap_s=task.hide.gap_s
        )
        times = CoverTimes(task.hide.lead_s, task.hide.hold_s)
        coverage = cover_tracks(tracks, story.times_s, story.looks.frames, story.scenes, times)
    watch.step(len(story.pts))
    with stages.measure("save"):
        file = write_regions(task.output, coverage)
        spans = task.facts.spans
        untouched = tuple(s.index for s in spans if coverage.untouched(s.first_frame, s.frames))
        facts_file = write_facts(task, story, tracks) if task.facts_output else None
    index_file = _index(task, tracks, watch, stages)
    return Followed(file=file, faces=len(tracks), untouched=untouched, facts_file=facts_file, index_file=index_file)


def _index(task: Follow, tracks: tuple[FaceTrack, ...], watch: TaskWatch, stages: StageSeconds) -> FileRef | None:
    if not task.index_output:
        return None
    with stages.measure("index"):
        return write_index(task, tracks, watch)
