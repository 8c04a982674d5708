"""Times and counts every request. Plain ASGI, around all others: what they refuse is counted, and their time, too.

The time is that until an answer begins: pictures and downloads last as long as their reader likes.
"""

import time
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from popcam.server.services import Services


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "OTHER"
"""Any word may be a method."""


class Measuring:
    """Wraps everything that answers.

    Args:
        app: what answers.
        services: where figures go, once there is a place for them.
    """

    def __init__(self, app: ASGIApp, *, services: "Services") -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operating = self._services.operating
        if scope["type"] != "http" or operating is None or operating.performance is None:
            await self._app(scope, receive, send)
            return
        http = operating.performance.http
        began_s = time.perf_counter()
        took_s: float | None = None
        status = 0

        async def send_timed(message: Message) -> None:
            nonlocal took_s, status
            if message["type"] == "http.response.start":
                took_s, status = time.perf_counter() - began_s, message["status"]
            await send(message)

        http.in_flight += 1
        try:
            await self._app(scope, receive, send_timed)
        finally:
            http.in_flight -= 1
            # Which route it was is known now. An address that nobody declared is no name for a figure.
            route = getattr(scope.get("route"), "path", "")
            method = scope["method"] if scope["method"] in METHODS else OTHER
            http.ended(method, route, status, time.perf_counter() - began_s if took_s is None else took_s)
