"""The cookie of a browser's session: no script can read it, no other site sends it with a change, no network sees it.

Under TLS its name begins with `__Host-`: browsers take such a cookie only from this very host and over TLS, so that no
neighbour below the same domain, and no plain HTTP, can plant another one.
"""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import Response
from starlette.types import Scope

PLAIN_NAME = "popcam_session"
SECURE_NAME = f"__Host-{PLAIN_NAME}"


def is_secure(scope: Scope) -> bool:
    """Whether the request came over TLS, to us or to a proxy that is trusted."""
    return scope.get("scheme") in {"https", "wss"}


def session_cookie(scope: Scope) -> str:
    """What a request holds as its session, or nothing."""
    name = SECURE_NAME if is_secure(scope) else PLAIN_NAME
    for header, value in scope["headers"]:
        if header == b"cookie" and name.encode() in value:
            # A later one would be that of a wider path or domain: who can plant it must not win.
            return cookie_parser(value.decode("latin-1")).get(name, "")
    return ""


def set_session_cookie(response: Response, connection: HTTPConnection, value: str, max_age_s: float) -> None:
    """Let the browser hold this session."""
    secure = is_secure(connection.scope)
    response.set_cookie(
        SECURE_NAME if secure else PLAIN_NAME,
        value,
        max_age=int(max_age_s),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop_session_cookie(response: Response, connection: HTTPConnection) -> None:
    """Let the browser forget its session, and pictures that it kept."""
    secure = is_secure(connection.scope)
    response.delete_cookie(
        SECURE_NAME if secure else PLAIN_NAME, path="/", secure=secure, httponly=True, samesite="lax"
    )
    response.headers["Clear-Site-Data"] = '"cache"'


def bearer_token(headers: Headers) -> str:
    """What a request holds as `Authorization: Bearer`, or nothing."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
