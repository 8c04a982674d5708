"""Batch jobs as the server and the commands use them."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import structlog

from popcam.config import JobsSettings
from popcam.core.clock import Clock
from popcam.core.errors import (
    JobCancelledError,
    JobDiskShortError,
    JobNotFoundError,
    JobStateConflictError,
    JobStoreInUseError,
    PopcamError,
)
from popcam.core.facts import CameraStatus
from popcam.core.jobs import ItemState, JobItem, JobKind, JobSpec, JobState, JobStatus
from popcam.core.worker_settings import InferenceSpec
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.fleet.batch_pool import BatchPool
from popcam.fleet.cores import cores
from popcam.jobs import disk
from popcam.jobs.answers import Folder, ItemPage, JobCheck, JobPage
from popcam.jobs.browse import browse
from popcam.jobs.cursors import item_place, job_place, make_cursor
from popcam.jobs.ending import end_job, wake_job
from popcam.jobs.lock import JobsLock
from popcam.jobs.model import may_cancel, may_retry
from popcam.jobs.places import Places
from popcam.jobs.prepare import Plan, plan_job, upload_ids
from popcam.jobs.roots import Roots
from popcam.jobs.run import JobRun
from popcam.jobs.scheduler import Scheduler
from popcam.jobs.staging import staging_folder
from popcam.jobs.standing import item_of, resting
from popcam.jobs.store import JobStore, spec_json, spec_of
from popcam.jobs.uploads import Uploads
from popcam.storage import Database
from popcam.storage import jobs as rows
from popcam.storage.jobs import ItemRow, JobRow

log = structlog.get_logger(__name__)

GIGABYTE = 1_000_000_000
DAY_S = 86_400.0
HOLD_RETRY_S = 2.0
"""A shell's job ends some time; then the server goes on with the others."""
UPKEEP_S = 3600.0
TAKE_UP_S = 5.0
"""Whoever wants to change a job waits so long for a server that has only just begun."""
Forget = Callable[[], None]
"""Ends what `on_change` or `on_deleted` began."""


class JobService:
    """Keeps jobs, works on them over every core, and tells how they stand. Used from one asyncio loop.

    Args:
        settings: the section `jobs`.
        inference: what runs the models in batch workers.
        database: the server's own; used after its first use has opened it.
        data_dir: work folders, uploads and results without another place go to `jobs/` below it.
        log_dir: output of batch workers goes to `batch/` below it.
        clock: the machine's.
        cameras: statuses of the live cameras; jobs give way to them.
        worker_command: what is started as a batch worker; popcam's own when None.
        restricted: inputs and outputs have to lie in `jobs.roots`; False for somebody who sits at the machine and may
            do what the system lets him.
        ahead: batch workers that wait already for their first job.
    """

    def __init__(
        self,
        settings: JobsSettings,
        inference: InferenceSpec,
        database: Database,
        data_dir: Path,
        log_dir: Path,
        clock: Clock,
        *,
        cameras: Callable[[], Mapping[str, CameraStatus]] | None = None,
        worker_command: tuple[str, ...] | None = None,
        restricted: bool = True,
        ahead: WorkersAhead | None = None,
    ) -> None:
        self._settings = settings
        self._inference = inference
        self._places = Places(data_dir)
        self._roots = Roots(settings.roots, self._places.outputs, restricted=restricted)
        self._log_dir = log_dir
        self._clock = clock
        self._cameras = cameras if settings.yield_to_cameras else None
        self._worker_command = worker_command
        self._ahead = ahead
        self._store = JobStore(database)
        self._lock = JobsLock(self._places.lock)
        self._pool: BatchPool | None = None
        self._scheduler: Scheduler | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._taken_up = asyncio.Event()
        self._paused = False
        self._changed: list[Callable[[JobStatus], None]] = []
        self._deleted: list[Callable[[str], None]] = []
        self.uploads = Uploads(self._places.uploads, max_bytes=int(settings.max_upload_gb * GIGABYTE), clock=clock)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Processes that carry out jobs now."""
        return () if self._pool is None else self._pool.pids

    async def start(self) -> None:
        """Take up what was begun. Returns at once; while another popcam holds the data folder's jobs, or the database
        can't be used, jobs wait and it tries again."""
        self._upkeep = asyncio.create_task(self._take_up(), name="jobs upkeep")
        await asyncio.sleep(0)  # the usual case: nobody else holds them

    async def stop(self) -> None:
        """Stop working. Jobs go on at the next start."""
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
        if self._scheduler is not None:
            await self._scheduler.stop()
            self._scheduler = None
        if self._pool is not None:
            await self._pool.close()
            self._pool = None
        self._lock.release()

    def begin(self) -> None:
        """Hold the jobs of the data folder and be ready to work, with none of those that were begun. `start` does all
        of this by itself; this is for a shell with one job of its own.

        Raises:
            JobStoreInUseError: another popcam holds them.
            JobOutputRefusedError: the data folder can't be written.
        """
        self._hold()
        self._taken_up.set()

    def _hold(self) -> None:
        self._lock.acquire()
        self._pool = BatchPool(
            self._settings.workers,
            self._inference,
            nice=self._settings.nice,
            log_dir=self._log_dir,
            command=self._worker_command,
            ahead=self._ahead,
        )
        self._scheduler = Scheduler(
            self._store,
            self._pool,
            self._places,
            self._clock,
            concurrent_jobs=self._settings.concurrent_jobs,
            cameras=self._cameras,
            tell=self._tell,
        )
        self._scheduler.pause(paused=self._paused)
        self._scheduler.start()

    async def check(self, spec: JobSpec) -> JobCheck:
        """Say what a job would do, without doing it.

        Raises:
            JobInputMissingError, JobInputOutsideRootsError, JobNothingToDoError, JobTooManyFilesError,
            JobOutputRefusedError, UploadNotFoundError.
        """
        return (await self._plan(spec, self._places.outputs)).check

    async def create(self, spec: JobSpec) -> JobStatus:
        """List the job's files, keep it, and begin as soon as it is its turn.

        Raises:
            As `check`; JobDiskShortError: it can't fit; DatabaseError.
        """
        job_id = secrets.token_hex(6)
        plan = await self._plan(spec, self._places.output(job_id))
        if not plan.check.fits:
            need, free = plan.check.disk_need_bytes / 1e6, plan.check.disk_free_bytes / 1e6
            raise JobDiskShortError(f"about {need:.0f} MB needed, {free:.0f} MB free")
        row = JobRow(
            job_id=job_id,
            kind=spec.kind,
            name=spec.display_name,
            state="queued",
            priority=spec.priority,
            created_unix_s=self._clock.unix_s(),
            spec=spec_json(spec),
            output_dir=str(plan.output_dir),
            totals=plan.totals().as_json(),
        )
        items = await asyncio.to_thread(plan.rows, job_id)
        await self._store.run(lambda connection: rows.add_job(connection, row, items))
        if self._scheduler is not None:
            await self._scheduler.add(row)
        return self._tell(resting(row))

    async def get(self, job_id: str) -> JobStatus:
        """How a job stands.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        working = self._scheduler.status(job_id) if self._scheduler is not None else None
        return working or resting(await self._store.job(job_id))

    async def spec(self, job_id: str) -> JobSpec:
        """What was asked for.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        return spec_of((await self._store.job(job_id)).spec)

    async def output_dir(self, job_id: str) -> Path:
        """The folder that the job's results are in.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        return Path((await self._store.job(job_id)).output_dir)

    async def list(
        self,
        *,
        states: Collection[JobState] = (),
        kinds: Collection[JobKind] = (),
        since_unix_s: float | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> JobPage:
        """Jobs, newest first; all states and kinds where none is named.

        Args:
            since_unix_s: only jobs created at this time or later.

        Raises:
            RequestInvalidError: the cursor is none of ours.
            DatabaseError.
        """
        before = None if cursor is None else job_place(cursor)
        found = await self._store.run(
            lambda connection: rows.list_jobs(
                connection, states=states, kinds=kinds, since_unix_s=since_unix_s, before=before, limit=limit + 1
            )
        )
        last = found[limit - 1] if len(found) > limit else None
        return JobPage(
            tuple(self._status(row) for row in found[:limit]),
            None if last is None else make_cursor(last.created_unix_s, last.job_id),
        )

    async def items(
        self, job_id: str, *, states: Collection[ItemState] = (), cursor: str | None = None, limit: int = 100
    ) -> ItemPage:
        """The job's files in their order.

        Raises:
            JobNotFoundError, RequestInvalidError, DatabaseError.
        """
        after = 0 if cursor is None else item_place(cursor)
        await self._store.job(job_id)
        run = self._run(job_id)
        active = frozenset(run.active_items() if run is not None else ())
        wanted = rows.in_states_now(states, active) if states else None
        found = await self._store.run(
            lambda connection: rows.list_items(connection, job_id, wanted=wanted, after=after, limit=limit + 1)
        )
        return ItemPage(
            tuple(item_of(row, run) for row in found[:limit]),
            make_cursor(found[limit - 1].item_id) if len(found) > limit else None,
        )

    async def item(self, job_id: str, item_id: int) -> JobItem:
        """One file.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        return item_of(await self._store.item(job_id, item_id), self._run(job_id))

    async def source_path(self, job_id: str, item_id: int) -> Path:
        """The file as it is on this machine's disk, checked again to be allowed.

        Raises:
            JobNotFoundError: no such file, or it is gone.
            JobInputOutsideRootsError, DatabaseError.
        """
        row = await self._store.item(job_id, item_id)
        return await asyncio.to_thread(self._source, row)

    async def output_path(self, job_id: str, item_id: int) -> Path:
        """The finished result.

        Raises:
            JobNotFoundError: no such file, it is not finished, or it is gone.
            DatabaseError.
        """
        row = await self._store.item(job_id, item_id)
        path = Path(row.output)
        if row.state not in {"succeeded", "partial"} or not await asyncio.to_thread(path.is_file):
            raise JobNotFoundError(f"{job_id}, result of file {item_id}")
        return path

    async def cancel(self, job_id: str) -> JobStatus:
        """End a job. Finished results stay; finished chunks stay, too, so that `retry` goes on.

        Raises:
            JobNotFoundError, JobStateConflictError: it has ended.
            DatabaseError.
        """
        row = await self._store.job(job_id)
        if not may_cancel(resting(row).state):
            raise JobStateConflictError(f"{job_id} has {row.state}")
        run = await (await self._working()).take_out(job_id)
        if run is None:  # it came to its end meanwhile
            raise JobStateConflictError(f"{job_id} has ended")
        ended = await end_job(run, self._store, self._clock.unix_s(), JobCancelledError())
        log.info("job.cancelled", job_id=job_id)
        return self._tell(resting(ended))

    async def retry(self, job_id: str) -> JobStatus:
        """Do again what failed, was cancelled or came out in part. Succeeded files stay as they are.

        Raises:
            JobNotFoundError, JobStateConflictError: it has not ended, or all of it succeeded.
            DatabaseError.
        """
        row = await self._store.job(job_id)
        if not may_retry(resting(row).state):
            raise JobStateConflictError(f"{job_id} is {row.state}")
        scheduler = await self._working()
        await self._store.run(lambda connection: wake_job(connection, job_id))
        row = await self._store.job(job_id)
        await scheduler.add(row)
        return self._tell(resting(row))

    async def change(self, job_id: str, *, priority: int | None = None, name: str | None = None) -> JobStatus:
        """Change what is not None. A new priority counts from the next task on.

        Raises:
            JobNotFoundError, JobStateConflictError: the priority of a job that has ended.
            DatabaseError.
        """
        row = await self._store.job(job_id)
        values: dict[str, object] = {}
        if priority is not None and priority != row.priority:
            if not may_cancel(resting(row).state):
                raise JobStateConflictError(f"{job_id} has {row.state}; a priority would change nothing")
            values["priority"] = priority
        if name is not None:
            values["name"] = name or spec_of(row.spec).kind.replace("_", " ")
        if values:
            await self._store.run(lambda connection: rows.change_job(connection, job_id, **values))
            row = await self._store.job(job_id)
            if self._scheduler is not None:
                self._scheduler.change(row)
        return self._tell(self._status(row))

    async def delete(self, job_id: str) -> None:
        """Forget an ended job, with its results in popcam's own data folder; those in other folders stay.

        Raises:
            JobNotFoundError, JobStateConflictError: it has not ended.
            DatabaseError.
        """
        row = await self._store.job(job_id)
        if may_cancel(resting(row).state):
            raise JobStateConflictError(f"{job_id} is {row.state}; cancel it first")
        await self._working()
        await self._forget(row)

    def preview(self, job_id: str) -> bytes:
        """JPEG of the newest processed picture of a running job.

        Raises:
            JobNotFoundError: there is none.
        """
        run = self._run(job_id)
        if run is None or not run.preview:
            raise JobNotFoundError(f"{job_id} has no picture now")
        return run.preview

    async def browse(self, path: str = "") -> Folder:
        """Media and folders of a folder within the roots; the roots where `path` is empty. At most 1000 places.

        Raises:
            JobInputMissingError, JobInputOutsideRootsError.
        """
        return await asyncio.to_thread(browse, path, self._roots)

    def pause(self, *, paused: bool) -> None:
        """Work on nothing, or go on where it was; jobs can still be made, changed and ended."""
        self._paused = paused
        if self._scheduler is not None:
            self._scheduler.pause(paused=paused)

    def on_change(self, listener: Callable[[JobStatus], None]) -> Forget:
        """Call for each change of a job and about every half second while it runs, in the loop's thread."""
        self._changed.append(listener)
        return lambda: self._changed.remove(listener)

    def on_deleted(self, listener: Callable[[str], None]) -> Forget:
        """Call with the id of each job that is deleted, also by retention."""
        self._deleted.append(listener)
        return lambda: self._deleted.remove(listener)

    async def _take_up(self) -> None:
        """Hold the jobs, take those that were begun, then keep house for ever."""
        told = False
        while not self._lock.held:
            try:
                self._hold()
            except PopcamError as error:
                if not told:
                    log.warning("jobs.wait", code=error.code, detail=error.detail)
                told = True
                await asyncio.sleep(HOLD_RETRY_S)
        for row in await self._store.keep(rows.open_jobs):
            if self._scheduler is not None and row.job_id not in self._scheduler.runs:
                await self._scheduler.add(row)
        self._taken_up.set()
        while True:
            try:
                await self._keep_house()
            except PopcamError as error:
                log.warning("jobs.upkeep_failed", code=error.code, detail=error.detail)
            await asyncio.sleep(UPKEEP_S)

    async def _keep_house(self) -> None:
        """Remove what retention says, and uploads that nobody uses."""
        before = self._clock.unix_s() - self._settings.keep_days * DAY_S
        while old := await self._store.run(lambda connection: rows.ended_before(connection, before, limit=100)):
            for job_id in old:
                await self._forget(await self._store.job(job_id))
                log.info("job.removed", job_id=job_id)
        busy = await self._store.run(rows.unfinished)
        await asyncio.to_thread(self._places.remove_work_except, busy)
        specs = await self._store.run(rows.specs)
        used = {upload_id for values in specs for upload_id in upload_ids(spec_of(values))}
        await asyncio.to_thread(self.uploads.remove_unused, used)

    async def _forget(self, row: JobRow) -> None:
        job_id = row.job_id
        staging = await asyncio.to_thread(staging_folder, job_id, Path(row.output_dir), self._places)
        if not await self._store.run(lambda connection: rows.delete_job(connection, job_id)):
            raise JobNotFoundError(job_id)
        for folder in (self._places.work(job_id), self._places.output(job_id), staging):
            await asyncio.to_thread(disk.remove_tree, folder)
        for listener in tuple(self._deleted):
            listener(job_id)

    async def _plan(self, spec: JobSpec, own_output: Path) -> Plan:
        uploads = {upload_id: await self.uploads.get(upload_id) for upload_id in upload_ids(spec)}
        workers = self._settings.workers or cores()
        return await asyncio.to_thread(plan_job, spec, uploads, self._roots, self._places, own_output, workers=workers)

    def _source(self, row: ItemRow) -> Path:
        if not row.path:
            raise JobNotFoundError(row.source)
        path = Path(os.path.realpath(row.path))
        if not path.is_relative_to(os.path.realpath(self._places.uploads)):
            path = self._roots.readable(path)
        if not path.is_file():
            raise JobNotFoundError(row.source)
        return path

    async def _working(self) -> Scheduler:
        """The one who works on jobs, once it knows all of them."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._taken_up.wait(), TAKE_UP_S if self._lock.held else 0)
        if self._scheduler is None or not self._taken_up.is_set():
            raise JobStoreInUseError(str(self._places.root.parent))
        return self._scheduler

    def _run(self, job_id: str) -> JobRun | None:
        return self._scheduler.runs.get(job_id) if self._scheduler is not None else None

    def _status(self, row: JobRow) -> JobStatus:
        working = self._scheduler.status(row.job_id) if self._scheduler is not None else None
        return working or resting(row)

    def _tell(self, status: JobStatus) -> JobStatus:
        for listener in tuple(self._changed):
            listener(status)
        return status
