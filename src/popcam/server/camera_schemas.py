"""Cameras as they are answered: what they are set to, how they do, and what they are looked at for."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from popcam.cameras.model import CameraView
from popcam.core.clean import clean
from popcam.core.errors import error_of_code
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.language import Language
from popcam.core.redact import redact
from popcam.core.spec import CameraSpec, SourceSpec, source_kind

NAMED_SCHEMA = "x-schema"
"""In a schema: the name of the component that stands here; `openapi.py` makes the reference."""
CameraDocument = Annotated[dict[str, Any], Field(json_schema_extra={NAMED_SCHEMA: "CameraSettings"})]
"""All settings of a camera as JSON. The cameras' own rules check it, so that every mistake is told at once."""
Point = tuple[float, float]
Box = tuple[float, float, float, float]


class LastError(BaseModel):
    """What is wrong with a camera now."""

    code: str
    title: str
    detail: str
    hint: str
    retryable: bool
    at_unix_s: float
    count: int = Field(description="How often in a row.")


class CameraStatusOut(BaseModel):
    """What a camera does now."""

    running: bool = Field(description="A worker holds a pipeline for it.")
    pid: int | None = Field(description="Process id of its worker.")
    log: str = Field(description="Its log file on the server's machine.")
    state: CameraState
    fps: float = Field(description="Frames per second through the whole pipeline.")
    latency_ms: float | None = Field(description="Capture to published, mean of the last window.")
    bottleneck: str = Field(description="The stage that limits it, or empty.")
    drops: dict[str, int] = Field(description="Frames lost since the start, by reason.")
    restarts: int = Field(description="How often it had to be started again.")
    last_error: LastError | None = Field(description="What is wrong now; null when all is well.")


class StageOut(BaseModel):
    """Time that one stage takes per frame."""

    stage: str
    frames: int
    mean_ms: float
    p95_ms: float
    max_ms: float


class PipelineOut(BaseModel):
    """The inside of a camera's pipeline, as it last reported."""

    since_unix_s: float = Field(description="When it came into its state.")
    at_unix_s: float = Field(description="When it reported.")
    source_fps: float
    codec: str
    width_px: int
    height_px: int
    decoding: str = Field(description="`all`, `nonref`, `keyframes` or `nothing`.")
    load_level: int = Field(
        description="Pictures left out because the machine can't keep up: none at 0, each further level halves them."
    )
    decoder: str
    decoder_fallback: str = Field(description="Why it is not the decoder that was asked for, or empty.")
    provider: str
    provider_fallback: str
    viewers: int
    recording: bool
    motion: bool
    tracks: int
    frames: int
    reconnects: int
    uncovered_frames: int
    whole_covers: int
    stages: list[StageOut]
    faults: list[LastError]


class SourceOut(BaseModel):
    """Where a stream comes from, without credentials."""

    kind: str
    url: str


class ZoneOut(BaseModel):
    """An area whose visitors make events."""

    name: str
    points: list[Point]
    labels: list[str]


class LineOut(BaseModel):
    """A line whose crossings make events."""

    name: str
    start: Point
    end: Point
    direction: str
    labels: list[str]


class CameraOut(BaseModel):
    """One camera: what is wanted, and what is."""

    id: str
    name: str
    groups: list[str]
    source: SourceOut
    sub_source: SourceOut | None
    active: bool
    auto_start: bool
    wanted: bool = Field(description="It shall run now.")
    act: str = Field(description="`boxes`, `hide` or `pass`.")
    hides_faces: bool
    record: str = Field(description="`off`, `continuous` or `events`.")
    restreams: int
    zones: list[ZoneOut]
    lines: list[LineOut]
    status: CameraStatusOut
    pipeline: PipelineOut | None = Field(description="Null while it never reported.")


class CameraDetail(CameraOut):
    """One camera with all its settings."""

    version: str = Field(description="Changes with the settings; also the answer's `ETag`, for `If-Match`.")
    settings: CameraDocument = Field(description="All settings, secrets as `***`; what PUT takes back.")


class CameraPage(BaseModel):
    """All cameras in the order of the settings."""

    items: list[CameraOut]
    next_cursor: str | None = None


def last_error_of(fault: FaultReport, language: Language) -> LastError:
    """A fault in the reader's language."""
    error = error_of_code(fault.code)
    return LastError(
        code=fault.code,
        title=error.title.in_language(language),
        detail=clean(fault.detail),
        hint=error.hint.in_language(language),
        retryable=error.retryable,
        at_unix_s=fault.at_unix_s,
        count=fault.count,
    )


def status_of(view: CameraView, language: Language) -> CameraStatusOut:
    """The public status of one camera."""
    status, fault = view.status, view.fault
    return CameraStatusOut(
        running=view.running,
        pid=view.pid if view.running else None,
        log=view.log,
        state=view.state,
        fps=round(status.fps, 2) if status else 0.0,
        latency_ms=round(status.latency_ms, 2) if status and status.latency_ms is not None else None,
        bottleneck=status.bottleneck if status else "",
        drops=status.drops if status else {},
        restarts=status.restarts if status else 0,
        last_error=last_error_of(fault, language) if fault else None,
    )


def pipeline_of(status: CameraStatus | None, language: Language) -> PipelineOut | None:
    """The inside of one camera's pipeline."""
    if status is None:
        return None
    same = {name: getattr(status, name) for name in PipelineOut.model_fields if name not in {"stages", "faults"}}
    stages = [
        StageOut(stage=s.stage, frames=s.frames, mean_ms=s.mean_ms, p95_ms=s.p95_ms, max_ms=s.max_ms)
        for s in status.stages
    ]
    return PipelineOut(**same, stages=stages, faults=[last_error_of(fault, language) for fault in status.faults])


def source_of(source: SourceSpec) -> SourceOut:
    """A source without what must stay secret."""
    return SourceOut(kind=source_kind(source.url), url=redact(source.url))


def camera_of(view: CameraView, language: Language) -> CameraOut:
    """The public face of one camera."""
    spec: CameraSpec = view.spec
    return CameraOut(
        id=spec.id,
        name=spec.display_name,
        groups=list(spec.groups),
        source=source_of(spec.source),
        sub_source=source_of(spec.sub_source) if spec.sub_source else None,
        active=spec.active,
        auto_start=spec.auto_start,
        wanted=view.wanted,
        act=spec.act.kind,
        hides_faces=spec.hides_faces,
        record=spec.record.mode,
        restreams=len(spec.restream),
        zones=[ZoneOut(name=z.name, points=list(z.points), labels=list(z.labels)) for z in spec.zones],
        lines=[
            LineOut(name=x.name, start=x.start, end=x.end, direction=x.direction, labels=list(x.labels))
            for x in spec.lines
        ],
        status=status_of(view, language),
        pipeline=pipeline_of(view.status, language),
    )


def detail_of(view: CameraView, version: str, settings: dict[str, Any], language: Language) -> CameraDetail:
    """One camera with all its settings."""
    shown = camera_of(view, language)
    values = {name: getattr(shown, name) for name in CameraOut.model_fields}
    return CameraDetail(**values, version=version, settings=settings)
