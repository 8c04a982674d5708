"""What operations on cameras take and answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from popcam.cameras.model import StartResult
from popcam.server.camera_schemas import CameraDocument
from popcam.server.problem_model import Problem


class StartResultOut(BaseModel):
    """What a start, stop or restart led to."""

    ok: bool
    pid: int | None
    log: str
    error: str = Field(description="The fault that the camera reports now, or empty.")


class ActiveOut(BaseModel):
    """Answer to activate."""

    ok: bool
    camera_id: str
    active: bool


class DeactivatedOut(BaseModel):
    """Answer to deactivate."""

    ok: bool
    camera_id: str
    active: bool
    stopped: bool = Field(description="It ran, and does no more.")


class AutoStartOut(BaseModel):
    """Answer to auto-start."""

    ok: bool
    camera_id: str
    auto_start: bool


class RefreshOut(BaseModel):
    """What reading the cameras again led to."""

    status: Literal["ok", "error"] = Field(description="`error`: they can't be read, and the old ones stay in force.")
    message: str = Field(description="What changed, or why nothing could be read, in the reader's language.")
    timestamp: str = Field(description="When, in UTC (ISO 8601).")


class CamerasIn(BaseModel):
    """Cameras to add."""

    model_config = ConfigDict(extra="forbid")

    cameras: list[CameraDocument] = Field(min_length=1, max_length=1000)


class StoreOut(BaseModel):
    """Where cameras are kept, and how that stands."""

    kind: Literal["file", "database", "fixed"] = Field(description="`fixed`: they can't be changed from here.")
    place: str = Field(description="The file, or empty.")
    error: Problem | None = Field(description="Why its newest content is not in force; null when it is.")


class BatchStatusIn(BaseModel):
    """Which cameras to ask about; absent: all."""

    camera_ids: list[str] | None = Field(default=None, max_length=10_000)


class StatusErrorOut(BaseModel):
    """Stands for a camera that does not exist."""

    error: str
    code: str


class LogLines(BaseModel):
    """The end of a camera's log."""

    camera_id: str
    log_file: str
    total_lines: int
    lines: list[str]


def start_result_of(result: StartResult) -> StartResultOut:
    """The public answer to a start, stop or restart."""
    return StartResultOut(ok=result.ok, pid=result.pid, log=result.log, error=result.error)
