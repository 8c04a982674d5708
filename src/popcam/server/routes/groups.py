"""/api/v1/groups: cameras that belong together. A group exists while a camera names it."""

from typing import Annotated

from fastapi import Body, Path

from popcam.core.access import Permission
from popcam.core.errors import CameraInvalidError, GroupNotFoundError, RequestInvalidError
from popcam.server import examples, group_schemas, operation_schemas
from popcam.server.audit_changes import Tells, members_of
from popcam.server.clean_text import check_text
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import problem_of, responses
from popcam.server.routes.camera_edit import STORE_ERRORS
from popcam.server.services import Reader, Use
from popcam.server.sight import groups_for

router = Router(prefix="/api/v1", tags=["cameras"])

GroupName = Annotated[str, Path(description="Name of the group.", max_length=80)]


@router.get(
    "/groups",
    dependencies=[needs(Permission.VIEW, filtered=True)],
    summary="All groups",
    responses={200: examples.of({"items": [examples.GROUP]})},
)
async def list_groups(services: Use, who: Who) -> group_schemas.GroupList:
    """All groups by name, each with its cameras."""
    groups = groups_for(services.cameras, who)
    return group_schemas.GroupList(
        items=[group_schemas.GroupOut(name=g.name, camera_ids=list(g.camera_ids)) for g in groups]
    )


@router.patch(
    "/groups/{name:path}",
    dependencies=[needs(Permission.MANAGE, action="group.rename")],
    summary="Rename a group",
    responses={
        200: examples.of(examples.GROUP),
        **responses(GroupNotFoundError, CameraInvalidError, RequestInvalidError, *STORE_ERRORS),
    },
)
async def rename_group(
    name: GroupName,
    wanted: Annotated[group_schemas.GroupIn, Body(openapi_examples=examples.GROUP_IN)],
    services: Use,
    tells: Tells,
) -> group_schemas.GroupOut:
    """Rename the group in all its cameras, in one write. Into the name of another group: both become one."""
    check_text(wanted.name, "body.name")
    before = members_of(services.cameras, name)
    group = await services.cameras.rename_group(name, wanted.name)
    tells.group(name, services.cameras, before)
    return group_schemas.GroupOut(name=group.name, camera_ids=list(group.camera_ids))


@router.delete(
    "/groups/{name:path}",
    dependencies=[needs(Permission.MANAGE, action="group.delete")],
    summary="Delete a group",
    responses={200: examples.of({"camera_ids": ["door"]}), **responses(GroupNotFoundError, *STORE_ERRORS)},
)
async def delete_group(name: GroupName, services: Use, tells: Tells) -> group_schemas.GroupDeleted:
    """Take all cameras out of the group, in one write. The cameras stay."""
    before = members_of(services.cameras, name)
    camera_ids = await services.cameras.delete_group(name)
    tells.group(name, services.cameras, before)
    return group_schemas.GroupDeleted(camera_ids=list(camera_ids))


@router.get(
    "/camera-store",
    dependencies=[needs(Permission.MANAGE)],
    summary="Where cameras are kept",
    responses={200: examples.of(examples.STORE)},
)
async def get_camera_store(services: Use, language: Reader) -> operation_schemas.StoreOut:
    """Where cameras are kept, whether they can be changed, and why an edit by hand is not in force."""
    state = services.cameras.store_state()
    error = None
    if state.error is not None:
        error = problem_of(state.error, instance="/api/v1/camera-store", language=language, request_id="")
    return operation_schemas.StoreOut(kind=state.kind, place=state.place, error=error)
