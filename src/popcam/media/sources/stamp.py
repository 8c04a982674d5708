"""A frame number and a clock as black and white cells in the picture, which survive compression and scaling.

Benchmarks and tests read them back from whatever comes out at the end to know which frame it is and how old.

Layout (version 1), so that a reader in any language can be written from this text alone:

* The picture is divided into 64 columns and 36 rows of equal cells. With a picture of W x H pixels, cell (column,
  row) covers x from `column * W / 64` to `(column + 1) * W / 64` and y from `row * H / 36` to `(row + 1) * H / 36`.
* Columns 1 to 16 and rows 1 to 8 hold 128 bits; columns 0 to 17 and rows 0 to 9 around them are dark.
* Bits go row by row from the top left; bit number n is in column `1 + n % 16` and row `1 + n // 16`. A bright cell is
  1. Numbers are big-endian: the highest bit comes first.
* Bits 0 to 15: the marker 0xA5C3, eight ones and eight zeros. The threshold between bright and dark is the mean of
  the 16 marker cells.
* Bits 16 to 23: version, 1. Bits 24 to 55: frame number, modulo 2^32. Bits 56 to 111: microseconds since 1970 (UTC)
  when the frame was made. Bits 112 to 127: CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, no reflection) of
  the twelve bytes of bits 16 to 111.
* To read a cell, average the luma of the pixels whose centres lie in its middle 40 % in both directions (at least
  the one pixel in the middle). In a browser, draw the video on a canvas and take green for luma.

It reads back down to cells of 3x3 pixels, a picture of 192x108.
"""

import binascii
from typing import Final, NamedTuple

import numpy as np

from popcam.core.frame import Planes, UInt8Array

COLUMNS: Final = 64
ROWS: Final = 36
BITS_PER_ROW: Final = 16
BIT_ROWS: Final = 8
MARKER: Final = 0xA5C3
VERSION: Final = 1
DARK: Final = 20
BRIGHT: Final = 225
MIN_WIDTH_PX: Final = 192
MIN_HEIGHT_PX: Final = 108

_BITS: Final = BITS_PER_ROW * BIT_ROWS
_MARKER_BITS: Final = np.array([MARKER >> (15 - bit) & 1 for bit in range(16)], bool)


class Stamp(NamedTuple):
    """What the cells say: the frame's number (modulo 2^32) and when it was made."""

    seq: int
    unix_us: int


def has_room(width_px: int, height_px: int) -> bool:
    """Whether a picture of this size can carry a stamp."""
    return width_px >= MIN_WIDTH_PX and height_px >= MIN_HEIGHT_PX


def prepare(planes: Planes) -> None:
    """Paint the dark frame and take the colour out below it; done once per picture that stamps go on."""
    height, width = planes.y.shape
    bottom, right = 10 * height // ROWS, 18 * width // COLUMNS
    planes.y[:bottom, :right] = DARK
    planes.u[: (bottom + 1) // 2, : (right + 1) // 2] = 128
    planes.v[: (bottom + 1) // 2, : (right + 1) // 2] = 128


def draw_stamp(planes: Planes, stamp: Stamp) -> None:
    """Draw the cells into a picture that `prepare` has seen. About 30 µs at 1280x720."""
    height, width = planes.y.shape
    cells = np.where(_to_bits(stamp).reshape(BIT_ROWS, BITS_PER_ROW), np.uint8(BRIGHT), np.uint8(DARK))
    xs = [column * width // COLUMNS for column in range(1, BITS_PER_ROW + 2)]
    ys = [row * height // ROWS for row in range(1, BIT_ROWS + 2)]
    line = np.repeat(cells, np.diff(xs), axis=1)
    for row in range(BIT_ROWS):
        planes.y[ys[row] : ys[row + 1], xs[0] : xs[-1]] = line[row]


def read_stamp(luma: UInt8Array) -> Stamp | None:
    """Read the stamp of a picture.

    Args:
        luma: (height, width) uint8, the luma plane or a grey picture, scaled as one likes.

    Returns:
        The stamp, or None when there is none or it is damaged: a wrong number is never returned.
    """
    height, width = luma.shape
    if width < COLUMNS or height < ROWS:
        return None
    means = np.array([_cell_mean(luma, bit) for bit in range(_BITS)])
    bits = means > means[:16].mean()
    if not np.array_equal(bits[:16], _MARKER_BITS):
        return None
    packed = np.packbits(bits).tobytes()
    if packed[2] != VERSION or binascii.crc_hqx(packed[2:14], 0xFFFF) != int.from_bytes(packed[14:16], "big"):
        return None
    return Stamp(int.from_bytes(packed[3:7], "big"), int.from_bytes(packed[7:14], "big"))


def _to_bits(stamp: Stamp) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    body = bytes([VERSION]) + (stamp.seq % 2**32).to_bytes(4, "big") + (stamp.unix_us % 2**56).to_bytes(7, "big")
    packed = MARKER.to_bytes(2, "big") + body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(packed, np.uint8))


def _cell_mean(luma: UInt8Array, bit: int) -> float:
    height, width = luma.shape
    top, bottom = _middle(1 + bit // BITS_PER_ROW, height / ROWS)
    left, right = _middle(1 + bit % BITS_PER_ROW, width / COLUMNS)
    return float(luma[top:bottom, left:right].mean())


def _middle(index: int, size_px: float) -> tuple[int, int]:
    """First and last + 1 pixel whose centres lie in the middle 40 % of a cell; at least the pixel in the middle."""
    first = int(np.ceil((index + 0.3) * size_px - 0.5))
    last = int(np.floor((index + 0.7) * size_px - 0.5))
    if last < first:
        first = last = int((index + 0.5) * size_px)
    return first, last + 1
