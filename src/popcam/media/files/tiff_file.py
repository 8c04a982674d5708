"""TIFF: the tags that describe a photo, put into a newly written file.

A TIFF file is a table of tags and what they point to; a new table at the end of the file takes the old one's place.
Source: TIFF 6.0, section 2.
"""

import struct
from typing import Final

from popcam.media.files import exif
from popcam.media.files.metadata import Kept

_KEPT: Final = frozenset({
    270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 316, 700, 33432, 33723, 34675, 42016,
})  # fmt: skip
"""Description, make, model, orientation, resolution, software, time, artist, host, XMP, copyright, IPTC, colours."""
_TABLES: Final = frozenset({34665, 34853})
"""EXIF and GPS tables."""
_LONG: Final = 4
_FORMATS: Final = {3: "H", 8: "h", 4: "I", 9: "i", 13: "I", 5: "I", 10: "i", 11: "f", 12: "d"}


def into_tiff(made: bytes, source: bytes) -> Kept:
    """A TIFF with another's description."""
    order, from_order = exif.order_of(made), exif.order_of(source)
    own = exif.read_table(made, order, struct.unpack_from(order + "I", made, 4)[0])
    clean = exif.without_pictures(_without_strips(source, from_order))
    theirs = exif.read_table(source, from_order, struct.unpack_from(from_order + "I", source, 4)[0])
    if own is None or theirs is None:
        return Kept(made, dropped=True)
    data = bytearray(made)
    tags: dict[int, tuple[int, int, bytes]] = {one.tag: (one.kind, one.values, _raw(made, one)) for one in own.entries}
    dropped = False
    for entry in theirs.entries:
        if entry.tag in _KEPT:
            tags[entry.tag] = (entry.kind, entry.values, _swapped(_raw(source, entry), entry.kind, from_order, order))
        elif entry.tag in _TABLES:
            at = _copy_table(data, order, clean, from_order, exif.number_at(source, from_order, entry)) if clean else 0
            dropped |= not at
            if at:
                tags[entry.tag] = (_LONG, 1, struct.pack(order + "I", at))
    at = _write_table(data, order, tags)
    struct.pack_into(order + "I", data, 4, at)
    return Kept(bytes(data), dropped)


def _without_strips(source: bytes, order: str) -> bytes:
    """The file with its own picture's strips left alone but unknown: only tables matter here."""
    table = exif.read_table(source, order, struct.unpack_from(order + "I", source, 4)[0])
    if table is None:
        return source
    made = bytearray(source)
    for entry in table.entries:
        if entry.tag in {273, 279, 324, 325}:
            made[entry.at : entry.at + entry.bytes] = bytes(entry.bytes)
    return bytes(made)


def _copy_table(data: bytearray, order: str, source: bytes, from_order: str, at: int) -> int:
    table = exif.read_table(source, from_order, at)
    if table is None:
        return 0
    tags = {
        one.tag: (one.kind, one.values, _swapped(_raw(source, one), one.kind, from_order, order))
        for one in table.entries
        if one.tag not in {0xA005, 0x927C}  # tables further down and makers' notes point into the old file
    }
    return _write_table(data, order, tags)


def _write_table(data: bytearray, order: str, tags: dict[int, tuple[int, int, bytes]]) -> int:
    """Append a table and its values; where it begins."""
    places = {}
    for tag, (_, _, raw) in tags.items():
        if len(raw) > 4:
            data.extend(b"\x00" * (len(data) % 2))
            places[tag] = len(data)
            data.extend(raw)
    data.extend(b"\x00" * (len(data) % 2))
    at = len(data)
    data.extend(struct.pack(order + "H", len(tags)))
    for tag, (kind, count, raw) in sorted(tags.items()):
        value = struct.pack(order + "I", places[tag]) if tag in places else raw.ljust(4, b"\x00")
        data.extend(struct.pack(order + "HHI", tag, kind, count) + value)
    data.extend(bytes(4))
    return at


def _raw(data: bytes, entry: exif.Entry) -> bytes:
    return bytes(data[entry.at : entry.at + entry.bytes])


def _swapped(raw: bytes, kind: int, from_order: str, to_order: str) -> bytes:
    letter = _FORMATS.get(kind)
    if from_order == to_order or letter is None:
        return raw
    count = len(raw) // struct.calcsize(from_order + letter)
    return struct.pack(f"{to_order}{count}{letter}", *struct.unpack(f"{from_order}{count}{letter}", raw))
