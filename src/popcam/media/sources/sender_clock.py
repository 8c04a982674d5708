"""The camera's own clock, where it tells the time with its pictures.

An RTSP camera sends RTCP sender reports: which wall-clock time belongs to which time stamp (RFC 3550, 6.4.1). FFmpeg
works out the time of each packet from them and adds it as side data (`AVProducerReferenceTime`: microseconds since 1970
in the first eight bytes).
"""

import struct
from typing import Final

from popcam.media.sources.pyav import VideoPacket

_TOLD: Final = "prft"
_WALLCLOCK: Final = struct.Struct("<q" if struct.pack("=h", 1) == struct.pack("<h", 1) else ">q")
_NONE_US: Final = -(2**63)


def clock_skew_s(packet: VideoPacket, arrived_unix_s: float) -> float | None:
    """The camera's clock minus ours, None where it tells no time. The way of the picture to us (tenths of a second)
    is in it, too: it looks as if the camera's clock were late by that."""
    if not packet.has_sidedata(_TOLD):
        return None
    told = bytes(packet.get_sidedata(_TOLD))[: _WALLCLOCK.size]
    if len(told) < _WALLCLOCK.size:
        return None
    wallclock_us: int = _WALLCLOCK.unpack(told)[0]
    return None if wallclock_us == _NONE_US else wallclock_us / 1e6 - arrived_unix_s
