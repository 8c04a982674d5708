"""The bounded hand-over of frames from the thread that reads to the thread that processes."""

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Holds the newest frames. A live mailbox lets the oldest go; a batch mailbox makes the reader wait.

    A waiting reader is woken when the mailbox is nearly empty and then fills it: two threads that wake each other for
    every frame spend more on waking than on handing over.

    Args:
        capacity: most frames held.
        lossless: True for sources that play as fast as possible: `put` waits for room instead of dropping.
    """

    def __init__(self, capacity: int, *, lossless: bool) -> None:
        self._frames: deque[Item] = deque()
        self._capacity = capacity
        self._lossless = lossless
        self._closed = False
        self._changed = threading.Condition()
        self.dropped = 0
        self._deepest = 0

    def put(self, frame: Item) -> None:
        """Queue the newest frame; a closed mailbox takes none."""
        with self._changed:
            while self._lossless and len(self._frames) >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return
            if len(self._frames) >= self._capacity:
                self._frames.popleft()
                self.dropped += 1
            self._frames.append(frame)
            self._deepest = max(self._deepest, len(self._frames))
            self._changed.notify_all()

    def take(self, timeout_s: float) -> Item | None:
        """The oldest queued frame, or None when none came in time or the mailbox is closed and empty."""
        with self._changed:
            if not self._frames and not self._closed:
                self._changed.wait(timeout_s)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            if len(self._frames) <= self._capacity // 4:
                self._changed.notify_all()
            return frame

    def close(self) -> None:
        """Take no more frames and wake both sides. Queued frames can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take_deepest(self) -> int:
        """Most frames that waited at a time since the last call."""
        deepest, self._deepest = self._deepest, len(self._frames)
        return deepest

    def __len__(self) -> int:
        return len(self._frames)
