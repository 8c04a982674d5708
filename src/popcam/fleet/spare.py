"""A worker process that is started in advance: imports are most of what a start takes, above all on a busy machine.

It holds no settings, cameras or sockets, and waits at its standard input. When that is closed it ends: with us at the
latest, however we end.
"""

import asyncio
import contextlib
import subprocess
from concurrent.futures import Executor
from pathlib import Path
from typing import Final

import psutil
import structlog

from popcam.fleet.process import begin_process

log = structlog.get_logger(__name__)

LEAST_AVAILABLE_BYTES: Final = 1_500_000_000
"""It takes some 70 MB: a machine with less to spare does without."""


class Spare:
    """At most one process in advance. Used from one asyncio loop.

    Args:
        command: starts a worker.
        log_path: takes what it says before it has settings.
        executor: for what blocks.
    """

    def __init__(self, command: tuple[str, ...], log_path: Path, executor: Executor) -> None:
        self._command = command
        self._log_path = log_path
        self._executor = executor
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The waiting process, None without one."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    async def keep(self) -> None:
        """Start one, when there is none and the machine has memory to spare."""
        if self.pid is not None or self._closed or psutil.virtual_memory().available < LEAST_AVAILABLE_BYTES:
            return
        self.take()
        beginning = asyncio.get_running_loop().run_in_executor(
            self._executor, begin_process, self._command, self._log_path
        )
        beginning.add_done_callback(self._begun)  # also when nobody waits for it any more
        await asyncio.wait([beginning])

    def _begun(self, beginning: "asyncio.Future[subprocess.Popen[bytes]]") -> None:
        if (failure := beginning.exception()) is not None:  # the next worker will say so, too
            log.warning("worker.no_spare", reason=str(failure))
        elif self._closed:
            _end(beginning.result())
        else:
            self._child = beginning.result()

    def take(self) -> "subprocess.Popen[bytes] | None":
        """The waiting process, for whoever needs a worker now; None without one."""
        waits = self.pid is not None
        child, self._child = self._child, None
        if child is not None and not waits:
            _end(child)  # it is dead already: its pipe is let go of
            return None
        return child

    async def close(self) -> None:
        """End it, and start none any more."""
        self._closed = True
        child, self._child = self._child, None
        if child is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, _end, child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End it at once: there is nothing that it would have to finish."""
    child.kill()
    child.wait()
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()
