"""Files that tasks write: under another name until they are whole, and then named with their hash."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from popcam.core.batch import FileRef
from popcam.media.sinks.storage import storage_error

_BLOCK_BYTES = 1 << 20


@contextmanager
def whole_file(path: str) -> Iterator[Path]:
    """Give a name to write to, and `path` to what was written there once the block ends well.

    Raises:
        SinkError: the disk does not take it.
    """
    target = Path(path)
    # The same for every try, so that what a killed worker left is written over. The ending stays the last part of the
    # name: muxers go by it.
    unfinished = target.with_name(f"unfinished.{target.name}")
    try:
        with _named_disk_errors():
            yield unfinished
            unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_whole(path: str, content: bytes) -> FileRef:
    """Write a small file.

    Raises:
        SinkError: the disk does not take it.
    """
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)
    return FileRef(path=path, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


def file_ref(path: str) -> FileRef:
    """The hash and size of a file that is written."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
        return FileRef(path=path, sha256=digest.hexdigest(), bytes=file.tell())


@contextmanager
def _named_disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error) from error
