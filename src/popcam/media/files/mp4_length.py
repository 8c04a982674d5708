"""How long a track of an MP4 file is shown, to the tick: FFmpeg tells only how long its samples decode.

Source: ISO/IEC 14496-12 (mvhd, tkhd, elst, mvex).
"""

import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final

_MOST_BYTES: Final = 256 << 20
"""No honest file has a longer index."""


def shown_length_s(path: Path, track_id: int) -> Fraction | None:
    """The sum of a track's edits in seconds; None where the file does not say (fragments, damage, other formats)."""
    try:
        with path.open("rb") as file:
            moov = _find_moov(file)
        return _length(moov, track_id) if moov else None
    except (OSError, struct.error, ZeroDivisionError):
        return None


def _find_moov(file: BinaryIO) -> bytes:
    end = file.seek(0, os.SEEK_END)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = int.from_bytes(file.read(8), "big"), 16
        if kind == b"moov":
            return file.read(size - head) if head <= size <= _MOST_BYTES else b""
        if size < head:
            return b""
        at += size
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size


def _length(moov: bytes, track_id: int) -> Fraction | None:
    found = list(_boxes(moov))
    header = next((body for kind, body in found if kind == b"mvhd"), b"")
    if any(kind == b"mvex" for kind, _ in found) or not header:
        return None
    (timescale,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
    for kind, body in found:
        inside = dict(_boxes(body)) if kind == b"trak" else {}
        tkhd = inside.get(b"tkhd", b"")
        if not tkhd or struct.unpack_from(">I", tkhd, 20 if tkhd[0] else 12)[0] != track_id:
            continue
        edits = dict(_boxes(inside.get(b"edts", b""))).get(b"elst", b"")
        ticks = (
            _shown(edits) if edits else struct.unpack_from(">Q" if tkhd[0] else ">I", tkhd, 28 if tkhd[0] else 20)[0]
        )
        return Fraction(ticks, timescale)
    return None


def _shown(elst: bytes) -> int:
    """Ticks of all edits that show something."""
    layout = ">Qq" if elst[0] else ">Ii"
    size = struct.calcsize(layout) + 4
    count = struct.unpack_from(">I", elst, 4)[0]
    edits = [struct.unpack_from(layout, elst, 8 + size * number) for number in range(count)]
    return int(sum(length for length, begin in edits if begin >= 0))
