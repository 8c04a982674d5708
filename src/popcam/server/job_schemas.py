"""What the API answers about batch jobs, as declared models."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from popcam.core.batch import MediaKind
from popcam.core.clean import clean
from popcam.core.errors import error_of_code
from popcam.core.jobs import (
    FINISHED_STATES,
    ItemState,
    JobItem,
    JobKind,
    JobSpec,
    JobState,
    JobStatus,
    Problem,
)
from popcam.core.language import Language
from popcam.jobs import Folder, JobCheck, Upload

API = "/api/v1/jobs"
JobStage = Literal["", "waiting", "inspecting", "finding", "writing", "joining", "yielding"]


class JobProblem(BaseModel):
    """Something that could not be done, and where in the medium."""

    code: str
    title: str = Field(description="In the reader's language.")
    detail: str
    hint: str
    retryable: bool
    start_s: float | None
    end_s: float | None


class ItemCountsOut(BaseModel):
    """Files of a job by their state."""

    queued: int
    running: int
    succeeded: int
    partial: int
    failed: int
    skipped: int
    cancelled: int


class JobOut(BaseModel):
    """How a job stands."""

    job_id: str
    kind: JobKind
    name: str
    state: JobState = Field(
        description="`partial`: something could not be done; all that could is there. Ended states are "
        "`succeeded`, `partial`, `failed` and `cancelled`."
    )
    priority: int = Field(description="Higher runs first.")
    created_unix_s: float
    started_unix_s: float | None
    ended_unix_s: float | None
    fraction: float = Field(description="0..1 of the work.")
    frames_done: int
    frames_total: int = Field(description="A photo is one frame.")
    frames_copied: int = Field(description="Frames that were copied bit for bit because nothing changes in them.")
    speed_fps: float = Field(description="Frames per second over the last seconds.")
    left_s: float | None = Field(description="Null while nobody can tell.")
    stage: JobStage = Field(description="`yielding`: live cameras need the processor.")
    items: ItemCountsOut
    problem: JobProblem | None = Field(description="Why the job as a whole failed; files have problems of their own.")
    url: str
    items_url: str
    preview_url: str | None = Field(description="The newest finished picture; null where there is none.")


class JobDetail(JobOut):
    """One job with what was asked for."""

    spec: JobSpec
    output_dir: str = Field(description="The folder that the results are in.")


class JobPageOut(BaseModel):
    """Jobs, newest first. `next_cursor` leads to older ones; null at the end."""

    items: list[JobOut]
    next_cursor: str | None


class JobItemOut(BaseModel):
    """One file of a job."""

    item_id: int
    job_id: str
    source: str = Field(description="The file as it was given or found.")
    output: str = Field(description="The result's path on the server, or empty.")
    state: ItemState
    fraction: float
    frames: int
    frames_copied: int
    faces: int = Field(description="Different faces that were found.")
    bytes_in: int
    bytes_out: int
    problems: list[JobProblem]
    source_url: str = Field(description="The file before; answers `Range`.")
    output_url: str | None = Field(description="The result; null while there is none.")


class JobItemPageOut(BaseModel):
    """Files of a job in their order. `next_cursor` leads to the next ones; null at the end."""

    items: list[JobItemOut]
    next_cursor: str | None


class JobPatch(BaseModel):
    """What can be changed of a job that has begun."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=200)] | None = Field(default=None, description="What people call it.")
    priority: Annotated[int, Field(ge=0, le=9)] | None = Field(default=None, description="Higher runs first.")


class UploadOut(BaseModel):
    """A file that was uploaded. It is kept for a day, and as long as a job needs it."""

    upload_id: str
    input: str = Field(description="What a job's `inputs` name it: `upload:<id>`.")
    name: str = Field(description="Its name, made safe.")
    size_bytes: int
    media_kind: MediaKind


class PlaceOut(BaseModel):
    """A file or folder that a job may take."""

    name: str
    path: str = Field(description="What a job's `inputs` name it.")
    kind: Literal["folder", "video", "photo"]
    size_bytes: int | None = Field(description="Null for folders.")
    modified_unix_s: float | None


class BrowseOut(BaseModel):
    """A folder's media and folders, or the allowed roots where no path was asked for."""

    path: str = Field(description="The folder; empty for the roots.")
    parent: str | None = Field(description="The folder above; empty for the roots, null where there is none.")
    items: list[PlaceOut] = Field(description="Folders first, each by name.")
    truncated: bool = Field(description="There are more than these.")


class JobPairOut(BaseModel):
    """A file and the result that it would get."""

    source: str
    output: str


class JobCheckOut(BaseModel):
    """What a job would do."""

    files: int
    videos: int
    photos: int
    bytes_in: int
    frames_estimated: int = Field(description="A guess from sizes: no file is opened for it.")
    disk_need_bytes: int
    disk_free_bytes: int
    fits: bool = Field(description="There is enough room on the disk.")
    output_dir: str
    examples: list[JobPairOut] = Field(description="The first few.")
    problems: list[JobProblem] = Field(description="Files and folders that would fail for a known reason.")


class JobMessage(BaseModel):
    """Push message of the topic `jobs`: a job's new state or progress."""

    type: Literal["job"] = "job"
    seq: int
    job: JobOut


class JobGoneMessage(BaseModel):
    """Push message: a job was deleted."""

    type: Literal["job_gone"] = "job_gone"
    seq: int
    job_id: str


class JobsMessage(BaseModel):
    """Push message: the newest jobs, at the start and where it is not known what a connection has missed."""

    type: Literal["jobs"] = "jobs"
    seq: int
    jobs: list[JobOut]
    error: JobProblem | None = Field(default=None, description="Why they can't be read now.")


def problem_of(problem: Problem, language: Language) -> JobProblem:
    """A problem in the reader's language."""
    error = error_of_code(problem.code)
    return JobProblem(
        code=problem.code,
        title=error.title.in_language(language),
        detail=clean(problem.detail),
        hint=error.hint.in_language(language),
        retryable=error.retryable,
        start_s=problem.start_s,
        end_s=problem.end_s,
    )


def job_of(status: JobStatus, language: Language) -> JobOut:
    """The public face of one job."""
    return JobOut(**_job_fields(status, language))


def _job_fields(status: JobStatus, language: Language) -> dict[str, Any]:
    url = f"{API}/{quote(status.job_id, safe='')}"
    fields: dict[str, Any] = {name: getattr(status, name) for name in status.__struct_fields__}
    pictures = status.kind in {"hide_faces", "transcode"} and status.started_unix_s is not None
    return fields | {
        "fraction": round(status.fraction, 4),
        "speed_fps": round(status.speed_fps, 1),
        "left_s": None if status.left_s is None else round(status.left_s, 1),
        "items": ItemCountsOut(**msgspec.structs.asdict(status.items)),
        "problem": problem_of(status.problem, language) if status.problem else None,
        "url": url,
        "items_url": f"{url}/items",
        "preview_url": f"{url}/preview" if pictures and status.state not in FINISHED_STATES else None,
    }


def detail_of(status: JobStatus, spec: JobSpec, output_dir: str, language: Language) -> JobDetail:
    """One job with what was asked for."""
    return JobDetail(**_job_fields(status, language), spec=spec, output_dir=output_dir)


def item_of(item: JobItem, language: Language) -> JobItemOut:
    """The public face of one file of a job."""
    url = f"{API}/{quote(item.job_id, safe='')}/items/{item.item_id}"
    fields: dict[str, Any] = {name: getattr(item, name) for name in item.__struct_fields__}
    there = bool(item.output) and item.state in {"succeeded", "partial"}
    fields |= {
        "fraction": round(item.fraction, 4),
        "problems": [problem_of(problem, language) for problem in item.problems],
        "source_url": f"{url}/source",
        "output_url": f"{url}/output" if there else None,
    }
    return JobItemOut(**fields)


def check_of(check: JobCheck, language: Language) -> JobCheckOut:
    """What a job would do."""
    same = (
        "files", "videos", "photos", "bytes_in", "frames_estimated", "disk_need_bytes", "disk_free_bytes", "fits",
        "output_dir",
    )  # fmt: skip
    return JobCheckOut(
        **{name: getattr(check, name) for name in same},
        examples=[JobPairOut(source=source, output=output) for source, output in check.examples],
        problems=[problem_of(problem, language) for problem in check.problems],
    )


def upload_of(upload: Upload) -> UploadOut:
    """The public face of an upload."""
    return UploadOut(
        upload_id=upload.upload_id,
        input=upload.input,
        name=upload.name,
        size_bytes=upload.size_bytes,
        media_kind=upload.media_kind,
    )


def browse_of(folder: Folder) -> BrowseOut:
    """The public face of a folder."""
    places = [
        PlaceOut(
            name=place.name,
            path=place.path,
            kind=place.kind,
            size_bytes=place.size_bytes,
            modified_unix_s=place.modified_unix_s,
        )
        for place in folder.places
    ]
    return BrowseOut(path=folder.path, parent=folder.parent, items=places, truncated=folder.truncated)
