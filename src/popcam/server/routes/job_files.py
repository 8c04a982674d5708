"""/api/v1/jobs: the files of jobs, before and after; uploads; and the folders that jobs may take."""

import asyncio
import os
from pathlib import Path as FilePath
from typing import Annotated, Any

import structlog
from fastapi import Path, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from popcam.core.access import Permission
from popcam.core.errors import (
    DatabaseError,
    JobDiskShortError,
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNotFoundError,
    RequestInvalidError,
    StorageReadOnlyError,
    UploadNotFoundError,
    UploadNotMediaError,
    UploadTooLargeError,
)
from popcam.core.jobs import ItemState
from popcam.server import examples, job_examples
from popcam.server import job_schemas as schemas
from popcam.server.clean_text import check_text
from popcam.server.media_bytes import HEAD_BYTES, media_kind
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.routes.jobs import JobId
from popcam.server.safe_names import safe_name
from popcam.server.services import Jobs, Reader

log = structlog.get_logger(__name__)

router = Router(prefix="/api/v1/jobs", tags=["jobs"])

ItemId = Annotated[int, Path(description="Number of the file in its job.", ge=0, le=2**53)]
UploadId = Annotated[str, Path(description="Id of the upload.", max_length=64)]
Download = Annotated[bool, Query(description="Offer it as a file to keep.")]
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska",
    ".webm": "video/webm", ".avi": "video/x-msvideo", ".ts": "video/mp2t", ".mpg": "video/mpeg", ".ogv": "video/ogg",
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".avif": "image/avif", ".heic": "image/heic",
    ".jsonl": "application/x-ndjson", ".json": "application/json",
}  # fmt: skip
"""All others go as plain bytes: a name must never make a page of ours out of somebody's file."""
BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."},
    206: {"description": "The part that `Range` asked for."},
}
UPLOAD_IDLE_S = 60.0
"""A sender that is silent for so long is given up."""


@router.post(
    "/uploads",
    dependencies=[needs(Permission.OPERATE, action="upload.create"), rate("upload")],
    summary="Upload a file",
    status_code=201,
    responses={
        201: examples.of(job_examples.UPLOAD, "It is complete on the server's disk."),
        **responses(
            UploadTooLargeError, UploadNotMediaError, JobDiskShortError, StorageReadOnlyError, RequestInvalidError
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {**BYTES["application/octet-stream"], "example": "(the bytes)"}},
        }
    },
)
async def upload_file(
    request: Request,
    jobs: Jobs,
    name: Annotated[str, Query(description="The file's name; the result is called like it.", max_length=1000)],
) -> schemas.UploadOut:
    """The body is the file itself, as `application/octet-stream`; it is written to the disk as it arrives. What a file
    is, is seen from its first bytes. An upload that no job uses is removed after a day."""
    length = request.headers.get("content-length", "")
    try:
        upload = await jobs.uploads.receive(
            safe_name(name),
            _Pieces(request),
            size_bytes=int(length) if length.isdecimal() else None,
            kind_of=media_kind,
            head_bytes=HEAD_BYTES,
        )
    except ClientDisconnect as gone:
        log.info("upload.broken_off", name=safe_name(name))
        raise WebSocketDisconnect(1006) from gone  # nobody is there to be told
    return schemas.upload_of(upload)


class _Pieces:
    """The body as it arrives.

    Raises:
        RequestInvalidError: the sender fell silent.
        ClientDisconnect: it left.
    """

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> bytes:
        try:
            async with asyncio.timeout(UPLOAD_IDLE_S):
                return await anext(self._stream)
        except TimeoutError as error:
            raise RequestInvalidError(f"nothing arrived for {UPLOAD_IDLE_S:.0f} s") from error


@router.get(
    "/uploads/{upload_id}",
    dependencies=[needs(Permission.OPERATE)],
    summary="One upload",
    responses={200: examples.of(job_examples.UPLOAD), **responses(UploadNotFoundError)},
)
async def get_upload(upload_id: UploadId, jobs: Jobs) -> schemas.UploadOut:
    """A file that was uploaded and is still there."""
    return schemas.upload_of(await jobs.uploads.get(upload_id))


@router.delete(
    "/uploads/{upload_id}",
    dependencies=[needs(Permission.OPERATE, action="upload.delete")],
    summary="Delete an upload",
    status_code=204,
    responses=responses(UploadNotFoundError),
)
async def delete_upload(upload_id: UploadId, jobs: Jobs) -> None:
    """Remove an upload. A job that needs it fails for that file."""
    await jobs.uploads.delete(upload_id)


@router.get(
    "/browse",
    dependencies=[needs(Permission.OPERATE, action="files.browse")],
    summary="Folders that jobs may take",
    responses={
        200: examples.of(job_examples.BROWSE),
        **responses(JobInputMissingError, JobInputOutsideRootsError, RequestInvalidError),
    },
)
async def browse_places(
    jobs: Jobs,
    path: Annotated[str, Query(description="A folder; empty for the allowed roots.", max_length=4096)] = "",
) -> schemas.BrowseOut:
    """Media and folders of a folder within `jobs.roots`, at most a thousand. Links that lead out are left out."""
    check_text(path, "path", paths=True)
    return schemas.browse_of(await jobs.browse(path))


@router.get(
    "/{job_id}/items",
    dependencies=[needs(Permission.VIEW)],
    summary="Files of a job",
    responses={
        200: examples.of(job_examples.ITEMS),
        **responses(JobNotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def list_job_items(
    job_id: JobId,
    jobs: Jobs,
    language: Reader,
    state: Annotated[list[ItemState] | None, Query(description="Only in this state; may be repeated.")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most on one page.")] = 100,
) -> schemas.JobItemPageOut:
    """The job's files in their order, each with its own outcome."""
    page = await jobs.items(job_id, states=state or (), cursor=cursor, limit=limit)
    return schemas.JobItemPageOut(
        items=[schemas.item_of(item, language) for item in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/{job_id}/items/{item_id}",
    dependencies=[needs(Permission.VIEW)],
    summary="One file of a job",
    responses={200: examples.of(job_examples.ITEM), **responses(JobNotFoundError, RequestInvalidError, DatabaseError)},
)
async def get_job_item(job_id: JobId, item_id: ItemId, jobs: Jobs, language: Reader) -> schemas.JobItemOut:
    """How one file stands."""
    return schemas.item_of(await jobs.item(job_id, item_id), language)


@router.head(
    "/{job_id}/items/{item_id}/output",
    dependencies=[needs(Permission.VIEW, action="job.output")],
    include_in_schema=False,
)  # players ask for the length first
@router.get(
    "/{job_id}/items/{item_id}/output",
    dependencies=[needs(Permission.VIEW, action="job.output")],
    summary="Result of one file",
    response_class=FileResponse,
    responses={**FILE, **responses(JobNotFoundError, RequestInvalidError, DatabaseError)},
)
async def get_job_output(job_id: JobId, item_id: ItemId, jobs: Jobs, download: Download = False) -> FileResponse:
    """The finished result, whole or in parts (`Range`)."""
    return await _file(await jobs.output_path(job_id, item_id), download)


@router.head(
    "/{job_id}/items/{item_id}/source",
    dependencies=[needs(Permission.OPERATE, action="job.source")],
    include_in_schema=False,
)
@router.get(
    "/{job_id}/items/{item_id}/source",
    dependencies=[needs(Permission.OPERATE, action="job.source")],
    summary="One file as it was",
    response_class=FileResponse,
    responses={
        **FILE,
        **responses(JobNotFoundError, JobInputOutsideRootsError, RequestInvalidError, DatabaseError),
    },
)
async def get_job_source(job_id: JobId, item_id: ItemId, jobs: Jobs, download: Download = False) -> FileResponse:
    """The file before the job, whole or in parts (`Range`): with the faces that a result hides."""
    return await _file(await jobs.source_path(job_id, item_id), download)


@router.get(
    "/{job_id}/preview",
    dependencies=[needs(Permission.VIEW)],
    summary="Newest picture of a running job",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."},
        **responses(JobNotFoundError),
    },
)
async def get_job_preview(job_id: JobId, jobs: Jobs) -> Response:
    """A picture as the result will have it, about once a second anew."""
    return Response(jobs.preview(job_id), media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _file(path: FilePath, download: bool) -> FileResponse:
    try:
        stat = await asyncio.to_thread(_stat, path)
    except OSError as error:
        raise JobNotFoundError(f"{path.name}: {error.strerror}") from error
    return FileResponse(
        path,
        stat_result=stat,
        media_type=MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
        filename=path.name,
        content_disposition_type="attachment" if download else "inline",
        headers={"Cache-Control": "private, no-cache"},
    )


def _stat(path: FilePath) -> os.stat_result:
    """Size and times of a file that can be read: once an answer has begun it is too late to say that it can't."""
    with path.open("rb") as file:
        return os.fstat(file.fileno())
