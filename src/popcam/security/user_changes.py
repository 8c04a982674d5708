"""Changes of accounts, each within one transaction: what is checked still holds when it is written."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from popcam.core.access import EVERYTHING, Role, Scope
from popcam.core.errors import (
    LastAdminError,
    RequestInvalidError,
    SetupClosedError,
    UserExistsError,
    UserNotFoundError,
)
from popcam.security.accounts import scope_columns, user_of
from popcam.security.names import name_key
from popcam.storage import access
from popcam.storage.access import UserRow


def check_scope(role: Role, scope: Scope) -> None:
    """Refuse an administrator who is limited to cameras: they could lift the limit themselves.

    Raises:
        RequestInvalidError: that it is.
    """
    if role == "admin" and not scope.whole:
        raise RequestInvalidError(
            "an administrator can't be limited to cameras or groups", "管理员不能限制到部分摄像头或分组"
        )


def known(connection: Connection, user_id: str) -> UserRow:
    """The account of this id.

    Raises:
        UserNotFoundError: there is none.
    """
    row = access.user_by_id(connection, user_id)
    if row is None:
        raise UserNotFoundError(user_id)
    return row


def add(connection: Connection, row: UserRow, *, first: bool) -> None:
    """Put an account in; with `first` only while there is none.

    Raises:
        SetupClosedError, UserExistsError: nothing was put in.
    """
    access.take_write_lock(connection)
    if first and access.any_user(connection):
        raise SetupClosedError("there is an account already", "已存在帐户")
    if access.user_by_name(connection, row.name_key) is not None:
        raise UserExistsError(row.name)
    access.add_user(connection, row)


def change(
    connection: Connection,
    user_id: str,
    name: str | None,
    role: Role | None,
    scope: Scope | None,
    disabled: bool | None,
) -> tuple[UserRow, UserRow]:
    """Write what is given; the account before and after. One that is shut out is signed out.

    Raises:
        UserNotFoundError, UserExistsError, RequestInvalidError, LastAdminError: nothing is to be kept of it.
    """
    access.take_write_lock(connection)
    before = known(connection, user_id)
    wanted = EVERYTHING if role == "admin" and scope is None else scope
    values: dict[str, Any] = {} if wanted is None else scope_columns(wanted)
    if name is not None:
        holder = access.user_by_name(connection, name_key(name))
        if holder is not None and holder.user_id != user_id:
            raise UserExistsError(name)
        values |= {"name": name, "name_key": name_key(name)}
    values |= {} if role is None else {"role": role}
    values |= {} if disabled is None else {"disabled": disabled}
    after = replace(before, **values)
    found = user_of(after)
    check_scope(found.role, found.scope)
    if values:
        access.change_user(connection, user_id, values)
    _keep_an_admin(connection, before)
    if after.disabled:
        access.delete_sessions(connection, user_id)
    return before, after


def delete(connection: Connection, user_id: str) -> UserRow:
    """Delete it with its sessions and tokens.

    Raises:
        UserNotFoundError, LastAdminError: nothing is to be kept of it.
    """
    access.take_write_lock(connection)
    row = known(connection, user_id)
    access.delete_user(connection, user_id)
    _keep_an_admin(connection, row)
    return row


def _keep_an_admin(connection: Connection, before: UserRow) -> None:
    if before.role == "admin" and not before.disabled and not access.count_admins(connection):
        raise LastAdminError(before.name)


def set_password(connection: Connection, user_id: str, values: dict[str, Any], keep_session: str) -> None:
    """Write a password's columns, and end all sessions but one.

    Raises:
        UserNotFoundError: there is no such account.
    """
    if not access.change_user(connection, user_id, values):
        raise UserNotFoundError(user_id)
    access.delete_sessions(connection, user_id, but=keep_session)
