"""Replace a file in one step, so that a crash or a full disk at any moment leaves the old one or the new one."""

import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LEFT_AFTER_S = 600.0
"""A file beside that is older belongs to a process that was killed: no write takes so long."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def no_space(error: OSError) -> bool:
    """Whether a write failed for lack of space; else it was not allowed."""
    return error.errno in _FULL


def write_instead(target: Path, raw: bytes, last_look: Callable[[], None]) -> None:
    """Write beside the file, force it to disk, and rename. Mode and owner stay.

    Args:
        target: an existing file, no link.
        raw: the new content.
        last_look: called right before the rename; what it raises ends the attempt.

    Raises:
        OSError: it can't be written, or would belong to somebody else afterwards. The file is as it was.
    """
    before = target.stat()
    if not _may_write(target, before):
        raise PermissionError(errno.EACCES, "the file is read-only", str(target))
    _tidy(target)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        # Private from the first moment: it may hold passwords.
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(raw)
            file.flush()
            _take_over_mode(file.fileno(), before)
            os.fsync(file.fileno())
        last_look()
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(target.parent)


def _tidy(target: Path) -> None:
    """Take away what killed writers left: it may hold passwords, and it takes space."""
    with suppress(OSError):
        for left in target.parent.iterdir():
            ours = left.name.startswith(f".{target.name}.") and left.suffix == ".tmp"
            if ours and time.time() - left.stat().st_mtime > LEFT_AFTER_S:
                left.unlink()


def may_write(target: Path) -> bool:
    """Whether `write_instead` may work, as far as rights tell."""
    try:
        return _may_write(target, target.stat()) and os.access(target.parent, os.W_OK)
    except OSError:
        return False


def _may_write(target: Path, status: os.stat_result) -> bool:
    """A rename would not mind, but whoever took the right to write away meant it; also towards root."""
    by_mode = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    return bool(by_mode) and os.access(target, os.W_OK)


def _take_over_mode(number: int, before: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    now = os.fstat(number)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(number, before.st_uid, before.st_gid)
    os.fchmod(number, stat.S_IMODE(before.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut; it has happened already, so a refusal changes nothing."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
