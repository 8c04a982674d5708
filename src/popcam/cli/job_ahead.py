"""A job that is done in this process: its workers start first, and import while this process does."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from popcam.core.plain_structlog import import_structlog
from popcam.fleet.batch_ahead import WorkersAhead
from popcam.fleet.cores import cores

if TYPE_CHECKING:
    from popcam.config import Settings

BYTES_PER_WORKER = 1_000_000
"""A worker more than this is not worth its start: it is a second or two of video, or one photo."""


def done_soon(document: dict[str, Any], settings_of: "Callable[[], Settings]", *, as_json: bool) -> None:
    """Do the job, show its progress, and say how it ended. Ctrl-C cancels it.

    Args:
        settings_of: reads the settings; called once workers are on their way.

    Raises:
        typer.Exit: with the status that says how it ended.
        As `done_here`, and what `settings_of` raises.
    """
    asyncio.run(_done(document, settings_of, as_json=as_json))()


async def _done(
    document: dict[str, Any], settings_of: "Callable[[], Settings]", *, as_json: bool
) -> Callable[[], None]:
    ahead = WorkersAhead()
    try:
        await ahead.begin(useful_workers(document["inputs"]))
        import_structlog()
        from popcam.cli.job_here import done_here  # blocks this loop, which has nothing else to do

        return await done_here(document, settings_of(), ahead, as_json=as_json)
    finally:
        await ahead.end()


def useful_workers(inputs: Sequence[str]) -> int:
    """How many workers a job can use, as far as sizes tell: all for a folder, none for what is not there."""
    size_bytes = 0
    for path in map(Path, inputs):
        if path.is_dir():
            return cores()
        if path.is_file():
            size_bytes += path.stat().st_size
    return min(cores(), -(-size_bytes // BYTES_PER_WORKER))
