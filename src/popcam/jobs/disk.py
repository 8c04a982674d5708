"""What jobs do with files on disks: hashes, free space, and results that appear whole or not at all. Blocks."""

import contextlib
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

from popcam.core.batch import FileRef
from popcam.core.errors import JobDiskShortError, JobOutputExistsError, JobOutputRefusedError
from popcam.core.jobs import Conflict
from popcam.jobs.estimate import reserve_bytes
from popcam.jobs.naming import numbered

BLOCK_BYTES = 1 << 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
"""What file systems without hard links say."""


def is_intact(file: FileRef) -> bool:
    """Whether a file has the bytes that it was written with."""
    try:
        if Path(file.path).stat().st_size != file.bytes:
            return False
        return sha256_of(Path(file.path)) == file.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """The hash of a file.

    Raises:
        OSError: it can't be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def nearest_folder(path: Path) -> Path:
    """The folder itself, or the nearest one above that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def free_bytes(folder: Path) -> int:
    """Room that jobs may take on the disk below a folder, which need not exist yet."""
    usage = shutil.disk_usage(nearest_folder(folder))
    return max(0, usage.free - reserve_bytes(usage.total))


def need_room(folder: Path, need_bytes: int) -> None:
    """See that there is room.

    Raises:
        JobDiskShortError: there is too little.
    """
    free = free_bytes(folder)
    if free < need_bytes:
        raise JobDiskShortError(f"{folder}: {need_bytes / 1e6:.1f} MB needed, {free / 1e6:.1f} MB free")


def make_folder(folder: Path) -> None:
    """Make a folder for results or chunks.

    Raises:
        JobDiskShortError, JobOutputRefusedError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _named(error, folder) from error


def choose_name(planned: Path, conflict: Conflict, own: Collection[Path] = ()) -> Path | None:
    """Where a result goes now; None to skip it.

    Args:
        own: files of this job that may be written over.

    Raises:
        JobOutputExistsError: the name is taken and the job is to fail then.
    """
    if planned in own or not os.path.lexists(planned) or conflict == "replace":
        return planned
    if conflict == "skip":
        return None
    if conflict == "fail":
        raise JobOutputExistsError(str(planned))
    number = 2
    while os.path.lexists(free := planned.with_name(numbered(planned.name, number))) and free not in own:
        number += 1
    return free


def put(staged: Path, final: Path, *, replace: bool) -> None:
    """Let a finished file appear under its name, whole: its bytes are on the disk before its name is.

    Raises:
        FileExistsError: not `replace`, and the name was taken meanwhile.
        JobDiskShortError, JobOutputRefusedError.
    """
    make_folder(final.parent)
    try:
        _flush(staged)
        if replace:
            staged.replace(final)
        else:
            _rename_new(staged, final)
        _flush_folder(final.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise _named(error, final) from error


def remove_tree(folder: Path) -> None:
    """Remove a folder; what can't be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _rename_new(staged: Path, final: Path) -> None:
    if sys.platform == "win32":
        os.rename(staged, final)  # noqa: PTH104 - Path.rename says the same; here it never replaces
        return
    try:
        os.link(staged, final)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # The name is taken first, so that nobody's file is replaced; it is empty for a moment.
        os.close(os.open(final, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        staged.replace(final)
    else:
        staged.unlink()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # folders can't be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network disks have no such thing
            os.fsync(handle)
    finally:
        os.close(handle)


def _named(error: OSError, path: Path) -> JobDiskShortError | JobOutputRefusedError:
    kind = JobDiskShortError if error.errno in FULL else JobOutputRefusedError
    return kind(f"{path}: {error.strerror}")
