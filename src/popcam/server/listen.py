"""Taking the port, before anything else starts: a port in use is said at once, with who has it and what is free."""

import errno
import socket
from collections.abc import Iterator

from popcam.core.errors import AddressUnavailableError, PopcamError, PortInUseError
from popcam.server.ports import free_port, owner_of

BACKLOG = 1024
UNSENT_BYTES = 32_768
"""What the system may hold of a connection beyond what is on its way. By default it keeps megabytes: a slow viewer then
sees pictures that are seconds old (measured: 142 pictures of 30 kB instead of 13), because we can't drop them there."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of `host`; port 0 takes any free one, the same for all.

    Raises:
        PortInUseError: another program has the port.
        AddressUnavailableError: the address is not this machine's, or the port may not be used.
    """
    sockets: list[socket.socket] = []
    failures: list[PopcamError] = []
    try:
        for family, address in _addresses(host):
            taken = sockets[0].getsockname()[1] if sockets else port
            try:
                sockets.append(_bind(family, address, taken))
            except PortInUseError:
                raise
            except AddressUnavailableError as error:
                failures.append(error)  # a name may stand for ::1 on a machine without IPv6
        if not sockets:
            raise failures[0]
    except PopcamError:
        for taken_socket in sockets:
            taken_socket.close()
        raise
    return sockets


def _addresses(host: str) -> Iterator[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise AddressUnavailableError(f"{host}: {error}") from error
    yield from dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found)


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    try:
        taken = socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(_who_and_where_else(address, port)) from error
        raise AddressUnavailableError(f"{address}:{port}: {error.strerror}") from error
    except OverflowError as error:
        raise AddressUnavailableError(f"{address}:{port}") from error
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # Linux and macOS; connections take it over from here
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    return taken


def _who_and_where_else(address: str, port: int) -> str:
    owner = owner_of(port)
    free = free_port(address, port)
    return f"{address}:{port}" + (f" is used by {owner}" if owner else "") + (f"; port {free} is free" if free else "")


def addresses_of(host: str, port: int, *, tls: bool) -> list[str]:
    """Where browsers find what listens here, the first on this machine itself."""
    everywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    names = ["127.0.0.1", socket.gethostname()] if everywhere else [f"[{host}]" if ":" in host else host]
    return [f"{'https' if tls else 'http'}://{name}:{port}" for name in names]
