"""Chunk files: the encoded pictures of one span with exact times, on their way to joining.

An own format because no container keeps times in any time base, and pictures without knowing what follows. Layout:
16 bytes of magic, the packets one behind another in decoding order (H.264 and H.265 with start codes), an index
(MessagePack), its length in 8 bytes, little-endian, and 16 bytes of end magic. A file that was not finished has no end.
"""

import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from popcam.core.errors import JobChunkDamagedError, StorageFullError, StorageReadOnlyError
from popcam.media.files.spans import Ticks

_MAGIC: Final = b"popcam chunk 01\n"
_END: Final = b"\npopcam chunk 01"
_FULL: Final = frozenset({28, 122, 112})
"""ENOSPC, EDQUOT of Linux; 112 is Windows' ERROR_DISK_FULL."""


class ChunkIndex(msgspec.Struct, kw_only=True):
    """What a chunk file holds. `pts` (int64), `sizes` (uint32) and `keys` (uint8) have one value per packet."""

    codec: str
    header: bytes
    """Parameter sets with start codes."""
    width_px: int
    height_px: int
    time_base: tuple[int, int]
    encoder: str
    copied: bool
    pts: bytes = b""
    sizes: bytes = b""
    keys: bytes = b""

    @property
    def times(self) -> Ticks:
        """(N,) int64, times in decoding order."""
        return np.frombuffer(self.pts, np.int64)


class ChunkPacket(NamedTuple):
    """One encoded picture."""

    data: bytes
    pts: int
    key: bool


class ChunkFile:
    """Writes a chunk file.

    Raises:
        StorageFullError, StorageReadOnlyError: from every method.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pts = array("q")
        self._sizes = array("I")
        self._keys = bytearray()
        with naming(path):
            self._file = path.open("wb")
            self._file.write(_MAGIC)

    @property
    def packets(self) -> int:
        return len(self._pts)

    def add(self, data: "bytes | memoryview[int]", pts: int, *, key: bool) -> None:
        """Append a packet, in decoding order."""
        with naming(self._path):
            self._file.write(data)
        self._pts.append(pts)
        self._sizes.append(len(data))
        self._keys.append(key)

    def finish(self, index: ChunkIndex) -> None:
        """Write the index. The disk is not forced (fsync): whoever uses a chunk verifies its hash, and one that a power
        cut damaged is made again."""
        index.pts, index.sizes, index.keys = self._pts.tobytes(), self._sizes.tobytes(), bytes(self._keys)
        body = msgspec.msgpack.encode(index)
        with naming(self._path):
            self._file.write(body + len(body).to_bytes(8, "little") + _END)
            self._file.close()

    def abort(self) -> None:
        """Remove the unfinished file."""
        if not self._file.closed:
            self._file.close()
            self._path.unlink(missing_ok=True)


def read_index(path: Path) -> ChunkIndex:
    """A chunk's index.

    Raises:
        JobChunkDamagedError: the file is missing or not whole.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - len(_END) - 8))
            tail = file.read()
            size = int.from_bytes(tail[:8], "little")
            if tail[8:] != _END or size > end:
                raise JobChunkDamagedError(f"{path.name} is not whole")
            file.seek(end - len(tail) - size)
            index = msgspec.msgpack.decode(file.read(size), type=ChunkIndex)
    except OSError as error:
        raise JobChunkDamagedError(f"{path.name}: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise JobChunkDamagedError(f"{path.name}: {error}") from error
    packets = sum(array("I", index.sizes))
    if packets + len(_MAGIC) + size + len(tail) != end:
        raise JobChunkDamagedError(f"{path.name} has not the length that its index says")
    return index


def read_packets(path: Path, index: ChunkIndex) -> Iterator[ChunkPacket]:
    """A chunk's packets in decoding order.

    Raises:
        JobChunkDamagedError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            file.seek(len(_MAGIC))
            for pts, size, key in zip(array("q", index.pts), array("I", index.sizes), index.keys, strict=True):
                yield ChunkPacket(file.read(size), pts, bool(key))
    except OSError as error:
        raise JobChunkDamagedError(f"{path.name}: {error.strerror}") from error


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Our names for what the disk says about writing a file.

    Raises:
        StorageFullError, StorageReadOnlyError.
    """
    try:
        yield
    except OSError as error:
        ours = StorageFullError if error.errno in _FULL else StorageReadOnlyError
        raise ours(f"{path}: {error.strerror or error}") from error
