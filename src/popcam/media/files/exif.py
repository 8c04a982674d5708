"""EXIF (a TIFF structure): orientation, and taking out pictures of the picture.

A thumbnail or a camera maker's preview shows what is hidden in the photo itself. Such bytes are overwritten with zeros
in place, so nothing else moves and all other entries stay as they were.

Source: TIFF 6.0, section 2; CIPA DC-008 (Exif 2.32), 4.5 and 4.6.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SUB_TABLES: Final = frozenset({0x8769, 0x8825, 0xA005, 0x014A})
_ORIENTATION: Final = 0x0112
_STARTS: Final = {0x0111: 0x0117, 0x0201: 0x0202}
"""Tags that say where picture bytes begin, and those that say how many."""
_JPEG: Final = b"\xff\xd8\xff"
_MOST_TABLES: Final = 64
_TURNS: Final = {3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270}
"""Clockwise turn for showing by orientation; mirroring is left aside."""


class Entry(NamedTuple):
    """One entry of a table: where its value lies and how long it is."""

    tag: int
    kind: int
    values: int
    at: int
    bytes: int


class Table(NamedTuple):
    """One table: where it is, its entries, where the next one's offset stands, and that offset."""

    at: int
    entries: tuple[Entry, ...]
    next_at: int
    next_table: int


def order_of(data: "bytes | bytearray") -> str:
    """Byte order for `struct`; empty when this is no TIFF structure."""
    return {b"II*\x00": "<", b"MM\x00*": ">"}.get(bytes(data[:4]), "")


def read_table(data: "bytes | bytearray", order: str, at: int) -> Table | None:
    """The table at an offset; None when it does not lie within the data."""
    if not 8 <= at <= len(data) - 6:
        return None
    (count,) = struct.unpack_from(order + "H", data, at)
    next_at = at + 2 + 12 * count
    if next_at + 4 > len(data):
        return None
    entries = []
    for number in range(count):
        place = at + 2 + 12 * number
        tag, kind, values = struct.unpack_from(order + "HHI", data, place)
        size = _SIZES.get(kind, 1) * values
        value_at = place + 8 if size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        if value_at + size <= len(data):
            entries.append(Entry(tag, kind, values, value_at, size))
    return Table(at, tuple(entries), next_at, struct.unpack_from(order + "I", data, next_at)[0])


def number_at(data: "bytes | bytearray", order: str, entry: Entry) -> int:
    """The first number of an entry of short or long values."""
    return int(struct.unpack_from(order + ("H" if entry.kind == 3 else "I"), data, entry.at)[0])


def rotation_of(data: bytes) -> int:
    """How far to turn the picture clockwise for showing: 0, 90, 180 or 270."""
    order = order_of(data)
    table = read_table(data, order, struct.unpack_from(order + "I", data, 4)[0]) if order and len(data) >= 8 else None
    for entry in table.entries if table else ():
        if entry.tag == _ORIENTATION and entry.kind == 3 and entry.values:
            return _TURNS.get(number_at(data, order, entry), 0)
    return 0


def unturned(data: bytes) -> bytes:
    """The same structure with an orientation that turns nothing."""
    order = order_of(data)
    made = bytearray(data)
    table = read_table(made, order, struct.unpack_from(order + "I", data, 4)[0]) if order and len(data) >= 8 else None
    for entry in table.entries if table else ():
        if entry.tag == _ORIENTATION and entry.kind == 3 and entry.values:
            struct.pack_into(order + "H", made, entry.at, 1)
    return bytes(made)


def without_pictures(data: bytes) -> bytes | None:
    """The same structure without thumbnails and previews; None when it can't be read and so can't be trusted."""
    order = order_of(data)
    if not order or len(data) < 8:
        return None
    made = bytearray(data)
    first = read_table(made, order, struct.unpack_from(order + "I", made, 4)[0])
    if first is None:
        return None
    for table in _tables(made, order, first):
        for entry in table.entries:
            if entry.bytes > 4 and _JPEG in made[entry.at : entry.at + entry.bytes]:
                _blank(made, entry.at, entry.bytes)
        _blank_strips(made, order, table)
    struct.pack_into(order + "I", made, first.next_at, 0)
    # What no entry names may still hold a picture.
    return None if _JPEG in made else bytes(made)


def _tables(data: bytearray, order: str, first: Table) -> Iterator[Table]:
    waiting, seen = [first], {first.at}
    while waiting and len(seen) < _MOST_TABLES:
        table = waiting.pop()
        yield table
        offsets = [number_at(data, order, one) for one in table.entries if one.tag in _SUB_TABLES and one.bytes >= 4]
        for offset in [*offsets, table.next_table]:
            found = read_table(data, order, offset) if offset and offset not in seen else None
            if found is not None:
                seen.add(offset)
                waiting.append(found)


def _blank_strips(data: bytearray, order: str, table: Table) -> None:
    by_tag = {entry.tag: entry for entry in table.entries}
    for start_tag, size_tag in _STARTS.items():
        starts, sizes = by_tag.get(start_tag), by_tag.get(size_tag)
        if starts and sizes and starts.values == sizes.values == 1:
            _blank(data, number_at(data, order, starts), number_at(data, order, sizes))


def _blank(data: bytearray, at: int, size: int) -> None:
    end = min(len(data), at + size)
    if 8 <= at < end:
        data[at:end] = bytes(end - at)
