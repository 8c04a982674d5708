"""A worker's output file, kept small while the worker writes to it."""

import contextlib
import shutil
from pathlib import Path

from popcam.core.log_keeping import log_keeping
from popcam.core.log_rotation import numbered


def keep_small(path: Path, max_bytes: int | None = None) -> bool:
    """Put away what was written once the file is too large; True when it was.

    The worker holds the file open for appending, so its content is copied and the file cut, not renamed: lines
    written between the two steps are lost. No pipe through the server is used because a worker may outlive it.

    Args:
        path: the file; the newest that was put away is `<name>.1`.
        max_bytes: too large beyond this; as the settings say by default.
    """
    rules = log_keeping()
    try:
        if path.stat().st_size <= (rules.max_bytes if max_bytes is None else max_bytes):
            return False
    except FileNotFoundError:
        return False
    with contextlib.suppress(FileNotFoundError):
        copied = numbered(path, 0)
        shutil.copyfile(path, copied)
        copied.chmod(0o600)
        for number in range(rules.max_files - 1, -1, -1):
            with contextlib.suppress(FileNotFoundError):
                numbered(path, number).replace(numbered(path, number + 1))
        with path.open("r+b") as file:
            file.truncate(0)
    return True
