"""What goes with a message, as Apprise's services want it: most read it from memory, some open a file by its path."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PREFIX = "popcam-notify-"
LEFT_BEHIND_S = 3600.0
"""What is older was left behind by a process that was killed."""


@contextmanager
def attached(data: bytes, name: str, media_type: str) -> Iterator[Any]:
    """An attachment for Apprise. A file is made when a service asks for its path, and is gone afterwards."""
    from apprise.attachment.memory import AttachMemory

    memory: Any = AttachMemory
    folders: list[Path] = []

    class Attached(memory):  # type: ignore[misc] # it has no types
        @property
        def path(self) -> str:
            if not folders:
                sweep()
                folders.append(Path(tempfile.mkdtemp(prefix=PREFIX)))  # for this user alone
                (folders[0] / name).write_bytes(data)
            return str(folders[0] / name)

    try:
        yield Attached(data, name=name, mimetype=media_type)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Delete what a process left behind that was killed while it sent."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if time.time() - folder.stat().st_mtime > LEFT_BEHIND_S:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another one was faster, or it belongs to somebody else
