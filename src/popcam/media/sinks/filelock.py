"""A mark on a file that somebody writes it; it goes by itself when the process ends, however it ends."""

import os
import sys
from typing import IO

if sys.platform == "win32":  # pragma: no cover - Windows only
    import msvcrt

    _FAR_BYTES = 1 << 40

    def _lock(descriptor: int) -> None:
        # Windows locks bytes, not files: one that no recording ever reaches.
        os.lseek(descriptor, _FAR_BYTES, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_file(file: IO[bytes]) -> bool:
    """Mark a file that was just opened as ours until it is closed; False when another holds it.

    A file system without locks counts as free: one recorder per camera is what the fleet sees to.
    """
    try:
        _lock(file.fileno())
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
