"""One popcam at a time works on the jobs of a data folder: a lock that the system releases when its holder ends."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from popcam.core.errors import JobOutputRefusedError, JobStoreInUseError


class JobsLock:
    """Holds a file while jobs are worked on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    @property
    def held(self) -> bool:
        """Whether we have it."""
        return self._file is not None

    def acquire(self) -> None:
        """Take it.

        Raises:
            JobStoreInUseError: another process has it.
            JobOutputRefusedError: the data folder can't be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)  # noqa: PTH123, SIM115
        except OSError as error:
            raise JobOutputRefusedError(f"{self._path.parent}: {error.strerror}") from error
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise JobStoreInUseError(str(self._path.parent.parent)) from error
        self._file = file

    def release(self) -> None:
        """Give it back; safe when it was never taken."""
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
