"""The last lines of files that other processes write. A page asks again and again: only what is new is read."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

from popcam.core.clean import clean

BLOCK_BYTES = 65_536
MAX_BYTES = 8_000_000
"""Most that one answer looks at, however long lines are."""
MAX_KNOWN = 1000


class LogTails:
    """Reads ends of files, and remembers how many lines of each were counted already."""

    def __init__(self) -> None:
        self._counted: dict[Path, tuple[int, int, int]] = {}
        """File number, bytes that were counted, lines that end in them."""

    async def tail(self, path: Path, lines: int) -> tuple[int, list[str]]:
        """Number of lines in the file, and the last `lines` of them; (0, []) while there is no file yet."""
        return await asyncio.to_thread(self.tail_now, path, lines)

    def tail_now(self, path: Path, lines: int) -> tuple[int, list[str]]:
        """As `tail`, in the caller's thread."""
        try:
            with path.open("rb") as file:
                size_bytes = file.seek(0, os.SEEK_END)
                ended = self._ended_lines(path, file, size_bytes)
                last, is_open = _last_lines(file, size_bytes, lines)
        except FileNotFoundError:
            self._counted.pop(path, None)
            return 0, []
        return ended + is_open, [clean(line.decode("utf-8", "replace").rstrip("\r")) for line in last]

    def _ended_lines(self, path: Path, file: BinaryIO, size_bytes: int) -> int:
        number = os.fstat(file.fileno()).st_ino
        known, begin, count = self._counted.get(path, (number, 0, 0))
        if known != number or begin > size_bytes:  # it was put away and begun anew
            begin = count = 0
        file.seek(begin)
        while begin < size_bytes and (block := file.read(min(BLOCK_BYTES, size_bytes - begin))):
            begin += len(block)
            count += block.count(b"\n")
        if len(self._counted) >= MAX_KNOWN:
            self._counted.clear()
        self._counted[path] = number, begin, count
        return count


def _last_lines(file: BinaryIO, size_bytes: int, lines: int) -> tuple[list[bytes], bool]:
    """The last lines without their ends, and whether the very last is still being written."""
    end = b""
    begin = size_bytes
    while begin > 0 and end.count(b"\n") <= lines and len(end) < MAX_BYTES:
        step = min(max(BLOCK_BYTES, len(end)), begin)
        begin -= step
        file.seek(begin)
        end = file.read(step) + end
    parts = end.split(b"\n")
    is_open = parts.pop() if parts else b""
    if is_open:
        parts.append(is_open)
    if begin > 0 and len(parts) <= lines:
        parts = parts[1:]  # its beginning was not read
    return parts[-lines:], bool(is_open)
