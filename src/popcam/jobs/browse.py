"""What a folder within the roots holds, for people who choose. Blocks."""

import os
from pathlib import Path

from popcam.core.errors import JobInputMissingError, JobInputOutsideRootsError
from popcam.jobs.answers import Folder, Place
from popcam.jobs.model import media_kind_of
from popcam.jobs.roots import Roots

MAX_PLACES = 1000


def browse(path: str, roots: Roots) -> Folder:
    """One folder, or the roots where `path` is empty.

    Raises:
        JobInputMissingError, JobInputOutsideRootsError.
    """
    if not path:
        return Folder(path="", parent=None, places=tuple(_root(one) for one in roots.folders), truncated=False)
    folder = roots.readable(path)
    try:
        with os.scandir(folder) as scanned:
            places = [place for entry in scanned if (place := _place(entry, roots)) is not None]
    except OSError as error:
        raise JobInputMissingError(f"{path}: {error.strerror}") from error
    places.sort(key=lambda place: (place.kind != "folder", place.name.casefold(), place.name))
    return Folder(
        path=str(folder),
        parent=_parent(folder, roots),
        places=tuple(places[:MAX_PLACES]),
        truncated=len(places) > MAX_PLACES,
    )


def _root(folder: Path) -> Place:
    return Place(name=str(folder), path=str(folder), kind="folder", size_bytes=None, modified_unix_s=None)


def _parent(folder: Path, roots: Roots) -> str:
    try:
        return str(roots.readable(folder.parent))
    except JobInputOutsideRootsError:
        return ""


def _place(entry: "os.DirEntry[str]", roots: Roots) -> Place | None:
    kind = media_kind_of(entry.name)
    try:
        entry.name.encode()
        folder = entry.is_dir()
        if entry.name.startswith(".") or not (folder or kind):
            return None
        if entry.is_symlink():
            roots.readable(entry.path)
        facts = entry.stat()
    except (OSError, UnicodeEncodeError, JobInputOutsideRootsError):
        return None  # nobody could choose it
    return Place(
        name=entry.name,
        path=entry.path,
        kind="folder" if folder else kind or "video",
        size_bytes=None if folder else facts.st_size,
        modified_unix_s=facts.st_mtime,
    )
