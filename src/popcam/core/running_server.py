"""Where the server of this user runs: a small file in its runtime folder, for commands of the same user."""

import contextlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

FILE_NAME = "server.json"


def default_runtime_dir() -> Path:
    """The user's runtime folder, or one in the user's data: never a folder that others may have made in /tmp."""
    if sys.platform not in {"win32", "darwin"} and not os.environ.get("XDG_RUNTIME_DIR"):
        return platformdirs.user_data_path("popcam") / "run"
    return platformdirs.user_runtime_path("popcam")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server on this machine.

    Attributes:
        url: its address for this machine, such as `https://127.0.0.1:8080`.
        port: its TCP port. While the server lives nobody else can have it: its shell key is told to nobody else.
        certificate: file of the certificate that it proves itself by, or of the authority behind it; empty for HTTP.
    """

    url: str
    port: int
    certificate: str = ""

    def write(self, runtime_dir: Path) -> None:
        """Leave it for commands.

        Raises:
            OSError: the folder can't be written.
        """
        runtime_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = runtime_dir / f".{FILE_NAME}.{os.getpid()}"
        part.write_text(json.dumps(asdict(self)), "utf-8")
        part.replace(runtime_dir / FILE_NAME)

    def remove(self, runtime_dir: Path) -> None:
        """Take it away, unless another server wrote its own meanwhile."""
        if read_running(runtime_dir) == self:
            with contextlib.suppress(OSError):
                (runtime_dir / FILE_NAME).unlink()


def read_running(runtime_dir: Path) -> RunningServer | None:
    """The server that was started last with this runtime folder; None when there is none."""
    try:
        return RunningServer(**json.loads((runtime_dir / FILE_NAME).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
