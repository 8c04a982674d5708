"""Messages over standard input and output: MessagePack, each after its length as 4 bytes, big-endian."""

import os
import select
import struct
import sys
import threading
from typing import BinaryIO, Final

import msgspec

from popcam.core.batch import FromBatchWorker, ToBatchWorker
from popcam.core.errors import ProtocolMismatchError

_LENGTH: Final = struct.Struct(">I")
MOST_BYTES: Final = 64 << 20
"""No message of ours is longer; a longer one is a stream that lost its step."""


class BatchChannel:
    """Both directions. One thread reads; any thread sends."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._decoder = msgspec.msgpack.Decoder(ToBatchWorker)
        self._encoder = msgspec.msgpack.Encoder()
        self._lock = threading.Lock()

    def is_silent(self) -> bool:
        """Whether nothing has come yet; asked before anything is read. Windows can't tell: never there."""
        if sys.platform == "win32":
            return False
        readable, _, _ = select.select([self._incoming], [], [], 0)
        return not readable

    def receive(self) -> ToBatchWorker | None:
        """Wait for the next message; None when the parent is gone.

        Raises:
            ProtocolMismatchError: what came is no message of ours.
        """
        head = self._incoming.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > MOST_BYTES:
            raise ProtocolMismatchError(f"a message of {length} bytes")
        body = self._incoming.read(length)
        if len(body) < length:
            return None
        try:
            message: ToBatchWorker = self._decoder.decode(body)
        except msgspec.DecodeError as error:
            raise ProtocolMismatchError(str(error)) from error
        return message

    def send(self, message: FromBatchWorker) -> None:
        """Send a message; one that nobody is left to read is lost, and `receive` tells then."""
        body = self._encoder.encode(message)
        with self._lock:
            try:
                self._outgoing.write(_LENGTH.pack(len(body)) + body)
                self._outgoing.flush()
            except (BrokenPipeError, ValueError):
                return


def private_channel() -> BatchChannel:
    """The process's own standard input and output, which nothing else can use from now on.

    Whatever prints to standard output (native libraries too) prints to standard error instead, and nobody else reads
    standard input: neither could be told from messages.
    """
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout = sys.stderr
    return BatchChannel(incoming, outgoing)
