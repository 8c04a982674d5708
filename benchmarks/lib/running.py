"""Whole programs under measurement: time, processor time, memory, and an end for those that hang."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

BYTECODE: Final = Path(__file__).parents[2] / ".cache" / "bench" / "bytecode"
"""Python's compiled modules of all programs that are measured."""


class ProgramFailedError(Exception):
    """A program that is measured ended with a failure, or not in time."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: from the start of the program to its end, with all processes that it started."""

    wall_s: float
    cpu_s: float
    peak_rss_mib: float
    output: str


def as_installed() -> dict[str, str]:
    """Our variables for a program that is to start as on a user's machine: with compiled modules. Installers make
    them, uv leaves them to the first start, and some machines forbid that (`PYTHONDONTWRITEBYTECODE`): then every
    process of every program would compile all its modules again. For popcam and its peers alike."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(BYTECODE)}


def run(
    command: Sequence[str], *, timeout_s: float, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Run:
    """Run it to its end.

    Args:
        env: its variables; `as_installed` when left out.

    Raises:
        ProgramFailedError: it failed or took too long; with the end of what it printed.
    """
    began_s = time.monotonic()
    process = psutil.Popen(
        list(command),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        env=as_installed() if env is None else env,
    )
    watch = _Watch(process)
    with watch:
        try:
            printed, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ProgramFailedError(f"{command[0]} took longer than {timeout_s:.0f} s") from None
        except BaseException:
            _end(process)
            raise
    wall_s = time.monotonic() - began_s
    output = printed.decode("utf-8", "replace")
    if process.returncode != 0:
        raise ProgramFailedError(f"{Path(command[0]).name} ended with {process.returncode}:\n{output[-2000:]}")
    return Run(wall_s, watch.cpu_s, watch.peak_rss_bytes / 2**20, output)


def _end(process: psutil.Popen) -> None:
    family = [process, *process.children(recursive=True)]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()
    process.stdout.close()


class _Watch:
    """Samples a process and its children."""

    def __init__(self, process: psutil.Popen) -> None:
        self._process = process
        self._seen_s: dict[int, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_stopped, daemon=True)
        self.peak_rss_bytes = 0

    @property
    def cpu_s(self) -> float:
        """Processor time of all that was seen, exact to a sample's length."""
        return sum(self._seen_s.values())

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample_until_stopped(self) -> None:
        while not self._stop.wait(0.1):
            rss = 0
            with contextlib.suppress(psutil.NoSuchProcess):
                for one in (self._process, *self._process.children(recursive=True)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        times = one.cpu_times()
                        self._seen_s[one.pid] = times.user + times.system
                        rss += one.memory_info().rss
            self.peak_rss_bytes = max(self.peak_rss_bytes, rss)
