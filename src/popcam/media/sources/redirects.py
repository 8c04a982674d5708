"""Where an HTTP address sends us on to. FFmpeg would follow anywhere; each step is looked at here first."""

import http.client
import ssl
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

from popcam.core.language import Text
from popcam.core.redact import redact
from popcam.media.reach import refused

LOOK_S: Final = 2.0
MAX_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


def next_address(url: str) -> str | None:
    """The address that an answer sends us on to, or None when it does not. Credentials go to the same host alone.

    Raises:
        SourceAddressRefusedError: it sends us to what is no HTTP address.
    """
    parts = urlsplit(url)
    target = _location(parts)
    if target is None:
        return None
    after = urlsplit(urljoin(_without_credentials(parts), target))
    if after.scheme not in {"http", "https"} or not after.hostname:
        raise refused(redact(url), Text("it leads to what is no HTTP address", "它重定向到非 HTTP 地址"))
    userinfo = parts.netloc.rpartition("@")[0]
    same = (after.hostname, after.port, after.scheme) == (parts.hostname, parts.port, parts.scheme)
    if userinfo and same and "@" not in after.netloc:
        after = after._replace(netloc=f"{userinfo}@{after.netloc}")
    return after.geturl()


def _location(parts: SplitResult) -> str | None:
    if parts.scheme.lower() == "https":
        # FFmpeg takes the certificates of cameras as they are, and this look must see what it sees.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=LOOK_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LOOK_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"User-Agent": "popcam"})
        answer = connection.getresponse()
        return answer.getheader("Location") if answer.status in _MOVED else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _without_credentials(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
