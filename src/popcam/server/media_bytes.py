"""Whether a file begins as a video or a photo does. Names lie; first bytes of formats are their makers' own signatures.

This keeps programs, archives and documents out of the upload folder. Whether a file can be read is found out by the
worker that opens it.
"""

from popcam.core.batch import MediaKind

HEAD_BYTES = 600
"""Enough for all signatures: an MPEG transport stream repeats its own every 188 or 192 bytes."""
PHOTO_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})
ISO_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"moof"})
"""First boxes of ISO media files; old QuickTime files have no `ftyp`."""
PHOTO_STARTS = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",  # TIFF in both byte orders
    b"MM\0*",
    b"\xff\x0a",  # JPEG XL, bare and boxed
    b"\0\0\0\x0cJXL \r\n\x87\n",
    b"\0\0\0\x0cjP  \r\n\x87\n",  # JPEG 2000
)
VIDEO_STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
    b"OggS",
    b"\0\0\x01\xba",  # MPEG program stream
    b"\0\0\x01\xb3",  # MPEG-1 and 2 video
    b"\0\0\0\x01",  # H.264 and H.265 as a bare stream
    b"\0\0\x01\x67",
    b"\0\0\x01\x40",
    b"\x06\x0e+4\x02\x05\x01\x01",  # MXF
    b"DKIF",  # IVF
    b".RMF",
    b"YUV4MPEG2 ",
)
TS_SYNC = 0x47
TS_STEPS = (188, 192)
"""A transport stream's packets; those of Blu-ray and cameras have four bytes of time before each."""


def media_kind(head: bytes) -> MediaKind | None:
    """What a file is that begins with these bytes, at least `HEAD_BYTES` of them where it has so many; None for what
    is no medium."""
    if head.startswith(PHOTO_STARTS) or _is_bitmap(head) or head[:4] + head[8:12] == b"RIFFWEBP":
        return "photo"
    if head[4:8] in ISO_BOXES:
        return "photo" if head[4:8] == b"ftyp" and head[8:12] in PHOTO_BRANDS else "video"
    if head.startswith(VIDEO_STARTS) or head[:4] + head[8:12] == b"RIFFAVI " or _is_transport_stream(head):
        return "video"
    return None


def _is_bitmap(head: bytes) -> bool:
    """BMP: two letters are little, so the reserved zeros and the size of the second header count, too."""
    return head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and head[15:18] == b"\0\0\0"


def _is_transport_stream(head: bytes) -> bool:
    for step in TS_STEPS:
        syncs = head[step - 188 :: step]
        if len(syncs) >= 2 and all(byte == TS_SYNC for byte in syncs):
            return True
    return False
