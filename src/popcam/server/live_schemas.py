"""What open pages are told of cameras: states in full and in brief, and what of them changed."""

from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, Field

from popcam.cameras.model import CameraView
from popcam.core.facts import CameraState
from popcam.core.language import Language
from popcam.server.camera_schemas import (
    CameraOut,
    CameraStatusOut,
    LastError,
    LineOut,
    PipelineOut,
    SourceOut,
    ZoneOut,
    camera_of,
    last_error_of,
    pipeline_of,
    status_of,
)


class BriefStatusOut(BaseModel):
    """What a camera does now, in brief."""

    running: bool
    state: CameraState
    fps: float
    latency_ms: float | None
    recording: bool
    last_error: LastError | None


class BriefCameraOut(BaseModel):
    """One camera with its state in brief."""

    id: str
    name: str
    groups: list[str]
    source: SourceOut
    sub_source: SourceOut | None
    active: bool
    auto_start: bool
    wanted: bool
    act: str
    hides_faces: bool
    record: str
    restreams: int
    zones: list[ZoneOut]
    lines: list[LineOut]
    status: BriefStatusOut


class StatusMessage(BaseModel):
    """Push message: a camera's state as it is now."""

    type: Literal["status"] = "status"
    seq: int
    camera_id: str
    wanted: bool
    status: CameraStatusOut
    pipeline: PipelineOut | None


class FiguresOut(BaseModel):
    """New figures of one camera; the rest of its state is as it was."""

    camera_id: str
    fps: float
    latency_ms: float | None


class BriefChangeOut(BriefStatusOut):
    """A new state of one camera, in brief."""

    camera_id: str


class CamerasMessage(BaseModel):
    """Push message: all cameras, at the start and whenever cameras came, went or got other settings."""

    type: Literal["cameras"] = "cameras"
    seq: int = Field(description="Grows with everything that happens; `since` for the next connection.")
    cameras: list[CameraOut]


class BriefMessage(BaseModel):
    """Push message of the topic `brief`: all cameras, at the start."""

    type: Literal["brief"] = "brief"
    seq: int
    cameras: list[BriefCameraOut]


class BriefChangesMessage(BaseModel):
    """Push message of the topic `brief`: cameras that came, or of which something else is set or wanted."""

    type: Literal["brief_changes"] = "brief_changes"
    seq: int
    cameras: list[BriefCameraOut]
    ids: list[str] | None = Field(
        description="All cameras in their order, where some came or went; others than these are gone. "
        "Null where they are the same as before."
    )


class StatesMessage(BaseModel):
    """Push message of the topic `brief`: what changed of some cameras' states."""

    type: Literal["states"] = "states"
    seq: int
    states: list[BriefChangeOut | FiguresOut]


def brief_status_of(view: CameraView, language: Language) -> BriefStatusOut:
    """The state of one camera in brief. Figures are as exact as they are shown."""
    status, fault = view.status, view.fault
    latency_ms = status.latency_ms if status else None
    return BriefStatusOut(
        running=view.running,
        state=view.state,
        fps=round(status.fps, 1) if status else 0.0,
        latency_ms=None if latency_ms is None else round(latency_ms, 1),
        recording=status.recording if status else False,
        last_error=last_error_of(fault, language) if fault else None,
    )


def brief_camera_of(view: CameraView, language: Language) -> BriefCameraOut:
    """One camera with its state in brief."""
    whole = camera_of(replace(view, status=None), language)
    values = {name: getattr(whole, name) for name in BriefCameraOut.model_fields if name != "status"}
    return BriefCameraOut(**values, status=brief_status_of(view, language))


def brief_change_of(view: CameraView, language: Language, *, whole: bool) -> BriefChangeOut | FiguresOut:
    """What changed of one camera: all of its state in brief, or only its figures."""
    brief = brief_status_of(view, language)
    if not whole:
        return FiguresOut(camera_id=view.spec.id, fps=brief.fps, latency_ms=brief.latency_ms)
    values = {name: getattr(brief, name) for name in BriefStatusOut.model_fields}
    return BriefChangeOut(camera_id=view.spec.id, **values)


def status_message_of(view: CameraView, seq: int, language: Language) -> StatusMessage:
    """The push message for one camera."""
    return StatusMessage(
        seq=seq,
        camera_id=view.spec.id,
        wanted=view.wanted,
        status=status_of(view, language),
        pipeline=pipeline_of(view.status, language),
    )
