"""Memory for pictures that is used again once nobody looks at it, so that a frame costs no allocation.

A fresh picture is cold memory, asked of the system and given back for each frame.
"""

import sys
from collections import defaultdict
from typing import Final

import numpy as np

from popcam.core import copies
from popcam.core.frame import Planes, UInt8Array

_MOST_KEPT: Final = 48


def _first_free(memories: list[UInt8Array], references: int) -> UInt8Array | None:
    for memory in memories:
        if sys.getrefcount(memory) <= references:
            return memory
    return None


_FREE: Final = next(count for count in range(1, 10) if _first_free([np.empty(1, np.uint8)], count) is not None)
"""References to an array that nobody uses: the list's, and those that asking makes; versions of Python differ."""


class PicturePool:
    """Gives out arrays of bytes. One thread uses it at a time; what it gave may go anywhere.

    Nobody gives anything back: an array is free when nobody refers to it any more, nor to any view of it, since each
    view refers to the array that owns its memory. CPython counts references exactly, so that can be asked.

    Args:
        most: arrays that are kept; the memory of those beyond is given back as usual.
    """

    def __init__(self, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._count = 0
        self._by_size: defaultdict[int, list[UInt8Array]] = defaultdict(list)

    def array(self, shape: tuple[int, int]) -> UInt8Array:
        """An array (height, width) uint8 of undefined content."""
        size = shape[0] * shape[1]
        memory = _first_free(self._by_size[size], _FREE)
        if memory is not None:
            return memory.reshape(shape)
        memory = np.empty(size, np.uint8)
        if self._count >= self._most:
            self._by_size.clear()  # pictures of another size come now: start afresh
            self._count = 0
        self._by_size[size].append(memory)
        self._count += 1
        return memory.reshape(shape)

    def planes(self, size_wh: tuple[int, int]) -> Planes:
        """A picture of undefined content. Where its size is even its planes lie in one memory, one below the other:
        what converts colours takes it as it is then."""
        width, height = size_wh
        if width % 2 or height % 2:
            half = ((height + 1) // 2, (width + 1) // 2)
            return Planes(self.array((height, width)), self.array(half), self.array(half))
        memory, luma, quarter = self.array((height * 3 // 2, width)), height * width, height * width // 4
        flat, half = memory.reshape(-1), (height // 2, width // 2)
        return Planes(memory[:height], flat[luma : luma + quarter].reshape(half), flat[luma + quarter :].reshape(half))

    def copy(self, planes: Planes) -> Planes:
        """The picture in memory of its own."""
        return Planes(self._copied(planes.y), self._copied(planes.u), self._copied(planes.v))

    def _copied(self, plane: UInt8Array) -> UInt8Array:
        own = self.array((plane.shape[0], plane.shape[1]))
        np.copyto(own, plane)
        copies.note(own.size)
        return own
