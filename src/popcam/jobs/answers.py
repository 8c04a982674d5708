"""What the service answers besides the words of `core.jobs`: pages, folders, uploads, and what a job would do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from popcam.core.batch import MediaKind
from popcam.core.jobs import JobItem, JobStatus, Problem


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs newest first; `next_cursor` leads to older ones, None at the end."""

    jobs: tuple[JobStatus, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Files of a job in their order; `next_cursor` leads to the next ones, None at the end."""

    items: tuple[JobItem, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCheck:
    """What a job would do. `frames_estimated` is a guess from sizes: no file is opened for it.

    `problems` are files and folders that would fail for a reason that is known already; `examples` are the first few
    pairs of source and result.
    """

    files: int
    videos: int
    photos: int
    bytes_in: int
    frames_estimated: int
    disk_need_bytes: int
    disk_free_bytes: int
    output_dir: str
    examples: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def fits(self) -> bool:
        return self.disk_need_bytes <= self.disk_free_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that somebody sent. Jobs name it `upload:<upload_id>`."""

    upload_id: str
    name: str
    size_bytes: int
    media_kind: MediaKind
    path: Path
    received_unix_s: float

    @property
    def input(self) -> str:
        return f"upload:{self.upload_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file or folder that a job may take."""

    name: str
    path: str
    kind: Literal["folder", "video", "photo"]
    size_bytes: int | None
    modified_unix_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder's media and folders, or the allowed roots where no path was asked for (`path` is empty then).

    `parent` is empty above a root, None above the list of roots.
    """

    path: str
    parent: str | None
    places: tuple[Place, ...]
    truncated: bool
