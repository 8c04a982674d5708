"""What is kept of jobs, files and chunks, with words instead of columns. Writes outlast a database that refuses."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from popcam.core.batch import FileRef, TaskResult
from popcam.core.errors import DatabaseError, JobNotFoundError
from popcam.core.jobs import JobSpec, Problem
from popcam.jobs.course import Step
from popcam.storage import Database
from popcam.storage import jobs as rows
from popcam.storage.jobs import ItemRow, JobRow, TaskRow

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

RETRY_S = 2.0
_encode = msgspec.msgpack.Encoder().encode
_decode_result = msgspec.msgpack.Decoder(TaskResult).decode
_decode_problem = msgspec.msgpack.Decoder(Problem).decode


class JobStore:
    """Jobs in the database.

    `run` asks once; `keep` asks until the database takes it: what a worker did is not thrown away because the disk
    is full for a minute. Both keep all of the work or nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.failure: DatabaseError | None = None
        """Why `keep` waits."""

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out work in one transaction.

        Raises:
            DatabaseError.
        """
        return await self._database.run(work)

    async def keep(self, work: Callable[[Connection], Result]) -> Result:
        """As `run`, again and again until it succeeds or is cancelled."""
        while True:
            try:
                result = await self._database.run(work)
            except DatabaseError as error:
                if self.failure is None:
                    log.warning("jobs.database_refuses", code=error.code, detail=error.detail)
                self.failure = error
                await asyncio.sleep(RETRY_S)
            else:
                self.failure = None
                return result

    async def job(self, job_id: str) -> JobRow:
        """One job.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        row = await self.run(lambda connection: rows.get_job(connection, job_id))
        if row is None:
            raise JobNotFoundError(job_id)
        return row

    async def item(self, job_id: str, item_id: int) -> ItemRow:
        """One file.

        Raises:
            JobNotFoundError, DatabaseError.
        """
        row = await self.run(lambda connection: rows.get_item(connection, job_id, item_id))
        if row is None:
            raise JobNotFoundError(f"{job_id}, file {item_id}")
        return row

    async def waiting(self, job_id: str, after: int, limit: int) -> list[ItemRow]:
        """Files that are still to be done, by number."""
        states = rows.in_states(("queued",))
        return await self.keep(
            lambda connection: rows.list_items(connection, job_id, wanted=states, after=after, limit=limit)
        )

    async def tasks(self, job_id: str, item_id: int) -> list[TaskRow]:
        """What is known of a file's chunks."""
        return await self.keep(lambda connection: rows.item_tasks(connection, job_id, item_id))

    async def note_task(self, row: TaskRow) -> None:
        """Remember a chunk."""
        await self.keep(lambda connection: rows.put_task(connection, row))

    async def forget_steps(self, job_id: str, item_id: int, steps: Collection[Step]) -> None:
        """Forget chunks that have to be made again."""

        def work(connection: Connection) -> None:
            for step in steps:
                rows.forget_task(connection, job_id, item_id, step.stage, step.span)

        await self.keep(work)

    async def change_items(
        self,
        job_id: str,
        changes: Mapping[int, Mapping[str, object]],
        totals: Mapping[str, Any] | None = None,
        forget: Sequence[int] = (),
    ) -> None:
        """Set columns of files and the job's sums, and forget the chunks of finished files; all at once."""

        def work(connection: Connection) -> None:
            rows.change_items(connection, job_id, changes)
            for item_id in forget:
                rows.forget_tasks(connection, job_id, item_id=item_id)
            if totals is not None:
                rows.change_job(connection, job_id, totals=totals)

        await self.keep(work)


def task_row(job_id: str, item_id: int, step: Step, result: TaskResult) -> TaskRow:
    """A finished step as it is kept."""
    file: FileRef | None = getattr(result, "file", None)
    return TaskRow(
        job_id=job_id,
        item_id=item_id,
        stage=step.stage,
        span=step.span,
        state="done",
        file=file.path if file else "",
        sha256=file.sha256 if file else "",
        size_bytes=file.bytes if file else 0,
        result=_encode(result),
    )


def lost_row(job_id: str, item_id: int, step: Step, attempts: int, problem: Problem | None) -> TaskRow:
    """A step that failed: for good when there is a problem."""
    return TaskRow(
        job_id=job_id,
        item_id=item_id,
        stage=step.stage,
        span=step.span,
        state="tried" if problem is None else "failed",
        attempts=attempts,
        result=b"" if problem is None else _encode(problem),
    )


def result_of(row: TaskRow) -> TaskResult:
    """What the worker answered."""
    result: TaskResult = _decode_result(row.result)
    return result


def problem_of(row: TaskRow) -> Problem:
    """Why a step failed."""
    return _decode_problem(row.result)


def problems_json(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """For a column."""
    values: list[dict[str, Any]] = msgspec.to_builtins(problems)
    return values


def problems_of(values: object) -> tuple[Problem, ...]:
    """From a column."""
    return msgspec.convert(values, tuple[Problem, ...])


def spec_json(spec: JobSpec) -> dict[str, Any]:
    """For a column."""
    values: dict[str, Any] = msgspec.to_builtins(spec)
    return values


def spec_of(values: object) -> JobSpec:
    """From a column. Limits were checked when it was written."""
    return msgspec.convert(values, JobSpec)
