"""Log lines as they are read again, and which of them somebody wants to see. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

import msgspec

LogLevel = Literal["debug", "info", "warning", "error", "critical"]
LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)
"""From the least to the most."""
APART = frozenset({"timestamp", "level", "event", "camera", "camera_id", "request_id"})
"""Fields that a record has a place for."""
CRASH_LEVEL: LogLevel = "error"
"""What a process wrote that is none of our lines is mostly its last words."""


class LogRecord(NamedTuple):
    """One line of a log.

    Attributes:
        unix_s: when it was written.
        level: how much it matters.
        process: `server`, the id of a worker, or the name of a batch worker.
        camera_id, request_id: what it is about; empty for neither.
        event: what happened: a stable name of ours, or a library's words.
        fields: everything else, as JSON values.
    """

    unix_s: float
    level: LogLevel
    process: str
    event: str
    camera_id: str = ""
    request_id: str = ""
    fields: Mapping[str, Any] = {}

    def text(self) -> str:
        """All that a search looks through."""
        details = " ".join(f"{name}={value}" for name, value in self.fields.items())
        return f"{self.event} {self.camera_id} {self.request_id} {details}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines are wanted: all that is given has to fit.

    Attributes:
        level: this or a worse one.
        camera_id, request_id, process: exactly these; empty for any.
        text: stands in the line, in capital letters or small ones.
        cameras: only lines about one of these; None for no limit.
    """

    level: LogLevel = "debug"
    camera_id: str = ""
    request_id: str = ""
    process: str = ""
    text: str = ""
    cameras: frozenset[str] | None = None

    def takes(self, record: LogRecord) -> bool:
        """Whether a line is wanted."""
        return (
            LEVELS.index(record.level) >= LEVELS.index(self.level)
            and (not self.camera_id or record.camera_id == self.camera_id)
            and (not self.request_id or record.request_id == self.request_id)
            and (not self.process or record.process == self.process)
            and (self.cameras is None or record.camera_id in self.cameras)
            and (not self.text or self.text.casefold() in record.text().casefold())
        )


def record_of(line: bytes, process: str) -> LogRecord | None:
    """A line of ours; None for anything else that stands in a log.

    Args:
        line: without its end.
        process: who wrote it, where the line does not name its worker.
    """
    try:
        told = msgspec.json.decode(line)
        unix_s = datetime.fromisoformat(told["timestamp"]).timestamp()
        event = str(told["event"])
    except (msgspec.DecodeError, ValueError, KeyError, TypeError):
        return None
    level = told.get("level", "info")
    return LogRecord(
        unix_s=unix_s,
        level=level if level in LEVELS else CRASH_LEVEL if level == "exception" else "info",
        process=str(told.get("worker") or process) if process != "server" else process,
        event=event,
        camera_id=str(told.get("camera") or told.get("camera_id") or ""),
        request_id=str(told.get("request_id") or ""),
        fields={name: value for name, value in told.items() if name not in APART},
    )


def crash_record(text: str, process: str, unix_s: float) -> LogRecord:
    """What a process wrote that is none of our lines: a traceback, a library's complaint."""
    first, _, rest = text.strip().partition("\n")
    return LogRecord(
        unix_s=unix_s, level=CRASH_LEVEL, process=process, event=first[:500], fields={"output": rest} if rest else {}
    )
