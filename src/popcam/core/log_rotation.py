"""A log file that is put away by size and age: `x.log` becomes `x.log.1`, that one `x.log.2`, and so on."""

import contextlib
import json
import os
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from popcam.core.log_keeping import LogKeeping, log_keeping

CHECK_EVERY_S = 1.0
"""How often it is looked whether somebody else has put the file away meanwhile."""
_PUT_AWAY = re.compile(r"\.log\.(\d{1,4})$")


class RotatingLog:
    """Appends lines to a file. For one thread; other processes may write to the same file.

    Args:
        path: the file; it and its folder are made by the first line.
        rules: when it is put away; may change while running.
    """

    def __init__(self, path: Path, rules: Callable[[], LogKeeping] = log_keeping) -> None:
        self.path = path
        self._rules = rules
        self._file: BinaryIO | None = None
        self._size_bytes = 0
        self._began_unix_s = 0.0
        self._checked_s = 0.0

    def write(self, data: bytes) -> None:
        """Append whole lines.

        Raises:
            OSError: the disk is full, or may not be written.
        """
        file = self._opened()
        rules = self._rules()
        is_old = time.time() - self._began_unix_s >= rules.max_age_s
        if self._size_bytes and (self._size_bytes + len(data) > rules.max_bytes or is_old):
            self.close()
            with contextlib.suppress(PermissionError):  # Windows, while somebody reads it: the next line tries again
                put_away(self.path, rules.max_files)
            file = self._opened()
        file.write(data)
        self._size_bytes += len(data)

    def close(self) -> None:
        """Let go of the file; the next line opens it again."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        if self._file is not None and time.monotonic() - self._checked_s >= CHECK_EVERY_S and self._was_put_away():
            self.close()
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered and for appending: lines of several processes stay whole.
            self._file = open(self.path, "ab", buffering=0, opener=_private)  # noqa: SIM115 - it stays open
            self._size_bytes = os.fstat(self._file.fileno()).st_size
            self._began_unix_s = began_unix_s(self.path)
        return self._file

    def _was_put_away(self) -> bool:
        self._checked_s = time.monotonic()
        assert self._file is not None  # noqa: S101 - for the types: asked by who has it open
        mine = os.fstat(self._file.fileno())
        self._size_bytes = mine.st_size
        try:
            there = self.path.stat()
        except OSError:
            return True
        return (mine.st_ino, mine.st_dev) != (there.st_ino, there.st_dev)


def put_away(path: Path, max_files: int) -> None:
    """Move a log file aside, and those before it one further; what is beyond the bound is deleted."""
    for number in range(max_files - 1, 0, -1):
        with contextlib.suppress(FileNotFoundError):
            numbered(path, number).replace(numbered(path, number + 1))
    path.replace(numbered(path, 1))


def numbered(path: Path, number: int) -> Path:
    """The name of the file that was put away so many times ago."""
    return path.with_name(f"{path.name}.{number}")


def put_away_files(path: Path) -> list[Path]:
    """All files of a log that were put away, the newest first."""
    found = {}
    for file in path.parent.glob(f"{path.name}.*"):
        if match := _PUT_AWAY.search(file.name):
            found[int(match[1])] = file
    return [found[number] for number in sorted(found)]


def prune_logs(folder: Path, rules: LogKeeping, now_unix_s: float) -> int:
    """Delete what was put away too long ago, or is too much, in a folder and those below it. Gives how many files."""
    gone = 0
    for file in folder.rglob("*.log.*"):
        match = _PUT_AWAY.search(file.name)
        with contextlib.suppress(OSError):
            if match and (int(match[1]) > rules.max_files or now_unix_s - file.stat().st_mtime > rules.max_age_s):
                file.unlink()
                gone += 1
    return gone


def began_unix_s(path: Path) -> float:
    """When the first line of a log was written: what it says itself, else now."""
    try:
        with path.open("rb") as file:
            return datetime.fromisoformat(json.loads(file.readline(65_536))["timestamp"]).timestamp()
    except (OSError, ValueError, KeyError, TypeError):
        return time.time()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
