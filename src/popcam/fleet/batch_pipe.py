"""Messages to and from a batch worker: MessagePack, each after its length as 4 bytes, big-endian (core/batch.py)."""

import asyncio
import struct

import msgspec

from popcam.core.batch import FromBatchWorker, ToBatchWorker

HEAD = struct.Struct(">I")
MAX_MESSAGE_BYTES = 256 * 1024 * 1024
"""Far more than any message: a length beyond it is no length."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FromBatchWorker)


class NotAMessageError(ValueError):
    """What came is not in the language of batch workers."""


def packed(message: ToBatchWorker) -> bytes:
    """A message with its length before it."""
    body = _encoder.encode(message)
    return HEAD.pack(len(body)) + body


async def read_message(stream: asyncio.StreamReader) -> FromBatchWorker:
    """The next message.

    Raises:
        asyncio.IncompleteReadError: the stream ended.
        NotAMessageError: somebody wrote something else into it.
    """
    (size,) = HEAD.unpack(await stream.readexactly(HEAD.size))
    if size > MAX_MESSAGE_BYTES:
        raise NotAMessageError(f"a message of {size} bytes")
    try:
        message: FromBatchWorker = _decoder.decode(await stream.readexactly(size))
    except msgspec.MsgspecError as error:
        raise NotAMessageError(str(error)) from error
    return message
