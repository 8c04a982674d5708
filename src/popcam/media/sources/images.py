"""A folder of pictures, or one picture, played like a video."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import structlog

from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceEndedError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourcePermissionError,
)
from popcam.core.frame import Chunk, DecodeMode, Frame, StreamInfo
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.decoder import IDLE_INTERVAL_S
from popcam.media.sources.pacing import Pace, Playback
from popcam.media.sources.upright import Upright

log = structlog.get_logger(__name__)

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
DEFAULT_FPS: Final = 5.0
_FORMATS: Final = "jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,tiff_pipe,webp,mjpeg"


class ImageSource:
    """Pictures in the order of their names (numbers by value), at `fps`. Damaged ones are skipped and counted.

    At the end of a round the folder is read again, so that pictures may come and go. Modes: `KEYFRAMES` gives at most
    one picture in half a second, `NOTHING` none; both go on in the folder.
    """

    def __init__(self, path: Path, spec: SourceSpec, continuity: Continuity) -> None:
        self._path = path
        self._spec = spec
        self._continuity = continuity
        self._interval_s = 1 / (spec.fps or DEFAULT_FPS)
        self._pace = Pace()
        self._playback = Playback(self._pace)
        self._upright = Upright()
        self._start_s = continuity.start_s(0.0, self._interval_s)
        self._index = -1
        self._last_shown_s: float | None = None
        self._shown_in_round = 0
        self._round = iter(pictures_in(path))
        first, info = self._first_that_works()
        self._info = info
        self._round = iter([first, *self._round])
        self._shown_in_round = 0
        continuity.new_generation()

    @property
    def info(self) -> StreamInfo:
        return self._info

    def read(self, mode: DecodeMode, *, linger_s: float = 0.0) -> Chunk:  # noqa: ARG002 - it has no packets
        path = self._next_path()
        self._index += 1
        pts_s = self._start_s + self._index * self._interval_s
        if self._spec.realtime and not self._playback.wait(pts_s):
            raise SourceEndedError("the source was closed")
        if self._pace.stopped:
            raise SourceEndedError("the source was closed")
        self._continuity.last_pts_s = pts_s
        if mode is DecodeMode.NOTHING or (mode is DecodeMode.KEYFRAMES and not self._idle_due(pts_s)):
            self._shown_in_round += 1
            return Chunk(None, ())
        begun_s = time.perf_counter()
        try:
            picture, info = load(path, self._spec)
        except SourceError as error:
            self._continuity.lose()
            log.warning("source.picture_skipped", path=str(path), code=error.code)
            return Chunk(None, ())
        self._shown_in_round += 1
        if (info.width_px, info.height_px) != (self._info.width_px, self._info.height_px):
            self._continuity.new_generation()
        self._info = info
        return Chunk(None, (self._frame(picture, pts_s),), time.perf_counter() - begun_s)

    def close(self) -> None:
        self._pace.stop()

    def _next_path(self) -> Path:
        path = next(self._round, None)
        if path is not None:
            return path
        if not self._shown_in_round:
            raise SourceCorruptError(f"{self._path}: none of the pictures can be read")
        if not self._spec.loop:
            raise SourceEndedError(str(self._path))
        self._round, self._shown_in_round = iter(pictures_in(self._path)), 0
        return next(self._round)

    def _first_that_works(self) -> tuple[Path, StreamInfo]:
        last: SourceError = SourceEmptyError(str(self._path))
        for path in self._round:
            try:
                return path, load(path, self._spec)[1]
            except SourceError as error:
                last = error
        raise last

    def _idle_due(self, pts_s: float) -> bool:
        due = self._last_shown_s is None or pts_s - self._last_shown_s >= IDLE_INTERVAL_S
        if due:
            self._last_shown_s = pts_s
        return due

    def _frame(self, picture: av.VideoFrame, pts_s: float) -> Frame:
        made, planes, full_range = self._upright.planes(picture)
        return Frame(
            planes=planes,
            seq=self._continuity.take_seq(),
            pts_s=pts_s,
            captured_monotonic_s=time.monotonic(),
            captured_unix_s=time.time(),
            full_range=full_range,
            keyframe=True,
            interval_s=self._interval_s,
            owner=made,
        )


def open_images(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:  # noqa: ARG001 one signature for all openers
    """Open a folder of pictures or one picture, by its path or as `images:path`.

    Raises:
        SourceNotFoundError, SourcePermissionError: the folder can't be read.
        SourceEmptyError: it holds no pictures.
        SourceCorruptError, SourcePictureSizeError, SourceNotVideoError: none of the pictures can be used.
    """
    url = spec.url[7:] if spec.url.lower().startswith("images:") else spec.url
    url = url[5:] if url.lower().startswith("file:") and not url.lower().startswith("file://") else url
    return ImageSource(Path(url.removeprefix("file://")).expanduser(), spec, continuity)


def pictures_in(path: Path) -> list[Path]:
    """The pictures of a folder, numbers in names by value; a file is its own only picture.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceEmptyError: there is nothing to show.
    """
    try:
        if path.is_file():
            return [path]
        found = [one for one in path.iterdir() if one.suffix.lower() in PICTURE_SUFFIXES and one.is_file()]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SourceNotFoundError(str(path)) from error
    except PermissionError as error:
        raise SourcePermissionError(str(path)) from error
    if not found:
        raise SourceEmptyError(f"{path} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    return sorted(found, key=lambda one: [*_parts(one.name)])


def load(path: Path, spec: SourceSpec) -> tuple[av.VideoFrame, StreamInfo]:
    """Decode one picture.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceEmptyError, SourceCorruptError, SourceNotVideoError.
    """
    try:
        data = path.read_bytes()
    except PermissionError as error:
        raise SourcePermissionError(str(path)) from error
    except OSError as error:
        raise SourceNotFoundError(f"{path}: {error.strerror}") from error
    if not data:
        raise SourceEmptyError(f"{path} has no bytes")
    options = {"format_whitelist": _FORMATS}
    try:
        with av.open(io.BytesIO(data), "r", options=options, metadata_errors="replace") as container:
            picture = next(container.decode(video=0))
            codec = container.streams.video[0].codec_context.codec.canonical_name
    except (av.error.FFmpegError, StopIteration, ValueError, IndexError) as error:
        damaged = SourceCorruptError if _is_picture(data) else SourceNotVideoError
        raise damaged(f"{path} can't be read as a picture") from error
    turned = round(picture.rotation) % 180 != 0
    width, height = (picture.height, picture.width) if turned else (picture.width, picture.height)
    info = StreamInfo(
        codec=codec,
        width_px=width,
        height_px=height,
        fps=spec.fps or DEFAULT_FPS,
        pixel_format=picture.format.name,
        container="images",
        rotation_deg=round(picture.rotation) % 360,
        live=False,
    )
    return picture, info


def _is_picture(data: bytes) -> bool:
    starts = (b"\xff\xd8", b"\x89PNG", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")
    return data.startswith(starts)


def _parts(name: str) -> Iterator[tuple[int, int, str]]:
    for digits, letters in re.findall(r"(\d+)|(\D+)", name.lower()):
        yield (0, int(digits), "") if digits else (1, 0, letters)
