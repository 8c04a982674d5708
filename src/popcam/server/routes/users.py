"""/api/v1/users: who may come in, and what they may do. For administrators."""

from typing import Annotated

from fastapi import Body, Path, Request

from popcam.core.access import Permission, Scope
from popcam.core.errors import (
    DatabaseError,
    LastAdminError,
    NotFoundError,
    PasswordRefusedError,
    RequestInvalidError,
    TooManyRequestsError,
    UserExistsError,
    UserNotFoundError,
)
from popcam.security.accounts import User
from popcam.server import access_examples, access_schemas, examples
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import Guard, check_names, facts_of, note, told_scope
from popcam.server.services import Use

router = Router(prefix="/api/v1/users", tags=["access"])

UserId = Annotated[str, Path(description="Id of the account.", max_length=32)]
FOR_ALL = (NotFoundError, DatabaseError)


@router.get(
    "",
    summary="All users",
    dependencies=[needs(Permission.ADMIN)],
    responses={200: examples.of(access_examples.USERS), **responses(*FOR_ALL)},
)
async def list_users(security: Guard) -> access_schemas.UserList:
    """All accounts, by name."""
    return access_schemas.UserList(items=[access_schemas.user_out(user) for user in await security.users.list()])


@router.post(
    "",
    summary="Add a user",
    status_code=201,
    dependencies=[needs(Permission.ADMIN, action="user.create")],
    responses={
        201: examples.of(access_examples.USER),
        **responses(UserExistsError, PasswordRefusedError, RequestInvalidError, TooManyRequestsError, *FOR_ALL),
    },
)
async def create_user(
    wanted: Annotated[access_schemas.UserIn, Body(openapi_examples=access_examples.USER_IN)],
    request: Request,
    security: Guard,
    services: Use,
) -> access_schemas.UserOut:
    """Make an account. Its person should change the password at once."""
    scope = told_scope(wanted.cameras, wanted.groups)
    check_names(services.cameras, scope, Scope())
    user = await security.users.create(wanted.name, wanted.password, wanted.role, scope)
    note(request, f"user:{user.user_id}", None, facts_of(user))
    return access_schemas.user_out(user)


@router.get(
    "/{user_id}",
    summary="One user",
    dependencies=[needs(Permission.ADMIN)],
    responses={200: examples.of(access_examples.USER), **responses(UserNotFoundError, *FOR_ALL)},
)
async def get_user(user_id: UserId, security: Guard) -> access_schemas.UserOut:
    """One account."""
    return access_schemas.user_out(await security.users.get(user_id))


@router.patch(
    "/{user_id}",
    summary="Change a user",
    dependencies=[needs(Permission.ADMIN, action="user.update")],
    responses={
        200: examples.of(access_examples.USER),
        **responses(UserNotFoundError, UserExistsError, LastAdminError, RequestInvalidError, *FOR_ALL),
    },
)
async def change_user(
    user_id: UserId,
    wanted: Annotated[access_schemas.UserPatch, Body(openapi_examples=access_examples.USER_PATCH)],
    request: Request,
    security: Guard,
    services: Use,
) -> access_schemas.UserOut:
    """Change name, role, limit, or shut the account out. What it may do changes at once, also in open pages."""
    note(request, f"user:{user_id}")
    scope = None
    if wanted.model_fields_set & {"cameras", "groups"}:
        scope = _changed_scope(await security.users.get(user_id), wanted)
        check_names(services.cameras, scope, (await security.users.get(user_id)).scope)
    before, after = await security.users.change(
        user_id, name=wanted.name, role=wanted.role, scope=scope, disabled=wanted.disabled
    )
    note(request, f"user:{user_id}", facts_of(before), facts_of(after))
    return access_schemas.user_out(after)


@router.delete(
    "/{user_id}",
    summary="Delete a user",
    status_code=204,
    dependencies=[needs(Permission.ADMIN, action="user.delete")],
    responses=responses(UserNotFoundError, LastAdminError, *FOR_ALL),
)
async def delete_user(user_id: UserId, request: Request, security: Guard) -> None:
    """Delete an account with its sessions and tokens."""
    note(request, f"user:{user_id}")
    note(request, f"user:{user_id}", facts_of(await security.users.delete(user_id)))


@router.post(
    "/{user_id}/password",
    summary="Give a user a new password",
    status_code=204,
    dependencies=[needs(Permission.ADMIN, action="user.set_password")],
    responses=responses(UserNotFoundError, PasswordRefusedError, RequestInvalidError, TooManyRequestsError, *FOR_ALL),
)
async def set_password(
    user_id: UserId,
    wanted: Annotated[access_schemas.PasswordIn, Body(openapi_examples=access_examples.PASSWORD_IN)],
    request: Request,
    security: Guard,
    who: Who,
) -> None:
    """Give an account a new password, for somebody who forgot theirs. All its sessions end, but the caller's own."""
    note(request, f"user:{user_id}")
    await security.users.set_password(user_id, wanted.password, keep_session=who.credential_id)


@router.delete(
    "/{user_id}/totp",
    summary="Remove a user's second factor",
    status_code=204,
    dependencies=[needs(Permission.ADMIN, action="user.totp_remove")],
    responses=responses(UserNotFoundError, *FOR_ALL),
)
async def remove_user_totp(user_id: UserId, request: Request, security: Guard) -> None:
    """Ask for codes no longer, for somebody who lost the app and the recovery codes."""
    note(request, f"user:{user_id}", None, {"totp": False})
    await security.users.remove_totp(user_id)


@router.get(
    "/{user_id}/sessions",
    summary="A user's sessions",
    dependencies=[needs(Permission.ADMIN)],
    responses={200: examples.of(access_examples.SESSIONS), **responses(UserNotFoundError, *FOR_ALL)},
)
async def list_user_sessions(user_id: UserId, security: Guard, who: Who) -> access_schemas.SessionList:
    """The browsers that somebody is signed in with, the newest first."""
    await security.users.get(user_id)
    found = await security.sessions.list(user_id)
    return access_schemas.SessionList(items=[access_schemas.session_out(one, who.credential_id) for one in found])


@router.delete(
    "/{user_id}/sessions",
    summary="Sign a user out",
    dependencies=[needs(Permission.ADMIN, action="session.end_all")],
    responses={200: examples.of({"ended": 2}), **responses(UserNotFoundError, *FOR_ALL)},
)
async def end_user_sessions(user_id: UserId, request: Request, security: Guard) -> access_schemas.Ended:
    """End all sessions of an account."""
    note(request, f"user:{user_id}")
    await security.users.get(user_id)
    return access_schemas.Ended(ended=await security.sessions.revoke_all(user_id))


def _changed_scope(user: User, wanted: access_schemas.UserPatch) -> Scope:
    """The limit with what was sent; the other half stays."""
    told, given = told_scope(wanted.cameras, wanted.groups), wanted.model_fields_set
    return Scope(
        told.cameras if "cameras" in given else user.scope.cameras,
        told.groups if "groups" in given else user.scope.groups,
    )
