"""H.264 and H.265 units: the two ways to pack them, their kinds, and the numbers of parameter sets.

Sources: ITU-T H.264 (7.3, Annex B), ITU-T H.265 (7.3, Annex B), ISO/IEC 14496-15 (avcC and hvcC).
"""

from collections.abc import Iterable, Iterator
from typing import Final

START: Final = b"\x00\x00\x00\x01"
SPS, PPS = 7, 8
_LAST_ID: Final = 31


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """The units between start codes."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        begin = at + 3
        at = data.find(b"\x00\x00\x01", begin)
        unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\x00") if at >= 0 else data[begin:]
        if unit:
            yield unit


def split_lengths(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The units behind length fields; a field that reaches beyond the end ends it."""
    at = 0
    while at + length_bytes <= len(data):
        size = int.from_bytes(data[at : at + length_bytes], "big")
        at += length_bytes
        if size == 0 or at + size > len(data):
            return
        yield data[at : at + size]
        at += size


def to_annex_b(units: Iterable[bytes]) -> bytes:
    """Units with start codes before them."""
    return b"".join(START + unit for unit in units)


def length_size(extradata: bytes, codec: str) -> int:
    """Bytes of the length fields that a track's header announces; 0 for start codes."""
    if codec == "h264" and len(extradata) >= 7 and extradata[0] == 1:
        return (extradata[4] & 3) + 1
    if codec == "hevc" and len(extradata) >= 23 and (extradata[0] or extradata[1] or extradata[2] > 1):
        return (extradata[21] & 3) + 1
    return 0


def units_of(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """The units of a packet."""
    return split_lengths(data, length_bytes) if length_bytes else split_annex_b(data)


def parameter_sets(extradata: bytes, codec: str) -> list[bytes]:
    """The parameter sets of a track's header, in order."""
    if not length_size(extradata, codec):
        return list(split_annex_b(extradata))
    return list(_of_avcc(extradata) if codec == "h264" else _of_hvcc(extradata))


def is_clean_start(unit: bytes, codec: str) -> bool | None:
    """Whether decoding can begin with this picture (IDR); None for units that are no picture."""
    if codec == "h264":
        kind = unit[0] & 31
        return None if not 1 <= kind <= 5 else kind == 5
    kind = unit[0] >> 1 & 63
    return None if kind > 31 else kind in {19, 20}


def set_name(unit: bytes) -> tuple[int, int] | None:
    """Kind and number of an H.264 parameter set; None for other units."""
    kind = unit[0] & 31
    if kind == SPS and len(unit) > 4:
        return kind, _first_number(unit[4:])
    if kind == PPS and len(unit) > 1:
        return kind, _first_number(unit[1:])
    return None


class SetNumbers:
    """Which numbers a stream's H.264 parameter sets use, and whether one of them changes midway."""

    def __init__(self) -> None:
        self._sets: dict[tuple[int, int], bytes] = {}
        self._changes = False

    def add(self, units: Iterable[bytes]) -> None:
        """Take note of the parameter sets among these units."""
        for unit in units:
            name = set_name(unit)
            if name is not None:
                self._changes |= self._sets.setdefault(name, unit) != unit

    @property
    def free(self) -> int:
        """A number that none has, for both kinds; -1 when there is none, or when a set changes midway: then a track's
        header can't hold them all."""
        taken = {number for _, number in self._sets}
        return -1 if self._changes else next((one for one in range(1, _LAST_ID + 1) if one not in taken), -1)


def _of_avcc(data: bytes) -> Iterator[bytes]:
    at, count = 6, data[5] & 31
    for which in range(2):
        for _ in range(count):
            size = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + size]
            at += 2 + size
        if which == 0 and at < len(data):
            count = data[at]
            at += 1
        else:
            return


def _of_hvcc(data: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(data[22]):
        count = int.from_bytes(data[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + size]
            at += 2 + size


def _first_number(data: bytes) -> int:
    """The unsigned Exp-Golomb code at the start (H.264, 9.1)."""
    head = data[:16].replace(b"\x00\x00\x03", b"\x00\x00")
    bits = "".join(f"{byte:08b}" for byte in head)
    zeros = bits.find("1")
    if zeros < 0:
        return 0
    return int(bits[zeros : 2 * zeros + 1], 2) - 1
