"""Looking where an address leads before anything connects to it."""

import contextlib
import socket
import threading
import time
from typing import Final
from urllib.parse import urlsplit

from popcam.core.addresses import address_of, host_problem, resolved_problem
from popcam.core.errors import SourceAddressRefusedError, SourceUnreachableError
from popcam.core.language import Text
from popcam.core.redact import redact

DEFAULT_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
LOOK_UP_S = 5.0
"""Longest wait for a name. Who can't be looked up in time is not connected to: what it stands for is not known."""


def connect_s(url: str, timeout_s: float) -> float:
    """How long it takes to connect to an address's host and port: one way there and back. Nothing is sent.

    Raises:
        SourceAddressRefusedError: see `refuse_host`.
        SourceUnreachableError: there is no answer in time, or nobody listens.
    """
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 80)
    host = _allowed(url, timeout_s)
    begun_s = time.perf_counter()
    try:
        connection = socket.create_connection((host, port), timeout_s)
    except OSError as error:
        raise SourceUnreachableError(f"{redact(url)}: {error.strerror or error}") from error
    took_s = time.perf_counter() - begun_s
    with contextlib.suppress(OSError):
        connection.close()
    return took_s


def refuse_host(url: str, timeout_s: float = LOOK_UP_S) -> None:
    """Refuse an address that leads where no camera is, by its spelling and by what its name stands for now.

    Raises:
        SourceAddressRefusedError: the cloud's metadata service, a link-local address, or this machine where it is
            forbidden.
        SourceUnreachableError: the name stands for nothing, or that is not known in time.
    """
    _allowed(url, timeout_s)


def _allowed(url: str, timeout_s: float) -> str:
    """The address that the host stands for now; the raised errors are those of `refuse_host`."""
    host = urlsplit(url).hostname or ""
    problem, addresses = host_problem(host), [host]
    if problem is None and address_of(host) is None:
        addresses = _resolved(url, host, min(timeout_s, LOOK_UP_S))
        problem = resolved_problem(addresses)
    if problem is not None:
        raise refused(url, problem)
    return addresses[0]


def refused(url: str, problem: Text) -> SourceAddressRefusedError:
    """The error about an address, with its credentials masked."""
    shown = redact(url)
    return SourceAddressRefusedError(f"{shown}: {problem.en}", f"{shown}：{problem.zh}")


def _resolved(url: str, host: str, timeout_s: float) -> list[str]:
    outcome: list[list[str] | str] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            outcome.append([str(address[0]) for *_, address in found])
        except (OSError, UnicodeError) as error:
            outcome.append(str(getattr(error, "strerror", None) or error))

    thread = threading.Thread(target=look_up, name="look up", daemon=True)  # resolving a name has no time-out
    thread.start()
    thread.join(timeout_s)
    found = outcome[0] if outcome else "no answer in time"
    if isinstance(found, str):
        raise SourceUnreachableError(f"{redact(url)}: the name {host} can't be resolved ({found})")
    return found
