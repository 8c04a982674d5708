"""/api/v1/cameras: which cameras there are, what they do, and starting and stopping them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Body, Path, Query, Response

from popcam.cameras.model import CameraChanges
from popcam.core.access import Permission
from popcam.core.clean import clean
from popcam.core.errors import (
    CameraInactiveError,
    CameraNoFrameError,
    CameraNotFoundError,
    CameraNotRunningError,
    LockedDownError,
    RequestInvalidError,
    WorkerUnavailableError,
)
from popcam.core.language import Language, Text
from popcam.server import camera_schemas, examples, operation_schemas
from popcam.server.etags import etag
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Reader, Use
from popcam.server.sight import views_for
from popcam.server.viewing import check_pictures

router = Router(prefix="/api/v1/cameras", tags=["cameras"])

CameraId = Annotated[str, Path(description="Id of the camera.", max_length=64)]


@router.get(  # asked for far more often than all others: routes are tried in their order
    "/{camera_id}/status",
    dependencies=[needs(Permission.VIEW, camera="camera_id")],
    response_model=camera_schemas.CameraStatusOut,
    summary="State of a camera",
    responses={200: examples.of(examples.STATUS), **responses(CameraNotFoundError)},
)
async def get_camera_status(camera_id: CameraId, services: Use, language: Reader) -> Response:
    """What the camera does now."""
    status = camera_schemas.status_of(services.cameras.view(camera_id), language)
    return Response(status.model_dump_json(), media_type="application/json")  # checked already: FastAPI would again


@router.get(
    "",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="All cameras",
    responses={200: examples.of(examples.CAMERAS), **responses(RequestInvalidError)},
)
async def list_cameras(
    services: Use,
    who: Who,
    language: Reader,
    group: Annotated[str | None, Query(description="Only of this group.", max_length=80)] = None,
) -> camera_schemas.CameraPage:
    """Every camera with what is wanted of it and its state."""
    views = [view for view in views_for(services.cameras, who) if group is None or group in view.spec.groups]
    return camera_schemas.CameraPage(items=[camera_schemas.camera_of(view, language) for view in views])


@router.post(
    "/batch-status",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="States of many cameras",
    responses={200: examples.of(examples.BATCH), **responses(RequestInvalidError)},
)
async def batch_status(
    services: Use,
    who: Who,
    language: Reader,
    wanted: Annotated[operation_schemas.BatchStatusIn | None, Body(openapi_examples=examples.BATCH_STATUS_IN)] = None,
) -> dict[str, camera_schemas.CameraStatusOut | operation_schemas.StatusErrorOut]:
    """States by camera id; without ids those of all cameras. An unknown id gets an entry that says so."""
    known = {view.spec.id: view for view in views_for(services.cameras, who)}
    ids = known.keys() if wanted is None or wanted.camera_ids is None else wanted.camera_ids
    missing = operation_schemas.StatusErrorOut(
        error=CameraNotFoundError.title.in_language(language), code=CameraNotFoundError.code
    )
    return {key: camera_schemas.status_of(known[key], language) if key in known else missing for key in ids}


@router.post(
    "/refresh",
    dependencies=[needs(Permission.OPERATE, action="camera.refresh")],
    summary="Read the cameras again",
    responses={200: examples.of(examples.REFRESHED)},
)
async def refresh_cameras(services: Use, language: Reader) -> operation_schemas.RefreshOut:
    """Read where cameras are kept once more, start and stop what follows from it, and say what changed.

    When they can't be read the old ones stay in force, and the answer says why.
    """
    done = await services.cameras.refresh()
    when = datetime.fromtimestamp(done.at_unix_s, UTC).isoformat()
    if done.error is not None:
        return operation_schemas.RefreshOut(status="error", message=clean(done.error.message(language)), timestamp=when)
    return operation_schemas.RefreshOut(status="ok", message=refresh_message(done.changes, language), timestamp=when)


def refresh_message(changes: CameraChanges, language: Language) -> str:
    """What changed, for people."""
    parts = [
        Text(f"added: {', '.join(changes.added)}", f"新增：{'、'.join(changes.added)}") if changes.added else None,
        Text(f"changed: {', '.join(changes.changed)}", f"修改：{'、'.join(changes.changed)}")
        if changes.changed
        else None,
        Text(f"removed: {', '.join(changes.removed)}", f"删除：{'、'.join(changes.removed)}")
        if changes.removed
        else None,
    ]
    told = [part.in_language(language) for part in parts if part is not None]
    return "; ".join(told) if told else Text("Nothing changed", "没有变化").in_language(language)


@router.get(
    "/{camera_id}",
    dependencies=[needs(Permission.VIEW, camera="camera_id")],
    summary="One camera",
    responses={
        200: {
            **examples.of(examples.CAMERA_DETAIL, "The camera."),
            "headers": {"ETag": {"description": "Version of its settings.", "schema": {"type": "string"}}},
        },
        **responses(CameraNotFoundError),
    },
)
async def get_camera(
    camera_id: CameraId, services: Use, language: Reader, response: Response
) -> camera_schemas.CameraDetail:
    """One camera with all its settings, secrets masked, and its state. `ETag` is the version of the settings."""
    version = services.cameras.version(camera_id)
    response.headers["ETag"] = etag(version)
    settings = services.cameras.document(camera_id)
    return camera_schemas.detail_of(services.cameras.view(camera_id), version, settings, language)


@router.post(
    "/{camera_id}/start",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.start")],
    summary="Start a camera",
    responses={200: examples.of(examples.START_RESULT), **responses(CameraNotFoundError, CameraInactiveError)},
)
async def start_camera(camera_id: CameraId, services: Use) -> operation_schemas.StartResultOut:
    """Run the camera until it is stopped. One that runs already stays as it is."""
    return operation_schemas.start_result_of(await services.cameras.start(camera_id))


@router.post(
    "/{camera_id}/stop",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.stop")],
    summary="Stop a camera",
    responses={200: examples.of({**examples.START_RESULT, "pid": None}), **responses(CameraNotFoundError)},
)
async def stop_camera(camera_id: CameraId, services: Use) -> operation_schemas.StartResultOut:
    """Stop the camera and finish its recordings. One that is stopped already stays so."""
    return operation_schemas.start_result_of(await services.cameras.stop(camera_id))


@router.post(
    "/{camera_id}/restart",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.restart")],
    summary="Restart a camera",
    responses={200: examples.of(examples.START_RESULT), **responses(CameraNotFoundError, CameraInactiveError)},
)
async def restart_camera(camera_id: CameraId, services: Use) -> operation_schemas.StartResultOut:
    """Stop and start the camera and forgive its earlier failures."""
    return operation_schemas.start_result_of(await services.cameras.restart(camera_id))


@router.get(
    "/{camera_id}/preview",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="live.snapshot")],
    summary="One picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "A JPEG."},
        **responses(
            CameraNotFoundError, CameraNotRunningError, CameraNoFrameError, WorkerUnavailableError, LockedDownError
        ),
    },
)
async def get_camera_preview(
    camera_id: CameraId,
    services: Use,
    width: Annotated[int, Query(ge=0, le=8192, description="Largest width in pixels; 0: the picture's own.")] = 0,
) -> Response:
    """JPEG of the newest processed picture, as every output shows it. It never opens the device again."""
    services.cameras.spec(camera_id)
    check_pictures(services)
    picture = await services.fleet.snapshot(camera_id, width)
    headers = {"Cache-Control": "no-store", "X-Captured-Unix-S": f"{picture.captured_unix_s:.6f}"}
    return Response(picture.jpeg, media_type="image/jpeg", headers=headers)


@router.get(
    "/{camera_id}/logs",
    dependencies=[needs(Permission.OPERATE, camera="camera_id")],
    summary="The end of a camera's log",
    responses={200: examples.of(examples.LOGS), **responses(CameraNotFoundError, RequestInvalidError)},
)
async def get_camera_logs(
    camera_id: CameraId,
    services: Use,
    lines: Annotated[int, Query(ge=1, le=10_000, description="How many lines.")] = 100,
) -> operation_schemas.LogLines:
    """The newest lines of the camera's log, oldest first."""
    path = services.cameras.log_file(camera_id)
    total, last = await services.logs.tail(path, lines)
    return operation_schemas.LogLines(camera_id=camera_id, log_file=str(path), total_lines=total, lines=last)
