"""What a disk's refusal means, and how much of a disk recordings leave alone."""

import errno
import shutil
from pathlib import Path

from popcam.core.errors import SinkError, StorageFullError, StorageReadOnlyError

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
RESERVE_BYTES = 1_000_000_000
RESERVE_SHARE = 0.05


def storage_error(exc: OSError) -> SinkError:
    """Our name for what the operating system said."""
    detail = f"{exc.strerror or exc}" + (f": {exc.filename}" if exc.filename else "")
    if exc.errno in _FULL:
        return StorageFullError(detail)
    if exc.errno in _READ_ONLY:
        return StorageReadOnlyError(detail)
    return SinkError(detail)


def reserve_bytes(disk_bytes: int) -> int:
    """Free space that recordings never use: 1 GB or 5 % of the disk, whichever is smaller.

    Below that, databases and logs on the same disk begin to fail, and file systems slow down.
    """
    return min(RESERVE_BYTES, int(disk_bytes * RESERVE_SHARE))


def missing_bytes(folder: Path) -> int:
    """How much must be freed on the folder's disk until the reserve is whole; 0 when it is.

    Raises:
        OSError: the folder is not there or can't be asked.
    """
    usage = shutil.disk_usage(folder)
    return max(0, reserve_bytes(usage.total) - usage.free)
