"""Reverse proxies: whose word about the caller counts, and what they say.

`X-Forwarded-For`, `-Proto` and `-Host` are plain headers that anybody can send. They count only when the connection
comes from an address that the settings name as a proxy (`server.trusted_proxies`), and only as far as the chain of
such proxies reaches: it is read from the right, where the nearest proxy wrote, up to the first address that is none.
`Forwarded` (RFC 7239) is not read, so that there is only one way to say it.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 32
"""Longer chains are cut: nobody has so many proxies, and reading costs time."""
_SCHEMES = {"http", "https"}
_SECURE = {"http": "https", "ws": "wss"}
_PLAIN = {"https": "http", "wss": "ws"}


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What trusted proxies tell of a request.

    Attributes:
        address: the caller's; the connection's own where no trusted proxy tells one.
        scheme: `http` or `https`; empty where none tells.
        host: the `Host` that the caller named; empty where none tells.
    """

    address: str
    scheme: str = ""
    host: str = ""


def networks_of(proxies: Iterable[str]) -> tuple[Network, ...]:
    """The networks that settings name; a single address is a network of one.

    Raises:
        ValueError: one of them is neither address nor network.
    """
    return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in proxies)


def address_of(text: str) -> Address | None:
    """The address in an item of a chain: `192.168.1.5`, `[2001:db8::1]:4711`, `10.0.0.1:80`; None for anything else."""
    item = text.strip().strip('"')
    if item.startswith("["):
        item = item[1:].partition("]")[0]
    elif item.count(":") == 1:
        item = item.partition(":")[0]
    try:
        address = ipaddress.ip_address(item)
    except ValueError:
        return None
    # What a socket for both families says of a caller by IPv4.
    return getattr(address, "ipv4_mapped", None) or address


def trusts(networks: Sequence[Network], address: Address | None) -> bool:
    """Whether an address is a proxy of ours."""
    return address is not None and any(address.version == one.version and address in one for one in networks)


def forwarded(
    peer: str, chain: Sequence[str], schemes: Sequence[str], hosts: Sequence[str], trusted: Sequence[Network]
) -> Forwarded:
    """What trusted proxies tell of a request.

    Args:
        peer: the connection's address.
        chain, schemes, hosts: the items of X-Forwarded-For, -Proto and -Host, in order of the request.
        trusted: networks of our proxies.
    """
    caller = address_of(peer)
    if caller is None or not trusts(trusted, caller):
        return Forwarded(peer)
    hops = 1
    for item in reversed(chain[-MAX_HOPS:]):
        before = address_of(item)
        if before is None:
            break  # the proxy that wrote this is the last whom we can follow
        caller = before
        if not trusts(trusted, caller):
            break
        hops += 1
    scheme = _told_at(schemes, hops).lower()
    return Forwarded(str(caller), scheme if scheme in _SCHEMES else "", _told_at(hosts, hops))


def _told_at(items: Sequence[str], hops: int) -> str:
    """What the outermost of our proxies wrote: each adds an item at the right, or replaces all by its own."""
    return items[-min(hops, len(items))].strip() if items else ""


class ProxyHeaders:
    """ASGI layer that puts what trusted proxies tell into the request: client, scheme and `Host`.

    It belongs outside of everything that asks for these. Without trusted proxies it changes nothing.

    Args:
        app: what answers.
        trusted: addresses and networks, as in the settings.
    """

    def __init__(self, app: "ASGIApp", *, trusted: Iterable[str]) -> None:
        self._app = app
        self._trusted = networks_of(trusted)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if self._trusted and scope["type"] in {"http", "websocket"}:
            scope = self._seen_through(scope)
        await self._app(scope, receive, send)

    def _seen_through(self, scope: "Scope") -> "Scope":
        client = scope.get("client") or ("", 0)
        if not trusts(self._trusted, address_of(client[0])):
            return scope
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        told = forwarded(
            client[0],
            _items(headers, b"x-forwarded-for"),
            _items(headers, b"x-forwarded-proto"),
            _items(headers, b"x-forwarded-host"),
            self._trusted,
        )
        changed = {**scope, "client": (told.address, client[1] if told.address == client[0] else 0)}
        if told.scheme:
            table = _SECURE if told.scheme == "https" else _PLAIN
            changed["scheme"] = table.get(scope["scheme"], scope["scheme"])
        if told.host:
            own = [header for header in headers if header[0] != b"host"]
            changed["headers"] = [(b"host", told.host.encode("latin-1")), *own]
        return changed


def _items(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[str]:
    """All items of a header that may come several times, as lists with commas."""
    lines = [value.decode("latin-1") for key, value in headers if key == name]
    return [item for line in lines for item in line.split(",") if item.strip()]
