"""Servers of jobs to be killed: imports once, then forks one for each line on its standard input and tells its pid.

Starting from nothing would take a second each; fifty deaths shall be quick. Arguments: folder, worker command as JSON.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from popcam.config import JobsSettings
from popcam.core.clock import SystemClock
from popcam.core.worker_settings import InferenceSpec
from popcam.jobs import JobService
from popcam.storage import Database


async def serve(folder: Path, command: tuple[str, ...] | None) -> None:
    service = JobService(
        JobsSettings(roots=(str(folder),), workers=2, nice=0),
        InferenceSpec(),
        Database(folder / "data" / "popcam.db"),
        folder / "data",
        folder / "log",
        SystemClock(),
        worker_command=command,
    )
    await service.start()
    await asyncio.Event().wait()


def main() -> None:
    folder, words = Path(sys.argv[1]), json.loads(sys.argv[2])
    for _line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)  # what it logs is no answer of ours
            asyncio.run(serve(folder, tuple(words) if words else None))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os.waitpid(pid, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
