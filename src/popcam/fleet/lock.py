"""One server per runtime folder: a lock that the system itself releases when its holder ends."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

from popcam.core.errors import FleetInUseError


class RuntimeLock:
    """Holds `<runtime_dir>/fleet.lock` while the server lives."""

    def __init__(self, runtime_dir: Path) -> None:
        self._path = runtime_dir / "fleet.lock"
        self._file: BinaryIO | None = None

    def acquire(self) -> None:
        """Take it.

        Raises:
            FleetInUseError: another server has it.
        """
        file = open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)  # noqa: PTH123, SIM115
        try:
            _lock(file)
        except OSError as exc:
            file.close()
            raise FleetInUseError(str(self._path.parent)) from exc
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
