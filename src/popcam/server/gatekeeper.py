"""Finds out who asks, once per request, and refuses what is refused to everybody alike. Plain ASGI, inside `Edge`.

Who asks is told by a cookie (a browser's session), by `Authorization: Bearer` (an API token, or the key of the server's
own user), or not at all. What they may do is decided by `needs`, at the route. For a browser or a machine that came a
moment ago the answer is in memory: no thread, no database.
"""

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from popcam.core.access import Principal
from popcam.core.errors import AddressBlockedError, CsrfRefusedError
from popcam.server.cookies import bearer_token, session_cookie

if TYPE_CHECKING:
    from popcam.security.service import Security
    from popcam.server.services import Services

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-popcam-csrf"
"""A page of another site can't send it: browsers ask us first (CORS), and we never agree."""


class Gatekeeper:
    """Wraps the routes.

    Args:
        app: what answers.
        services: where the sessions and tokens are.
    """

    def __init__(self, app: ASGIApp, *, services: "Services") -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        who = await who_asks(self._services, scope)
        scope.setdefault("state", {})["principal"] = who
        security = self._services.security
        if security is None:
            await self._app(scope, receive, send)
            return
        if not who.known:
            await _slow_down(security, who.address)
        elif who.via == "session" and scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            _check_csrf(Headers(scope=scope))
        elif who.via == "token":
            security.watch.token_used(who.credential_id, who.address, who.name)
        await self._app(scope, receive, _watched(security, scope, send))


async def who_asks(services: "Services", scope: Scope) -> Principal:
    """Who sends this request, as far as they can be known now.

    Raises:
        DatabaseError: nothing could be found out.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    security = services.security
    if security is None or not services.options.login:
        return _open(address)
    # A token that is sent on purpose counts before a cookie that browsers send by themselves.
    if token := bearer_token(Headers(scope=scope)):
        if security.shell_key.knows(token):
            return security.shell_key.principal(address)
        use = await security.tokens.find(token, address)
        return _nobody(address) if use is None else use.principal(address)
    if cookie := session_cookie(scope):
        signed_in = await security.sessions.find(cookie)
        if signed_in is not None:
            return signed_in.principal(address)
    return _nobody(address)


@lru_cache(maxsize=1024)
def _open(address: str) -> Principal:
    return Principal(via="open", role="admin", name="everybody", address=address)


@lru_cache(maxsize=1024)
def _nobody(address: str) -> Principal:
    return Principal(address=address)


async def _slow_down(security: "Security", address: str) -> None:
    """Who is not known, and whose address made trouble, waits or is shut out.

    Raises:
        AddressBlockedError.
    """
    left_s = security.watch.blocked(address)
    if left_s > 0:
        raise AddressBlockedError(retry_after_s=left_s)
    if delay_s := security.watch.delay_s(address):
        await asyncio.sleep(delay_s)


def _check_csrf(headers: Headers) -> None:
    """A browser sends its cookie with whatever a page makes it send. The origin was checked by `Edge`.

    Raises:
        CsrfRefusedError: a page of another site, or a plain form, may have sent this.
    """
    if headers.get(CSRF_HEADER) != "1":
        raise CsrfRefusedError("the header X-Popcam-Csrf: 1 is missing", "缺少请求头 X-Popcam-Csrf: 1")
    if headers.get("sec-fetch-site", "") == "cross-site":
        raise CsrfRefusedError("it comes from a page of another site", "请求来自其他网站的页面")


def _watched(security: "Security", scope: Scope, send: Send) -> Send:
    """Tells the watch of what is refused and of what is not there."""

    async def send_watched(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            status = message["status"]
            if status in {401, 403}:
                security.watch.refused(scope["state"]["principal"], scope["path"])
            elif status == 404:
                _not_found(security, scope)
        await send(message)

    return send_watched


def _not_found(security: "Security", scope: Scope) -> None:
    who: Principal = scope["state"]["principal"]
    cross_site = (b"sec-fetch-site", b"cross-site") in scope["headers"]
    security.watch.not_found(who.address, scope["path"], known=who.known, cross_site=cross_site)
