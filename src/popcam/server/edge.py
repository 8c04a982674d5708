"""The outermost layer of the app: request ids, host and origin rules, security headers, the log of what went wrong.

Plain ASGI, because it also wraps WebSockets and endless answers.
"""

import re
import secrets
import time
from collections.abc import Mapping
from math import inf
from typing import cast

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from popcam.core.errors import HostRefusedError, OriginRefusedError, PopcamError, RequestTooLargeError
from popcam.server.headers import security_headers
from popcam.server.hosts import HostRules
from popcam.server.problems import problem_response

log = structlog.get_logger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_BODY_BYTES = 1_000_000
LONG_BODIES: Mapping[str, float] = {
    "/api/v1/jobs": 16e6,  # ten thousand paths
    "/api/v1/jobs/check": 16e6,
    "/api/v1/jobs/uploads": inf,  # never held in memory; the route counts what it writes
}
"""Addresses that take more than others, in bytes."""


def request_id_of(headers: Headers) -> str:
    """The caller's own id when it is harmless, else a new one."""
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


class Edge:
    """Wraps the whole app.

    Args:
        app: what answers.
        rules: which hosts and origins are ours.
        slow_s: an answer that begins later than this is logged.
        hsts: answers over TLS tell browsers to come by HTTPS alone from now on.
    """

    def __init__(self, app: ASGIApp, *, rules: HostRules, slow_s: float, hsts: bool = False) -> None:
        self._app = app
        self._rules = rules
        self._slow_s = slow_s
        self._hsts = hsts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["request_id"] = request_id_of(headers)
        answer = _Answer(send, scope["request_id"], hsts=self._hsts and scope.get("scheme") in {"https", "wss"})
        try:
            self._check(scope, headers)
            structlog.contextvars.bind_contextvars(request_id=scope["request_id"])  # this task is the request's own
            await self._app(scope, _bounded(receive, _limit_bytes(scope)), answer.send)
        except WebSocketDisconnect:
            return  # the client left while we spoke to it: nothing is wrong, and nobody is there to be told
        except PopcamError as error:
            await self._refuse(scope, receive, answer, error)
        except Exception as error:
            if answer.left and isinstance(error, RuntimeError):
                return  # one of several that spoke to the client at a time heard that it left, and this is another
            log.exception("request.broke", path=scope["path"], request_id=scope["request_id"])
            await self._refuse(scope, receive, answer, PopcamError(type(error).__name__))
        self._note(scope, answer)

    def _check(self, scope: Scope, headers: Headers) -> None:
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if not self._rules.knows_host(host):
            raise HostRefusedError(host)
        length = headers.get("content-length", "")
        limit_bytes = _limit_bytes(scope)
        if length.isdecimal() and int(length[:20]) > limit_bytes:
            raise RequestTooLargeError(f"more than {limit_bytes:.0f} bytes")
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
        origin = headers.get("origin")
        if changes and not self._rules.knows_origin(origin, host):
            raise OriginRefusedError(str(origin))

    async def _refuse(self, scope: Scope, receive: Receive, answer: "_Answer", error: PopcamError) -> None:
        if answer.started:
            return  # half an answer is out: the connection just ends
        # A WebSocket that was not accepted yet is refused by a plain HTTP answer, which says why.
        scope_as_http = {"method": "GET", **scope, "type": "http"}
        response = problem_response(Request(scope_as_http), error)
        if scope["type"] == "websocket":
            await _deny(response, answer)
        else:
            await response(scope, receive, answer.send)

    def _note(self, scope: Scope, answer: "_Answer") -> None:
        took_s = answer.took_s
        if took_s is None or scope["type"] == "websocket":
            return
        slow = took_s >= self._slow_s and LONG_BODIES.get(scope["path"]) != inf  # sending a film takes what it takes
        if answer.status >= 500 or slow:
            log.warning(
                "request.slow" if answer.status < 500 else "request.answered",
                method=scope["method"],
                path=scope["path"],
                status=answer.status,
                ms=round(took_s * 1000, 1),
                request_id=scope["request_id"],
            )


def _limit_bytes(scope: Scope) -> float:
    return LONG_BODIES.get(scope["path"], MAX_BODY_BYTES)


def _bounded(receive: Receive, limit_bytes: float) -> Receive:
    """Counts a body that comes without a length."""
    taken_bytes = 0

    async def receive_bounded() -> Message:
        nonlocal taken_bytes
        message = await receive()
        if message["type"] == "http.request":
            taken_bytes += len(message.get("body", b""))
            if taken_bytes > limit_bytes:
                raise RequestTooLargeError(f"more than {limit_bytes:.0f} bytes")
        return message

    return receive_bounded


async def _deny(response: Response, answer: "_Answer") -> None:
    start = {"type": "websocket.http.response.start", "status": response.status_code, "headers": response.raw_headers}
    await answer.send(start)
    await answer.send({"type": "websocket.http.response.body", "body": bytes(response.body)})


class _Answer:
    """Adds our headers to the start of an answer, and knows when it came."""

    def __init__(self, send: Send, request_id: str, *, hsts: bool = False) -> None:
        self._send = send
        self._request_id = request_id
        self._hsts = hsts
        self._began_s = time.perf_counter()
        self.started = False
        self.left = False
        """The client of a WebSocket is not there any more."""
        self.status = 0
        self.took_s: float | None = None

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start", "websocket.accept"}:
            self.started = True
            self.status = cast(int, message.get("status", 101))
            self.took_s = time.perf_counter() - self._began_s
            headers = list(message.get("headers", ()))
            headers.append((b"x-request-id", self._request_id.encode("latin-1")))
            if message["type"] != "websocket.accept":
                headers += security_headers(headers, hsts=self._hsts)
            message["headers"] = headers
        try:
            await self._send(message)
        except OSError:
            self.left = message["type"].startswith("websocket.")
            raise
        except RuntimeError as error:
            if message["type"] not in {"websocket.send", "websocket.close"}:
                raise
            # The server below closed the connection itself meanwhile: a message that was too large, a missing pong.
            self.left = True
            raise WebSocketDisconnect(1006) from error
