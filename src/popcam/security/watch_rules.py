"""What counts as trouble, and how much: pure rules and their numbers."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

SLOW_AT = 10.0
"""Points from which an address is slowed."""
BLOCK_AT = 30.0
"""Points at which it is blocked."""
LEAK_PER_S = 0.05
"""Points are forgiven so fast: what led to a block is forgotten after ten minutes."""
MAX_DELAY_S = 2.0

FAILED_LOGIN_POINTS = 2.0
REFUSED_POINTS = 0.1
REFUSED_CEILING = 20.0
"""Refusals alone slow and never block: an open page whose session ended collects them, too, and they tell nothing."""
MISSING_POINTS = 0.5
TRAP_POINTS = 5.0

FIRST_BLOCK_S = 60.0
BLOCK_GROWS = 4.0
MAX_BLOCK_S = 3600.0
STRIKES_KEPT_S = 86_400.0
"""A day without a block, and the next one is short again."""

REFUSALS_ARE_MANY = 10
"""So many within `BURST_S` by one person or address are told."""
BURST_S = 60.0

# What nobody asks popcam for, and every scanner does.
_TRAPS = re.compile(
    r"\.(?:php\d?|aspx?|jsp|cgi|env|git|svn|htaccess|htpasswd|sql|bak|ini|DS_Store)(?:$|[/?.~])"
    # At the top only: a camera may be called `wp-1`.
    r"|^/(?:wp-|phpmyadmin|pma/|cgi-bin|actuator|solr|jenkins|manager/html|boaform|hudson|vendor/|\.aws|\.ssh|\.vscode"
    r"|HNAP1|GponForm|onvif-http|ISAPI/|SDK/webLanguage|etc/(?:passwd|shadow)|proc/self|server-status|_ignition)"
    r"|/etc/(?:passwd|shadow)|\.\.[/\\]|%2e%2e|%252e|%00|\x00|\$\{|<script",
    re.IGNORECASE,
)
# What browsers and phones ask for by themselves.
_HARMLESS = re.compile(
    r"^/(?:favicon\.ico|robots\.txt|manifest\.\w+|sw\.js|apple-touch-icon[\w.-]*|browserconfig\.xml|\.well-known/.*)$"
)
_IPV6_PLACE_BITS = 64
_IPV4_NEIGHBOURS_BITS = 24

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def missing_points(path: str) -> float:
    """What asking for something that is not there costs."""
    if _TRAPS.search(path):
        return TRAP_POINTS
    return 0.0 if _HARMLESS.match(path) else MISSING_POINTS


def is_trap(path: str) -> bool:
    """Whether only scanners ask for this path."""
    return _TRAPS.search(path) is not None


def delay_of(points: float) -> float:
    """Seconds that an address with so many points waits before each answer."""
    return 0.0 if points < SLOW_AT else min(MAX_DELAY_S, 0.1 * (points - SLOW_AT + 1.0))


def block_s(strikes: int) -> float:
    """How long a block lasts after so many earlier ones."""
    return float(min(MAX_BLOCK_S, FIRST_BLOCK_S * BLOCK_GROWS ** min(strikes, 10)))


@lru_cache(maxsize=4096)
def place_of(address: str) -> str:
    """What stands for an address: itself, or for IPv6 the /64 that one line has to itself. Other text as it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return plain(address, 64)
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return "::1" if found.is_loopback else str(ipaddress.ip_network((found, _IPV6_PLACE_BITS), strict=False))


def neighbourhood_of(address: str) -> str:
    """The network that counts as one place for a token: a router gives out other addresses now and then."""
    place = place_of(address)
    try:
        network = ipaddress.ip_network(place)
    except ValueError:
        return place
    if network.version == 4:
        return str(network.supernet(new_prefix=_IPV4_NEIGHBOURS_BITS))
    return place


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks from settings; names of hosts are left out."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            continue
    return tuple(found)


def is_this_machine(address: str) -> bool:
    """Whether somebody comes from the machine itself."""
    try:
        return ipaddress.ip_address(place_of(address)).is_loopback
    except ValueError:
        return False


def may_block(place: str, trusted: Iterable[Network]) -> bool:
    """Whether a place may be shut out: never this machine, never a trusted proxy, and only real addresses."""
    try:
        network = ipaddress.ip_network(place)
    except ValueError:
        return False
    if network.is_loopback:
        return False
    return not any(network.version == other.version and network.overlaps(other) for other in trusted)


def plain(text: str, most: int) -> str:
    """Text of a stranger, fit to be shown: no control or direction marks, not longer than `most`."""
    clean = "".join("\ufffd" if unicodedata.category(letter)[0] == "C" else letter for letter in text[: most + 1])
    return clean if len(clean) <= most else clean[: most - 1] + "…"
