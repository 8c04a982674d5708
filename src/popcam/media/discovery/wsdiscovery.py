"""Which ONVIF cameras answer in the local networks: the probe of WS-Discovery over multicast UDP.

Source: OASIS WS-Discovery (2005/04 draft, as the ONVIF core specification demands it), ONVIF core 7.3.
"""

import contextlib
import selectors
import socket
import time
import uuid
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import psutil

from popcam.media.discovery.safe_xml import UnsafeXmlError, parse_xml

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
MAX_CAMERAS: Final = 256
REPEAT_S: Final = 0.5
"""UDP loses: the probe is sent again once after this time. Cameras answer a message id once."""
_WSD: Final = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
_WSA: Final = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
_SCOPE: Final = "onvif://www.onvif.org/"
_PROBE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
    "<a:MessageID>urn:uuid:{id}</a:MessageID>"
    "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
    "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>"
    "<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
)


class Answer(NamedTuple):
    """Who answered: the sender's address, its device service there, and what it calls itself."""

    host: str
    address: str
    endpoint: str
    name: str
    hardware: str


def probe(timeout_s: float) -> list[Answer]:
    """Ask all networks of this machine, and gather answers for `timeout_s`.

    Each camera once, by its endpoint, in the order of the answers. What is no answer of ours is left out.

    Raises:
        OSError: no network at all can be asked.
    """
    deadline_s = time.monotonic() + timeout_s
    question = _PROBE.format(id=uuid.uuid4()).encode()
    found: dict[str, Answer] = {}
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        sockets = _sockets(stack, question)
        for one in sockets:
            selector.register(one, selectors.EVENT_READ)
        repeat_s: float | None = time.monotonic() + REPEAT_S
        while (now_s := time.monotonic()) < deadline_s and len(found) < MAX_CAMERAS:
            if repeat_s is not None and now_s >= repeat_s:
                repeat_s = None
                for one in sockets:
                    _send(one, question)
            for key, _ in selector.select(min(deadline_s, repeat_s or deadline_s) - now_s):
                for answer in _receive(key.fileobj):  # type: ignore[arg-type] # only sockets are in it
                    found.setdefault(answer.endpoint or answer.address, answer)
        return list(found.values())


def _sockets(stack: contextlib.ExitStack, question: bytes) -> list[socket.socket]:
    """A socket for each IPv4 address of this machine through which the probe could be sent."""
    opened: list[socket.socket] = []
    failure: OSError | None = None
    for address in own_addresses():
        one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            one.bind((address, 0))
            one.setblocking(False)
            one.sendto(question, (GROUP, PORT))
        except OSError as error:  # an interface that is down, or without multicast: the others are asked all the same
            failure = error
            continue
        opened.append(one)
    if not opened:
        raise failure or OSError("this machine has no network address")
    return opened


def own_addresses() -> list[str]:
    """The IPv4 addresses of this machine."""
    return sorted(
        {
            entry.address
            for entries in psutil.net_if_addrs().values()
            for entry in entries
            if entry.family == socket.AF_INET
        }
    )


def read_answer(raw: bytes, host: str) -> Iterator[Answer]:
    """The cameras in one datagram.

    Only the address at the sender's own host counts: another one could lead us, and a password, anywhere.
    """
    try:
        root = parse_xml(raw)
    except UnsafeXmlError:
        return  # anybody may send anything to this port
    for match in root.iter(f"{_WSD}ProbeMatch"):
        addresses = _text(match, f"{_WSD}XAddrs").split()
        scopes = _text(match, f"{_WSD}Scopes").split()
        address = next((one for one in addresses if _leads_to(one, host)), "")
        if address:
            endpoint = _text(match, f"{_WSA}EndpointReference/{_WSA}Address")
            yield Answer(host, address, endpoint[:200], _scope(scopes, "name"), _scope(scopes, "hardware"))


def _leads_to(address: str, host: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and parts.hostname == host and "@" not in parts.netloc


def _receive(one: socket.socket) -> Iterator[Answer]:
    try:
        raw, (host, _port) = one.recvfrom(65_535)
    except OSError:
        return  # an answer that the system refused (ICMP) is no answer
    yield from read_answer(raw, host)


def _send(one: socket.socket, question: bytes) -> None:
    with contextlib.suppress(OSError):  # the network went down meanwhile
        one.sendto(question, (GROUP, PORT))


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _scope(scopes: list[str], key: str) -> str:
    prefix = f"{_SCOPE}{key}/"
    return next((unquote(scope.removeprefix(prefix))[:100] for scope in scopes if scope.startswith(prefix)), "")
