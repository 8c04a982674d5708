"""Live pictures from one worker. The socket exists only while somebody watches one of the worker's cameras."""

from collections.abc import Callable

import msgspec
import structlog
import zmq
import zmq.asyncio

from popcam.core.facts import PreviewFrame
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PREVIEW_KINDS, parse_topic, topic
from popcam.fleet.endpoints import Endpoints, secure_client
from popcam.fleet.inbox import Inbox
from popcam.fleet.viewers import Stream

log = structlog.get_logger(__name__)

_QUEUE = 64
_decode_header = msgspec.msgpack.Decoder(PreviewFrame).decode


class PreviewReader:
    """The SUB end for previews; its subscriptions are what makes the worker encode."""

    def __init__(
        self, context: zmq.asyncio.Context, endpoints: Endpoints, offer: Callable[[Stream, PreviewPicture], None]
    ) -> None:
        self._context = context
        self._endpoints = endpoints
        self._offer = offer
        self._streams: set[Stream] = set()
        self._socket: zmq.asyncio.Socket | None = None
        self._inbox: Inbox | None = None
        self._closed = False
        self.unreadable = 0

    def subscribe(self, stream: Stream) -> None:
        if stream in self._streams or self._closed:
            return
        self._streams.add(stream)
        self._connected().subscribe(topic(*stream))
        if self._inbox is not None:
            self._inbox.look()

    def unsubscribe(self, stream: Stream) -> None:
        """Stop watching. The socket stays for the next viewer: closing it would not be cheaper."""
        if stream in self._streams and self._socket is not None:
            self._streams.discard(stream)
            self._socket.unsubscribe(topic(*stream))
            if self._inbox is not None:
                self._inbox.look()

    async def close(self) -> None:
        self._closed = True
        self._streams.clear()
        if self._inbox is not None:
            await self._inbox.close()

    def _connected(self) -> zmq.asyncio.Socket:
        if self._socket is None:
            self._socket = self._context.socket(zmq.SUB)
            self._socket.linger = 0
            self._socket.rcvhwm = _QUEUE
            self._socket.reconnect_ivl = 20
            self._socket.reconnect_ivl_max = 500
            secure_client(self._socket, self._endpoints)
            self._socket.connect(self._endpoints.facts)
            self._inbox = Inbox(self._socket, self._take, "fleet previews")
        return self._socket

    def _take(self, parts: list[bytes]) -> None:
        try:
            self._deliver(parts)
        except (msgspec.DecodeError, ValueError) as exc:
            self.unreadable += 1
            if self.unreadable == 1:
                log.warning("fleet.preview_unreadable", reason=str(exc))

    def _deliver(self, parts: list[bytes]) -> None:
        name, header, payload = parts
        camera_id, kind = parse_topic(name)
        for known in PREVIEW_KINDS:
            if kind == known:
                self._offer((camera_id, known), PreviewPicture(_decode_header(header), payload))
                return
        raise ValueError(f"{kind!r} is no preview")
