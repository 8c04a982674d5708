"""Edits of many people, in as few writes as possible: what comes during one write goes into the next."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from popcam.cameras.plans import Draft
from popcam.cameras.store import CameraStore
from popcam.core.errors import CameraConflictError, CameraFixedError, CameraStoreBusyError, PopcamError

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
Plan = Callable[[Draft], Result]
MAX_ATTEMPTS = 5


@dataclass(slots=True)
class _Job:
    plan: Plan[Any]
    future: asyncio.Future[Any]
    result: Any = field(default=None)


class Commits:
    """The queue of edits before a store.

    Args:
        store: where they go.
        lock: held while they are carried out.
        prepare: called before each round, for what plans want to know.
        committed: called after each round, also when the store turned out to have changes of others.
    """

    def __init__(
        self,
        store: CameraStore,
        lock: asyncio.Lock,
        prepare: Callable[[], Awaitable[None]],
        committed: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._lock = lock
        self._prepare = prepare
        self._committed = committed
        self._waiting: list[_Job] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, plan: Plan[Result]) -> Result:
        """Carry out one plan, and give what it gave once that is saved; also when nobody waits for it any more.

        Raises:
            PopcamError: the plan or the store refused; nothing of it was kept.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_heard)
        self._waiting.append(_Job(plan, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="camera edits")
        result: Result = await asyncio.shield(future)
        return result

    async def close(self) -> None:
        """Wait for what is being written."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _work(self) -> None:
        while self._waiting:
            async with self._lock:
                jobs, self._waiting = self._waiting, []
                try:
                    await self._round(jobs)
                except Exception as error:
                    # The edge of a worker: who waits must hear of a defect too, and the next edit gets its chance.
                    log.exception("cameras.edit_failed")
                    _fail(jobs, error)

    async def _round(self, jobs: list[_Job]) -> None:
        await self._prepare()
        try:
            groups = [jobs]
            while groups:
                groups += await self._saved(groups.pop(0))
        finally:
            await self._committed()
        for job in jobs:
            if not job.future.done():
                job.future.set_result(job.result)

    async def _saved(self, jobs: list[_Job]) -> list[list[_Job]]:
        """Save the jobs together; those that refuse get their error. Gives the groups to save apart instead."""
        later: list[_Job] = []
        for _ in range(MAX_ATTEMPTS):
            jobs = [job for job in jobs if not job.future.done()]
            try:
                await self._store.read()
                draft, later = await self._planned(jobs)
                edits = draft.edits()
                if edits:
                    await self._store.write(edits)
            except CameraConflictError:
                continue  # somebody wrote between our read and our write: plan again on what is there now
            except CameraFixedError as error:
                if len(jobs) > 1:
                    return [[job] for job in jobs]  # one of them can't be saved; the others shall not suffer
                _fail([job for job in jobs if job not in later], error)
            except PopcamError as error:
                _fail([job for job in jobs if job not in later], error)
            return [later] if later else []
        _fail(jobs, CameraStoreBusyError())
        return []

    async def _planned(self, jobs: list[_Job]) -> tuple[Draft, list[_Job]]:
        """All plans on top of one another, and those that must wait until the version before them has its name."""
        draft = Draft(self._store.cameras(), self._store.version)
        later = []
        for job in jobs:
            await asyncio.sleep(0)  # hundreds of plans take a while, and others want to be served meanwhile
            trial = draft.fork()
            try:
                job.result = job.plan(trial)
            except CameraConflictError as error:
                if error.version:
                    _fail([job], error)
                else:
                    later.append(job)
            except PopcamError as error:
                _fail([job], error)
            else:
                draft = trial
        return draft, later


def _fail(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)


def _heard(future: asyncio.Future[Any]) -> None:
    """Take note of the error, so that asyncio does not complain when its waiter has gone."""
    if not future.cancelled():
        future.exception()
