"""`python -m popcam.worker.batch`: does tasks of batch jobs, one after another, for the process that started it."""

import gc

if __name__ == "__main__":
    gc.disable()  # until all that stays is imported, see `quiet_import_ends`

import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

import cv2

from popcam.core.plain_openvino import leave_out_openvino_tools
from popcam.core.plain_structlog import import_structlog

import_structlog()
leave_out_openvino_tools()

from structlog.typing import FilteringBoundLogger  # noqa: E402 - after the plain import of structlog

from popcam.core.batch import (  # noqa: E402
    BatchReady,
    BatchSettings,
    CancelTask,
    Pause,
    Resume,
    RunTask,
    TaskDone,
    TaskFailed,
)
from popcam.core.clean import clean  # noqa: E402
from popcam.core.collecting import quiet_import_ends  # noqa: E402
from popcam.core.crashes import clean_crashes  # noqa: E402
from popcam.core.errors import PopcamError, ProtocolMismatchError  # noqa: E402
from popcam.core.interfaces import Engine  # noqa: E402
from popcam.pipeline.batch import StageSeconds, run_task  # noqa: E402
from popcam.pipeline.shared_engines import SharedEngines, load_libraries  # noqa: E402
from popcam.worker.batch_channel import BatchChannel, private_channel  # noqa: E402
from popcam.worker.batch_watch import PauseSwitch, RunningTask  # noqa: E402
from popcam.worker.logs import WorkerLogs  # noqa: E402
from popcam.worker.output import write_to  # noqa: E402

_M_ARENA_MAX: Final = -8
_FULL_NICE: Final = 19
_IDLE_FROM: Final = 10
EXIT_PROTOCOL: Final = 7


class BatchProcess:
    """Does what the parent says until it is gone.

    One thread reads messages, so that pausing and cancelling reach a task that runs; the main thread does tasks.
    """

    def __init__(self, channel: BatchChannel, settings: BatchSettings, log: FilteringBoundLogger) -> None:
        self._channel = channel
        self._settings = settings
        self._log = log.bind(worker=settings.worker_id)
        self._engines = SharedEngines(settings.inference)
        self._pause = PauseSwitch()
        self._tasks: queue.SimpleQueue[RunTask] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: RunningTask | None = None
        self._cancelled: set[int] = set()

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        """See `popcam.pipeline.batch.host.BatchHost`."""
        return self._engines.get(name, input_width_px=input_width_px, min_score=min_score)

    def serve(self) -> None:
        """Do tasks for ever; the process ends with its parent."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        self._channel.send(BatchReady(worker_id=self._settings.worker_id, pid=os.getpid()))
        while True:
            self._do(self._tasks.get())

    def _listen(self) -> None:
        """Take messages. When the parent is gone nobody wants the result, and no task leaves anything half done that
        could be taken for whole: so the process ends at once, wherever it stands."""
        try:
            while (message := self._channel.receive()) is not None:
                self._take(message)
        except ProtocolMismatchError as error:
            self._log.warning("batch.protocol", detail=str(error))
            os._exit(EXIT_PROTOCOL)
        os._exit(0)

    def _take(self, message: object) -> None:
        match message:
            case RunTask():
                self._tasks.put(message)
            case Pause():
                self._pause.pause()
            case Resume():
                self._pause.resume()
            case CancelTask(task_id=task_id):
                self._cancel(task_id)
            case _:
                raise ProtocolMismatchError(f"{type(message).__name__} in the middle")

    def _cancel(self, task_id: int) -> None:
        with self._lock:
            if self._running is not None and self._running.task_id == task_id:
                self._running.cancel()
            else:
                self._cancelled.add(task_id)

    def _do(self, order: RunTask) -> None:
        watch = RunningTask(order.task_id, self._channel.send, self._pause, self._settings.preview_interval_s)
        with self._lock:
            self._running = watch
            if order.task_id in self._cancelled:
                self._cancelled.discard(order.task_id)
                watch.cancel()
        stages = StageSeconds()
        begun_s = time.monotonic()
        answer: TaskDone | TaskFailed
        try:
            result = run_task(order.task, self, watch, stages)
            seconds = {stage: round(took_s, 6) for stage, took_s in stages.seconds.items()}
            took_s = round(time.monotonic() - begun_s, 6)
            answer = TaskDone(task_id=order.task_id, result=result, seconds=took_s, stages_s=seconds)
            self._log.info("task.done", task=_kind(order), seconds=took_s, stages=seconds)
        except PopcamError as error:
            answer = _failed(order, error)
        except Exception as error:  # noqa: BLE001 - the edge of a task's work
            self._log.error("task.crashed", task=_kind(order), exc_info=error)
            answer = _failed(order, PopcamError(f"{type(error).__name__}: {error}"))
        watch.end()
        with self._lock:
            self._running = None
        if isinstance(answer, TaskFailed):
            self._log.info("task.failed", task=_kind(order), code=answer.code, detail=answer.detail)
        self._channel.send(answer)


def _failed(order: RunTask, error: PopcamError) -> TaskFailed:
    return TaskFailed(task_id=order.task_id, code=error.code, detail=clean(error.detail), retryable=error.retryable)


def _kind(order: RunTask) -> str:
    return type(order.task).__name__.lower()


def main() -> None:
    """Read the settings, then serve. They may come much later: a shell starts workers before it has read its own."""
    clean_crashes()
    quiet_import_ends()
    channel = private_channel()
    log = WorkerLogs(Path(), "", at_once=True).worker()  # to standard error by now; it writes no files
    if channel.is_silent():
        load_libraries()  # there is time for it, and the first task will want them
    try:
        settings = channel.receive()
        if settings is None:
            return
        if not isinstance(settings, BatchSettings):
            raise ProtocolMismatchError(f"settings come first, and not {type(settings).__name__}")  # noqa: TRY301
    except ProtocolMismatchError as error:
        log.warning("batch.protocol", detail=str(error))
        sys.exit(EXIT_PROTOCOL)
    if settings.output_path:
        write_to(settings.output_path)
    _tune_process(settings)
    BatchProcess(channel, settings, log).serve()


def _tune_process(settings: BatchSettings) -> None:
    """Give way to live cameras; one thread per native call, as there is a worker per core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent, which then closes our input
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    with contextlib.suppress(OSError):  # a system that forbids it only makes us less polite
        _give_way(settings.nice)


if sys.platform == "win32":

    def _give_way(nice: int) -> None:
        import psutil

        low = nice >= _IDLE_FROM
        with contextlib.suppress(psutil.Error):
            psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS if low else psutil.BELOW_NORMAL_PRIORITY_CLASS)
else:

    def _give_way(nice: int) -> None:
        if nice > 0:
            os.setpriority(os.PRIO_PROCESS, 0, min(nice, _FULL_NICE))


if __name__ == "__main__":
    main()
