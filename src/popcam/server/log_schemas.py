"""What the API answers about logs, as declared models."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from popcam.core.log_record import LogLevel, LogRecord


class LogLineOut(BaseModel):
    """One line of the log of any process."""

    time: str = Field(description="When it was written: ISO 8601, UTC.")
    time_unix_s: float
    level: LogLevel
    process: str = Field(description="`server`, the id of a worker, or the name of a batch worker.")
    camera_id: str = Field(description="The camera that it is about; empty for none.")
    request_id: str = Field(description="The request that led to it; empty for none.")
    event: str = Field(description="What happened: a stable name of popcam's own, or a library's words.")
    fields: dict[str, Any] = Field(
        description="Everything else. `repeated` counts how often it was said again; `repeats_ended` tells the end."
    )


class LogPageOut(BaseModel):
    """Lines of all processes, newest first."""

    items: list[LogLineOut]
    next_before: float | None = Field(
        description="For the next page, as `before`; null at the end. A search that takes long stops in between: a "
        "page may be empty and have a next one."
    )
    processes: list[str] = Field(description="Processes that have a log, for a filter.")


class LogsMessage(BaseModel):
    """New lines, oldest first."""

    type: Literal["logs"] = "logs"
    items: list[LogLineOut]
    missed: int = Field(default=0, description="Lines before these that were left out, because there were too many.")


def line_of(record: LogRecord) -> LogLineOut:
    """A line as it is told."""
    when = datetime.fromtimestamp(record.unix_s, UTC)
    return LogLineOut(
        time=when.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        time_unix_s=record.unix_s,
        level=record.level,
        process=record.process,
        camera_id=record.camera_id,
        request_id=record.request_id,
        event=record.event,
        fields=dict(record.fields),
    )
