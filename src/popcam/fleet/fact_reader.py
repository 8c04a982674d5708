"""Facts from one worker: heartbeats, camera states and events. Previews have a socket of their own."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import structlog
import zmq
import zmq.asyncio

from popcam.core.facts import CameraStatus, Event, WorkerStatus
from popcam.core.protocol import WORKER_TOPIC, parse_topic, topic
from popcam.fleet.endpoints import Endpoints, secure_client
from popcam.fleet.inbox import Inbox

log = structlog.get_logger(__name__)

_QUEUE = 1000
_decode_worker = msgspec.msgpack.Decoder(WorkerStatus).decode
_decode_status = msgspec.msgpack.Decoder(CameraStatus).decode
_decode_event = msgspec.msgpack.Decoder(Event).decode


class FactListeners(NamedTuple):
    """Who gets what was read; each is called in the loop's thread."""

    worker: Callable[[WorkerStatus], None]
    status: Callable[[CameraStatus], None]
    event: Callable[[Event], None]


class FactReader:
    """The SUB end of a worker's facts socket. A message that can't be read is counted in `unreadable` and logged
    once."""

    def __init__(self, context: zmq.asyncio.Context, endpoints: Endpoints, listeners: FactListeners) -> None:
        self._listeners = listeners
        self._cameras: set[str] = set()
        self.unreadable = 0
        self._socket = context.socket(zmq.SUB)
        self._socket.linger = 0
        self._socket.rcvhwm = _QUEUE
        self._socket.reconnect_ivl = 20
        self._socket.reconnect_ivl_max = 500
        secure_client(self._socket, endpoints)
        self._socket.connect(endpoints.facts)
        self._socket.subscribe(WORKER_TOPIC)
        self._inbox = Inbox(self._socket, self._take, "fleet facts")

    def follow(self, camera_id: str) -> None:
        """Read this camera's states and events from now on."""
        if camera_id not in self._cameras and not self._socket.closed:
            self._cameras.add(camera_id)
            self._socket.subscribe(topic(camera_id, "status"))
            self._socket.subscribe(topic(camera_id, "event"))
            self._inbox.look()

    def unfollow(self, camera_id: str) -> None:
        if camera_id in self._cameras and not self._socket.closed:
            self._cameras.discard(camera_id)
            self._socket.unsubscribe(topic(camera_id, "status"))
            self._socket.unsubscribe(topic(camera_id, "event"))
            self._inbox.look()

    @property
    def unread(self) -> bool:
        """Whether messages have arrived that this busy process has not read yet."""
        return self._inbox.waits

    async def close(self) -> None:
        await self._inbox.close()

    def _take(self, parts: list[bytes]) -> None:
        try:
            self._deliver(parts)
        except (msgspec.DecodeError, ValueError) as exc:
            self.unreadable += 1
            if self.unreadable == 1:
                log.warning("fleet.fact_unreadable", topic=parts[0][:80].decode("utf-8", "replace"), reason=str(exc))

    def _deliver(self, parts: list[bytes]) -> None:
        name, message = parts
        if name == WORKER_TOPIC:
            self._listeners.worker(_decode_worker(message))
            return
        match parse_topic(name):
            case (_, "status"):
                self._listeners.status(_decode_status(message))
            case (_, "event"):
                self._listeners.event(_decode_event(message))
            case (_, other):
                raise ValueError(f"nobody asked for {other!r}")
