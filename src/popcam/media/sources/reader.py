"""A thread that opens a container and reads its packets, so that every wait for it is bounded.

FFmpeg's own time-outs do not cover everything: name resolution, a device that delivers nothing, a hung network drive.
And a container may not be closed while another thread reads it. So one thread owns it from open to close; whoever
waits for packets waits at a queue, which `close` or a time-out ends at once. A thread that hangs in the system is
left behind and ends itself as soon as the call returns.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from popcam.core.errors import SourceEndedError, SourceTimeoutError
from popcam.core.frame import StreamInfo
from popcam.media.sources.pyav import VideoPacket, own_packet

LIVE_QUEUE_S: Final = 2.0
"""Packets of a live stream wait at most this long for a slow reader; then all up to the next keyframe are dropped."""
LIVE_QUEUE_BYTES: Final = 64 * 1024 * 1024
FILE_QUEUE_PACKETS: Final = 32
_CLOSE_WAIT_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Arrival:
    """One packet and when it came. `dropped` packets before it were lost because nobody took them in time."""

    packet: VideoPacket
    monotonic_s: float
    unix_s: float
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened container with the video stream that is read.

    The thread may close the container at any time, and its streams' memory is gone then: others touch only what is
    below `stream`.

    Attributes:
        template: a copy of the stream's parameters that outlives the container; each packet is moved to it.
        context: the stream's decoder, not open yet; it stands for itself.
        time_base: of the packets' times.
        info: what the container says of the stream.
        lossy: a slow reader loses packets (live), or makes the thread wait.
        borrowed: packets lie in memory that goes with the container, so each is copied at once.
    """

    container: InputContainer
    stream: VideoStream
    template: VideoStream
    context: VideoCodecContext
    time_base: Fraction
    info: StreamInfo
    lossy: bool
    borrowed: bool = False


class PacketReader:
    """Reads one container in a thread of its own.

    Args:
        open_: opens the container and picks the stream; runs in the thread.
        name: for the thread's name; no credentials.
    """

    def __init__(self, open_: Callable[[], Opened], *, name: str) -> None:
        self._open = open_
        self._changed = threading.Condition()
        self._queue: deque[Arrival] = deque()
        self._queued_bytes = 0
        self._dropping = 0
        self._opened: Opened | None = None
        self._ended: BaseException | None = None
        self._closed = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"source {name}", daemon=True)
        self._thread.start()

    def wait_opened(self, timeout_s: float) -> Opened:
        """Wait until the container is open.

        Raises:
            SourceTimeoutError: it took too long.
            Exception: what opening raised, as FFmpeg or the system named it.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._opened or self._ended or self._closed, timeout_s)
            if self._opened is not None:
                return self._opened  # a short file may have been read to its end by now
            if self._ended is not None:
                raise self._ended
            raise SourceTimeoutError(f"not open after {timeout_s:g} s")

    def next(self, timeout_s: float, *, linger_s: float = 0.0) -> Arrival | None:
        """Wait for the next packet; None at the end. Where none is there yet, look again only after `linger_s`: then
        there may be several, and nobody was woken for each.

        Raises:
            SourceTimeoutError: none came in time.
            SourceEndedError: the reader was closed.
            Exception: what reading raised, as FFmpeg or the system named it.
        """
        if linger_s > 0 and not self._queue:
            self._over.wait(linger_s)
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ended or self._closed, timeout_s)
            if self._closed:
                raise SourceEndedError("the source was closed")
            if self._queue:
                arrival = self._queue.popleft()
                self._queued_bytes -= arrival.packet.size
                if len(self._queue) == FILE_QUEUE_PACKETS // 2:
                    self._changed.notify_all()
                return arrival
            if type(self._ended) is EOFError:  # ours, not FFmpeg's subclass of it
                return None
            if self._ended is not None:
                raise self._ended
            raise SourceTimeoutError(f"nothing came for {timeout_s:g} s")

    def close(self) -> None:
        """Let go. The thread closes the container; when it hangs in the system this does not wait for it."""
        with self._changed:
            self._closed = True
            self._over.set()
            self._queue.clear()
            self._queued_bytes = 0
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSE_WAIT_S)

    @property
    def waiting(self) -> int:
        """Packets that have come and were not taken yet."""
        return len(self._queue)

    @property
    def hangs(self) -> bool:
        """Whether the thread is still there, after `close`: some call does not return."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            opened = self._open()
        except BaseException as error:  # noqa: BLE001 the edge of a thread: handed to whoever waits
            self._finish(error)
            return
        with self._changed:
            self._opened = opened
            self._changed.notify_all()
        try:
            if not self._closed:
                self._read(opened)
            self._finish(EOFError())
        except BaseException as error:  # noqa: BLE001 the edge of a thread: handed to whoever waits
            self._finish(error)
        finally:
            opened.container.close()

    def _read(self, opened: Opened) -> None:
        """Read to the end. A damaged place does not end it, as long as something readable follows."""
        progress = True
        while progress:
            progress = False
            try:
                for packet in opened.container.demux(opened.stream):
                    if packet.size == 0:  # the end, or a frame that AVI files repeat
                        continue
                    progress = True
                    if opened.borrowed:
                        # The same name lets go of the borrowed one: it must not outlive the container.
                        packet = own_packet(packet)
                    packet.stream = opened.template
                    if not self._put(Arrival(packet, time.monotonic(), time.time()), lossy=opened.lossy):
                        return
            except av.error.InvalidDataError:
                if not progress:
                    raise
            else:
                return

    def _put(self, arrival: Arrival, *, lossy: bool) -> bool:
        with self._changed:
            if lossy:
                kept = self._drop_when_late(arrival)
                if kept is None:
                    return not self._closed
                arrival = kept
            else:
                self._wait_for_room()
            if self._closed:
                return False
            self._queue.append(arrival)
            self._queued_bytes += arrival.packet.size
            self._changed.notify_all()
            return True

    def _wait_for_room(self) -> None:
        """Once full, wait until half of it is taken: waking up for each packet costs more than reading it."""
        if len(self._queue) >= FILE_QUEUE_PACKETS:
            self._changed.wait_for(lambda: len(self._queue) <= FILE_QUEUE_PACKETS // 2 or self._closed)

    def _drop_when_late(self, arrival: Arrival) -> Arrival | None:
        """Drop what nobody took in time, and then everything that can't be decoded without it."""
        late = self._queue and arrival.monotonic_s - self._queue[0].monotonic_s > LIVE_QUEUE_S
        if late or self._queued_bytes > LIVE_QUEUE_BYTES:
            self._dropping += len(self._queue)
            self._queue.clear()
            self._queued_bytes = 0
            self._dropping = max(1, self._dropping)
        if not self._dropping:
            return arrival
        if not arrival.packet.is_keyframe:
            self._dropping += 1
            return None
        dropped, self._dropping = self._dropping, 0
        return Arrival(arrival.packet, arrival.monotonic_s, arrival.unix_s, dropped)

    def _finish(self, ended: BaseException) -> None:
        with self._changed:
            self._ended = ended
            self._over.set()
            self._changed.notify_all()
