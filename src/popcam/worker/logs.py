"""A worker's logs: JSON lines on standard output, and one bounded file per camera.

Lines are made where something happened and written by a thread of their own: no pipeline waits for a disk.
"""

import sys
import threading
import time
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from popcam.core.clean import clean_event
from popcam.core.log_keeping import LogKeeping, log_keeping
from popcam.core.log_repeats import Repeats
from popcam.core.log_rotation import RotatingLog
from popcam.core.log_writer import LogWriter, Sink, TextSink


def _cleaned(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Take credentials out of every text, whoever put it there."""
    return clean_event(event)


_stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)
_rendered = structlog.processors.JSONRenderer()


class WorkerLogs:
    """Makes loggers. A camera's lines go to its own file and to standard output, which the fleet keeps.

    Args:
        log_dir: files of cameras go to `cameras/` below it.
        worker_id: stands in each line.
        keeping: how much of each camera's log is kept; as this process was told by default.
        at_once: write in the caller's thread, for a process that ends without notice.
    """

    def __init__(
        self, log_dir: Path, worker_id: str, *, keeping: LogKeeping | None = None, at_once: bool = False
    ) -> None:
        self._dir = log_dir / "cameras"
        self._worker_id = worker_id
        self._keeping = keeping
        self._stdout = TextSink(sys.stdout)
        self._files: dict[str, RotatingLog] = {}
        self._lines: dict[str, _Lines] = {}
        self._lock = threading.Lock()
        self._writer = None if at_once else LogWriter("log writer", on_tick=self._sum_up)

    @property
    def dropped(self) -> int:
        """Lines that found no place, or could not be written."""
        return 0 if self._writer is None else self._writer.dropped + self._writer.failed

    def worker(self) -> FilteringBoundLogger:
        """The log of the process itself."""
        return self._logger("").bind(worker=self._worker_id)

    def camera(self, camera_id: str) -> FilteringBoundLogger:
        """The log of one camera."""
        return self._logger(camera_id).bind(camera=camera_id, worker=self._worker_id)

    def flush(self) -> None:
        """Wait until everything is written."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Write what waits, the last sums too, and close the files."""
        for lines in self._known():
            lines.sum_up(lines.repeats.rest())
        if self._writer is not None:
            self._writer.close()
        with self._lock:
            for file in self._files.values():
                file.close()

    def _logger(self, camera_id: str) -> FilteringBoundLogger:
        with self._lock:
            if camera_id not in self._lines:
                self._lines[camera_id] = _Lines(self._writer, self._sinks(camera_id))
            lines = self._lines[camera_id]
        logger: FilteringBoundLogger = structlog.wrap_logger(
            lines,
            processors=[
                structlog.processors.add_log_level,
                _stamped,
                lines.not_again,
                structlog.processors.format_exc_info,
                _cleaned,
                _rendered,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(20),  # from info on
        )
        return logger

    def _sinks(self, camera_id: str) -> tuple[Sink, ...]:
        if not camera_id:
            return (self._stdout,)
        file = RotatingLog(self._dir / f"{camera_id}.log", lambda: self._keeping or log_keeping())
        self._files[camera_id] = file
        return (self._stdout, file)

    def _known(self) -> list["_Lines"]:
        with self._lock:
            return list(self._lines.values())

    def _sum_up(self) -> None:
        for lines in self._known():
            lines.sum_up(lines.repeats.due(time.monotonic()))


class _Lines:
    """Takes finished lines of one log; the methods are the levels that structlog calls."""

    def __init__(self, writer: LogWriter | None, sinks: tuple[Sink, ...]) -> None:
        self.repeats = Repeats()
        self._writer = writer
        self._sinks = sinks
        self._lock = threading.Lock()

    def msg(self, line: str) -> None:
        if self._writer is not None:
            self._writer.offer(self._sinks, line)
            return
        for sink in self._sinks:
            sink.write(f"{line}\n".encode())

    debug = info = warning = error = critical = exception = msg

    def not_again(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Let a line through, unless it repeats one that was written."""
        with self._lock:
            if self.repeats.takes(event, time.monotonic()):
                raise structlog.DropEvent
        return event

    def sum_up(self, summed: Iterator[dict[str, Any]]) -> None:
        """Write lines that sum up."""
        with self._lock:
            found = list(summed)
        for event in found:
            line = _rendered(None, "", clean_event(_stamped(None, "", event)))
            self.msg(line if isinstance(line, str) else line.decode())
