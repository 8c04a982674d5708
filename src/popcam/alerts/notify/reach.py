"""Where a thread that sends may connect to: nowhere that a camera may not be either (`core/addresses.py`).

Whoever may enter a channel could else make popcam ask services that trust this machine or the cloud's metadata service
(CWE-918). The address as it is written tells too little: names are resolved late, and a web server may answer with a
redirect. So each connection is judged where Python makes it, in an audit hook (PEP 578), which sees the address that is
really taken. It looks only at threads that are inside of `guarded`.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from popcam.core.addresses import address_of, address_problem, resolved_problem
from popcam.core.language import Text

_inside = threading.local()
_installing = threading.Lock()
_installed = False


class NotReachedError(OSError):
    """A connection was refused here, before it was made. An OSError, as libraries that connect expect one."""

    def __init__(self, host: str, problem: Text) -> None:
        super().__init__(f"{host}: {problem.en}")
        self.host = host
        self.problem = problem


@contextmanager
def guarded() -> Iterator[list[NotReachedError]]:
    """Within it, this thread makes no connection that the rules forbid; gives those that were refused.

    Libraries often swallow the reason, so who calls looks at the list.
    """
    _install()
    refused: list[NotReachedError] = []
    _inside.refused = refused
    try:
        yield refused
    finally:
        del _inside.refused


def _install() -> None:
    """Hooks can't be taken away again, so there is one for the process, made by the first use."""
    global _installed
    with _installing:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    refused: list[NotReachedError] | None = getattr(_inside, "refused", None)
    if refused is None:
        return
    address = arguments[1]
    if not isinstance(address, tuple) or not address:
        return  # a socket of this machine's file system; addresses in Apprise's form name none
    host = str(address[0])
    problem = _problem(host)
    if problem is not None:
        error = NotReachedError(host, problem)
        refused.append(error)
        raise error


_hook.__cantrace__ = True  # type: ignore[attr-defined]  # else no debugger or coverage sees a hook


def _problem(host: str) -> Text | None:
    found = address_of(host)
    if found is not None:
        return address_problem(found)
    addresses = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return resolved_problem(addresses)
