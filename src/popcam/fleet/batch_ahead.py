"""Batch workers that are started before anybody knows their settings.

A command that does one job needs them as soon as it has read its settings and listed the files; what it imports for
that takes about as long as what they import, so they begin first. A worker holds no settings until it gets them, and
ends when its standard input is closed: with us at the latest, however we end.
"""

import asyncio
import contextlib
import subprocess
from collections import deque

from popcam.fleet.batch_worker import BATCH_COMMAND, begin_process, kill_process


class WorkersAhead:
    """Processes that wait for their settings. Used from one asyncio loop.

    Args:
        command: starts one.
    """

    def __init__(self, command: tuple[str, ...] = BATCH_COMMAND) -> None:
        self._command = command
        self._waiting: deque[asyncio.subprocess.Process] = deque()
        self._leaving: list[asyncio.subprocess.Process] = []

    @property
    def pids(self) -> tuple[int, ...]:
        """Those that nobody has taken."""
        return tuple(process.pid for process in self._waiting)

    async def begin(self, count: int) -> None:
        """Start so many. None where the system refuses: whoever needs one starts it then, and is told why it can't."""
        with contextlib.suppress(OSError):
            for _ in range(count):
                self._waiting.append(await begin_process(self._command, subprocess.DEVNULL))

    def take(self) -> asyncio.subprocess.Process | None:
        """One that lives and waits, for the caller to end; None when there is none."""
        while self._waiting:
            process = self._waiting.popleft()
            if process.returncode is None:
                return process
        return None

    def keep(self, count: int) -> None:
        """Let those go that are more than this."""
        while len(self._waiting) > count:
            process = self._waiting.pop()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    kill_process(process)  # it has done nothing yet, and would notice a closed input later
            self._leaving.append(process)

    async def end(self) -> None:
        """Let all go that nobody took, and wait until they are gone."""
        self.keep(0)
        await asyncio.gather(*(process.wait() for process in self._leaving))
