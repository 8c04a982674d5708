"""Files of a job on their way into work: taken from the store in small portions, so that memory does not grow with the
job, and brought to where they stood when they were in work before."""

import asyncio
from collections import deque
from pathlib import Path

from popcam.core.jobs import JobSpec
from popcam.jobs import disk
from popcam.jobs.course import Step
from popcam.jobs.model import media_kind_of
from popcam.jobs.places import Places
from popcam.jobs.store import JobStore, problem_of, result_of
from popcam.jobs.work import PhotosWork, VideoWork, Work
from popcam.storage.jobs import ItemRow

PORTION = 256
"""Files that are read from the store at once."""
PHOTOS_AT_ONCE = 16
PHOTO_BYTES_AT_ONCE = 64_000_000


class Feed:
    """Gives the files of one job, in order, as pieces of work.

    Args:
        staging: where finished results wait for their names.
        workers: how many workers share the photos.
    """

    def __init__(
        self, job_id: str, spec: JobSpec, store: JobStore, places: Places, staging: Path, *, workers: int
    ) -> None:
        self._job_id = job_id
        self._spec = spec
        self._store = store
        self._places = places
        self._staging = staging
        self._workers = workers
        self._rows: deque[ItemRow] = deque()
        self._after = 0
        self._drained = False

    @property
    def empty(self) -> bool:
        """Every file was given out."""
        return self._drained and not self._rows

    def put_back(self, rows: tuple[ItemRow, ...]) -> None:
        """Give these again, first."""
        self._rows.extendleft(reversed(rows))

    async def next_rows(self, photos_left: int) -> tuple[ItemRow, ...]:
        """One video, one file whose result is finished already, or a handful of photos; nothing at the end."""
        if len(self._rows) < PHOTOS_AT_ONCE and not self._drained:
            portion = await self._store.waiting(self._job_id, self._after, PORTION)
            self._rows.extend(portion)
            self._after = portion[-1].item_id if portion else self._after
            self._drained = len(portion) < PORTION
        if not self._rows:
            return ()
        first = self._rows.popleft()
        taken, size_bytes = [first], first.bytes_in
        # Towards the end handfuls become small, so that all workers come to an end together.
        most = max(1, min(PHOTOS_AT_ONCE, photos_left // (2 * self._workers)))
        while _is_photo(first) and self._rows and _is_photo(self._rows[0]) and len(taken) < most:
            size_bytes += self._rows[0].bytes_in
            if size_bytes > PHOTO_BYTES_AT_ONCE:
                break
            taken.append(self._rows.popleft())
        return tuple(taken)

    async def work(self, rows: tuple[ItemRow, ...]) -> Work:
        """What is to be done with files that `next_rows` gave."""
        if _is_photo(rows[0]):
            return PhotosWork(rows, self._spec, self._staging)
        return await self.video(rows[0])

    async def video(self, row: ItemRow) -> VideoWork:
        """A video as far as it is done. What is damaged of its finished chunks is done again."""
        work = VideoWork(row, self._spec, self._places.item(self._job_id, row.item_id), self._staging)
        course = work.course
        for task in await self._store.tasks(self._job_id, row.item_id):
            step = Step(task.stage, task.span)  # type: ignore[arg-type]
            work.attempts[step] = task.attempts
            if task.state == "done":
                course.take(step, result_of(task))
            elif task.state == "failed":
                course.lose(step, problem_of(task))
        await self.drop_damaged(work)
        return work

    async def drop_damaged(self, work: VideoWork) -> set[Step]:
        """Verify the finished chunks of a video by their hashes, and forget those that are not what they were."""
        checked: set[str] = set()
        dropped: set[Step] = set()
        # What is missing decides what else is needed: without the regions, all findings are.
        while files := [(step, file) for step, file in work.course.files() if file.path not in checked]:
            for step, file in files:
                checked.add(file.path)
                if not await asyncio.to_thread(disk.is_intact, file):
                    dropped.add(step)
            for step in dropped:
                work.course.forget(step)
        if dropped:
            await self._store.forget_steps(self._job_id, work.row.item_id, dropped)
        return dropped


def _is_photo(row: ItemRow) -> bool:
    return not row.staged and media_kind_of(row.source) == "photo"
