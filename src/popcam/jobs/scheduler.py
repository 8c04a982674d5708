"""Gives workers what to do: the next step of the first job that has one, and never more jobs at once than asked for."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from popcam.core.clock import Clock
from popcam.core.errors import PopcamError
from popcam.core.facts import CameraStatus
from popcam.core.jobs import JobStatus
from popcam.fleet.batch_pool import BatchPool
from popcam.jobs import disk
from popcam.jobs.course import Step
from popcam.jobs.ending import end_job
from popcam.jobs.places import Places
from popcam.jobs.run import JobRun
from popcam.jobs.staging import staging_folder
from popcam.jobs.standing import resting, standing
from popcam.jobs.store import JobStore
from popcam.jobs.work import Work
from popcam.jobs.yielding import YieldPolicy
from popcam.storage import jobs as rows
from popcam.storage.jobs import JobRow

log = structlog.get_logger(__name__)

TICK_S = 0.25
REPORT_S = 0.5
YIELD_S = 1.0

Cameras = Callable[[], Mapping[str, CameraStatus]]


class Scheduler:
    """Works on the jobs that it is given, from one asyncio loop.

    Args:
        concurrent_jobs: most jobs in work at once.
        cameras: statuses of live cameras, to which jobs give way; None for no such.
        tell: called with each change of a job, and about every half second while it runs.
    """

    def __init__(
        self,
        store: JobStore,
        pool: BatchPool,
        places: Places,
        clock: Clock,
        *,
        concurrent_jobs: int,
        cameras: Cameras | None,
        tell: Callable[[JobStatus], object],
    ) -> None:
        self.runs: dict[str, JobRun] = {}
        self._store = store
        self._pool = pool
        self._places = places
        self._clock = clock
        self._concurrent_jobs = concurrent_jobs
        self._cameras = cameras
        self._policy = YieldPolicy(pool.size)
        self._tell = tell
        self._wake = asyncio.Event()
        self._in_pool = 0
        self._tasks: dict[asyncio.Task[None], JobRun] = {}
        self._feeding: dict[str, asyncio.Task[None]] = {}
        self._reported_s = 0.0
        self._yielded_s = 0.0
        self._paused = False
        self._looping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._looping = asyncio.create_task(self._loop(), name="jobs")

    async def stop(self) -> None:
        """Stop in the middle; what is kept is enough to go on."""
        tasks = [*self._tasks, *self._feeding.values()]
        if self._looping is not None:
            tasks.append(self._looping)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def add(self, row: JobRow) -> None:
        """Take a job that has not ended."""
        staging = await asyncio.to_thread(staging_folder, row.job_id, Path(row.output_dir), self._places)
        self.runs[row.job_id] = JobRun(
            row,
            self._store,
            self._pool,
            self._places,
            staging,
            self._clock,
        )
        self._wake.set()

    async def take_out(self, job_id: str) -> JobRun | None:
        """Stop working on a job; gives it as it stands. None: it was not here."""
        run = self.runs.pop(job_id, None)
        if run is None:
            return None
        tasks = [task for task, of in self._tasks.items() if of is run]
        tasks += [task for task in (self._feeding.get(job_id),) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._wake.set()
        return run

    def pause(self, *, paused: bool) -> None:
        """Let no worker work, also those that do just now; or let them go on."""
        self._paused = paused
        if not paused:
            self._pool.set_limit(self._policy.allowed)
        self._wake.set()

    def change(self, row: JobRow) -> None:
        """A job has another name or priority."""
        if (run := self.runs.get(row.job_id)) is not None:
            run.row = replace(run.row, name=row.name, priority=row.priority)
            self._wake.set()

    def status(self, job_id: str) -> JobStatus | None:
        """How a job stands; None when it is not here."""
        run = self.runs.get(job_id)
        return None if run is None else self._status(run, self._active())

    def _status(self, run: JobRun, active: list[JobRun]) -> JobStatus:
        yields = self._pool.limit < self._pool.size and run.row.state == "running"
        return standing(run, self._clock.monotonic_s(), waits=run not in active, yields=yields)

    def _active(self) -> list[JobRun]:
        return sorted(self.runs.values(), key=lambda run: run.order)[: self._concurrent_jobs]

    async def _loop(self) -> None:
        while True:
            try:
                async with asyncio.timeout(TICK_S if self.runs else None):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                self._turn()
            except Exception:
                log.exception("jobs.turn_broke")  # the edge: the next turn may do better, and cameras go on anyway

    def _turn(self) -> None:
        self._give_way()
        active, now_s = self._active(), self._clock.monotonic_s()
        for run in active:
            wants = run.row.state == "queued" or run.hungry(now_s) or self._ended(run)
            if wants and run.job_id not in self._feeding:
                self._feeding[run.job_id] = self._spawn_feed(run)
        self._hand_out(active)
        self._report(active)

    def _ended(self, run: JobRun) -> bool:
        return run.drained and (run.gave_up is not None or run not in self._tasks.values())

    def _hand_out(self, active: list[JobRun]) -> None:
        now_s = self._clock.monotonic_s()
        while self._in_pool < self._pool.limit:
            picked = next(((run, taken) for run in active if (taken := run.next_step(now_s)) is not None), None)
            if picked is None:
                return
            run, (work, step) = picked
            self._in_pool += 1
            task = asyncio.create_task(self._do(run, work, step))
            self._tasks[task] = run
            task.add_done_callback(self._tasks_pop)

    async def _do(self, run: JobRun, work: Work, step: Step) -> None:
        left = False

        def left_pool() -> None:
            nonlocal left
            if not left:
                left = True
                self._in_pool -= 1
                self._wake.set()

        try:
            await run.do(work, step, left_pool)
        except Exception as error:
            log.exception("job.broke", job_id=run.job_id)
            run.gave_up = PopcamError(f"{type(error).__name__}: {error}")  # the edge of a job's work
        finally:
            left_pool()

    def _tasks_pop(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._wake.set()

    def _spawn_feed(self, run: JobRun) -> asyncio.Task[None]:
        task = asyncio.create_task(self._feed(run), name=f"job {run.job_id}")

        def fed(_task: asyncio.Task[None]) -> None:
            self._feeding.pop(run.job_id, None)
            self._wake.set()

        task.add_done_callback(fed)
        return task

    async def _feed(self, run: JobRun) -> None:
        """Begin a job, take more of its files into work, or end it: whatever is its turn."""
        try:
            if run.row.state == "queued":
                await self._begin(run)
            await run.feed()
            if self._ended(run):
                await self._end(run)
        except Exception as error:
            log.exception("job.broke", job_id=run.job_id)
            run.gave_up = run.gave_up or PopcamError(f"{type(error).__name__}: {error}")
            await asyncio.sleep(1.0)  # ending it may be what breaks

    async def _begin(self, run: JobRun) -> None:
        started = run.row.started_unix_s or self._clock.unix_s()
        run.row = replace(run.row, state="running", started_unix_s=started)
        if run.useful_workers > 1:
            self._pool.warm(run.useful_workers)
        job_id = run.job_id
        await self._store.keep(
            lambda connection: rows.change_job(connection, job_id, state="running", started_unix_s=started)
        )
        self._tell(self._status(run, self._active()))

    async def _end(self, run: JobRun) -> None:
        tasks = [task for task, of in self._tasks.items() if of is run]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        row = await end_job(run, self._store, self._clock.unix_s(), run.gave_up)
        self.runs.pop(run.job_id, None)
        log.info("job.ended", job_id=row.job_id, state=row.state)
        self._tell(resting(row))
        if row.state == "succeeded":
            await asyncio.to_thread(disk.remove_tree, self._places.work(row.job_id))
        if run.staging.parent != self._places.work(row.job_id):
            await asyncio.to_thread(disk.remove_tree, run.staging)

    def _report(self, active: list[JobRun]) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._reported_s < REPORT_S:
            return
        self._reported_s = now_s
        for run in active:
            if run.row.state == "running":
                self._tell(self._status(run, active))

    def _give_way(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._paused:
            self._pool.pause()
            return
        if not self.runs:
            # What was learned with the last job is old when the next one begins.
            self._policy = YieldPolicy(self._pool.size)
            self._pool.resume()
            return
        if self._cameras is None or now_s - self._yielded_s < YIELD_S:
            return
        self._yielded_s = now_s
        before = self._policy.allowed
        allowed = self._policy.step(self._cameras(), now_s)
        if allowed != before:
            log.info("jobs.workers_allowed", workers=allowed, of=self._pool.size, reason=self._policy.reason)
        self._pool.set_limit(allowed)
