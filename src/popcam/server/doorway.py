"""The door of the HTTPS port: hands TLS connections to the server, and tells who comes by plain HTTP where to go.

Browsers try `http://` for an address that somebody types. Without this they would see a connection that just ends.
Nothing but the first line and the `Host` of a plain request is read, and nothing of the server is reached by it.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

HANDSHAKE_TIMEOUT_S = 10.0
"""Who connects and then says nothing, or does not finish the handshake, is let go after this time."""
GOODBYE_S = 1.0
"""How long the other side may take to say goodbye. By default it is half a minute, for which one silent viewer would
keep the whole server from ending."""
ACCEPTED_AT_ONCE = 64
FULL_PAUSE_S = 0.5
"""Wait when the system has no more files to give."""
MAX_HEAD_BYTES = 4096

_TLS_HANDSHAKE = b"\x16"
"""First byte of every TLS connection (RFC 8446, section 5.1)."""
_LINE = re.compile(rb"(?P<method>GET|HEAD) (?P<path>/[!-~]*) HTTP/1\.[01]\r?\n")
_HOST = re.compile(rb"^host:[ \t]*(?P<host>[A-Za-z0-9.:\[\]-]{1,255})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_WORDS = (
    "This port speaks HTTPS: use https:// instead of http://\n此端口使用 HTTPS：请将 http:// 改为 https://\n".encode()
)


class Doorway:
    """One listening socket; `close` and `wait_closed` as servers of asyncio have them.

    Args:
        listening: takes connections; whoever made it closes it.
        protocol: makes the protocol of one TLS connection.
        context: for the handshakes.
    """

    def __init__(
        self, listening: socket.socket, protocol: Callable[[], asyncio.Protocol], context: ssl.SSLContext
    ) -> None:
        self._listening = listening
        self._protocol = protocol
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._taking: set[asyncio.Task[None]] = set()
        self._closed = False
        listening.setblocking(False)
        self._open()

    def close(self) -> None:
        """Take no more connections, and give up those that are no more than begun."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listening.fileno())
        for task in self._taking:
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until all begun ones are given up."""
        await asyncio.gather(*self._taking, return_exceptions=True)

    def _open(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("server.no_more_connections", reason=error.strerror)
                self._loop.remove_reader(self._listening.fileno())
                self._loop.call_later(FULL_PAUSE_S, self._open)
                return
            task = self._loop.create_task(self._take(connection))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        kept = False
        # What strangers do wrong at the door is theirs: a scanner, an old browser, a client that does not trust us.
        with suppress(OSError, TimeoutError, ssl.SSLError):
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                    first = await self._first_byte(connection)
                    if first and first != _TLS_HANDSHAKE:
                        await self._send_on(connection)
                if first == _TLS_HANDSHAKE:
                    kept = True  # from here on the transport owns it
                    await self._loop.connect_accepted_socket(
                        self._protocol,
                        connection,
                        ssl=self._context,
                        ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
                        ssl_shutdown_timeout=GOODBYE_S,
                    )
            finally:
                if not kept:
                    connection.close()

    async def _first_byte(self, connection: socket.socket) -> bytes:
        """What the connection begins with, left in place; empty when it ended."""
        number = connection.fileno()
        readable = asyncio.Event()
        self._loop.add_reader(number, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(number)
        return connection.recv(1, socket.MSG_PEEK)

    async def _send_on(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES:
            piece = await self._loop.sock_recv(connection, MAX_HEAD_BYTES)
            if not piece:
                break
            head += piece
        await self._loop.sock_sendall(connection, answer_to(head))
        connection.shutdown(socket.SHUT_WR)


def answer_to(head: bytes) -> bytes:
    """The answer to a plain request: the same address by HTTPS where it can be told, else a refusal that says why.

    It is no permanent redirect: browsers would remember it beyond the day on which TLS is switched off.
    """
    line, host = _LINE.match(head), _HOST.search(head)
    if line and host:
        location = b"Location: https://" + host["host"] + line["path"] + b"\r\n"
        return _answer(b"307 Temporary Redirect", location)
    return _answer(b"400 Bad Request", b"")


def _answer(status: bytes, more: bytes) -> bytes:
    length = b"Content-Length: %d\r\n" % len(_WORDS)
    kind = b"Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
    return b"HTTP/1.1 " + status + b"\r\n" + more + kind + length + b"Connection: close\r\n\r\n" + _WORDS
