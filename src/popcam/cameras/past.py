"""Ids under which something of earlier cameras is still kept."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

import structlog

from popcam.core.errors import DatabaseError

log = structlog.get_logger(__name__)


def past_ids(
    data_dir: Path, event_ids: Callable[[], Awaitable[Collection[str]]]
) -> Callable[[], Awaitable[Collection[str]]]:
    """What tells the ids that have recordings below `data_dir` or events.

    Without a database it tells those with recordings: a new camera is worth more than a perfect id.
    """

    async def ids() -> Collection[str]:
        found = set(await asyncio.to_thread(_folders, data_dir / "recordings"))
        try:
            found.update(await event_ids())
        except DatabaseError as error:
            log.warning("cameras.past_unknown", code=error.code)
        return found

    return ids


def _folders(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []  # no recordings yet
