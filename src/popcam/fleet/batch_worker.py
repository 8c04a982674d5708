"""One batch worker process: started, given one task at a time, watched for its end and for standing still."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from popcam.core.batch import (
    BatchReady,
    BatchSettings,
    CancelTask,
    Pause,
    Resume,
    RunTask,
    Task,
    TaskDone,
    TaskFailed,
    TaskProgress,
    TaskResult,
    ToBatchWorker,
)
from popcam.core.errors import JobWorkerLostError, PopcamError, WorkerUnavailableError, error_of_code
from popcam.fleet.batch_pipe import NotAMessageError, packed, read_message
from popcam.fleet.log_file import keep_small
from popcam.fleet.process import describe_exit, worker_environment

BATCH_COMMAND: tuple[str, ...] = (sys.executable, "-m", "popcam.worker.batch")
CANCEL_GRACE_S = 5.0
"""A cancelled task has to end within this time; then its worker is ended."""
END_GRACE_S = 2.0
KILLED = frozenset({-9, -15})
"""Ended by SIGKILL or SIGTERM: nobody does that to himself."""

OnProgress = Callable[[TaskProgress], None]


class BatchWorker:
    """A running worker. `run` may be called while no other `run` is under way."""

    def __init__(self, process: asyncio.subprocess.Process, *, hang_s: float) -> None:
        self._process = process
        self._hang_s = hang_s
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._answer: asyncio.Future[TaskDone | TaskFailed] | None = None
        self._task_id = 0
        self._on_progress: OnProgress = lambda _progress: None
        self._sign_s = self._loop.time()
        self._paused = False
        self._how = ""
        self._reading = asyncio.create_task(self._read(), name=f"batch worker {process.pid}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._reading.done() and self._process.returncode is None

    @property
    def paused(self) -> bool:
        return self._paused

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait until it can be given tasks.

        Raises:
            WorkerUnavailableError: it ended, or takes too long.
        """
        await _first(self._ready, self._reading, timeout_s)
        if not self._ready.done():
            await self.kill()
            raise WorkerUnavailableError(f"a batch worker did not start: {self._how or 'it took too long'}")

    async def run(self, task: Task, on_progress: OnProgress) -> TaskResult:
        """Have it do a task. When this is cancelled the task goes on until `settle`.

        Raises:
            JobWorkerLostError: the process ended, or gave no sign of life; it is gone.
            PopcamError: the named error that the task led to.
        """
        self._task_id += 1
        self._on_progress, self._sign_s = on_progress, self._loop.time()
        answer = self._answer = self._loop.create_future()
        self._send(RunTask(task_id=self._task_id, task=task))
        said = await self._watched(answer)
        self._answer = None
        if isinstance(said, TaskFailed):
            raise failure_of(said)
        return said.result

    async def settle(self) -> None:
        """After a cancelled `run`: end the task, or the worker."""
        answer = self._answer
        if answer is None:
            return
        self._on_progress = lambda _progress: None
        self.resume()  # a paused worker would not hear of it between two frames
        self._send(CancelTask(task_id=self._task_id))
        await _first(answer, self._reading, CANCEL_GRACE_S)
        self._answer = None
        if not answer.done():
            await self.kill()

    def pause(self) -> None:
        """Stop it between two frames."""
        if not self._paused:
            self._paused = True
            self._send(Pause())

    def resume(self) -> None:
        """Let it go on."""
        if self._paused:
            self._paused = False
            self._sign_s = self._loop.time()
            self._send(Resume())

    async def end(self) -> None:
        """Close its standard input, which ends it; kill it when it takes its time."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), END_GRACE_S)
        await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                kill_process(self._process)
        self._how = self._how or describe_exit(await self._process.wait())
        await asyncio.wait({self._reading})

    async def _watched(self, answer: "asyncio.Future[TaskDone | TaskFailed]") -> TaskDone | TaskFailed:
        while True:
            quiet_s = 0.0 if self._paused else self._loop.time() - self._sign_s
            if quiet_s >= self._hang_s:
                await self.kill()
                raise JobWorkerLostError(f"no sign of life for {self._hang_s:.0f} s")
            await _first(answer, self._reading, max(0.05, self._hang_s - quiet_s))
            if answer.done():
                return answer.result()
            if self._reading.done():
                await self.kill()
                error = JobWorkerLostError(self._how)
                error.killed = self._process.returncode in KILLED
                raise error

    def _send(self, message: ToBatchWorker) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():  # its end is noticed by the reader
            stdin.write(packed(message))

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - asked for by `start_worker`
        try:
            while True:
                self._take(await read_message(stdout))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except NotAMessageError as error:
            self._how = f"it said something that is no message: {error}"

    def _take(self, message: object) -> None:
        self._sign_s = self._loop.time()
        match message:
            case BatchReady():
                if not self._ready.done():
                    self._ready.set_result(None)
            case TaskProgress() if message.task_id == self._task_id:
                self._on_progress(message)
            case TaskDone() | TaskFailed() if message.task_id == self._task_id:
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(message)


async def start_worker(
    command: Sequence[str],
    settings: BatchSettings,
    log_path: Path,
    *,
    hang_s: float,
    begun: asyncio.subprocess.Process | None = None,
) -> BatchWorker:
    """Start a process and send it its settings; it is not ready yet.

    Args:
        begun: a process that runs already and waits for its settings.

    Raises:
        WorkerUnavailableError: the system can't start it.
    """
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        keep_small(log_path)
        if begun is None:
            with log_path.open("ab") as log_file:
                begun = await begin_process(command, log_file)
        else:
            settings = msgspec.structs.replace(settings, output_path=str(log_path))
    except OSError as error:
        raise WorkerUnavailableError(f"a batch worker can't be started: {error}") from error
    worker = BatchWorker(begun, hang_s=hang_s)
    worker._send(settings)  # noqa: SLF001 - the first message of its life
    return worker


async def begin_process(command: Sequence[str], errors: IO[bytes] | int) -> asyncio.subprocess.Process:
    """Start a process that imports what it needs and waits for its settings.

    Args:
        errors: takes what it writes besides messages.

    Raises:
        OSError: the system can't start it.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=worker_environment(os.environ),
        start_new_session=True,
        creationflags=flags,
    )


def kill_process(process: asyncio.subprocess.Process) -> None:
    """End it at once.

    Raises:
        ProcessLookupError: it is gone.
    """
    if sys.platform == "win32":
        process.kill()
    else:
        # Its own method asks for the exit status first and takes it away from the loop, which then knows none.
        os.kill(process.pid, signal.SIGKILL)


async def _first(one: "asyncio.Future[Any]", other: "asyncio.Future[Any]", timeout_s: float) -> None:
    await asyncio.wait({one, other}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


def failure_of(said: TaskFailed) -> PopcamError:
    """The error that a worker reported, as the class of its code. `code` and `retryable` are what the worker said."""
    kind = error_of_code(said.code)
    error: PopcamError = PopcamError.__new__(kind)
    PopcamError.__init__(error, said.detail)
    error.__dict__["retryable"] = said.retryable  # what happened this time outweighs the class
    return error
