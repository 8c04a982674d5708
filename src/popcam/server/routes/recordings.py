"""/api/v1/recordings: what the cameras recorded, to list, play and download."""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import inf
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from popcam.core.access import Permission, Principal
from popcam.core.errors import CameraNotFoundError, RecordingNotFoundError, RequestInvalidError, StorageReadOnlyError
from popcam.core.recordings import Recording, finished_since, list_recordings, parse_name, recording_path
from popcam.server import examples
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Services, Use
from popcam.server.sight import sees

router = Router(prefix="/api/v1/recordings", tags=["recordings"])

CAMERA_ID = re.compile(r"[a-z0-9-]{1,64}")
MEDIA_TYPES = {"mp4": "video/mp4", "mkv": "video/x-matroska"}


def _unknown(params: Mapping[str, str]) -> RecordingNotFoundError:
    return RecordingNotFoundError(f"{params['camera_id']}/{params['name']}")


class RecordingOut(BaseModel):
    """One recorded file."""

    camera_id: str
    name: str
    started_unix_s: float
    duration_s: float | None = Field(description="Null while it is written, or when a crash hid it.")
    size_bytes: int
    finished: bool = Field(description="False while it is written; it can be played already.")
    url: str


class RecordingPage(BaseModel):
    """Recordings newest first. `next_cursor` leads to older ones; null at the end."""

    items: list[RecordingOut]
    next_cursor: str | None


class RecordingDay(BaseModel):
    """What was recorded on one day."""

    day: str = Field(description="`2026-11-22`, by the offset that was asked for.")
    count: int = Field(description="Files that begin on it.")
    duration_s: float = Field(description="Their length in all, as far as it is known.")
    size_bytes: int


class RecordingDays(BaseModel):
    """Days with recordings, newest first; days without any are left out."""

    items: list[RecordingDay]


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Recordings",
    responses={
        200: examples.of(examples.RECORDINGS),
        **responses(CameraNotFoundError, RequestInvalidError, StorageReadOnlyError),
    },
)
async def list_all(
    services: Use,
    who: Who,
    camera_id: Annotated[str | None, Query(description="Only of this camera.", max_length=64)] = None,
    since: Annotated[
        float | None, Query(allow_inf_nan=False, description="With pictures of this time or later, seconds since 1970.")
    ] = None,
    until: Annotated[
        float | None, Query(allow_inf_nan=False, description="Begun before this time, seconds since 1970.")
    ] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most on one page.")] = 100,
) -> RecordingPage:
    """Recorded files, newest first, page by page; also those of cameras that exist no longer.

    `since` and `until` around one moment find the file that shows it.
    """
    folder = services.options.recordings_dir
    span = (-inf if since is None else since, inf if until is None else until)
    wanted = await asyncio.to_thread(_find, folder, _ids(services, who, folder, camera_id), *span)
    older = [item for item in wanted if cursor is None or _key(item) < cursor]
    items = older[:limit]
    return RecordingPage(items=items, next_cursor=_key(items[-1]) if len(older) > limit else None)


@router.get(
    "/days",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="Days with recordings",
    responses={
        200: examples.of(examples.RECORDING_DAYS),
        **responses(CameraNotFoundError, RequestInvalidError, StorageReadOnlyError),
    },
)
async def list_days(
    services: Use,
    who: Who,
    camera_id: Annotated[str | None, Query(description="Only of this camera.", max_length=64)] = None,
    utc_offset_min: Annotated[
        int, Query(ge=-1440, le=1440, description="Where the reader's day begins: minutes ahead of UTC.")
    ] = 0,
) -> RecordingDays:
    """How much was recorded on which day: small, also where there are thousands of files."""
    folder = services.options.recordings_dir
    found = await asyncio.to_thread(_find, folder, _ids(services, who, folder, camera_id))
    return RecordingDays(items=list(_days(found, utc_offset_min)))


@router.head(
    "/{camera_id}/{name}",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="recording.view", missing=_unknown)],
    include_in_schema=False,
)  # players ask for the length first
@router.get(
    "/{camera_id}/{name}",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="recording.view", missing=_unknown)],
    summary="One recording",
    response_class=FileResponse,
    responses={
        200: {
            "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The video.",
        },
        206: {"description": "The part that `Range` asked for."},
        **responses(RecordingNotFoundError),
    },
)
async def get_recording(
    camera_id: Annotated[str, Path(description="Id of the camera, also of one that is gone.")],
    name: Annotated[str, Path(description="The file's name, as lists have it.", max_length=128)],
    services: Use,
    download: Annotated[bool, Query(description="Offer it as a file to keep.")] = False,
) -> FileResponse:
    """The video, whole or in parts (`Range`), so that players can jump."""
    parsed = parse_name(name)
    # Both names are checked by form, so no path can lead out of the folder.
    if parsed is None or not CAMERA_ID.fullmatch(camera_id):
        raise _unknown({"camera_id": camera_id, "name": name})
    day = recording_path(services.options.recordings_dir / camera_id, parsed.started_unix_s, parsed.suffix).parent
    try:
        path, stat = await asyncio.to_thread(_opened, day / name)
    except FileNotFoundError:
        raise _unknown({"camera_id": camera_id, "name": name}) from None
    return FileResponse(
        path,
        stat_result=stat,
        media_type=MEDIA_TYPES[parsed.suffix],
        filename=f"{camera_id}_{path.name.removesuffix('.part')}",
        content_disposition_type="attachment" if download else "inline",
        headers={"Cache-Control": "private, max-age=3600" if parsed.finished else "no-store"},
    )


def _opened(path: FilePath) -> tuple[FilePath, os.stat_result]:
    """The file. Who has the address of one that was being written gets it under the name that it has by now.

    Raises:
        FileNotFoundError: there is none.
    """
    try:
        return path, path.stat()
    except FileNotFoundError:
        finished = finished_since(path)
        if finished is None:
            raise
        return finished, finished.stat()


def _ids(services: Services, who: Principal, folder: FilePath, camera_id: str | None) -> list[str]:
    """Cameras whose folders are looked through: all that somebody may know of, or the one that they ask for.

    Raises:
        CameraNotFoundError: that one is unknown, or unknown to them.
    """
    if camera_id is None:
        found = [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
        return [name for name in found if sees(services.cameras, who, name)]
    if not sees(services.cameras, who, camera_id):
        raise CameraNotFoundError(camera_id)
    if not CAMERA_ID.fullmatch(camera_id) or not (folder / camera_id).is_dir():
        services.cameras.spec(camera_id)  # neither files nor settings: it is unknown
        return []
    return [camera_id]


def _find(
    folder: FilePath, camera_ids: list[str], since_unix_s: float = -inf, until_unix_s: float = inf
) -> list[RecordingOut]:
    try:
        found = [
            _out(camera_id, recording)
            for camera_id in camera_ids
            for recording in list_recordings(folder / camera_id)
            if recording.started_unix_s < until_unix_s and _end_unix_s(recording, since_unix_s) > since_unix_s
        ]
    except OSError as error:
        raise StorageReadOnlyError(f"{error.filename}: {error.strerror}") from error
    return sorted(found, key=_key, reverse=True)


def _end_unix_s(recording: Recording, since_unix_s: float) -> float:
    """When its last picture was taken: what is still being written may go on for ever."""
    if recording.started_unix_s >= since_unix_s or not recording.finished:
        return inf  # no need to know it
    if recording.duration_s is not None:
        return recording.started_unix_s + recording.duration_s
    try:
        return recording.path.stat().st_mtime  # a crash hid the length; this is when the last picture was written
    except FileNotFoundError:
        return -inf  # retention was faster


def _days(newest_first: list[RecordingOut], utc_offset_min: int) -> Iterator[RecordingDay]:
    ahead = timedelta(minutes=utc_offset_min)
    begun = groupby(newest_first, lambda item: (datetime.fromtimestamp(item.started_unix_s, UTC) + ahead).date())
    for day, group in begun:
        items = list(group)
        yield RecordingDay(
            day=day.isoformat(),
            count=len(items),
            duration_s=round(sum(item.duration_s or 0.0 for item in items), 3),
            size_bytes=sum(item.size_bytes for item in items),
        )


def _out(camera_id: str, recording: Recording) -> RecordingOut:
    return RecordingOut(
        camera_id=camera_id,
        name=recording.path.name,
        started_unix_s=recording.started_unix_s,
        duration_s=recording.duration_s,
        size_bytes=recording.size_bytes,
        finished=recording.finished,
        url=f"/api/v1/recordings/{camera_id}/{recording.path.name}",
    )


def _key(item: RecordingOut) -> str:
    """Sorts by start, then camera; stays the same when a file gets its final name."""
    return f"{item.started_unix_s:017.3f}~{item.camera_id}"
