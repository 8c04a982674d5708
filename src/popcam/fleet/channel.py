"""Commands to one worker: requests with ids, answers in any order, each with a time limit."""

import asyncio
import itertools
from typing import cast

import structlog
import zmq
import zmq.asyncio
from msgspec import DecodeError

from popcam.core.clock import Clock
from popcam.core.errors import WorkerUnavailableError
from popcam.core.protocol import Command, Reply, decode_reply, encode, raise_refusal
from popcam.fleet.endpoints import Endpoints, secure_client

log = structlog.get_logger(__name__)

_QUEUE = 256
"""Commands that wait for a worker that does not read; more than that and it is long counted as hung."""


class CommandChannel:
    """The DEALER end of a worker's command socket.

    `last_reply_s` is when the worker last answered anything, on the fleet's monotonic clock.
    """

    def __init__(self, context: zmq.asyncio.Context, endpoints: Endpoints, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._pending: dict[bytes, asyncio.Future[Reply]] = {}
        self.last_reply_s = clock.monotonic_s()
        self._socket = context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.sndhwm = self._socket.rcvhwm = _QUEUE
        self._socket.reconnect_ivl = 20  # a worker binds a moment after its start: meet it soon,
        self._socket.reconnect_ivl_max = 500  # but do not knock for ever
        secure_client(self._socket, endpoints)
        self._socket.connect(endpoints.commands)
        self._reader = asyncio.get_running_loop().create_task(self._read(), name="fleet commands")

    async def request(self, command: Command, timeout_s: float) -> Reply:
        """Send a command and wait for its answer.

        Raises:
            WorkerUnavailableError: no answer in time, or the channel was closed.
            PopcamError: the class of the worker's refusal.
        """
        key = next(self._ids).to_bytes(8, "big")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[key] = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(key, command)
                reply = await answer
        except TimeoutError as exc:
            raise WorkerUnavailableError(f"no answer to {_name(command)} within {timeout_s:g} s") from exc
        finally:
            self._pending.pop(key, None)
        raise_refusal(reply)
        return reply

    def notify(self, command: Command) -> None:
        """Send a command whose answer only counts as a sign of life. Dropped when the worker's queue is full."""
        if self._socket.closed:
            return
        key = next(self._ids).to_bytes(8, "big")
        sent = cast("asyncio.Future[object]", self._socket.send_multipart([key, encode(command)], zmq.DONTWAIT))
        if sent.done():
            sent.exception()  # zmq.Again: the queue is full, and the pings in it say the same

    async def close(self) -> None:
        """Let go of the socket; requests under way fail with `WorkerUnavailableError`."""
        self._reader.cancel()
        await asyncio.wait([self._reader])
        self._socket.close(0)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(WorkerUnavailableError("the worker ended"))
        self._pending.clear()

    async def _send(self, key: bytes, command: Command) -> None:
        if self._socket.closed:
            raise WorkerUnavailableError("the worker ended")
        await self._socket.send_multipart([key, encode(command)])

    async def _read(self) -> None:
        while True:
            parts = await self._socket.recv_multipart()
            self.last_reply_s = self._clock.monotonic_s()
            answer = self._pending.get(parts[0]) if len(parts) == 2 else None
            if answer is None or answer.done():
                continue  # the answer to a ping, or one that nobody waits for any more
            try:
                answer.set_result(decode_reply(parts[1]))
            except DecodeError as exc:
                answer.set_exception(WorkerUnavailableError(f"unreadable answer: {exc}"))


def _name(command: Command) -> str:
    return type(command).__name__
