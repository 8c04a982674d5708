"""What the routes of accounts, sessions and tokens share."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from popcam.cameras.operations import CameraOperations
from popcam.core.access import Principal, Scope
from popcam.core.errors import AccessRefusedError, NotFoundError, RequestInvalidError
from popcam.security.accounts import User
from popcam.security.service import Security
from popcam.server.access_schemas import names
from popcam.server.services import services_of


async def security_of(connection: HTTPConnection) -> Security:
    """The accounts of the app that serves this request.

    Raises:
        NotFoundError: it has none.
    """
    security = (await services_of(connection)).security
    if security is None:
        raise NotFoundError("this server keeps no accounts", "本服务器未启用帐户")
    return security


Guard = Annotated[Security, Depends(security_of)]


def person(who: Principal) -> str:
    """The id of the account whose person sits at a browser.

    Raises:
        AccessRefusedError: it is a machine with a token, the shell, or nobody in particular. A token that was stolen
            can't give its holder a password, or a token that lasts longer.
    """
    if who.via != "session":
        raise AccessRefusedError("only for somebody who is signed in with a browser", "仅限通过浏览器登录的用户")
    return who.user_id


def told_scope(cameras: list[str] | None, groups: list[str] | None) -> Scope:
    """The limit that a client sent."""
    return Scope(None if cameras is None else frozenset(cameras), None if groups is None else frozenset(groups))


def check_names(operations: CameraOperations, wanted: Scope, before: Scope) -> None:
    """Refuse a limit to cameras or groups that do not exist: a slip of the pen. Those that it had already may stay.

    Raises:
        RequestInvalidError: names them.
    """
    known_groups = {group.name for group in operations.groups()}
    for field, new, old, known in (
        ("cameras", wanted.cameras, before.cameras, frozenset(operations.ids())),
        ("groups", wanted.groups, before.groups, known_groups),
    ):
        unknown = sorted((new or frozenset()) - (old or frozenset()) - known)
        if unknown:
            listed = ", ".join(unknown[:5])
            raise RequestInvalidError(f"body.{field}: unknown: {listed}", f"body.{field}：不存在：{listed}")


def note(request: Request, on: str, before: object = None, after: object = None) -> None:
    """Tell the audit log what the request is about."""
    request.state.audit = {"on": on, "before": before, "after": after}


def facts_of(user: User) -> dict[str, object]:
    """What the audit log keeps of an account."""
    return {
        "name": user.name,
        "role": user.role,
        "cameras": names(user.scope.cameras),
        "groups": names(user.scope.groups),
        "disabled": user.disabled,
        "totp": user.totp,
    }
