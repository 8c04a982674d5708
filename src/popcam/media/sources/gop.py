"""The packets since the last keyframe, kept so that decoding can start at once in the middle of a group."""

from typing import Final

from popcam.media.sources.pyav import VideoPacket

MAX_PACKETS: Final = 600
MAX_BYTES: Final = 32 * 1024 * 1024


class GroupKeeper:
    """Packets of the current group of pictures, bounded. A group that grows beyond the bounds is given up."""

    def __init__(self) -> None:
        self._packets: list[VideoPacket] = []
        self._size_bytes = 0
        self._complete = False

    def add(self, packet: VideoPacket) -> None:
        if packet.is_keyframe:
            self.clear()
            self._complete = True
        if not self._complete:
            return
        self._packets.append(packet)
        self._size_bytes += packet.size
        if len(self._packets) > MAX_PACKETS or self._size_bytes > MAX_BYTES:
            self.clear()

    def clear(self) -> None:
        """Forget the group: packets are missing from here on."""
        self._packets = []
        self._size_bytes = 0
        self._complete = False

    @property
    def packets(self) -> tuple[VideoPacket, ...]:
        """The group from its keyframe on, or nothing when it is not complete."""
        return tuple(self._packets)

    @property
    def complete(self) -> bool:
        return self._complete
