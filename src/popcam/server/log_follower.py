"""Follows the logs of all processes for those who watch them: files are read once, however many look."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from popcam.core.clean import clean
from popcam.core.log_record import LogFilter, LogRecord, crash_record, record_of
from popcam.core.log_rotation import numbered
from popcam.server.log_reader import Log, logs_in

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.3
MAX_READ_BYTES = 1_000_000
"""Of one file at a look; what is more is skipped, and its lines counted as missed."""
MAX_WAITING = 2000
"""Lines that wait for one who watches; the oldest go first."""


@dataclass(slots=True, eq=False)
class LogListener:
    """One who watches."""

    wanted: LogFilter
    missed: int = 0
    """Lines that it can't get any more."""
    _waiting: deque[LogRecord] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, records: list[LogRecord], skipped: int) -> None:
        """Take new lines, those that are wanted."""
        self._waiting.extend(record for record in records if self.wanted.takes(record))
        self.missed += skipped
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.missed += 1
        if self._waiting or self.missed:
            self._wake.set()

    async def news(self) -> tuple[list[LogRecord], int]:
        """Wait until there is something for it, and take all: lines in order of time, and how many were missed."""
        await self._wake.wait()
        self._wake.clear()
        taken, missed = sorted(self._waiting, key=lambda record: record.unix_s), self.missed
        self._waiting.clear()
        self.missed = 0
        return taken, missed


@dataclass(slots=True)
class _Place:
    """How far a file was read."""

    number: int
    offset: int
    newest_s: float = 0.0


class LogFollower:
    """Reads what is new in the logs of a folder, while somebody watches.

    Args:
        folder: where the logs of all processes are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[Path, _Place] = {}
        self._listeners: set[LogListener] = set()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, wanted: LogFilter) -> AsyncIterator[LogListener]:
        """Hear what is written from now on, for as long as the block lasts."""
        if self._task is None or self._task.done():
            self._places.clear()
            await asyncio.to_thread(self._look)  # where the files end now
            self._task = asyncio.create_task(self._follow(), name="log follower")
        listener = LogListener(wanted)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._task
                self._task = None

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                records, skipped = await asyncio.to_thread(self._look)
            except OSError as error:
                log.warning("logs.unreadable", reason=str(error))
                continue
            if records or skipped:
                for listener in tuple(self._listeners):
                    listener.offer(records, skipped)

    def _look(self) -> tuple[list[LogRecord], int]:
        """What is new in all files. The first look only finds their ends."""
        begins = not self._places
        records: list[LogRecord] = []
        skipped = 0
        for one in logs_in(self._folder):
            place = self._places.get(one.path)
            try:
                found = one.path.stat()
            except FileNotFoundError:
                continue
            if place is None:
                place = self._places[one.path] = _Place(found.st_ino, found.st_size if begins else 0)
            elif place.number != found.st_ino or found.st_size < place.offset:
                self._rest(one, place, records)
                place.number, place.offset = found.st_ino, 0
            skipped += self._read(one.path, one, place, records)
        if begins:
            self._places.setdefault(self._folder, _Place(0, 0))  # the first look is over, files or not
        return records, skipped

    def _rest(self, one: Log, place: _Place, records: list[LogRecord]) -> None:
        """What was written to a file after the last look, and before it was put away."""
        away = numbered(one.path, 1)
        with contextlib.suppress(FileNotFoundError):
            found = away.stat()
            if found.st_ino == place.number or found.st_size >= place.offset:
                self._read(away, one, place, records)

    def _read(self, path: Path, one: Log, place: _Place, records: list[LogRecord]) -> int:
        """Read whole lines from where we were. Gives how many were skipped."""
        with path.open("rb") as file:
            size_bytes = file.seek(0, os.SEEK_END)
            skipped = 0
            if size_bytes - place.offset > MAX_READ_BYTES:
                file.seek(place.offset)
                skipped = file.read(size_bytes - place.offset - MAX_READ_BYTES).count(b"\n")
                place.offset = size_bytes - MAX_READ_BYTES
            file.seek(place.offset)
            whole, end, _ = file.read(MAX_READ_BYTES).rpartition(b"\n")
        if not end:
            return skipped
        place.offset += len(whole) + 1
        records += _records_of(whole.split(b"\n"), one.process, place)
        return skipped


def _records_of(lines: list[bytes], process: str, place: _Place) -> list[LogRecord]:
    records: list[LogRecord] = []
    others: list[str] = []
    for line in lines:
        record = record_of(line, process)
        if record is None:
            if line.strip():
                others.append(clean(line.decode("utf-8", "replace")))
            continue
        if others:
            records.append(crash_record("\n".join(others), process, place.newest_s or record.unix_s))
            others = []
        records.append(record)
        place.newest_s = record.unix_s
    if others:
        records.append(crash_record("\n".join(others), process, place.newest_s))
    return records
