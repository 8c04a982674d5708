"""Which packets are recorded: all, or those around events. Pure: no disk, no clock."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from popcam.core.frame import MediaPacket

PRE_ROLL_BYTES = 32_000_000
"""Most memory of one camera's pre-roll: 5 s at 50 Mbit/s."""


class Roll(Protocol):
    """Decides packet by packet."""

    @property
    def recording(self) -> bool:
        """Whether packets are being kept; when it becomes False the file ends."""
        ...

    @property
    def lost(self) -> int:
        """Packets of the pre-roll that did not fit into memory."""
        ...

    def trigger(self, active: bool, now_s: float) -> None:
        """Say whether an event lasts; monotonic time."""
        ...

    def take(self, packet: MediaPacket) -> Sequence[MediaPacket]:
        """The packets to write now, oldest first."""
        ...

    def rest(self, now_s: float) -> None:
        """No packet has come for a while: stop if nothing more is wanted."""
        ...


class ContinuousRoll:
    """Everything is recorded."""

    recording = True
    lost = 0

    def trigger(self, active: bool, now_s: float) -> None:
        """Events change nothing."""

    def take(self, packet: MediaPacket) -> Sequence[MediaPacket]:
        return (packet,)

    def rest(self, now_s: float) -> None:
        """The file stays open: a slow camera is still recorded."""


class EventRoll:
    """Keeps the last seconds in memory, from a keyframe on, and lets them out when an event begins.

    A recording goes on to the keyframe after the post-roll, where the memory begins again: two events in a row lose
    nothing between them and hold nothing twice.

    Args:
        pre_roll_s: how much before an event is kept at least, if it was there.
        post_roll_s: how long it goes on after the event.
        most_bytes: bound of the memory; the oldest groups of pictures go first.
    """

    def __init__(self, pre_roll_s: float, post_roll_s: float, most_bytes: int = PRE_ROLL_BYTES) -> None:
        self._pre_roll_s = pre_roll_s
        self._post_roll_s = post_roll_s
        self._most_bytes = most_bytes
        self._groups: deque[list[MediaPacket]] = deque()
        self._bytes = 0
        self._active = False
        self._last_active_s = float("-inf")
        self.recording = False
        self.lost = 0

    def trigger(self, active: bool, now_s: float) -> None:
        if active or self._active:
            self._last_active_s = now_s
        self._active = active

    def take(self, packet: MediaPacket) -> Sequence[MediaPacket]:
        now_s = packet.captured_monotonic_s
        if self.recording:
            if self._is_wanted(now_s) or not packet.keyframe:
                return (packet,)
            self.recording = False
        self._remember(packet)
        if not (self._groups and self._is_wanted(now_s)):
            return ()
        self.recording = True
        kept = [one for group in self._groups for one in group]
        self._groups.clear()
        self._bytes = 0
        return kept

    def rest(self, now_s: float) -> None:
        if not self._is_wanted(now_s):
            self.recording = False

    def _is_wanted(self, now_s: float) -> bool:
        return self._active or now_s - self._last_active_s < self._post_roll_s

    def _remember(self, packet: MediaPacket) -> None:
        if packet.keyframe:
            self._groups.append([packet])
        elif self._groups:
            self._groups[-1].append(packet)
        else:
            return  # nothing before the first keyframe can be decoded
        self._bytes += packet.size_bytes
        oldest_s = packet.captured_monotonic_s - self._pre_roll_s
        while len(self._groups) > 1 and self._groups[1][0].captured_monotonic_s <= oldest_s:
            self._forget_oldest()
        while self._bytes > self._most_bytes and self._groups:
            self.lost += len(self._groups[0])
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self._bytes -= sum(one.size_bytes for one in self._groups.popleft())
