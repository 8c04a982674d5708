"""A job of the shell, without a server: the same store, one job at a time."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from popcam.config import Settings
from popcam.core.clock import SystemClock
from popcam.core.errors import JobStateConflictError
from popcam.core.jobs import FINISHED_STATES, JobSpec, JobStatus
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.jobs.prepare import UPLOAD
from popcam.jobs.service import JobService
from popcam.storage import Database


async def run_here(
    spec: JobSpec,
    settings: Settings,
    *,
    on_change: Callable[[JobStatus], None] = lambda _status: None,
    worker_command: tuple[str, ...] | None = None,
    ahead: WorkersAhead | None = None,
) -> JobStatus:
    """Do one job in this process and give its end. Relative paths count from the working folder; all that the user
    may read and write is allowed. When it is interrupted (its asyncio task is cancelled), the job ends as cancelled and
    its finished chunks are kept; a killed one is taken up by the next server.

    Args:
        on_change: called with each change of the job.
        worker_command: what is started as a batch worker; popcam's own when None.
        ahead: workers that wait already; those that are not needed are left to the caller.

    Raises:
        JobStoreInUseError: a server or another shell works on the jobs of this data folder.
        As `JobService.create`.
    """
    database = Database(settings.data_dir / "popcam.db", threads=2)
    service = JobService(
        settings.jobs,
        settings.inference,
        database,
        settings.data_dir,
        settings.log_dir,
        SystemClock(),
        worker_command=worker_command,
        restricted=False,
        ahead=ahead,
    )
    try:
        service.begin()
        return await _follow(service, _absolute(spec), on_change)
    finally:
        await service.stop()
        await asyncio.to_thread(database.close)


async def _follow(service: JobService, spec: JobSpec, on_change: Callable[[JobStatus], None]) -> JobStatus:
    ended: asyncio.Future[JobStatus] = asyncio.get_running_loop().create_future()

    def changed(status: JobStatus) -> None:
        on_change(status)
        if status.state in FINISHED_STATES and not ended.done():
            ended.set_result(status)

    service.on_change(changed)
    created = await service.create(spec)
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        with contextlib.suppress(JobStateConflictError):  # it may have ended in this very moment
            await service.cancel(created.job_id)
        raise


def _absolute(spec: JobSpec) -> JobSpec:
    def absolute(path: str) -> str:
        return path if path.startswith(UPLOAD) else str(Path(path).expanduser().absolute())

    return replace(
        spec,
        inputs=tuple(absolute(one) for one in spec.inputs),
        output_dir=absolute(spec.output_dir) if spec.output_dir else "",
    )
