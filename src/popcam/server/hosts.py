"""Who may ask: pure rules against DNS rebinding and against pages of other sites.

A page elsewhere can make a browser send requests here. It can't read the answers of another origin, except when its
own name is made to resolve to our address (DNS rebinding), or over a WebSocket, which knows no such border. So a
request must name a host that is really ours, and a browser's WebSocket or change must come from our own pages.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
ANY = "*"


def machine_names() -> frozenset[str]:
    """The names under which neighbours know this machine."""
    name = socket.gethostname().lower()
    short = name.split(".", 1)[0]
    return frozenset({name, short, f"{short}.local", f"{short}.lan", f"{short}.home.arpa"})


def host_name(host_header: str) -> str:
    """The host of a `Host` header without its port, in small letters; empty when it is malformed."""
    try:
        return (urlsplit(f"//{host_header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_address(name: str) -> bool:
    """True for an IP address. It can't be rebound: no name is resolved."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


MAX_KNOWN_HOSTS = 100


class HostRules:
    """Which hosts and origins are ours.

    Args:
        bind_host: the address or name that the server listens on.
        allowed_hosts: further names; `*.example.org` allows those below one, `*` allows any.
        allowed_origins: further origins such as `https://example.org`; `*` allows any.
        names: names of this machine.
    """

    def __init__(
        self,
        bind_host: str,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        names: Iterable[str] | None = None,
    ) -> None:
        own = machine_names() if names is None else names
        self._names = {bind_host.lower(), *LOOPBACK_NAMES, *own, *(name.lower() for name in allowed_hosts)}
        # `*.example.org` stands for all names below it, not for the name itself.
        self._endings = tuple(name[1:] for name in self._names if name.startswith("*."))
        self._any_host = ANY in self._names
        self._known_hosts: set[str] = set()
        """`Host` headers that were found to be ours: nearly every request has the same one."""
        self._origins = {origin.lower().rstrip("/") for origin in allowed_origins}

    def knows_host(self, host_header: str) -> bool:
        """Whether a request may name this host."""
        if host_header in self._known_hosts:
            return True
        name = host_name(host_header)
        known = bool(name) and (self._any_host or is_address(name) or self._knows_name(name))
        if known and len(self._known_hosts) < MAX_KNOWN_HOSTS:
            self._known_hosts.add(host_header)
        return known

    def _knows_name(self, name: str) -> bool:
        return name in self._names or name.endswith((".localhost", *self._endings))

    def knows_origin(self, origin: str | None, host_header: str) -> bool:
        """Whether a page of this origin may act and watch here. No origin: not a browser's page, so not its trick."""
        if origin is None:
            return True
        origin = origin.lower().rstrip("/")
        if ANY in self._origins or origin in self._origins:
            return True
        return origin.partition("://")[2] == host_header.lower() != ""
