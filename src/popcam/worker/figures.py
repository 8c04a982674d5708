"""What the worker takes of the machine. Asking the system costs more than all else that an idle worker does."""

import time
from typing import Final, NamedTuple

import psutil

INTERVAL_S: Final = 4.0
"""Figures are asked for this often, and in the seconds after cameras came or went."""


class Figures(NamedTuple):
    """One look at the process. `cpu_percent` is since the look before; 100 is one core."""

    cpu_percent: float
    rss_bytes: int
    threads: int
    open_files: int


class ProcessFigures:
    """Keeps the newest figures of this process."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only sets the beginning
        self._camera_ids: tuple[str, ...] = ()
        self._newest: Figures | None = None
        self._due_s = 0.0

    def now(self, camera_ids: tuple[str, ...]) -> Figures:
        """Figures that are fresh enough.

        Args:
            camera_ids: what runs: when that changes, so do the figures.
        """
        now_s = time.monotonic()
        if self._newest is None or now_s >= self._due_s or camera_ids != self._camera_ids:
            changed = camera_ids != self._camera_ids
            self._newest, self._camera_ids = self._look(), camera_ids
            self._due_s = now_s if changed else now_s + INTERVAL_S
        return self._newest

    def _look(self) -> Figures:
        with self._process.oneshot():
            return Figures(
                cpu_percent=self._process.cpu_percent(),
                rss_bytes=self._process.memory_info().rss,
                threads=self._process.num_threads(),
                open_files=_open_files(self._process),
            )


def _open_files(process: psutil.Process) -> int:
    """Open file descriptors, or handles on Windows."""
    count: int = process.num_handles() if hasattr(process, "num_handles") else process.num_fds()
    return count
