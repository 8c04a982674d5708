"""The server's log: events with fields, for people in a terminal and as JSON lines elsewhere and in `server.log`.

Lines are made where something happened and written by threads of their own, one for the terminal and one for the file:
neither a full disk nor a terminal that was stopped keeps the server waiting.
"""

import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import Processor

from popcam.config import LogSettings
from popcam.core.clean import clean_event
from popcam.core.crashes import clean_crashes
from popcam.core.log_keeping import DAY_S, LogKeeping, keep_logs, log_keeping
from popcam.core.log_repeats import Repeats
from popcam.core.log_rotation import RotatingLog, prune_logs
from popcam.core.log_writer import LogWriter, TextSink

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SERVER_LOG = "server.log"
PRUNE_EVERY_S = 3600.0
_shared: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_json: Processor = structlog.processors.JSONRenderer(default=str)


class ServerLog:
    """Where all lines of this process end: on standard error, and in a file once there is one."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        """Lines by level, also those that were summed up or dropped."""
        self._repeats = Repeats()
        self._lock = threading.Lock()
        self._on_terminal = LogWriter("log terminal")
        self._in_file = LogWriter("log file", on_tick=self._tend)
        self._file: RotatingLog | None = None
        self._folder: Path | None = None
        self._prune_at_s = 0.0
        self._terminal = TextSink(sys.stderr)
        self._shown: Processor = _json

    @property
    def dropped(self) -> int:
        """Lines that found no place, or could not be written."""
        writers = (self._on_terminal, self._in_file)
        return sum(writer.dropped + writer.failed for writer in writers)

    def show(self, form: str) -> None:
        """Show lines on what is standard error now, in the form of the settings."""
        self._on_terminal.flush()
        self._terminal = TextSink(sys.stderr)
        self._shown = _json if form == "json" or (form == "auto" and not sys.stderr.isatty()) else _for_people()

    def keep_in(self, folder: Path | None, *, write: bool = True) -> None:
        """Look after the logs in this folder: old ones are deleted, and lines written to a file there, too.

        Args:
            folder: where the logs of all processes are; None for none.
            write: whether this process has a file there.
        """
        self._in_file.flush()
        if self._file is not None:
            self._file.close()
        self._file = RotatingLog(folder / SERVER_LOG) if folder is not None and write else None
        self._folder, self._prune_at_s = folder, 0.0

    def take(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Write one line. As the last processor of structlog it hands nothing on."""
        level = str(event.get("level", ""))
        with self._lock:
            self.lines[level] += 1
            again = self._repeats.takes(event, time.monotonic())
        if not again:
            self._write(event)
        raise structlog.DropEvent

    def flush(self) -> None:
        """Wait until everything is written."""
        self._on_terminal.flush()
        self._in_file.flush()

    def end(self) -> None:
        """Write the last sums, and wait until everything is written."""
        self._write_sums(self._repeats.rest())
        self.flush()

    def _write(self, event: MutableMapping[str, Any]) -> None:
        told = clean_event(structlog.processors.format_exc_info(None, "", event))
        if self._file is not None:
            self._in_file.offer((self._file,), _text(_json, told))
        self._on_terminal.offer((self._terminal,), _text(self._shown, told))

    def _tend(self) -> None:
        now_s = time.monotonic()
        self._write_sums(self._repeats.due(now_s))
        if self._folder is not None and now_s >= self._prune_at_s:
            self._prune_at_s = now_s + PRUNE_EVERY_S
            prune_logs(self._folder, log_keeping(), time.time())

    def _write_sums(self, summed: Iterator[dict[str, Any]]) -> None:
        with self._lock:
            found = list(summed)
        for event in found:
            stamped = _shared[-1](None, "", event)
            assert isinstance(stamped, dict)  # noqa: S101 - for the types: a stamp takes nothing away
            self._write(stamped)


class _Foreign(logging.Handler):
    """What libraries say, on the way of our own lines."""

    def __init__(self, server_log: ServerLog) -> None:
        super().__init__()
        self._log = server_log

    def emit(self, record: logging.LogRecord) -> None:
        event: dict[str, Any] = {"event": record.getMessage(), "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        event = structlog.contextvars.merge_contextvars(None, "", event)  # type: ignore[assignment]
        try:
            self._log.take(None, "", _shared[-1](None, "", event))  # type: ignore[arg-type]
        except structlog.DropEvent:
            return


_here: list[ServerLog] = []


def server_log() -> ServerLog:
    """The log of this process."""
    if not _here:
        _here.append(ServerLog())
    return _here[0]


def configure(settings: LogSettings) -> None:
    """Set up all logging of this process; again with other settings to change that."""
    clean_crashes()
    level = LEVELS[settings.level]
    keep_logs(
        LogKeeping(
            max_bytes=round(settings.max_size_mb * 1e6),
            max_files=settings.max_files,
            max_age_s=settings.max_age_days * DAY_S,
        )
    )
    here = server_log()
    here.show(settings.format)
    structlog.configure(
        processors=[*_shared, here.take],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,  # so that a change of the level reaches loggers that exist
    )
    # What libraries say matters from warnings on; our own lines do not pass here.
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[_Foreign(here)], force=True)


def _for_people() -> Processor:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _text(renderer: Processor, event: Mapping[str, Any]) -> str:
    line = renderer(None, "", dict(event))
    return line if isinstance(line, str) else str(line)
