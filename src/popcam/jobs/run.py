"""One job in work: which step comes next, what becomes of an answer, and how the job stands."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from popcam.core.batch import Inspected, PhotoDone, PhotoFailed, PhotosDone, TaskProgress, TaskResult
from popcam.core.clock import Clock
from popcam.core.errors import (
    DatabaseError,
    JobChunkDamagedError,
    JobDiskShortError,
    JobResultMismatchError,
    JobWorkerLostError,
    PopcamError,
    StorageFullError,
    WorkerUnavailableError,
    error_of_code,
)
from popcam.core.jobs import Problem
from popcam.fleet.batch_pool import BatchPool
from popcam.jobs import disk
from popcam.jobs.course import Step
from popcam.jobs.feed import Feed
from popcam.jobs.model import Totals, media_kind_of, weight_of
from popcam.jobs.pace import Pace
from popcam.jobs.places import Places
from popcam.jobs.publish import Change, Published, Publisher, failed
from popcam.jobs.store import JobStore, lost_row, spec_of, task_row
from popcam.jobs.work import Outcome, PhotosWork, VideoWork, Work
from popcam.storage.jobs import ItemRow, JobRow

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
"""Tries of one step before it counts as impossible."""
MAX_KILLS = 12
"""A worker that others kill says nothing about the file: a step is tried so often then, ever later."""
RETRY_AFTER_S = 0.5
DISK_LOOK_S = 5.0
DISK_PATIENCE_S = 600.0
"""A job waits so long for room on a full disk; then it fails by name, and can be retried."""
BYTES_PER_WORKER = 1_000_000
"""Less is a second or two of video, or one photo: no work for two."""
START_TRIES = 6
START_RETRY_S = 2.0
NOT_A_PHOTO = frozenset({"source.corrupt", "source.not_video", "source.no_video_track", "source.unsupported_codec"})
"""A file with a photo's ending that can't be read as one may be a video."""
DISK_CODES = frozenset({JobDiskShortError.code, StorageFullError.code})


@dataclass(slots=True)
class Hindrance:
    """Why a job can't go on at this moment, since when, and when it tries again."""

    error: PopcamError
    since_s: float
    until_s: float
    count: int = 1


class JobRun:
    """A job that is worked on.

    Args:
        row: as it is kept.
        staging: folder for finished results, on the disk on which they will stay.
    """

    def __init__(
        self,
        row: JobRow,
        store: JobStore,
        pool: BatchPool,
        places: Places,
        staging: Path,
        clock: Clock,
    ) -> None:
        self.row = row
        self.job_id = row.job_id
        self.spec = spec_of(row.spec)
        self.totals = Totals.of_json(row.totals)
        self.works: dict[int, Work] = {}
        self.pace = Pace()
        self.preview = b""
        self.hindrance: Hindrance | None = None
        self.gave_up: PopcamError | None = None
        self.staging = staging
        self._store = store
        self._pool = pool
        self._places = places
        self._clock = clock
        self._feed = Feed(row.job_id, self.spec, store, places, staging, workers=pool.size)
        self._publisher = Publisher(row.job_id, self.spec, store)
        self._photo_tries: dict[int, int] = {}
        self._kills: Counter[tuple[int, Step]] = Counter()

    @property
    def order(self) -> tuple[int, float, str]:
        """Jobs are worked on in this order."""
        return (-self.row.priority, self.row.created_unix_s, self.job_id)

    @property
    def useful_workers(self) -> int:
        """How many workers there is work for, as far as sizes tell."""
        return max(self.totals.counts.get("queued", 0), -(-self.totals.bytes_total // BYTES_PER_WORKER))

    def hungry(self, now_s: float) -> bool:
        """It could have more files in work: more than workers, so that none waits at the end of a file."""
        return not self._feed.empty and len(self.works) < self._pool.size + 2 and not self._hindered(now_s)

    @property
    def drained(self) -> bool:
        """Nothing is left to do, or it gave up; steps may be under way still."""
        return self.gave_up is not None or (self._feed.empty and not self.works)

    @property
    def running(self) -> int:
        """Steps under way."""
        return sum(work.running for work in self.works.values())

    def next_step(self, now_s: float) -> tuple[Work, Step] | None:
        """What is to be done next, marked as under way; None when nothing can be begun now."""
        if self.gave_up is not None or self._hindered(now_s):
            return None
        if self.hindrance is not None and self.running:
            return None  # one step finds out whether it goes again
        for item_id in sorted(self.works):
            work = self.works[item_id]
            step = next(work.ready(now_s), None)
            if step is not None:
                work.begin(step)
                return work, step
        return None

    async def feed(self) -> None:
        """Take more files into work."""
        while self.hungry(self._clock.monotonic_s()):
            rows = await self._feed.next_rows(self.totals.counts.get("queued", 0))
            if not rows:
                return
            rows = await self._before_work(rows)
            if rows:
                self.works[rows[0].item_id] = await self._feed.work(rows)

    async def do(self, work: Work, step: Step, left_pool: Callable[[], None]) -> None:
        """Carry out a step that `next_step` gave, with all that follows from its answer.

        Args:
            left_pool: called when no worker is needed any more.
        """
        try:
            try:
                await asyncio.to_thread(self._make_room, work, step)
                result = await self._pool.run(work.task(step), lambda message: self._progress(work, step, message))
            finally:
                left_pool()
            hindrance = self.hindrance
            await self._done(work, step, result)
            if self.hindrance is hindrance:
                self.hindrance = None
        except asyncio.CancelledError:
            work.release(step)
            raise
        except (JobDiskShortError, StorageFullError) as error:
            work.release(step)
            self._hinder(error, DISK_LOOK_S)
        except WorkerUnavailableError as error:
            work.release(step)
            self._hinder(error, START_RETRY_S)
        except PopcamError as error:
            await self._failed(work, step, error)

    @property
    def database_failure(self) -> DatabaseError | None:
        """Why progress can't be kept at the moment."""
        return self._store.failure

    def active_items(self) -> Iterator[int]:
        """Files of which something is under way or done."""
        for work in self.works.values():
            if work.running or work.fraction():
                yield from (row.item_id for row in work.rows)

    def fraction_of(self, item_id: int) -> float | None:
        """How much of a file is done; None when it is not in work."""
        for work in self.works.values():
            if any(row.item_id == item_id for row in work.rows):
                return work.fraction_of(item_id) if work.running or work.fraction() else None
        return None

    def _hindered(self, now_s: float) -> bool:
        return self.hindrance is not None and now_s < self.hindrance.until_s

    def _progress(self, work: Work, step: Step, message: TaskProgress) -> None:
        work.progress(step, message.frames_done)
        if message.preview_jpeg:
            self.preview = message.preview_jpeg

    def _make_room(self, work: Work, step: Step) -> None:
        folders = [self.staging] if step.stage in {"join", "photo", "follow"} else []
        if isinstance(work, VideoWork) and step.stage not in {"inspect", "join"}:
            folders.append(work.folder)
        for folder in folders:
            disk.need_room(folder, work.need_bytes(step))
            disk.make_folder(folder)

    def _hinder(self, error: PopcamError, wait_s: float) -> None:
        now_s = self._clock.monotonic_s()
        if error.code in DISK_CODES:  # a worker calls it by the name that recordings use
            error = JobDiskShortError(error.detail)
        earlier = self.hindrance
        if earlier is None or type(earlier.error) is not type(error):
            log.warning("job.hindered", job_id=self.job_id, code=error.code, detail=error.detail)
            self.hindrance = Hindrance(error, now_s, now_s + wait_s)
        else:
            self.hindrance = Hindrance(error, earlier.since_s, now_s + wait_s, earlier.count + 1)
        if isinstance(error, WorkerUnavailableError):
            over = self.hindrance.count >= START_TRIES
        else:
            over = now_s - self.hindrance.since_s >= DISK_PATIENCE_S
        if over:
            self.gave_up = error

    async def _before_work(self, rows: tuple[ItemRow, ...]) -> tuple[ItemRow, ...]:
        """Settle what needs no work: results that only lack their names, names that are taken. Gives the others."""
        ends: dict[int, Change] = {}
        left = []
        for row in rows:
            if row.staged:
                published = await self._publisher.finish(row)
                if published is not None:
                    await self._settle_published(published, (row,))
                    continue
                await self._store.change_items(self.job_id, {row.item_id: {"staged": ""}})
                row = replace(row, staged="")
            end = await asyncio.to_thread(self._refused, row)
            if end is None:
                left.append(row)
            else:
                ends[row.item_id] = end
        if ends:
            await self._settle(ends, rows)
        return tuple(left)

    def _refused(self, row: ItemRow) -> Change | None:
        if self.spec.on_conflict in {"number", "replace"} or row.output:
            return None
        try:
            free = disk.choose_name(Path(row.planned), self.spec.on_conflict)
        except PopcamError as error:
            return failed(row, error)
        return None if free is not None else {"state": "skipped"}

    async def _done(self, work: Work, step: Step, result: TaskResult) -> None:
        if isinstance(work, PhotosWork):
            if not isinstance(result, PhotosDone) or len(result.results) != len(work.rows):
                raise JobResultMismatchError("the worker answered something else")
            await self._photos_done(work, result)
            return
        await self._store.note_task(task_row(self.job_id, work.row.item_id, step, result))
        work.course.take(step, result)
        if isinstance(result, Inspected) and result.facts.kind == "photo":
            await self._is_a_photo(work)
        elif work.course.complete:
            try:
                outcome = work.outcome()
            except JobResultMismatchError as error:
                await self._settle({work.row.item_id: failed(work.row, error)}, work.rows)
                return
            await self._settle_published(await self._publisher.publish([(work.row, outcome)]), work.rows)

    async def _is_a_photo(self, work: VideoWork) -> None:
        if work.instead_of is not None:
            await self._settle({work.row.item_id: failed(work.row, work.instead_of)}, work.rows)
        else:
            self.works[work.row.item_id] = PhotosWork(work.rows, self.spec, self.staging)

    async def _photos_done(self, work: PhotosWork, answer: PhotosDone) -> None:
        outcomes: list[tuple[ItemRow, Outcome]] = []
        ends: dict[int, Change] = {}
        again: list[Work] = []
        short: Problem | None = None
        for row, result in zip(work.rows, answer.results, strict=True):
            if isinstance(result, PhotoDone):
                try:
                    outcomes.append((row, work.outcome(result)))
                except JobResultMismatchError as error:
                    ends[row.item_id] = failed(row, error)
                continue
            next_work = self._after_photo_failed(row, result)
            if next_work is not None:
                again.append(next_work)
                short = result.problem if result.problem.code in DISK_CODES else short
            else:
                ends[row.item_id] = failed(row, result.problem)
        published = await self._publisher.publish(outcomes)
        self.works.pop(work.rows[0].item_id, None)
        await self._settle_published(Published(ends | published.ends, published.staged, published.short), work.rows)
        self.works |= {one.rows[0].item_id: one for one in again}
        if short is not None:
            self._hinder(JobDiskShortError(short.detail), DISK_LOOK_S)

    def _after_photo_failed(self, row: ItemRow, result: PhotoFailed) -> Work | None:
        """What is tried next with a photo; None when it has failed for good."""
        code = result.problem.code
        if code in DISK_CODES:
            return PhotosWork((row,), self.spec, self.staging)
        if code in NOT_A_PHOTO and self.spec.kind != "transcode":
            folder = self._places.item(self.job_id, row.item_id)
            return VideoWork(row, self.spec, folder, self.staging, instead_of=result.problem)
        tries = self._photo_tries[row.item_id] = self._photo_tries.get(row.item_id, 0) + 1
        if not error_of_code(code).retryable or code.startswith("source.") or tries >= MAX_ATTEMPTS:
            return None
        again = PhotosWork((row,), self.spec, self.staging)
        again.not_before_s = self._clock.monotonic_s() + RETRY_AFTER_S * tries
        return again

    async def _failed(self, work: Work, step: Step, error: PopcamError) -> None:
        log.warning("job.step_failed", job_id=self.job_id, stage=step.stage, span=step.span, code=error.code)
        if isinstance(error, JobWorkerLostError) and error.killed:
            kills = self._kills[work.rows[0].item_id, step] = self._kills[work.rows[0].item_id, step] + 1
            if kills < MAX_KILLS:
                work.release(step, self._clock.monotonic_s() + RETRY_AFTER_S * kills)
                return
        if isinstance(work, PhotosWork):
            await self._photos_failed(work, error)
            return
        attempts = work.attempts[step] = work.attempts.get(step, 0) + 1
        damaged = isinstance(error, JobChunkDamagedError)
        if (error.retryable or damaged) and not _hopeless(error) and attempts < MAX_ATTEMPTS:
            await self._store.note_task(lost_row(self.job_id, work.row.item_id, step, attempts, None))
            if damaged:
                await self._feed.drop_damaged(work)
            work.release(step, self._clock.monotonic_s() + RETRY_AFTER_S * attempts)
            return
        await self._lose(work, step, error, attempts)

    async def _photos_failed(self, work: PhotosWork, error: PopcamError) -> None:
        """All of them failed at once, so one of them ended the worker: find out which, in ever smaller handfuls."""
        if len(work.rows) > 1:
            del self.works[work.rows[0].item_id]
            self.works |= {half.rows[0].item_id: half for half in work.halves()}
            return
        work.attempts += 1
        if error.retryable and work.attempts < MAX_ATTEMPTS:
            work.release(Step("photo"), self._clock.monotonic_s() + RETRY_AFTER_S * work.attempts)
            return
        row = work.rows[0]
        await self._settle({row.item_id: failed(row, error)}, work.rows)

    async def _lose(self, work: VideoWork, step: Step, error: PopcamError, attempts: int) -> None:
        """A step can't be done: the file goes on without the span, or ends here."""
        course, row = work.course, work.row
        if step.stage not in {"find", "write"}:
            problem = Problem(code=error.code, detail=error.detail)
            told = course.all_problems()
            if work.instead_of is not None and step.stage == "inspect":
                problem, told = work.instead_of, ()
            await self._settle({row.item_id: failed(row, problem, told)}, work.rows)
            return
        span, base_s = course.spans[step.span], course.facts.time_base_s if course.facts is not None else 0.0
        end_pts = span.end_pts
        problem = Problem(
            code=error.code,
            detail=error.detail,
            start_s=span.start_pts * base_s,
            end_s=None if end_pts is None else end_pts * base_s,
        )
        await self._store.note_task(lost_row(self.job_id, row.item_id, step, attempts, problem))
        course.lose(step, problem)
        lost = sum(one.stage == step.stage for one in course.lost)
        if lost == len(course.spans):
            await self._settle({row.item_id: failed(row, problem, course.all_problems())}, work.rows)

    async def _settle_published(self, published: Published, rows: tuple[ItemRow, ...]) -> None:
        if published.ends:
            await self._settle(published.ends, rows)
        if published.short is not None:
            for row in published.staged:
                self.works.pop(row.item_id, None)
            self._feed.put_back(published.staged)
            self._hinder(published.short, DISK_LOOK_S)
        elif self.hindrance is not None and not self.running:
            self.hindrance = None

    async def _settle(self, ends: dict[int, Change], rows: tuple[ItemRow, ...]) -> None:
        """Keep how files ended, with the job's sums, in one transaction."""
        finished = []
        for row in rows:
            if (end := ends.get(row.item_id)) is not None:
                state = str(end["state"])
                self.totals.end_item(
                    state,
                    weight_of(row.bytes_in),
                    _number(end, "frames"),
                    _number(end, "frames_copied"),
                    photo=media_kind_of(row.source) == "photo",
                )
                if state not in {"failed", "cancelled"}:
                    finished.append(row.item_id)
        chunks = isinstance(self.works.get(rows[0].item_id), VideoWork)
        self.works.pop(rows[0].item_id, None)
        await self._store.change_items(self.job_id, ends, self.totals.as_json(), forget=finished)
        for item_id in finished if chunks else ():
            await asyncio.to_thread(disk.remove_tree, self._places.item(self.job_id, item_id))


def _hopeless(error: PopcamError) -> bool:
    """Files do not change by asking again, as cameras may."""
    return error.code.startswith("source.")


def _number(change: Change, name: str) -> int:
    value = change.get(name, 0)
    return value if isinstance(value, int) else 0
