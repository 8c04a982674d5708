"""Writes log lines in a thread of its own, so that nobody waits for a disk or a terminal.

What waits is bounded. What finds no place is dropped and counted, and a line says so as soon as there is room again.
"""

import atexit
import json
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Protocol, TextIO

MAX_WAITING = 10_000
"""Lines; some megabytes."""
TICK_S = 1.0
FLUSH_S = 2.0
_writers: "weakref.WeakSet[LogWriter]" = weakref.WeakSet()


class Sink(Protocol):
    """Where lines go. A failure is an OSError."""

    def write(self, data: bytes) -> object: ...


class TextSink:
    """A stream of text, such as standard output, as a sink."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        """Write and hand on at once."""
        self._stream.write(data.decode("utf-8", "replace"))
        self._stream.flush()


class LogWriter:
    """One thread that writes lines to sinks.

    Args:
        name: of the thread.
        max_waiting: most lines that wait.
        on_tick: called once a second in the thread.
    """

    def __init__(
        self, name: str, *, max_waiting: int = MAX_WAITING, on_tick: Callable[[], object] | None = None
    ) -> None:
        self.dropped = 0
        """Lines that found no place, since the start."""
        self.failed = 0
        """Lines that could not be written, since the start."""
        self._max_waiting = max_waiting
        self._on_tick = on_tick
        self._told_dropped = 0
        self._lines: deque[tuple[tuple[Sink, ...], str]] = deque()
        self._news = threading.Condition()
        self._busy = False
        self._ending = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        _writers.add(self)

    def offer(self, sinks: tuple[Sink, ...], line: str) -> None:
        """Write a line, without its end, soon. From any thread; never waits."""
        with self._news:
            if len(self._lines) >= self._max_waiting or self._ending:
                self.dropped += 1
                return
            self._lines.append((sinks, line))
            self._news.notify()

    def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Wait until what was offered is written; False when that takes too long."""
        with self._news:
            return self._news.wait_for(lambda: not self._lines and not self._busy, timeout_s)

    def close(self, timeout_s: float = FLUSH_S) -> None:
        """Write what waits, and end."""
        with self._news:
            self._ending = True
            self._news.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        tick_at_s = time.monotonic() + TICK_S
        while True:
            with self._news:
                self._busy = False
                self._news.notify_all()
                # Without a tick there is nothing to wake for but lines.
                rest_s = None if self._on_tick is None else max(0.0, tick_at_s - time.monotonic())
                self._news.wait_for(lambda: self._lines or self._ending, rest_s)
                batch, self._busy = list(self._lines), bool(self._lines)
                self._lines.clear()
                if self._ending and not batch:
                    return
            self._write(batch)
            if time.monotonic() >= tick_at_s:
                tick_at_s = time.monotonic() + TICK_S
                if self._on_tick is not None:
                    self._on_tick()

    def _write(self, batch: Iterable[tuple[tuple[Sink, ...], str]]) -> None:
        waiting: dict[Sink, list[str]] = {}
        for sinks, line in batch:
            for sink in sinks:
                waiting.setdefault(sink, []).append(line)
        missing = self.dropped - self._told_dropped
        if missing and waiting:
            self._told_dropped += missing
            next(iter(waiting.values())).append(dropped_line(missing))
        for sink, lines in waiting.items():
            try:
                sink.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))
            except (OSError, ValueError):  # ValueError: somebody closed the terminal's stream
                self.failed += len(lines)


def dropped_line(count: int) -> str:
    """What is written in the place of lines that found none."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"count": count, "event": "log.dropped", "level": "warning", "timestamp": now})


@atexit.register
def flush_all() -> None:
    """Write what waits in all writers of this process."""
    for writer in list(_writers):
        writer.flush()
