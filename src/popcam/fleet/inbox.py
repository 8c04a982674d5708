"""What a worker publishes, handed over as it comes, in the loop's thread.

The loop watches the socket itself: a future for each message takes longer than all that is done with most of them.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import zmq
import zmq.asyncio

AT_ONCE = 200
"""Messages that are taken in one go; then others get the loop. One by one, each with a turn of its own, would be too
slow for a starved loop."""


class Inbox:
    """Takes the messages of a SUB socket until it is closed.

    Args:
        socket: connected; nobody else reads it. `look` is called after anything else was done with it.
        take: called with each message. It raises nothing.
        name: of the task, where the loop can't watch sockets of ZeroMQ.
    """

    def __init__(self, socket: zmq.asyncio.Socket, take: Callable[[list[bytes]], None], name: str) -> None:
        self._socket = socket
        self._plain: zmq.Socket[bytes] = zmq.Socket.shadow(socket)
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._file = cast(int, self._plain.get(zmq.FD))
        self._reader: asyncio.Task[None] | None = None
        try:
            self._loop.add_reader(self._file, self._drain)
        except NotImplementedError:  # Windows: there the binding has a way of its own
            self._reader = self._loop.create_task(self._read(), name=name)
        else:
            self.look()

    @property
    def waits(self) -> bool:
        """Whether messages have arrived that this busy process has not taken yet."""
        if self._socket.closed:
            return False
        waits = bool(cast(int, self._plain.get(zmq.EVENTS)) & zmq.POLLIN)
        if waits:
            self.look()
        return waits

    def look(self) -> None:
        """Take what is there, soon. The socket tells of changes alone, and whoever does something with it may be the
        one who is told."""
        if self._reader is None:
            self._loop.call_soon(self._drain)

    async def close(self) -> None:
        """Take no more, and let go of the socket."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        elif not self._socket.closed:
            self._loop.remove_reader(self._file)
        self._socket.close(0)

    def _drain(self) -> None:
        for _ in range(AT_ONCE):
            if self._socket.closed:
                return
            try:
                parts = self._plain.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._take(parts)
        self.look()

    async def _read(self) -> None:
        while True:
            self._take(await self._socket.recv_multipart())
            self._drain()
