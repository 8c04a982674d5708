"""Names of results: mirrored from the sources, never two the same, never longer than a disk takes. Pure."""

from popcam.core.batch import MediaKind
from popcam.core.jobs import JobKind

MAX_NAME_BYTES = 255
"""What common file systems take for one name."""
KEPT_CONTAINERS = frozenset({".mp4", ".m4v", ".mov", ".mkv"})
"""Containers that hold what we encode; other videos become `.mp4`."""
FACTS = ".facts.jsonl"
INDEX = ".index.json"
LONG_SUFFIXES = (FACTS, INDEX)


def result_path(kind: JobKind, media: MediaKind, path: str) -> str:
    """The result's path below the output folder, from the source's below its input."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + fitted(_result_name(kind, media, name))


def numbered(path: str, number: int) -> str:
    """The path with ` (2)` before its ending, cut to what a disk takes."""
    folder, slash, name = path.rpartition("/")
    stem, suffix = split(name)
    return folder + slash + fitted(f"{stem}{suffix}", f" ({number})")


def with_suffix(path: str, suffix: str) -> str:
    """The path with another ending: the worker had to take another container."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + fitted(split(name)[0] + suffix)


def split(name: str) -> tuple[str, str]:
    """Stem and ending of a name; `.facts.jsonl` is one ending."""
    for suffix in LONG_SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)], suffix
    dot = name.rfind(".")
    if dot <= 0 or len(name) - dot > 16:
        return name, ""
    return name[:dot], name[dot:]


def fitted(name: str, before_suffix: str = "") -> str:
    """The name with its stem cut, at a whole letter, so that the disk takes it."""
    stem, suffix = split(name)
    room = MAX_NAME_BYTES - len((before_suffix + suffix).encode())
    return stem.encode()[:room].decode(errors="ignore") + before_suffix + suffix


class TakenNames:
    """Gives each result of a job a path of its own. Letters of both cases count as one: some disks do so."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, path: str) -> str:
        """The path, or the next free number of it."""
        free, key = path, path.casefold()
        number = self._next.get(key, 2)
        while free.casefold() in self._taken:
            free = numbered(path, number)
            number += 1
        self._next[key] = number
        self._taken.add(free.casefold())
        return free


def _result_name(kind: JobKind, media: MediaKind, name: str) -> str:
    if kind == "find_faces":
        return name + FACTS
    if kind == "index":
        return name + INDEX
    stem, suffix = split(name)
    if media == "photo" or suffix.lower() in KEPT_CONTAINERS:
        return name
    return stem + ".mp4"
