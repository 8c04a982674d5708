"""A worker's two ZeroMQ sockets: commands belong to one thread, facts are sent by whichever thread has them."""

import math
import threading
from collections.abc import Callable
from typing import Final, NamedTuple, cast

import zmq

from popcam.core.worker_settings import WorkerSettings

OUTBOX = "inproc://outbox"
FACTS_HWM = 256
"""Messages that may wait for a slow server before the newest are dropped; a preview at 30 fps fills it in seconds."""
OUTBOX_HWM = 1024
_LAST: Final = int(zmq.NOBLOCK)
_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)
"""As plain numbers: flags that are enumerations are put together anew for each part."""


class CommandMessage(NamedTuple):
    """A command as it came: who sent it, under which id, and its bytes."""

    sender: bytes
    request_id: bytes
    body: bytes


class WorkerSockets:
    """ROUTER for commands, XPUB for facts, and an inproc PULL through which other threads answer commands.

    `poll` must always be called from the same thread. `publish`, `reply` and `watched` may be called from any thread.

    Facts leave from the thread that made them, under a lock: a picture that went through another thread would wake
    that one for each frame. ZeroMQ allows a socket in several threads when they never use it at once; its own file
    descriptor, which tells of subscriptions, then has to be asked after each use (zmq_getsockopt, ZMQ_FD).
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._context = zmq.Context(io_threads=1)
        self._commands = self._bound(zmq.ROUTER, settings.commands_endpoint, settings)
        self._facts = self._bound(zmq.XPUB, settings.facts_endpoint, settings)
        self._outbox = self._context.socket(zmq.PULL)
        self._outbox.set_hwm(OUTBOX_HWM)
        self._outbox.bind(OUTBOX)
        self._poller = zmq.Poller()
        for socket in (self._commands, self._outbox):
            self._poller.register(socket, zmq.POLLIN)
        self._facts_lock = threading.Lock()
        self._facts_fd = self._facts.get(zmq.FD)
        self._poller.register(self._facts_fd, zmq.POLLIN)
        self._doors = threading.local()
        self._doors_lock = threading.Lock()
        self._open_doors: list[tuple[threading.Thread, zmq.Socket[bytes]]] = []
        self._topics: frozenset[bytes] = frozenset()
        self._closed = False
        self.lost = 0

    def _bound(self, kind: int, endpoint: str, settings: WorkerSettings) -> "zmq.Socket[bytes]":
        socket = self._context.socket(kind)
        if settings.curve_secret_key:
            socket.curve_server = True
            socket.curve_publickey = settings.curve_public_key.encode()
            socket.curve_secretkey = settings.curve_secret_key.encode()
        socket.setsockopt(zmq.LINGER, 0)
        socket.set_hwm(FACTS_HWM)
        socket.bind(endpoint)
        return socket

    def watched(self, topic: bytes) -> bool:
        """Whether anybody subscribed to exactly this topic."""
        return topic in self._topics

    def publish(self, topic: bytes, *parts: bytes) -> None:
        """Send facts to subscribers; dropped and counted when they don't take them that fast. Never waits long."""
        with self._facts_lock:
            if self._facts.closed:
                return
            try:
                # One by one: `send_multipart` looks at each part first, which costs as much as sending it.
                for part in (topic, *parts[:-1]):
                    self._facts.send(part, _MORE)
                # Below 64 KiB a copy is cheaper than learning when the memory is free again.
                self._facts.send(parts[-1], _LAST, copy=len(parts[-1]) < zmq.COPY_THRESHOLD)
            except zmq.ZMQError:
                self.lost += 1  # the server is gone or too slow: live facts are not queued for later
            self._subscriptions()

    def reply(self, message: CommandMessage, body: bytes) -> None:
        """Answer a command."""
        if self._closed:
            return
        door = getattr(self._doors, "socket", None)
        if door is None:
            door = self._open_door()
        try:
            door.send_multipart([message.sender, message.request_id, body], zmq.NOBLOCK)
        except zmq.ZMQError:
            self.lost += 1

    def poll(self, timeout_s: float, on_command: Callable[[CommandMessage], None]) -> None:
        """Wait for traffic and carry it: commands to `on_command`, everything else onwards."""
        ready = dict(self._poller.poll(max(0, math.ceil(timeout_s * 1000))))
        if self._outbox in ready:
            self._drain_outbox()
        if self._facts_fd in ready:
            with self._facts_lock:
                self._subscriptions()
        if self._commands in ready:
            self._drain_commands(on_command)

    def close(self) -> None:
        """Send what waits in the outbox and close everything. Closing twice is closing once."""
        if self._closed:
            return
        self._drain_outbox()
        self._closed = True
        with self._doors_lock:
            for _, door in self._open_doors:
                door.close(0)
        with self._facts_lock:
            self._facts.close(500)  # the last states may still leave, and the last replies
        self._commands.close(500)
        self._outbox.close(0)
        self._context.term()

    def _drain_outbox(self) -> None:
        while True:
            try:
                parts = self._outbox.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                self._commands.send_multipart(parts, zmq.NOBLOCK)
            except zmq.ZMQError:
                self.lost += 1  # the server is gone

    def _drain_commands(self, on_command: Callable[[CommandMessage], None]) -> None:
        while True:
            try:
                parts = self._commands.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(parts) == 3:
                on_command(CommandMessage(*parts))

    def _subscriptions(self) -> None:
        """Take in who subscribed and who left. Under the lock."""
        if not cast(int, self._facts.get(zmq.EVENTS)) & zmq.POLLIN:
            return
        topics = set(self._topics)
        while True:
            try:
                message = self._facts.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            if message[:1] == b"\x01":
                topics.add(message[1:])
            elif message[:1] == b"\x00":
                topics.discard(message[1:])
        self._topics = frozenset(topics)

    def _open_door(self) -> "zmq.Socket[bytes]":
        door = self._context.socket(zmq.PUSH)
        door.set_hwm(OUTBOX_HWM)
        door.setsockopt(zmq.LINGER, 0)
        door.connect(OUTBOX)
        self._doors.socket = door
        with self._doors_lock:
            self._close_doors_of_the_dead()
            self._open_doors.append((threading.current_thread(), door))
        return door

    def _close_doors_of_the_dead(self) -> None:
        """A door belongs to one thread: when that has ended nobody else would close it."""
        living = [(thread, door) for thread, door in self._open_doors if thread.is_alive()]
        for thread, door in self._open_doors:
            if not thread.is_alive():
                door.close(500)  # its last messages may still be on their way
        self._open_doors = living
