"""Photos: read with bounds, written with everything kept that is not changed."""

import time
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from popcam.core.batch import MediaFacts
from popcam.core.errors import (
    EncoderError,
    MediaMetadataDroppedError,
    SourceCorruptError,
    SourceNotVideoError,
    SourcePhotoUnsupportedError,
    SourcePictureSizeError,
)
from popcam.core.frame import Frame, Planes
from popcam.core.jobs import Problem
from popcam.media.files import exif, metadata
from popcam.media.files.chunk import naming
from popcam.media.files.jpeg_file import encode_jpeg_planes, is_whole, jpeg_planes, quality_of
from popcam.media.files.model import Photo, PhotoFormat, Problems
from popcam.media.files.opening import name_of, photo_format, read_head
from popcam.media.files.photo_header import PhotoHeader, read_header
from popcam.media.files.photo_pixels import Pixels, change_chroma, change_pixels, changed_mask, halved, planes_of_pixels
from popcam.media.files.tiff_file import into_tiff

_MOST_BYTES: Final = 1 << 30
_LOSSLESS: Final = 101
"""OpenCV's WebP encoder takes any quality above 100 for lossless."""


def inspect_photo(path: Path) -> MediaFacts:
    """Facts of a photo, from its header.

    Raises:
        SourceError: as `read_photo`.
    """
    data, kind = _read(path)
    return _facts(path, data, kind, read_header(data, kind, str(path)))


def read_photo(path: Path) -> Photo:
    """Decode a photo.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceEmptyError, SourceNotVideoError, SourceCorruptError,
        SourcePictureSizeError (bombs too), SourcePhotoUnsupportedError (animations and HEIC, for example).
    """
    data, kind = _read(path)
    facts = _facts(path, data, kind, read_header(data, kind, str(path)))
    found = jpeg_planes(data, str(path)) if kind == "jpeg" else None
    if found is None:
        # OpenCV turns TIFF pictures whatever it is told.
        pixels = _pixels_of(exif.unturned(data) if kind == "tiff" else data, str(path))
        if pixels.shape[:2] != (facts.height_px, facts.width_px):
            raise SourceCorruptError(f"{path}: the picture is not of the size that its header says")
        quality = quality_of(data) if kind == "jpeg" else None
        return Photo(facts, _frame(planes_of_pixels(pixels), None), kind, data, pixels, quality)
    picture, own = found
    if (own.width_px, own.height_px) != (facts.width_px, facts.height_px):
        raise SourceCorruptError(f"{path}: the picture is not of the size that its header says")
    return Photo(facts, _frame(_quartered(own), picture), kind, data, own, quality_of(data))


def write_photo(photo: Photo, planes: Planes, path: Path, quality: int, problems: Problems | None = None) -> None:
    """Write a photo with changed planes in its own format, with EXIF, colour profile, orientation and transparency.

    Only where `planes` differ from the photo's own are pixels changed; embedded previews are left out.

    Args:
        planes: of the same size, full range, BT.601; may be the photo's own.
        quality: of JPEG (unless the photo's own tables are standard: then its own quality) and lossy WebP.

    Raises:
        EncoderError: it can't be encoded.
        StorageFullError, StorageReadOnlyError: it can't be written.
    """
    kept = _encoded(photo, planes, quality)
    if kept.dropped and problems is not None:
        problems.add(MediaMetadataDroppedError)
    with naming(path):
        path.write_bytes(kept.data)


def _read(path: Path) -> tuple[bytes, PhotoFormat]:
    head = read_head(path)
    kind = photo_format(head, path)
    if kind is None:
        raise SourceNotVideoError(f"{path} is no photo")
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SourcePictureSizeError(f"{path} has more than {_MOST_BYTES >> 20} MiB")
        return path.read_bytes(), kind
    except OSError as error:
        raise name_of(error, path) from error


def _facts(path: Path, data: bytes, kind: PhotoFormat, header: PhotoHeader) -> MediaFacts:
    cut = kind == "jpeg" and not is_whole(data)
    problem = Problem(code=SourceCorruptError.code, detail=f"{path.name} ends early")
    return MediaFacts(
        kind="photo",
        container=kind,
        codec=kind,
        width_px=header.width_px,
        height_px=header.height_px,
        rotation_deg=header.rotation_deg,
        bytes=len(data),
        problems=(problem,) if cut else (),
    )


def _pixels_of(data: bytes, name: str) -> Any:
    """The picture as OpenCV reads it: its own depth and channels, not turned."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    except (cv2.error, MemoryError) as error:
        raise SourceCorruptError(f"{name} can't be decoded") from error
    if pixels is None:
        raise SourceCorruptError(f"{name} can't be decoded")
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype not in (np.uint8, np.uint16) or channels not in {1, 3, 4}:
        raise SourcePhotoUnsupportedError(f"{name} has {channels} channels of {pixels.dtype}")
    return pixels[:, :, 0] if pixels.ndim == 3 and channels == 1 else pixels


def _quartered(own: Planes) -> Planes:
    """A JPEG's own planes as 4:2:0; the very same where they are that already."""
    if own.u.size:
        return Planes(own.y, halved(own.u, own.y.shape), halved(own.v, own.y.shape))
    shape = ((own.height_px + 1) // 2, (own.width_px + 1) // 2)
    return Planes(own.y, np.full(shape, 128, np.uint8), np.full(shape, 128, np.uint8))


def _frame(planes: Planes, picture: av.VideoFrame | None) -> Frame:
    for plane in planes:
        plane.flags.writeable = False
    return Frame(
        planes=planes,
        seq=0,
        pts_s=0.0,
        captured_monotonic_s=time.monotonic(),
        captured_unix_s=0.0,
        full_range=True,
        keyframe=True,
        owner=picture,
    )


def _encoded(photo: Photo, planes: Planes, quality: int) -> metadata.Kept:
    if isinstance(photo.pixels, Planes):
        data = encode_jpeg_planes(_changed_planes(photo.pixels, photo.frame.planes, planes), photo.quality or quality)
        return metadata.into_jpeg(data, photo.data)
    pixels = change_pixels(photo.pixels, photo.frame.planes, planes)
    match photo.format:
        case "jpeg":
            full = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
            data = _by_opencv(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, photo.quality or quality, *full])
            return metadata.into_jpeg(data, photo.data)
        case "png":
            return metadata.into_png(_by_opencv(".png", pixels, []), photo.data)
        case "webp":
            lossless = any(kind == b"VP8L" for kind, _ in metadata.webp_chunks(photo.data))
            own = _LOSSLESS if lossless else quality
            data = _by_opencv(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, own])
            alpha = pixels.ndim == 3 and pixels.shape[2] == 4
            return metadata.into_webp(data, photo.data, photo.facts.width_px, photo.facts.height_px, alpha=alpha)
        case "tiff":
            return into_tiff(_by_opencv(".tiff", pixels, []), photo.data)
        case "bmp":
            return metadata.Kept(_by_opencv(".bmp", pixels, []), dropped=False)


def _changed_planes(own: Planes, before: Planes, after: Planes) -> Planes:
    """A JPEG's own planes with the changes made to their 4:2:0 form."""
    if not own.u.size:
        return Planes(after.y, own.u, own.v)
    if own.u.shape == after.u.shape:
        return after
    changed = changed_mask(before, after)
    return Planes(after.y, change_chroma(own.u, after.u, changed), change_chroma(own.v, after.v, changed))


def _by_opencv(suffix: str, pixels: Pixels, options: list[int]) -> bytes:
    try:
        done, data = cv2.imencode(suffix, pixels, options)
    except cv2.error as error:
        raise EncoderError(f"{suffix[1:]}: {error}") from error
    if not done:
        raise EncoderError(f"{suffix[1:]} of {pixels.shape[1]}x{pixels.shape[0]}")
    return bytes(data)
