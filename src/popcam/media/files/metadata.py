"""What stands in photo files beside the picture, per format: taken from one file and put into another.

Sources: ITU-T T.81 (JPEG) and JFIF 1.02, W3C PNG (third edition), Google's WebP container specification.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from popcam.media.files import exif

_EXIF: Final = b"Exif\x00\x00"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_ICC: Final = b"ICC_PROFILE\x00"
_JPEG: Final = b"\xff\xd8\xff"
_PICTURES_IN_XMP: Final = (b"xmpGImg:image", b"GImage:Data", b"GDepth:Data", b"GAudio:Data", b"/9j/")
"""Names under which XMP carries pictures; the last is how a JPEG begins in Base64."""
_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({
    b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME",
})  # fmt: skip
_VP8X_ICC, _VP8X_ALPHA, _VP8X_EXIF, _VP8X_XMP = 0x20, 0x10, 0x08, 0x04


class Kept(NamedTuple):
    """A file with the metadata of another, and whether some of it had to be left out."""

    data: bytes
    dropped: bool


class Segment(NamedTuple):
    """One marker segment of a JPEG file before its picture."""

    marker: int
    body: bytes


def jpeg_segments(data: bytes) -> Iterator[Segment]:
    """Marker segments up to the picture itself (its SOS comes last, without what follows)."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        yield Segment(marker, data[at + 4 : at + 2 + size])
        if marker == 0xDA or size < 2:
            return
        at += 2 + size


def jpeg_exif(data: bytes) -> bytes:
    """The TIFF structure of a JPEG's EXIF; empty when there is none."""
    found = (one.body[6:] for one in jpeg_segments(data) if one.marker == 0xE1 and one.body.startswith(_EXIF))
    return next(found, b"")


def into_jpeg(made: bytes, source: bytes) -> Kept:
    """A JPEG with another's EXIF, colour profile, XMP and comments."""
    kept, dropped = [], False
    printing = any(one.marker in _FRAMES and one.body[5:6] == b"\x04" for one in jpeg_segments(source))
    for one in jpeg_segments(source):
        # Pictures of four inks become RGB, so the profile of the inks no longer fits.
        body = None if printing and one.marker == 0xE2 else _kept_segment(one)
        if body is None:
            dropped |= one.marker in {0xE1, 0xE2, 0xED}
        elif body:
            kept.append(b"\xff" + bytes([one.marker]) + (len(body) + 2).to_bytes(2, "big") + body)
    head = 2  # keep the encoder's JFIF header: some readers insist on it coming first
    if made[2:4] == b"\xff\xe0":
        head += 2 + int.from_bytes(made[4:6], "big")
    return Kept(made[:head] + b"".join(kept) + made[head:], dropped)


def _kept_segment(one: Segment) -> bytes | None:
    """A segment as it may stay; empty for one that the encoder writes itself, None for one that must go."""
    if one.marker == 0xE1 and one.body.startswith(_EXIF):
        tiff = exif.without_pictures(one.body[6:])
        return _EXIF + tiff if tiff is not None else None
    if one.marker == 0xE1 and one.body.startswith(_XMP):
        return None if _shows_pictures(one.body) else one.body
    if one.marker == 0xE2 and one.body.startswith(_ICC):
        return one.body
    if one.marker == 0xED:
        return None if _JPEG in one.body else one.body
    if one.marker == 0xFE:
        return one.body
    return None if 0xE1 <= one.marker <= 0xEF and one.marker != 0xEE else b""


def _shows_pictures(xmp: bytes) -> bool:
    return any(name in xmp for name in _PICTURES_IN_XMP)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of a PNG's chunks; what is cut off ends it."""
    at = len(_PNG_MAGIC)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + size > len(data):
            return
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def into_png(made: bytes, source: bytes) -> Kept:
    """A PNG with another's colour description, texts, EXIF and resolution."""
    kept, dropped = [], False
    for kind, body in png_chunks(source):
        if kind not in _PNG_KEPT:
            continue
        clean = exif.without_pictures(body) if kind == b"eXIf" else body
        if clean is None or body.startswith(b"Raw profile type") or (kind == b"iTXt" and _shows_pictures(body)):
            dropped = True
        else:
            kept.append((kind, clean))
    own = [(kind, body) for kind, body in png_chunks(made) if kind not in _PNG_KEPT]
    return Kept(_PNG_MAGIC + b"".join(_png_chunk(*one) for one in [own[0], *kept, *own[1:]]), dropped)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of a WebP's chunks."""
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def into_webp(made: bytes, source: bytes, width_px: int, height_px: int, *, alpha: bool) -> Kept:
    """A WebP with another's colour profile, EXIF and XMP."""
    there = dict(webp_chunks(source))
    raw = there.get(b"EXIF", b"").removeprefix(_EXIF)
    tiff = exif.without_pictures(raw) if raw else b""
    xmp = there.get(b"XMP ", b"")
    xmp_shows = _shows_pictures(xmp)
    kept = {b"ICCP": there.get(b"ICCP", b""), b"EXIF": tiff or b"", b"XMP ": b"" if xmp_shows else xmp}
    dropped = tiff is None or xmp_shows
    if not any(kept.values()):
        return Kept(made, dropped)
    picture = [(kind, body) for kind, body in webp_chunks(made) if kind in {b"VP8 ", b"VP8L", b"ALPH"}]
    flags = (
        (_VP8X_ICC if kept[b"ICCP"] else 0) | (_VP8X_ALPHA if alpha else 0)
        | (_VP8X_EXIF if kept[b"EXIF"] else 0) | (_VP8X_XMP if kept[b"XMP "] else 0)
    )  # fmt: skip
    canvas = (width_px - 1).to_bytes(3, "little") + (height_px - 1).to_bytes(3, "little")
    head = [(b"VP8X", bytes([flags, 0, 0, 0]) + canvas), (b"ICCP", kept[b"ICCP"])]
    chunks = [*head, *picture, (b"EXIF", kept[b"EXIF"]), (b"XMP ", kept[b"XMP "])]
    body = b"".join(_riff_chunk(kind, content) for kind, content in chunks if content)
    return Kept(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, dropped)


def _riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)
