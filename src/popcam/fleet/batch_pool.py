"""Batch workers, one per core: started when there is work, replaced when they die or hang, ended when they are idle."""

import asyncio
import itertools
from collections.abc import Coroutine
from pathlib import Path

import structlog

from popcam.core.batch import BatchSettings, Task, TaskResult
from popcam.core.errors import JobWorkerLostError, WorkerUnavailableError
from popcam.core.worker_settings import InferenceSpec
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.fleet.batch_worker import BATCH_COMMAND, BatchWorker, OnProgress, start_worker
from popcam.fleet.cores import cores

log = structlog.get_logger(__name__)

START_TIMEOUT_S = 60.0
HANG_S = 30.0
"""A worker reports every second; one that is silent for so long stands still."""
IDLE_S = 20.0
"""A worker without work is ended after this time: its models take memory."""


class BatchPool:
    """Runs tasks on worker processes. Used from one asyncio loop.

    Args:
        workers: most processes; 0 is one per core.
        inference: what runs the models.
        nice: how much workers give way to other programs.
        log_dir: their output goes to `batch/` below it.
        command: what is started.
        hang_s: longest silence of a worker with a task.
        ahead: processes that wait already; they are used before others are started.
    """

    def __init__(
        self,
        workers: int,
        inference: InferenceSpec,
        *,
        nice: int,
        log_dir: Path,
        command: tuple[str, ...] | None = None,
        hang_s: float = HANG_S,
        idle_s: float = IDLE_S,
        ahead: WorkersAhead | None = None,
    ) -> None:
        self.size = workers or cores()
        self._settings = BatchSettings(worker_id="", inference=inference, nice=nice)
        self._log_dir = log_dir / "batch"
        self._command = command or BATCH_COMMAND
        self._hang_s = hang_s
        self._idle_s = idle_s
        self._ahead = ahead or WorkersAhead(self._command)
        self._ahead.keep(self.size)
        self._names: dict[BatchWorker, str] = {}
        self._starting: set[str] = set()
        self._warming: list[asyncio.Task[BatchWorker]] = []
        self._idle: dict[BatchWorker, asyncio.TimerHandle] = {}
        self._busy: list[BatchWorker] = []
        self._slots = asyncio.Semaphore(self.size)
        self._limit = self.size
        self._background: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that live now."""
        return tuple(worker.pid for worker in self._names if worker.alive)

    @property
    def limit(self) -> int:
        """Workers that may work at once now."""
        return self._limit

    def set_limit(self, limit: int) -> None:
        """Let so many work: those that began last are paused, and resumed as soon as they may."""
        self._limit = max(0, min(limit, self.size))
        self._share()

    def pause(self) -> None:
        """Let none work."""
        self.set_limit(0)

    def resume(self) -> None:
        """Let all work."""
        self.set_limit(self.size)

    def warm(self, most: int) -> None:
        """See that so many workers live or start now: there is work for them soon, and each takes a moment."""
        loop = asyncio.get_running_loop()
        for _ in range(0 if self._closed else min(most, self.size) - len(self._names) - len(self._starting)):
            task = loop.create_task(self._start(self._free_name()))
            self._warming.append(task)
            task.add_done_callback(self._warmed)

    async def run(self, task: Task, on_progress: OnProgress = lambda _progress: None) -> TaskResult:
        """Do a task on the next free worker. When this is cancelled, the worker is told and is free again soon.

        Raises:
            WorkerUnavailableError: no worker could be started.
            JobWorkerLostError: the worker ended or hung.
            PopcamError: the named error that the task led to.
        """
        await self._slots.acquire()
        try:
            worker = await self._worker()
        except BaseException:
            self._slots.release()
            raise
        self._busy.append(worker)
        self._share()
        try:
            result = await worker.run(task, on_progress)
        except asyncio.CancelledError:
            self._later(self._settle(worker))
            raise
        except JobWorkerLostError as error:
            log.warning("batch.worker_lost", worker_id=self._names.get(worker), detail=error.detail)
            self._release(worker)
            raise
        except BaseException:
            self._release(worker)
            raise
        self._release(worker)
        return result

    async def close(self) -> None:
        """End all workers. What they did and was not answered is lost."""
        self._closed = True
        for timer in self._idle.values():
            timer.cancel()
        self._idle.clear()
        for starting in self._warming:
            starting.cancel()
        await asyncio.gather(*self._warming, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in list(self._names)))
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _worker(self) -> BatchWorker:
        while self._idle:
            worker, timer = self._idle.popitem()
            timer.cancel()
            if worker.alive:
                return worker
            self._forget(worker)
        if self._closed:
            raise WorkerUnavailableError("the pool was closed")
        if not self._warming:
            return await self._start(self._free_name())
        starting = self._warming.pop(0)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._warming.append(starting)  # whoever comes next takes it
            raise

    async def _start(self, name: str) -> BatchWorker:
        settings = BatchSettings(
            worker_id=name,
            inference=self._settings.inference,
            nice=self._settings.nice,
            preview_interval_s=self._settings.preview_interval_s,
        )
        try:
            worker = await start_worker(
                self._command,
                settings,
                self._log_dir / f"{name}.log",
                hang_s=self._hang_s,
                begun=self._ahead.take(),
            )
        finally:
            self._starting.discard(name)
        self._names[worker] = name
        try:
            await worker.wait_ready(START_TIMEOUT_S)
        except BaseException:
            self._later(self._end(worker))
            raise
        return worker

    def _warmed(self, task: "asyncio.Task[BatchWorker]") -> None:
        """A worker has started that nobody waits for."""
        if task not in self._warming:
            return
        self._warming.remove(task)
        if not task.cancelled() and task.exception() is None:  # whoever starts the next one is told why it can't
            self._rest(task.result())

    def _rest(self, worker: BatchWorker) -> None:
        self._idle[worker] = asyncio.get_running_loop().call_later(self._idle_s, self._retire, worker)

    def _release(self, worker: BatchWorker) -> None:
        self._busy.remove(worker)
        if worker.alive and not self._closed:
            worker.resume()
            self._rest(worker)
        else:
            self._forget(worker)
        self._slots.release()
        self._share()

    async def _settle(self, worker: BatchWorker) -> None:
        try:
            await worker.settle()
        finally:
            self._release(worker)

    def _retire(self, worker: BatchWorker) -> None:
        self._idle.pop(worker, None)
        self._later(self._end(worker))

    async def _end(self, worker: BatchWorker) -> None:
        # Its name is free only when it is gone: two processes would write to one log.
        await worker.end()
        self._forget(worker)

    def _forget(self, worker: BatchWorker) -> None:
        self._names.pop(worker, None)

    def _free_name(self) -> str:
        taken = self._starting.union(self._names.values())
        name = next(name for name in (f"batch-{number}" for number in itertools.count(1)) if name not in taken)
        self._starting.add(name)
        return name

    def _share(self) -> None:
        for index, worker in enumerate(self._busy):
            if index < self._limit:
                worker.resume()
            else:
                worker.pause()

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
