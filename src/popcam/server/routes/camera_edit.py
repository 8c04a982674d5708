"""/api/v1/cameras: adding, changing and deleting. Two people who edit one camera do not overwrite each other."""

from typing import Annotated, Any

from fastapi import Body, Depends, Header, Query, Response

from popcam.cameras.model import CameraView
from popcam.core.access import Permission
from popcam.core.errors import (
    CameraConflictError,
    CameraExistsError,
    CameraFixedError,
    CameraInactiveError,
    CameraInvalidError,
    CameraNotFoundError,
    CameraStoreBusyError,
    CameraStoreFullError,
    CameraStoreInvalidError,
    CameraStoreReadOnlyError,
    DatabaseError,
    RequestInvalidError,
)
from popcam.core.language import Language
from popcam.server import camera_schemas, examples, operation_schemas
from popcam.server.audit_changes import Tells, spec_of
from popcam.server.clean_text import check_text
from popcam.server.etags import etag, expected_version
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.routes.cameras import CameraId
from popcam.server.services import Reader, Services, Use

router = Router(prefix="/api/v1/cameras", tags=["cameras"])

STORE_ERRORS = (
    CameraFixedError,
    CameraStoreReadOnlyError,
    CameraStoreFullError,
    CameraStoreInvalidError,
    CameraStoreBusyError,
    DatabaseError,
)
CHANGE_ERRORS = (
    CameraNotFoundError,
    CameraInvalidError,
    CameraConflictError,
    RequestInvalidError,
    *STORE_ERRORS,
)
NewCamera = Annotated[
    dict[str, Any],
    Body(openapi_examples=examples.CAMERA_IN, json_schema_extra={camera_schemas.NAMED_SCHEMA: "CameraSettings"}),
]
ChangedFields = Annotated[
    dict[str, Any],
    Body(
        openapi_examples=examples.PATCH_IN,
        description="The fields to change (RFC 7396): null resets one, lists are replaced as a whole.",
    ),
]


async def _expected(
    if_match: Annotated[str | None, Header(description="The `ETag` that this change is based on.")] = None,
) -> str | None:
    return expected_version(if_match)


Expected = Annotated[str | None, Depends(_expected)]


@router.post(
    "",
    dependencies=[needs(Permission.MANAGE, action="camera.create")],
    summary="Add a camera",
    status_code=201,
    responses={
        201: {
            **examples.of(examples.CAMERA_DETAIL, "It was added; it starts when it is active with auto-start."),
            "headers": {
                "Location": {"description": "Its address.", "schema": {"type": "string"}},
                "ETag": {"description": "Its version.", "schema": {"type": "string"}},
            },
        },
        **responses(CameraExistsError, CameraInvalidError, RequestInvalidError, *STORE_ERRORS),
    },
)
async def create_camera(
    camera: NewCamera, services: Use, language: Reader, response: Response, tells: Tells
) -> camera_schemas.CameraDetail:
    """Add a camera and keep it. Without an `id` it gets one from its name."""
    check_text(camera)
    view = await services.cameras.create(camera)
    tells.camera(None, view.spec)
    response.headers["Location"] = f"/api/v1/cameras/{view.spec.id}"
    return detail(services, view, language, response)


@router.post(
    "/batch",
    dependencies=[needs(Permission.MANAGE, action="camera.create")],
    summary="Add cameras",
    status_code=201,
    responses={
        201: examples.of(examples.CAMERAS, "All were added."),
        **responses(CameraExistsError, CameraInvalidError, RequestInvalidError, *STORE_ERRORS),
    },
)
async def create_cameras(
    wanted: Annotated[operation_schemas.CamerasIn, Body(openapi_examples=examples.CAMERAS_IN)],
    services: Use,
    language: Reader,
    tells: Tells,
) -> camera_schemas.CameraPage:
    """Add all of them in one write, or none when one is wrong."""
    check_text(wanted.cameras)
    views = await services.cameras.create_many(wanted.cameras)
    tells.cameras("cameras", {}, {view.spec.id: view.spec for view in views})
    return camera_schemas.CameraPage(items=[camera_schemas.camera_of(view, language) for view in views])


@router.put(
    "/{camera_id}",
    dependencies=[needs(Permission.MANAGE, camera="camera_id", action="camera.update")],
    summary="Replace a camera's settings",
    responses={200: examples.of(examples.CAMERA_DETAIL), **responses(*CHANGE_ERRORS)},
)
async def replace_camera(
    camera_id: CameraId,
    camera: NewCamera,
    services: Use,
    language: Reader,
    response: Response,
    expected: Expected,
    tells: Tells,
) -> camera_schemas.CameraDetail:
    """Take this document as a whole: what it leaves out gets its default; secrets that it leaves out, or sends back as
    `***`, stay. With `If-Match` it is refused (412, with what changed) when somebody was faster. What did not change
    goes on undisturbed.
    """
    check_text(camera)
    before = spec_of(services.cameras, camera_id)
    view = await services.cameras.replace(camera_id, camera, expected=expected)
    tells.camera(before, view.spec)
    return detail(services, view, language, response)


@router.patch(
    "/{camera_id}",
    dependencies=[needs(Permission.MANAGE, camera="camera_id", action="camera.update")],
    summary="Change a camera's settings",
    responses={200: examples.of(examples.CAMERA_DETAIL), **responses(*CHANGE_ERRORS)},
)
async def patch_camera(
    camera_id: CameraId,
    changes: ChangedFields,
    services: Use,
    language: Reader,
    response: Response,
    expected: Expected,
    tells: Tells,
) -> camera_schemas.CameraDetail:
    """Change only these fields. With `If-Match` it is refused (412, with what changed) when somebody was faster."""
    check_text(changes)
    before = spec_of(services.cameras, camera_id)
    view = await services.cameras.patch(camera_id, changes, expected=expected)
    tells.camera(before, view.spec)
    return detail(services, view, language, response)


@router.delete(
    "/{camera_id}",
    dependencies=[needs(Permission.MANAGE, camera="camera_id", action="camera.delete")],
    summary="Delete a camera",
    status_code=204,
    responses=responses(*CHANGE_ERRORS),
)
async def delete_camera(camera_id: CameraId, services: Use, expected: Expected, tells: Tells) -> None:
    """Stop the camera and forget it. Its recordings and events stay until their retention ends."""
    before = spec_of(services.cameras, camera_id)
    await services.cameras.delete(camera_id, expected=expected)
    tells.camera(before, None)


@router.post(
    "/{camera_id}/activate",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.activate")],
    summary="Activate a camera",
    responses={200: examples.of(examples.ACTIVATED), **responses(CameraNotFoundError, *STORE_ERRORS)},
)
async def activate_camera(camera_id: CameraId, services: Use, tells: Tells) -> operation_schemas.ActiveOut:
    """Let the camera be started again."""
    before = spec_of(services.cameras, camera_id)
    view = await services.cameras.activate(camera_id)
    tells.camera(before, view.spec)
    return operation_schemas.ActiveOut(ok=True, camera_id=view.spec.id, active=view.spec.active)


@router.post(
    "/{camera_id}/deactivate",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.deactivate")],
    summary="Deactivate a camera",
    responses={200: examples.of(examples.DEACTIVATED), **responses(CameraNotFoundError, *STORE_ERRORS)},
)
async def deactivate_camera(camera_id: CameraId, services: Use, tells: Tells) -> operation_schemas.DeactivatedOut:
    """Stop the camera, and start it neither with the server nor by hand until it is activated."""
    before = spec_of(services.cameras, camera_id)
    done = await services.cameras.deactivate(camera_id)
    spec = done.view.spec
    tells.camera(before, spec)
    return operation_schemas.DeactivatedOut(ok=True, camera_id=spec.id, active=spec.active, stopped=done.stopped)


@router.put(
    "/{camera_id}/auto-start",
    dependencies=[needs(Permission.OPERATE, camera="camera_id", action="camera.auto_start")],
    summary="Start a camera with the server, or not",
    responses={
        200: examples.of(examples.AUTO_START),
        **responses(CameraNotFoundError, CameraInactiveError, RequestInvalidError, *STORE_ERRORS),
    },
)
async def set_auto_start(
    camera_id: CameraId,
    services: Use,
    tells: Tells,
    auto_start: Annotated[bool, Query(description="Start it with the server.")],
) -> operation_schemas.AutoStartOut:
    """Whether the camera starts with the server. What it does now stays as it is."""
    before = spec_of(services.cameras, camera_id)
    view = await services.cameras.set_auto_start(camera_id, auto_start)
    tells.camera(before, view.spec)
    return operation_schemas.AutoStartOut(ok=True, camera_id=view.spec.id, auto_start=view.spec.auto_start)


def detail(services: Services, view: CameraView, language: Language, response: Response) -> camera_schemas.CameraDetail:
    """One camera with all its settings; its version goes into the answer's `ETag`."""
    camera_id = view.spec.id
    version = services.cameras.version(camera_id)
    response.headers["ETag"] = etag(version)
    return camera_schemas.detail_of(view, version, services.cameras.document(camera_id), language)
