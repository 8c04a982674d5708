"""Servers of jobs that are killed at random moments, and what has to be so afterwards."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil
from tests.fakes import jobs_zygote

ENDED = ("succeeded", "partial", "failed", "cancelled")


class Victims:
    """Starts servers on one folder, one at a time, and kills them."""

    def __init__(self, folder: Path, zygote: "subprocess.Popen[str]") -> None:
        self.folder = folder
        self._zygote = zygote
        self.pid = 0

    def start(self) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write("\n")
        self._zygote.stdin.flush()
        self.pid = int(self._line())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        assert self._line() == "ended"

    def kill_a_worker(self, choose: random.Random) -> bool:
        """Kill one of its workers, once it has some; False when none comes."""
        until_s = time.monotonic() + 1.5
        while time.monotonic() < until_s:
            with contextlib.suppress(psutil.NoSuchProcess):
                workers = sorted(psutil.Process(self.pid).children(), key=lambda one: one.pid)
                if workers:
                    time.sleep(choose.uniform(0.0, 0.4))
                    choose.choice(workers).kill()
                    return True
            time.sleep(0.02)
        return False

    def state(self, job_id: str) -> str:
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "popcam.db", timeout=10)) as database:
            (state,) = database.execute("SELECT state FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
            return str(state)

    def ended(self, job_id: str, within_s: float) -> str:
        until_s = time.monotonic() + within_s
        while (state := self.state(job_id)) not in ENDED:
            assert time.monotonic() < until_s, "the job does not come to its end"
            time.sleep(0.05)
        return state

    def _line(self) -> str:
        stdout: IO[str] | None = self._zygote.stdout
        assert stdout is not None
        return stdout.readline().strip()


@contextmanager
def victims_at(folder: Path, command: tuple[str, ...] = ()) -> Iterator[Victims]:
    arguments = [sys.executable, jobs_zygote.__file__, str(folder), json.dumps(command)]
    with (folder / "server.log").open("ab") as log:
        zygote = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1
        )
    victims = Victims(folder, zygote)
    try:
        yield victims
    finally:
        if victims.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victims.pid, signal.SIGKILL)
        assert zygote.stdin is not None
        with contextlib.suppress(OSError):
            zygote.stdin.close()
        zygote.wait(10)
        assert zygote.stdout is not None
        zygote.stdout.close()


def content_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder, without what is not finished yet."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".popcam-") for part in path.relative_to(folder).parts)
    }
