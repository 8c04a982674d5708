"""How a live picture travels in one WebSocket message or one MJPEG part."""

import struct

import msgspec

from popcam.core.facts import PreviewFrame
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind

_encode_header = msgspec.json.Encoder().encode
_LENGTH = struct.Struct("<I")


def kind_of(codec: str, quality: str) -> PreviewKind:
    """The preview topic for a codec (`jpeg`, `h264`) and a quality (`normal`, `full`)."""
    kinds: dict[tuple[str, str], PreviewKind] = {
        ("jpeg", "normal"): "preview.jpeg",
        ("h264", "normal"): "preview.h264",
        ("jpeg", "full"): "preview.jpeg.full",
        ("h264", "full"): "preview.h264.full",
    }
    return kinds[codec, quality]


class Framer:
    """Packs pictures; viewers of one camera get the very same bytes, packed once.

    A message is: length of the header as 4 bytes, little endian; the header, UTF-8 JSON of `PreviewFrame`; the payload.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str, int], tuple[PreviewFrame, bytes]] = {}

    def message(self, picture: PreviewPicture) -> bytes:
        """One picture as one binary message."""
        header = picture.header
        key = (header.camera_id, header.codec, header.width_px)
        held = self._newest.get(key)
        if held is not None and held[0] is header:
            return held[1]
        text = _encode_header(header)
        message = b"".join((_LENGTH.pack(len(text)), text, picture.payload))
        self._newest[key] = (header, message)
        return message

    def forget(self, camera_id: str) -> None:
        """Let go of a camera's newest picture, when nobody watches it any longer."""
        for key in [key for key in self._newest if key[0] == camera_id]:
            del self._newest[key]


def unpack(message: bytes) -> PreviewPicture:
    """The opposite of `Framer.message`, for clients in Python and for tests."""
    (length,) = _LENGTH.unpack_from(message)
    end = _LENGTH.size + length
    header = msgspec.json.decode(message[_LENGTH.size : end], type=PreviewFrame)
    return PreviewPicture(header, message[end:])
