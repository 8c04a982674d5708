"""When the next frame of a source without a clock of its own is due."""

import threading
import time
from typing import Final

MAX_LATE_S: Final = 1.0
"""A playback that is later than this does not hurry any more: its time line starts again from now."""


class Pace:
    """Waits for due times on the machine's monotonic clock; `stop` from another thread ends a wait at once."""

    def __init__(self) -> None:
        # A lock that is held until `stop`: waiting for it costs a quarter of waiting for an event, once for each frame.
        self._running = threading.Lock()
        self._running.acquire()
        self._stopping = threading.Lock()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped

    def wait_until(self, due_monotonic_s: float) -> bool:
        """Wait; False when it was stopped meanwhile."""
        wait_s = due_monotonic_s - time.monotonic()
        if wait_s > 0 and self._running.acquire(timeout=wait_s):
            self._running.release()  # for others who wait
        return not self._stopped

    def stop(self) -> None:
        with self._stopping:
            if not self._stopped:
                self._stopped = True
                self._running.release()


class Ticks:
    """Frames at a fixed rate; a reader that is late gets the newest, and hears how many were missed."""

    def __init__(self, fps: float, pace: Pace) -> None:
        self.interval_s = 1 / fps
        self._pace = pace
        self._next = 0
        self._start_s: float | None = None

    def wait(self) -> tuple[int, int] | None:
        """Wait for the next frame.

        Returns:
            The frame's index on the time line (time = index / fps) and how many before it were missed; None when
            stopped.
        """
        now_s = time.monotonic()
        if self._start_s is None:
            self._start_s = now_s
        due_index = int((now_s - self._start_s) / self.interval_s)
        missed = max(0, due_index - self._next)
        index = self._next + missed
        if not self._pace.wait_until(self._start_s + index * self.interval_s):
            return None
        self._next = index + 1
        return index, missed


class Playback:
    """Plays a recorded time line at its own speed."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._offset_s: float | None = None

    def wait(self, time_s: float, *, linger_s: float = 0.0) -> bool:
        """Wait until this point of the time line is due; False when stopped. Far behind, it goes on from here.

        What is not due yet comes `linger_s` late: what is due soon after it then needs no waiting of its own.
        """
        now_s = time.monotonic()
        if self._offset_s is None or now_s - (self._offset_s + time_s) > MAX_LATE_S:
            self._offset_s = now_s - time_s
        due_s = self._offset_s + time_s
        return self._pace.wait_until(due_s + linger_s if due_s > now_s else due_s)
