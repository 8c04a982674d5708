"""Which addresses popcam connects to: closed lists of schemes, and hosts that no camera has.

Whoever may enter a camera could else make popcam ask the cloud's metadata service for the machine's credentials, or
services that trust everything on this machine (server-side request forgery, CWE-918). The rules are pure: names are
resolved by who connects, and each address that comes out is judged here.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from popcam.core.language import Text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NETWORK_SCHEMES: Final = ("rtsp", "rtsps", "http", "https")
LOCAL_SCHEMES: Final = ("device", "synthetic", "demo", "images", "file")
SOURCE_SCHEMES: Final = frozenset({*NETWORK_SCHEMES, *LOCAL_SCHEMES})
"""The closed list. Nothing runs a command; else FFmpeg could open `concat:`, `subfile:`, `pipe:` and many more."""
RESTREAM_SCHEMES: Final = ("rtsp", "rtsps", "rtmp", "rtmps")

METADATA_NAMES: Final = frozenset(
    {"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal"}
)
METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, OpenStack, DigitalOcean
        "169.254.170.2",  # AWS, credentials of containers
        "168.63.129.16",  # Azure, the machine's agent
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle classic
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google
    )
)
LOOPBACK_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_THIS_NETWORK: Final = ipaddress.ip_network("0.0.0.0/8")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")

_METADATA_TEXT: Final = Text("it is the cloud's metadata service, not a camera", "这是云平台的元数据服务，不是摄像头")
_LINK_LOCAL_TEXT: Final = Text(
    "link-local addresses (169.254.x.x, fe80::) are not connected to", "不连接链路本地地址（169.254.x.x、fe80::）"
)
_LOOPBACK_TEXT: Final = Text(
    "it is this machine itself, which `security.allow_loopback_sources` forbids",
    "这是本机地址，已被 `security.allow_loopback_sources` 禁止",
)
_NOBODY_TEXT: Final = Text("no single machine has such an address", "没有任何设备使用这样的地址")

_rules = {"loopback": True}


def allow_loopback(*, allowed: bool) -> None:
    """Say whether this process may connect to its own machine. Once, when it starts; it may before."""
    _rules["loopback"] = allowed


def loopback_allowed() -> bool:
    """What was said last."""
    return _rules["loopback"]


def url_problem(url: str, *, loopback: bool | None = None) -> Text | None:
    """Why popcam does not connect to an address as it is written, or None. Names are judged by themselves only."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None  # who reads the address says what is wrong with it
    return host_problem(host, loopback=loopback)


def host_problem(host: str, *, loopback: bool | None = None) -> Text | None:
    """Why popcam does not connect to a host, or None.

    Args:
        host: a name, or an address in any spelling that systems take: `127.1`, `0x7f000001`, `2130706433`.
        loopback: whether this machine itself is fine; None as this process was told.
    """
    # Full-width digits and the like become plain ones when a name is looked up (IDNA, RFC 5895).
    name = unicodedata.normalize("NFKC", host).strip("[]").rstrip(".").lower()
    address = address_of(name)
    if address is not None:
        return address_problem(address, loopback=loopback)
    if name in METADATA_NAMES:
        return _METADATA_TEXT
    if name in LOOPBACK_NAMES or name.endswith(".localhost"):
        return address_problem(ipaddress.IPv4Address("127.0.0.1"), loopback=loopback)
    return None


def resolved_problem(addresses: Iterable[str], *, loopback: bool | None = None) -> Text | None:
    """Why popcam does not connect to a name that stands for these addresses, or None. One bad one is enough: which of
    them is taken is not ours to choose."""
    for text in addresses:
        address = address_of(text)
        problem = _NOBODY_TEXT if address is None else address_problem(address, loopback=loopback)
        if problem is not None:
            return problem
    return None


def address_problem(address: Address, *, loopback: bool | None = None) -> Text | None:
    """Why popcam does not connect to an address, or None."""
    meant = _meant(address)
    if meant in METADATA:
        return _METADATA_TEXT
    if meant.is_link_local:
        return _LINK_LOCAL_TEXT
    if meant.is_loopback or meant.is_unspecified or (meant.version == 4 and meant in _THIS_NETWORK):
        # Systems take 0.0.0.0 for themselves, too.
        return None if (loopback_allowed() if loopback is None else loopback) else _LOOPBACK_TEXT
    if meant.is_multicast or meant == ipaddress.IPv4Address("255.255.255.255"):
        return _NOBODY_TEXT
    return None


def address_of(host: str) -> Address | None:
    """The address that a host means without asking anybody, or None for a name.

    Systems read more than dotted numbers: one to four parts, each decimal, octal (`0177`) or hexadecimal (`0x7f`), the
    last one filling what is left (inet_aton, IEEE Std 1003.1).
    """
    text = host.partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return _by_parts(text)


def _by_parts(text: str) -> ipaddress.IPv4Address | None:
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *front, last = numbers
    if any(number > 255 for number in front) or last >= 256 ** (4 - len(front)):
        return None
    value = last + sum(number << (8 * (3 - index)) for index, number in enumerate(front))
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part.lower().startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part)


def _meant(address: Address) -> Address:
    """The IPv4 address inside of an IPv6 one, where systems or routers unpack it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def port_of(text: str) -> int | None:
    """A port that is written as a number; None for anything else."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return number if 1 <= number <= 65_535 else None
