"""The security headers of every answer: what a browser may do with a page of ours, and with what is no page.

Pure: names and values as ASGI wants them. The console works under its policy (a browser test shows that nothing is
refused), and JSON under one that allows nothing at all, should a browser ever be talked into showing it as a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

RawHeader = tuple[bytes, bytes]

PAGE_POLICY: Final = (
    # Naive's components add style elements, hence 'unsafe-inline' for styles alone; scripts are files of ours.
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
DATA_POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
DATA_TYPES: Final = (b"application/json", b"application/problem+json", b"application/x-ndjson", b"text/plain")
HSTS: Final = "max-age=31536000"
"""One year. Not for names below this one: what else lives in the domain is not ours to decide."""

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=()"
    ),
    "X-Permitted-Cross-Domain-Policies": "none",
}


def _raw(headers: Mapping[str, str]) -> tuple[RawHeader, ...]:
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())


_PAGE: Final = _raw(SECURITY_HEADERS)
_DATA: Final = _raw(
    {**SECURITY_HEADERS, "Content-Security-Policy": DATA_POLICY, "X-Frame-Options": "DENY", "Cache-Control": "no-store"}
)
_HSTS: Final = _raw({"Strict-Transport-Security": HSTS})


def security_headers(given: Sequence[RawHeader], *, hsts: bool = False) -> Iterable[RawHeader]:
    """The headers to add to an answer; what the answer says itself stays as it is.

    Data is not to be stored by browsers and proxies unless its route says otherwise: it tells who is at home.

    Args:
        given: headers of the answer so far.
        hsts: the settings ask for it, and this answer goes over TLS (over plain HTTP browsers must ignore it).
    """
    names = {name.lower() for name, _ in given}
    kind = next((value for name, value in given if name.lower() == b"content-type"), b"")
    wanted = _DATA if kind.lower().startswith(DATA_TYPES) else _PAGE
    yield from (header for header in wanted if header[0] not in names)
    if hsts:
        yield from (header for header in _HSTS if header[0] not in names)
