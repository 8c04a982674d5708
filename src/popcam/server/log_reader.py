"""Reads the logs of all processes backwards in time, as one."""

import heapq
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from popcam.core.clean import clean
from popcam.core.log_record import LogFilter, LogRecord, crash_record, record_of
from popcam.core.log_rotation import began_unix_s, put_away_files

BLOCK_BYTES = 65_536
MAX_LINE_BYTES = 1_000_000
MAX_CRASH_LINES = 200
"""Of what is none of our lines, one record has so many at most."""
SCAN_S = 2.0
"""A search that takes longer gives what it has found, and where it is."""
MAX_TIES = 500
SERVER = "server"


class LogPage(NamedTuple):
    """Records, newest first. `before` leads to older ones; None at the end."""

    records: list[LogRecord]
    before: float | None


class Log(NamedTuple):
    """The log of one process, or of one camera."""

    process: str
    path: Path


def logs_in(folder: Path, camera_id: str = "") -> list[Log]:
    """All logs in a folder; for one camera its own file, and the server's.

    Lines of cameras are in the files of their workers, too: only one of both is read.
    """
    found = [Log(SERVER, folder / "server.log")]
    if camera_id:
        return [*found, Log("", folder / "cameras" / f"{camera_id}.log")]
    for name in ("workers", "batch"):
        found += [Log(path.stem, path) for path in sorted((folder / name).glob("*.log"))]
    return found


def read_page(folder: Path, wanted: LogFilter, before_unix_s: float | None, limit: int) -> LogPage:
    """The newest records that are wanted, older than a time. It reads files: not for the loop's thread."""
    until_s = time.monotonic() + SCAN_S
    found: list[LogRecord] = []
    streams = [backwards(log, before_unix_s) for log in logs_in(folder, wanted.camera_id)]
    for record in heapq.merge(*streams, key=lambda record: -record.unix_s):
        # Lines of the same moment stay on one page: its end is a time.
        if len(found) >= limit and (record.unix_s < found[-1].unix_s or len(found) >= limit + MAX_TIES):
            return LogPage(found, found[-1].unix_s)
        if wanted.takes(record):
            found.append(record)
        if time.monotonic() > until_s:
            return LogPage(found, record.unix_s)
    return LogPage(found, None)


def backwards(log: Log, before_unix_s: float | None) -> Iterator[LogRecord]:
    """The records of one log, newest first, with the files that were put away."""
    newest_s = time.time()
    for path in (log.path, *put_away_files(log.path)):
        try:
            if before_unix_s is not None and began_unix_s(path) >= before_unix_s:
                continue
            for record in _records(path, log.process, newest_s):
                newest_s = record.unix_s
                if before_unix_s is None or record.unix_s < before_unix_s:
                    yield record
        except OSError:
            continue  # it was put away or deleted just now


def _records(path: Path, process: str, newest_s: float) -> Iterator[LogRecord]:
    """Records of one file. What is none of our lines has the time of the line before it."""
    others: list[str] = []
    for line in _lines(path):
        record = record_of(line, process)
        if record is None:
            if line.strip() and len(others) < MAX_CRASH_LINES:
                others.append(clean(line.decode("utf-8", "replace")))
            continue
        if others:
            yield crash_record("\n".join(reversed(others)), process, record.unix_s)
            others = []
        yield record
    if others:
        yield crash_record("\n".join(reversed(others)), process, newest_s)


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a file, the last one first. One that is being written just now is left out."""
    with path.open("rb") as file:
        begin = file.seek(0, os.SEEK_END)
        end = b""
        complete = False
        while begin > 0:
            step = min(BLOCK_BYTES, begin)
            begin -= step
            file.seek(begin)
            parts = (file.read(step) + end).split(b"\n")
            end = parts[0][:MAX_LINE_BYTES]
            for line in reversed(parts[1:]):
                if complete:
                    yield line
                complete = True  # what follows the last end of a line is not whole
        if end and complete:
            yield end
