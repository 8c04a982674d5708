"""What a photo's header says, before anything is decoded: size, turn, and what can't be worked on."""

import struct
from typing import Final, NamedTuple

from popcam.core.errors import SourceCorruptError, SourcePhotoUnsupportedError, SourcePictureSizeError
from popcam.media.files import exif, metadata
from popcam.media.files.model import PhotoFormat

MAX_SIDE_PX: Final = 32_768
MAX_PIXELS: Final = 160_000_000
"""Enough for today's largest cameras (151 megapixels); decoded it takes about a gigabyte."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_LOSSLESS_OR_ARITHMETIC: Final = frozenset({0xC3, *range(0xC5, 0xD0)})


class PhotoHeader(NamedTuple):
    """Size as stored, how far to turn it clockwise, and a name for the kind of picture."""

    width_px: int
    height_px: int
    rotation_deg: int


def read_header(data: bytes, kind: PhotoFormat, name: str) -> PhotoHeader:
    """Read a photo's header.

    Raises:
        SourceCorruptError: there is none.
        SourcePictureSizeError: it is larger than we work on, whatever its file's length.
        SourcePhotoUnsupportedError: it is animated or has several pages.
    """
    try:
        header = _READERS[kind](data)
    except (struct.error, IndexError, ValueError) as error:
        raise SourceCorruptError(f"{name}: its header can't be read") from error
    width, height = header.width_px, header.height_px
    if width < 1 or height < 1:
        raise SourceCorruptError(f"{name}: its header says {width}x{height}")
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise SourcePictureSizeError(f"{name}: {width}x{height}")
    return header


def _jpeg(data: bytes) -> PhotoHeader:
    for one in metadata.jpeg_segments(data):
        if one.marker in _LOSSLESS_OR_ARITHMETIC and one.marker in _FRAMES:
            raise SourcePhotoUnsupportedError("lossless and arithmetic-coded JPEG")
        if one.marker in _FRAMES:
            height, width = struct.unpack_from(">HH", one.body, 1)
            return PhotoHeader(width, height, exif.rotation_of(metadata.jpeg_exif(data)))
    raise ValueError("no frame header")


def _png(data: bytes) -> PhotoHeader:
    if data[12:16] != b"IHDR":
        raise ValueError("no header")
    turn = 0
    for kind, body in metadata.png_chunks(data):
        if kind == b"acTL":
            raise SourcePhotoUnsupportedError("an animated PNG")
        if kind == b"eXIf":
            turn = exif.rotation_of(body)
    width, height = struct.unpack_from(">II", data, 16)
    return PhotoHeader(width, height, turn)


def _webp(data: bytes) -> PhotoHeader:
    chunks = dict(metadata.webp_chunks(data))
    if b"ANIM" in chunks:
        raise SourcePhotoUnsupportedError("an animated WebP")
    turn = exif.rotation_of(chunks.get(b"EXIF", b"").removeprefix(b"Exif\x00\x00"))
    if b"VP8X" in chunks:
        body = chunks[b"VP8X"]
        return PhotoHeader(int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1, turn)
    if b"VP8L" in chunks:
        (bits,) = struct.unpack_from("<I", chunks[b"VP8L"], 1)
        return PhotoHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, turn)
    width, height = struct.unpack_from("<HH", chunks.get(b"VP8 ", b""), 6)
    return PhotoHeader(width & 0x3FFF, height & 0x3FFF, turn)


def _bmp(data: bytes) -> PhotoHeader:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return PhotoHeader(width, abs(height), 0)


def _tiff(data: bytes) -> PhotoHeader:
    order = exif.order_of(data)
    table = exif.read_table(data, order, struct.unpack_from(order + "I", data, 4)[0])
    if table is None:
        raise ValueError("no table")
    if table.next_table:
        raise SourcePhotoUnsupportedError("a TIFF of several pages")
    if any(entry.tag == 0xC612 for entry in table.entries) or data[8:10] == b"CR":
        raise SourcePhotoUnsupportedError("a camera's raw picture")
    sizes = {entry.tag: exif.number_at(data, order, entry) for entry in table.entries if entry.tag in {256, 257}}
    return PhotoHeader(sizes.get(256, 0), sizes.get(257, 0), exif.rotation_of(data))


_READERS: Final = {"jpeg": _jpeg, "png": _png, "webp": _webp, "bmp": _bmp, "tiff": _tiff}
