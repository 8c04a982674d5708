"""The key of the server's own user: who can read its file may do everything, as they could by the database anyway."""

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from popcam.core.access import Principal

FILE_NAME = "shell.key"
PREFIX = "popcam_shell_"


class ShellKey:
    """A random key in a file that only the server's own user reads; another one at each start.

    Args:
        runtime_dir: folder of the running server.
    """

    def __init__(self, runtime_dir: Path) -> None:
        self.path = runtime_dir / FILE_NAME
        self._key = b""

    def make(self) -> None:
        """Write a new key over the one of the last start.

        Raises:
            OSError: the folder can't be written.
        """
        key = PREFIX + secrets.token_urlsafe(32)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.path.with_name(f".{FILE_NAME}.{os.getpid()}")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key)
        part.replace(self.path)
        self._key = key.encode()

    def knows(self, text: str) -> bool:
        """Whether a bearer's text is this key."""
        return bool(self._key) and hmac.compare_digest(text.encode(), self._key)

    def principal(self, address: str = "") -> Principal:
        """Who holds it."""
        return Principal(via="shell", role="admin", name="shell", address=address)

    def remove(self) -> None:
        """Take the file away, unless another server wrote one meanwhile."""
        with contextlib.suppress(OSError):
            if read_shell_key(self.path.parent) == self._key.decode():
                self.path.unlink()
        self._key = b""


def read_shell_key(runtime_dir: Path) -> str:
    """The key of the server that runs there; empty when there is none, or it may not be read."""
    try:
        return (runtime_dir / FILE_NAME).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
