"""Opening a media file: which kind it is by its bytes, and its video track."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from popcam.core.batch import MediaFacts
from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourceNoVideoTrackError,
    SourcePermissionError,
    SourcePhotoUnsupportedError,
    SourceUnsupportedCodecError,
)
from popcam.media.files.model import PhotoFormat
from popcam.media.sources.av_errors import named
from popcam.media.sources.formats import RECORDED, looks_like_video
from popcam.media.sources.upright import check_size

_HEAD_BYTES: Final = 4096
_PHOTOS: Final[tuple[tuple[bytes, PhotoFormat], ...]] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
_HEIF: Final = {
    **dict.fromkeys((b"avif", b"avis"), "an AVIF picture"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "a HEIC picture"),
    **dict.fromkeys((b"mif1", b"msf1"), "a HEIF picture"),
}
"""Major brands of ISO/IEC 23008-12 and of AVIF. FFmpeg would show some as a video of one picture, others by a tile."""
_SAY_ALL: Final = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
_MOVING_JPEG: Final = frozenset({".mjpeg", ".mjpg"})


@dataclass(frozen=True, slots=True)
class OpenedVideo:
    """An open container and its video track."""

    container: InputContainer
    stream: VideoStream
    codec: str
    time_base: Fraction


def read_head(path: Path) -> bytes:
    """The first bytes of a regular file.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceNotVideoError, SourceEmptyError.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceNotVideoError(f"{path} is no regular file")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise name_of(error, path) from error
    if not head:
        raise SourceEmptyError(f"{path} has no bytes")
    return head


def photo_format(head: bytes, path: Path) -> PhotoFormat | None:
    """The format of a photo, by its bytes; None for anything else. A run of JPEG pictures is told by its suffix.

    Raises:
        SourcePhotoUnsupportedError: HEIC, HEIF or AVIF.
    """
    if head[4:8] == b"ftyp" and (what := _HEIF.get(head[8:12])):
        raise SourcePhotoUnsupportedError(f"{path} is {what}")
    if path.suffix.lower() in _MOVING_JPEG:
        return None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((kind for magic, kind in _PHOTOS if head.startswith(magic)), None)


@contextmanager
def open_video(path: Path, known: MediaFacts | None = None) -> Iterator[OpenedVideo]:
    """Open a file and find its video track. What FFmpeg says meanwhile gets our names.

    Args:
        known: what inspecting found. FFmpeg decodes pictures to find out what many containers say in their header;
            where that is so and known, opening takes 0.3 ms instead of 17 (1280x720).

    Raises:
        SourceError: one of its classes, by what is wrong.
    """
    head = read_head(path)
    try:
        options = {"protocol_whitelist": "file", "format_whitelist": RECORDED}
        if known is not None and known.container in _SAY_ALL:
            options["codec_whitelist"] = "none"  # no decoder for probing; ours is another
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            stream = _pick_video(container, path)
            _set_size(stream, known)
            yield OpenedVideo(
                container, stream, stream.codec_context.codec.canonical_name, stream.time_base or Fraction(1, 90_000)
            )
    except (FFmpegError, OSError) as error:
        raise name_of(error, path, head) from error


def _set_size(stream: VideoStream, known: MediaFacts | None) -> None:
    """Refuse absurd sizes, before decoders reserve gigabytes; where a picture has been seen, its size counts."""
    context = stream.codec_context
    if known is not None and not context.is_open:
        context.width, context.height = known.width_px, known.height_px
    check_size(context.width, context.height)


def name_of(error: BaseException, path: Path, head: bytes = b"") -> SourceError:
    """Our name for what the system or FFmpeg said about a file."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceNotFoundError(str(path))
    if isinstance(error, PermissionError):
        return SourcePermissionError(str(path))
    ours = named(error, "file", str(path))
    broken = isinstance(ours, SourceNotVideoError) or isinstance(error, av.error.EOFError)
    if broken and looks_like_video(head):
        return SourceCorruptError(f"{path} begins like a video but can't be read as one")
    return SourceNotVideoError(f"{path}: {error}") if isinstance(error, av.error.EOFError) else ours


def _pick_video(container: InputContainer, path: Path) -> VideoStream:
    """The largest video track that is no cover picture."""
    tracks = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not tracks:
        kinds = sorted({stream.type for stream in container.streams})
        raise SourceNoVideoTrackError(f"{path} holds {', '.join(kinds) or 'nothing'}")
    usable = [stream for stream in tracks if getattr(stream, "codec_context", None) is not None]
    if not usable:
        raise SourceUnsupportedCodecError(f"{path}: no decoder for the codec of stream {tracks[0].index}")
    return max(usable, key=lambda one: one.codec_context.width * one.codec_context.height)
