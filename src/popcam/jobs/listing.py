"""Which files a job has: folders walked in the order of names, links followed but never round and round."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from popcam.core.batch import MediaKind
from popcam.core.errors import (
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNameUnusableError,
    JobTooManyFilesError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourcePermissionError,
)
from popcam.core.jobs import Problem
from popcam.jobs.model import media_kind_of
from popcam.jobs.patterns import Chosen
from popcam.jobs.roots import Roots

MAX_FILES = 200_000
WORK_PREFIX = ".popcam-"
"""Folders of this name beside results hold unfinished ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file of a job.

    Attributes:
        source: as people know it.
        path: where it is.
        below: its path below the output folder, with `/`.
        problem: why it can't be done, known already.
    """

    source: str
    path: str
    below: str
    kind: MediaKind
    size_bytes: int
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing that the job names. `path` is resolved and allowed; uploads have a name of their own."""

    source: str
    path: Path
    upload_name: str = ""


class Listing:
    """Walks the inputs of one job. Blocks: it belongs into a thread.

    Args:
        chosen: patterns.
        recursive: folders within folders, too.
        roots: files behind links have to lie in these.
        skipped: resolved folders that are not entered: the job's own output, for example.
    """

    def __init__(
        self,
        chosen: Chosen,
        *,
        recursive: bool,
        roots: Roots,
        skipped: Sequence[Path] = (),
        max_files: int = MAX_FILES,
    ) -> None:
        self._chosen = chosen
        self._recursive = recursive
        self._roots = roots
        self._skipped = frozenset(str(path) for path in skipped)
        self._max_files = max_files
        self._paths: set[str] = set()
        self._folders: set[tuple[int, int]] = set()

    def files(self, inputs: Sequence[Input]) -> list[FoundFile]:
        """All files, in the order of the inputs and of names within folders. A file that is named twice comes once.

        Raises:
            JobInputMissingError: an input does not exist.
            JobTooManyFilesError.
        """
        found: list[FoundFile] = []
        folders = {one.path for one in inputs if _leads_to_folder(one.path)}
        for one in inputs:
            # With one folder the tree begins in the output folder; several stay apart below it.
            above = f"{one.path.name}/" if len(folders) > 1 or len(inputs) > 1 else ""
            for file in self._walk(one.path, one.source, above) if one.path in folders else self._file(one):
                if file.path in self._paths:
                    continue
                self._paths.add(file.path)
                found.append(file)
                if len(found) > self._max_files:
                    raise JobTooManyFilesError(f"more than {self._max_files}")
        return found

    def _file(self, one: Input) -> Iterator[FoundFile]:
        try:
            facts = one.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise JobInputMissingError(one.source) from error
        except OSError as error:
            yield _broken(one.source, str(one.path), one.path.name, SourcePermissionError.code, error.strerror or "")
            return
        name = one.upload_name or one.path.name
        if _unusable(name) or _unusable(str(one.path)):
            yield _broken(_shown(one.source), _shown(str(one.path)), _shown(name), JobNameUnusableError.code)
            return
        problem = None if stat.S_ISREG(facts.st_mode) else Problem(code=SourceNotVideoError.code, detail="not a file")
        yield FoundFile(
            source=one.source,
            path=str(one.path),
            below=name,
            kind=media_kind_of(name) or "video",  # inspecting it tells what it is
            size_bytes=facts.st_size,
            problem=problem,
        )

    def _walk(self, top: Path, source: str, above: str) -> Iterator[FoundFile]:
        # A stack of what is left in each open folder: as deep as the tree, however many files there are.
        open_folders = [self._entries(str(top), source, "")]
        while open_folders:
            entry = next(open_folders[-1], None)
            if entry is None:
                open_folders.pop()
            elif isinstance(entry, FoundFile):
                yield _below(entry, above)
            else:
                open_folders.append(self._entries(*entry))

    def _entries(self, folder: str, source: str, below: str) -> "Iterator[FoundFile | tuple[str, str, str]]":
        """Files of one folder, and its folders as arguments of this method, by name."""
        try:
            facts = Path(folder).stat()
            key = (facts.st_dev, facts.st_ino)
            if key in self._folders:
                return  # a link leads back here, or two lead to the same place
            self._folders.add(key)
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            code = SourcePermissionError.code if isinstance(error, PermissionError) else SourceNotFoundError.code
            yield _broken(source, folder, below or Path(folder).name, code, error.strerror or "")
            return
        for entry in entries:
            inner = f"{below}/{entry.name}" if below else entry.name
            named = f"{source.rstrip('/')}/{entry.name}"
            if entry.name.startswith(".") or self._chosen.left_out(inner):
                continue
            if _unusable(entry.name):
                if self._wanted(entry.name, inner):
                    yield _broken(_shown(named), _shown(entry.path), _shown(inner), JobNameUnusableError.code)
            elif _is_folder(entry):
                if self._recursive and self._enters(entry):
                    yield entry.path, named, inner
            elif self._wanted(entry.name, inner):
                yield self._found(entry, named, inner)

    def _wanted(self, name: str, below: str) -> bool:
        return self._chosen.takes(below) and (self._chosen.by_pattern or media_kind_of(name) is not None)

    def _enters(self, entry: "os.DirEntry[str]") -> bool:
        if not entry.is_symlink():
            return entry.path not in self._skipped
        try:
            return str(self._roots.readable(entry.path)) not in self._skipped
        except JobInputOutsideRootsError:
            return False

    def _found(self, entry: "os.DirEntry[str]", source: str, below: str) -> FoundFile:
        try:
            if entry.is_symlink():
                self._roots.readable(entry.path)
            facts = entry.stat()
        except JobInputOutsideRootsError as error:
            return _broken(source, entry.path, below, error.code)
        except OSError as error:
            return _broken(source, entry.path, below, SourceNotFoundError.code, error.strerror or "")
        if not stat.S_ISREG(facts.st_mode):
            return _broken(source, entry.path, below, SourceNotVideoError.code, "not a file")
        return FoundFile(
            source=source,
            path=entry.path,
            below=below,
            kind=media_kind_of(entry.name) or "video",
            size_bytes=facts.st_size,
        )


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _broken(source: str, path: str, below: str, code: str, detail: str = "") -> FoundFile:
    kind = media_kind_of(below) or "video"
    problem = Problem(code=code, detail=detail)
    return FoundFile(source=source, path=path, below=below, kind=kind, size_bytes=0, problem=problem)


def _below(file: FoundFile, above: str) -> FoundFile:
    if not above:
        return file
    return FoundFile(
        source=file.source,
        path=file.path,
        below=above + file.below,
        kind=file.kind,
        size_bytes=file.size_bytes,
        problem=file.problem,
    )


def _unusable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 come as halves of letters
        return True
    return False


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _leads_to_folder(path: Path) -> bool:
    """Whether it is a folder; what can't even be looked at is none, and fails by its name when it is opened."""
    try:
        return path.is_dir()
    except OSError:
        return False
