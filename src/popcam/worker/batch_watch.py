"""One task as the process sees it: how far it is, whether it may go on, and its sign of life."""

import threading
import time
from collections.abc import Callable
from typing import Final

from popcam.core.batch import TaskProgress
from popcam.core.errors import JobCancelledError

SIGN_S: Final = 1.0
"""Progress is sent this often, at least."""
MOST_SILENT_S: Final = 120.0
"""A task that has not come between two frames for so long sends no sign of life any more: it hangs."""

Send = Callable[[TaskProgress], None]


class PauseSwitch:
    """Whether tasks may go on now; outlives them."""

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    def pause(self) -> None:
        """Stop tasks between two frames."""
        self._going.clear()

    def resume(self) -> None:
        """Let them go on."""
        self._going.set()

    def wait(self, timeout_s: float) -> None:
        """Wait until tasks may go on, or for so long."""
        self._going.wait(timeout_s)


class RunningTask:
    """Watches one task; see `popcam.pipeline.batch.host.TaskWatch`.

    Args:
        task_id: of the task.
        send: takes progress, from two threads.
        pause: shared by all tasks.
        preview_interval_s: least time between two pictures.
    """

    def __init__(self, task_id: int, send: Send, pause: PauseSwitch, preview_interval_s: float) -> None:
        self.task_id = task_id
        self._send = send
        self._pause = pause
        self._preview_interval_s = preview_interval_s
        self._preview_s = time.monotonic() + min(0.2, preview_interval_s)
        self._frames_done = 0
        self._stepped_s = time.monotonic()
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._signs = threading.Thread(target=self._give_signs, name="signs", daemon=True)
        self._signs.start()

    def step(self, frames_done: int) -> None:
        self._frames_done = frames_done
        self._stepped_s = time.monotonic()
        while self._pause.paused and not self._cancelled.is_set():
            self._pause.wait(SIGN_S)
            self._stepped_s = time.monotonic()
        if self._cancelled.is_set():
            raise JobCancelledError

    @property
    def preview_due(self) -> bool:
        return time.monotonic() >= self._preview_s

    def preview(self, jpeg: bytes) -> None:
        self._preview_s = time.monotonic() + self._preview_interval_s
        self._send(TaskProgress(task_id=self.task_id, frames_done=self._frames_done, preview_jpeg=jpeg))

    def cancel(self) -> None:
        """Let the task stop at its next step."""
        self._cancelled.set()

    def end(self) -> None:
        """The task is over: no more signs are sent when this returns."""
        self._ended.set()
        self._signs.join()

    def _give_signs(self) -> None:
        while not self._ended.wait(SIGN_S):
            if time.monotonic() - self._stepped_s <= MOST_SILENT_S:
                self._send(TaskProgress(task_id=self.task_id, frames_done=self._frames_done))
