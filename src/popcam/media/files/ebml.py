"""Whether a Matroska or WebM file ends before the end that it announces.

Source: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

from pathlib import Path
from typing import BinaryIO, Final

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067


def is_cut_off(path: Path) -> bool:
    """Whether the file is shorter than its segment says. A file that was written live says nothing."""
    try:
        with path.open("rb") as file:
            if _number(file, keep_marker=True) != _EBML:
                return False
            file.seek(_number(file) or 0, 1)
            if _number(file, keep_marker=True) != _SEGMENT:
                return False
            size = _number(file)
            return size is not None and file.tell() + size > path.stat().st_size
    except (OSError, ValueError):
        return False


def _number(file: BinaryIO, *, keep_marker: bool = False) -> int | None:
    """A number of variable length; None for "unknown".

    Raises:
        ValueError: there is none.
    """
    first = file.read(1)
    if not first or not first[0]:
        raise ValueError("no number")
    length = 9 - first[0].bit_length()
    raw = int.from_bytes(first + file.read(length - 1), "big")
    if keep_marker:
        return raw
    value = raw & (1 << 7 * length) - 1
    return None if value == (1 << 7 * length) - 1 else value
