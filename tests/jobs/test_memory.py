"""What a job holds and sends does not grow with the length of a video beyond a few numbers per chunk, and nothing of it
is kept when it has ended."""

import gc
import tracemalloc
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from tests.jobs.bench import Bench, bench_at
from tests.jobs.test_course import answer

from popcam.core.batch import FileRef, RunTask
from popcam.core.jobs import JobSpec
from popcam.jobs.course import Step
from popcam.jobs.work import VideoWork
from popcam.storage.jobs import ItemRow

DAY_OF_VIDEO = 24 * 3600 * 30 // 150


def work_of(spans: int) -> VideoWork:
    row = ItemRow(job_id="1", item_id=1, source="a.mp4", path="/a.mp4", planned="/out/a.mp4", bytes_in=10**11)
    work = VideoWork(row, JobSpec(kind="hide_faces", inputs=("/a.mp4",)), Path("/work"), Path("/staging"))
    work.course.take(Step("inspect"), answer(Step("inspect"), spans))
    return work


def test_a_task_is_small_however_long_the_video_is() -> None:
    work = work_of(DAY_OF_VIDEO)
    steps = [Step("find", DAY_OF_VIDEO - 1), Step("write", DAY_OF_VIDEO - 1)]
    sizes = [len(msgspec.msgpack.encode(RunTask(task_id=1, task=work.task(step)))) for step in steps]
    assert max(sizes) < 2000


def test_a_day_of_video_takes_a_few_megabytes() -> None:
    tracemalloc.start()
    try:
        work = work_of(DAY_OF_VIDEO)
        for index in range(DAY_OF_VIDEO):
            done = answer(Step("find", index), 1)
            file = FileRef(path=f"/jobs/find-{index:06}.bin", sha256=f"{index:064x}", bytes=index)
            work.course.take(Step("find", index), msgspec.structs.replace(done, file=file))
        assert tracemalloc.get_traced_memory()[0] < 30_000_000
        assert next(work.ready(0.0)) == Step("follow")
    finally:
        tracemalloc.stop()


@pytest.mark.slow
async def test_nothing_is_kept_of_jobs_that_have_ended(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        await jobs_come_and_go(bench, 4)  # workers live, and statements are prepared
        before = held(bench)
        await jobs_come_and_go(bench, 16)
        await bench.until(lambda: not held(bench) - before)  # the last ones are let go behind their last news


async def jobs_come_and_go(bench: Bench, count: int) -> None:
    """So many jobs of one photo, four side by side, each deleted when it has ended."""
    for _ in range(count // 4):
        made = [await bench.service.create(bench.spec()) for _ in range(4)]
        for job in made:
            await bench.ended(job.job_id)
            await bench.service.delete(job.job_id)


def held(bench: Bench) -> Counter[str]:
    """Living objects of the code of jobs, by type."""
    bench.told.clear()  # what a listener keeps is the listener's
    gc.collect()
    kinds = [type(thing) for thing in gc.get_objects()]
    areas = ("popcam.jobs.", "popcam.core.jobs", "popcam.core.batch", "popcam.storage.jobs")
    return Counter(kind.__qualname__ for kind in kinds if str(kind.__module__).startswith(areas))
