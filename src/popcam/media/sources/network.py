"""Looking at a host once more after it failed to open, for a better name than "time-out" or "I/O error"."""

import socket
import threading
from typing import Final
from urllib.parse import urlsplit

from popcam.core.errors import SourceError, SourceTimeoutError, SourceUnreachableError
from popcam.core.redact import redact
from popcam.media.reach import DEFAULT_PORTS

LOOK_S: Final = 1.5


def diagnose(error: SourceError, url: str) -> SourceError:
    """Tell a host that can't be reached from one that takes the connection and then says nothing.

    FFmpeg reports both as the same time-out, and a name that does not resolve as an I/O error. At most 1.5 s.
    """
    if not isinstance(error, SourceTimeoutError | SourceUnreachableError):
        return error
    reason = _why_unreachable(url)
    if reason:
        return SourceUnreachableError(f"{redact(url)}: {reason}")
    if isinstance(error, SourceTimeoutError):
        return SourceTimeoutError(f"{redact(url)}: connected, but nothing came in time")
    return error


def _why_unreachable(url: str) -> str:
    """Why no connection can be made, or an empty string when it can."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 80)
    outcome: list[str] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=LOOK_S).close()
            outcome.append("")
        except socket.gaierror as error:
            outcome.append(f"the name {host} can't be resolved ({error.strerror})")
        except TimeoutError:
            outcome.append(f"no answer from {host} port {port}")
        except OSError as error:
            outcome.append(f"{host} port {port}: {error.strerror}")

    thread = threading.Thread(target=connect, name="source diagnose", daemon=True)  # resolving a name has no time-out
    thread.start()
    thread.join(LOOK_S)
    return outcome[0] if outcome else f"no answer for {host} port {port}"
