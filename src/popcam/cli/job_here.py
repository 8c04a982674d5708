"""A job that is done in this process, without a server: the same service, for what the user himself may read."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from popcam.cli.job_end import tell_end
from popcam.cli.job_progress import display
from popcam.cli.job_words import Json
from popcam.cli.say import err, language, say
from popcam.config import LogSettings, Settings
from popcam.core.clock import SystemClock
from popcam.core.errors import JobStoreInUseError, RequestInvalidError
from popcam.core.jobs import JobItem, JobSpec, JobStatus
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.jobs import JobService
from popcam.jobs.here import run_here
from popcam.server import job_schemas, logs
from popcam.storage import Database


def spec_of(document: dict[str, Any]) -> JobSpec:
    """The job that a document describes.

    Raises:
        RequestInvalidError: names the field that is wrong.
    """
    try:
        return TypeAdapter(JobSpec).validate_python(document)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise RequestInvalidError("; ".join(wrong)) from None


def check_here(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """What the job would do, as the API tells it.

    Raises:
        As `JobService.check`.
    """
    spec = spec_of(document)

    async def checked() -> dict[str, Any]:
        database, service = _opened(settings)
        try:
            check = await service.check(spec)
        finally:
            database.close()
        return job_schemas.check_of(check, language()).model_dump(mode="json")

    return asyncio.run(checked())


async def done_here(
    document: dict[str, Any], settings: Settings, ahead: WorkersAhead, *, as_json: bool
) -> Callable[[], None]:
    """Do the job and show its progress. Ctrl-C cancels it.

    Args:
        ahead: workers that wait already.

    Returns:
        Says how it ended; see `tell_end`.

    Raises:
        As `run_here`.
    """
    spec = spec_of(document)
    logs.configure(LogSettings(level="error"))  # progress is told in its own way
    try:
        try:
            status, items, folder = await _done(spec, settings, ahead)
        except JobStoreInUseError:  # a server or another shell holds the data folder: this job has one of its own
            with TemporaryDirectory(prefix="popcam-job-") as own:
                status, items, folder = await _done(spec, settings.model_copy(update={"data_dir": Path(own)}), ahead)
    except asyncio.CancelledError:
        err(say("The job was cancelled.", "任务已取消。"))
        raise
    told = [job_schemas.item_of(item, language()).model_dump(mode="json") for item in items]
    return lambda: tell_end(_as_json(status), told, folder, as_json=as_json)


async def _done(spec: JobSpec, settings: Settings, ahead: WorkersAhead) -> tuple[JobStatus, list[JobItem], str]:
    """The end of the job, what became of each file, and where the results lie."""
    with display() as shown:
        status = await run_here(spec, settings, on_change=lambda status: shown.show(_as_json(status)), ahead=ahead)
    return status, *await _outcome(status.job_id, settings)


async def _outcome(job_id: str, settings: Settings) -> tuple[list[JobItem], str]:
    """What became of each file, and where the results lie."""
    database, service = _opened(settings)
    items: list[JobItem] = []
    cursor: str | None = None
    try:
        while True:
            page = await service.items(job_id, cursor=cursor, limit=1000)
            items += page.items
            cursor = page.next_cursor
            if cursor is None:
                return items, str(await service.output_dir(job_id))
    finally:
        database.close()


def _opened(settings: Settings) -> tuple[Database, JobService]:
    """A service that only answers questions."""
    database = Database(settings.data_dir / "popcam.db")
    return database, JobService(
        settings.jobs,
        settings.inference,
        database,
        settings.data_dir,
        settings.log_dir,
        SystemClock(),
        restricted=False,
    )


def _as_json(status: JobStatus) -> Json:
    return job_schemas.job_of(status, language()).model_dump(mode="json")
