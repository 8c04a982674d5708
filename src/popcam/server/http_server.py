"""What speaks HTTP and WebSocket, set up as live pictures need it."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from popcam.core.clock import until_beat_s
from popcam.server.app import create_app
from popcam.server.doorway import GOODBYE_S, HANDSHAKE_TIMEOUT_S, Doorway
from popcam.server.services import Services
from popcam.server.tls import Tls

CONNECTIONS_TIMEOUT_S = 3
"""Open answers get this long to end once the server closes."""
PING_S = 20.0
DATE_EVERY_S = 1.0


TLS_WAITING_BYTES = 65_536
"""What may wait for a slow viewer in front of TLS, as for plain connections. By default it is eight times as much, and
a viewer behind a slow line would see old pictures."""


class HttpServer(uvicorn.Server):
    """Leaves signals to `serve`, which has more to end than connections, and opens the sockets for TLS itself.

    Args:
        config: uvicorn's.
        tls: for HTTPS, or None.
    """

    def __init__(self, config: uvicorn.Config, tls: Tls | None) -> None:
        self._ending = asyncio.Event()
        super().__init__(config)
        self._tls = tls

    @property
    def should_exit(self) -> bool:
        """Whether it closes; `serve` returns when that is done. Set it in the loop."""
        return self._ending.is_set()

    @should_exit.setter
    def should_exit(self, wanted: bool) -> None:
        (self._ending.set if wanted else self._ending.clear)()

    async def main_loop(self) -> None:
        """Keep the date that answers carry true until the end; uvicorn's own loop wakes ten times as often."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(until_beat_s(time.time(), DATE_EVERY_S)):
                    await self._ending.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer on the sockets."""
        if self._tls is None:
            await super().startup(sockets)
            return
        await super().startup([])
        for taken in sockets or ():
            try:
                doorway = Doorway(taken, self._protocol, self._tls.context)
                self.servers.append(cast(asyncio.Server, doorway))  # uvicorn closes them and waits, no more
            except NotImplementedError:  # the loop of Windows can't look at what comes before it is read
                self.servers.append(await self._listen(taken, self._tls.context))

    async def _listen(self, taken: socket.socket, context: ssl.SSLContext) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=taken,
            backlog=self.config.backlog,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            ssl_shutdown_timeout=GOODBYE_S,
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: ask all connections to finish, then cut those that did not."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()

    def _protocol(self) -> asyncio.Protocol:
        return _ShortBuffers(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )


def http_server(services: Services, tls: Tls | None = None) -> HttpServer:
    """The server of all routes; `serve(sockets)` runs it.

    Args:
        services: what the routes work with.
        tls: for HTTPS; the caller runs its `watch()` beside the server.
    """
    config = uvicorn.Config(
        create_app(services),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_max_size=64_000,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=CONNECTIONS_TIMEOUT_S,
    )
    return HttpServer(config, tls)


class _ShortBuffers(AutoHTTPProtocol):  # type: ignore[misc,valid-type] # uvicorn picks the class when it is imported
    """uvicorn's protocol, in front of a TLS transport that holds little."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        transport.set_write_buffer_limits(high=TLS_WAITING_BYTES)
        super().connection_made(transport)
