"""Video files of the local disk."""

import stat
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourcePermissionError,
)
from popcam.core.interfaces import Source
from popcam.core.spec import DecodeSpec, SourceSpec
from popcam.media.sources.av_errors import named
from popcam.media.sources.container import Recipe
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.formats import RECORDED, looks_like_video
from popcam.media.sources.images import PICTURE_SUFFIXES, open_images
from popcam.media.sources.stream import AvSource

_HEAD_BYTES: Final = 4096


def open_file(spec: SourceSpec, decode: DecodeSpec, continuity: Continuity) -> Source:
    """Open a video file; a folder or a single picture is shown as pictures.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceEmptyError: before anything is read.
        SourceNotVideoError, SourceCorruptError, SourceNoVideoTrackError, SourceUnsupportedCodecError,
        SourcePictureSizeError: by what is inside.
    """
    path = path_of(spec.url)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode) or path.suffix.lower() in PICTURE_SUFFIXES:
            return open_images(spec, decode, continuity)
        if not stat.S_ISREG(status.st_mode):
            raise SourceNotVideoError(f"{path} is no regular file; capture devices are opened as device:{path}")
        head = _head_of(path)
    except OSError as error:
        raise _name_of(error, path) from error
    if not head:
        raise SourceEmptyError(f"{path} has no bytes")
    options = {"protocol_whitelist": "file", "format_whitelist": RECORDED}
    recipe = Recipe(kind="file", url=f"file:{path}", options=options, live=False)
    return AvSource(recipe, spec, decode, continuity, lambda error: _with_better_name(error, head, path))


def path_of(url: str) -> Path:
    """The path that an address means: a plain path, `file:path` or `file:///path`; `~` is the home folder."""
    if url.lower().startswith("file://"):
        return Path(unquote(urlsplit(url).path))
    return Path(url[5:] if url.lower().startswith("file:") else url).expanduser()


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _with_better_name(error: SourceError, head: bytes, path: Path) -> SourceError:
    if isinstance(error, SourceNotVideoError) and looks_like_video(head):
        return SourceCorruptError(f"{path} begins like a video but can't be read as one")
    return error


def _name_of(error: OSError, path: Path) -> SourceError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceNotFoundError(str(path))
    if isinstance(error, PermissionError):
        return SourcePermissionError(str(path))
    return named(error, "file", str(path))
