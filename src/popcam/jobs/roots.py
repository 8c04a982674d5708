"""Which folders jobs may read and write. A path is judged by where it really leads, links followed."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from popcam.core.errors import JobInputMissingError, JobInputOutsideRootsError, JobOutputRefusedError


class Roots:
    """The allowed folders.

    Args:
        folders: from the settings.
        own: popcam's own folder of results, which is always allowed.
        restricted: False allows everything that the system does.
    """

    def __init__(self, folders: Sequence[str], own: Path, *, restricted: bool = True) -> None:
        self.folders = tuple(Path(folder).expanduser() for folder in folders)
        self._own = own
        self.restricted = restricted

    def readable(self, path: str | Path) -> Path:
        """Where a path leads, if jobs may read there. It need not exist: that is asked after this, so that nobody
        learns what lies elsewhere.

        Raises:
            JobInputOutsideRootsError: they may not.
            JobInputMissingError: it can be no path at all.
        """
        resolved = _resolved(path)
        if resolved is None:
            raise JobInputMissingError(repr(str(path)))
        if not self._within(resolved):
            raise JobInputOutsideRootsError(str(path))
        return resolved

    def writable(self, path: str) -> Path:
        """Where results go, if jobs may write there.

        Raises:
            JobOutputRefusedError: they may not.
        """
        resolved = _resolved(path)
        if resolved is None or not self._within(resolved):
            raise JobOutputRefusedError(path)
        return resolved

    def _within(self, resolved: Path) -> bool:
        # Roots are resolved each time: a link or mount may have been put in their place meanwhile.
        return not self.restricted or any(
            resolved.is_relative_to(os.path.realpath(folder)) for folder in (*self.folders, self._own)
        )


def _resolved(path: str | Path) -> Path | None:
    try:
        resolved = Path(os.path.realpath(Path(path).expanduser()))
    except (ValueError, OSError, RuntimeError):  # a zero byte, half a letter, a home folder of nobody
        return None
    try:
        resolved.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None
    return resolved
