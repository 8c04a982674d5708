"""`popcam user ...`: accounts, from the shell of the server's own user. Works with and without a running server.

It works on the database, as whoever reads the key of the server could anyway; a server that runs follows within
seconds. Every change is in the audit log.
"""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popcam.cli import user_words
from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.password import new_password
from popcam.cli.say import confirmed, err, out, say
from popcam.cli.table import print_table
from popcam.core.access import ROLES, Role, Scope
from popcam.core.errors import UserNotFoundError

if TYPE_CHECKING:
    from popcam.cli.user_store import UserStore
    from popcam.security.accounts import User

app = typer.Typer(
    help=say("Look after the accounts that may sign in.", "管理可登录的帐户。"),
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help=say("The user's name.", "用户名。"), show_default=False)]
RoleOption = Annotated[
    str, typer.Option("--role", "-r", help=say("viewer, operator or admin.", "viewer、operator 或 admin。"))
]
CamerasOption = Annotated[
    list[str] | None,
    typer.Option("--camera", help=say("Limit to this camera. May be repeated.", "仅限此摄像头，可重复使用。")),
]
GroupsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--group", help=say("Limit to this group of cameras. May be repeated.", "仅限此摄像头分组，可重复使用。")
    ),
]


@app.command("list", help=say("List all users.", "列出全部用户。"))
def list_(config: ConfigOption = None, set_: SetOption = None, as_json: JsonOption = False) -> None:
    """List all accounts.

    Raises:
        DatabaseError: the database can't be read.
    """
    with _store(config, set_) as store:
        users = asyncio.run(store.security.users.list())
    if as_json:
        out(json.dumps([user_words.document(user) for user in users], ensure_ascii=False, indent=2))
    elif users:
        print_table(user_words.HEADINGS, [user_words.row(user) for user in users])
    else:
        err(say("There is no user yet. Add one: popcam user add NAME", "还没有用户。添加：popcam user add 用户名"))


@app.command(
    "add",
    help=say(
        "Add a user. The password is asked for, or read from standard input.",
        "添加用户。密码通过提示输入，或从标准输入读取。",
    ),
)
def add(
    name: NameArgument,
    role: RoleOption = "viewer",
    cameras: CamerasOption = None,
    groups: GroupsOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Make an account.

    Raises:
        UserExistsError, PasswordRefusedError, RequestInvalidError: nothing was made.
    """
    wanted = _role(role)
    limited = cameras or groups
    scope = Scope(frozenset(cameras or ()), frozenset(groups or ())) if limited else Scope()
    with _store(config, set_) as store:

        async def work() -> "User":
            user = await store.security.users.create(name, new_password(), wanted, scope)
            store.note("user.create", user, after=user_words.document(user))
            return user

        made = asyncio.run(work())
    out(say(f"{made.name} may sign in as {made.role}.", f"{made.name} 现在可以作为 {made.role} 登录。"))
    if not store.settings.security.login:
        err(
            say(
                "The settings ask nobody for a login: set security.login to true.",
                "当前设置不要求登录：请将 security.login 设为 true。",
            )
        )


@app.command(
    "set-password", help=say("Give a user a new password, and sign them out.", "为用户设置新密码，并结束其会话。")
)
def set_password(name: NameArgument, config: ConfigOption = None, set_: SetOption = None) -> None:
    """Give a new password; it is asked for, or read from standard input.

    Raises:
        UserNotFoundError, PasswordRefusedError: nothing was changed.
    """
    with _store(config, set_) as store:

        async def work() -> None:
            user = await _known(store, name)
            await store.security.users.set_password(user.user_id, new_password())
            store.note("user.set_password", user)

        asyncio.run(work())
    out(say("The password is changed; the user's sessions ended.", "密码已更改，该用户的会话已结束。"))


@app.command("set-role", help=say("Give a user another role.", "更改用户的角色。"))
def set_role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(help=say("viewer, operator or admin.", "viewer、operator 或 admin。"))],
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Give another role.

    Raises:
        UserNotFoundError, LastAdminError: nothing was changed.
    """
    wanted = _role(role)
    user = _changed(config, set_, name, role=wanted)
    out(say(f"{user.name} is {user.role} now.", f"{user.name} 现在是 {user.role}。"))


@app.command("disable", help=say("Shut a user out, and sign them out.", "停用用户，并结束其会话。"))
def disable(name: NameArgument, config: ConfigOption = None, set_: SetOption = None) -> None:
    """Shut out.

    Raises:
        UserNotFoundError, LastAdminError: nothing was changed.
    """
    user = _changed(config, set_, name, disabled=True)
    out(say(f"{user.name} may not sign in any more.", f"{user.name} 已无法登录。"))


@app.command("enable", help=say("Let a user in again.", "重新启用用户。"))
def enable(name: NameArgument, config: ConfigOption = None, set_: SetOption = None) -> None:
    """Let in again.

    Raises:
        UserNotFoundError: there is none.
    """
    user = _changed(config, set_, name, disabled=False)
    out(say(f"{user.name} may sign in again.", f"{user.name} 可以重新登录。"))


@app.command("remove", help=say("Delete a user with their sessions and tokens.", "删除用户及其会话和令牌。"))
def remove(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("Don't ask.", "不询问。"))] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Delete an account.

    Raises:
        UserNotFoundError, LastAdminError: nothing was deleted.
    """
    if not yes and not confirmed(
        say(f"Delete {name} with all sessions and tokens?", f"确定删除 {name} 及其所有会话和令牌？")
    ):
        raise typer.Exit(130)
    with _store(config, set_) as store:

        async def work() -> None:
            user = await store.security.users.delete((await _known(store, name)).user_id)
            store.note("user.delete", user, before=user_words.document(user))

        asyncio.run(work())
    out(say(f"{name} is deleted.", f"已删除 {name}。"))


@app.command("remove-factor", help=say("Ask a user for codes no longer.", "取消用户的第二验证因素。"))
def remove_factor(name: NameArgument, config: ConfigOption = None, set_: SetOption = None) -> None:
    """Take the second factor away, for somebody who lost the app and the recovery codes.

    Raises:
        UserNotFoundError: there is none.
    """
    with _store(config, set_) as store:

        async def work() -> None:
            user = await _known(store, name)
            await store.security.users.remove_totp(user.user_id)
            store.note("user.totp_remove", user)

        asyncio.run(work())
    out(say(f"{name} signs in with the password alone.", f"{name} 现在仅凭密码登录。"))


@app.command("sessions", help=say("List the browsers that a user is signed in with.", "列出用户已登录的浏览器。"))
def sessions(
    name: NameArgument,
    end: Annotated[bool, typer.Option("--end", help=say("End them all.", "结束全部会话。"))] = False,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """List sessions, or end them.

    Raises:
        UserNotFoundError: there is no such user.
    """
    with _store(config, set_) as store:

        async def work() -> Any:
            user = await _known(store, name)
            if end:
                store.note("session.end_all", user)
                return await store.security.sessions.revoke_all(user.user_id)
            return await store.security.sessions.list(user.user_id)

        found = asyncio.run(work())
    if end:
        out(say(f"{found} sessions ended.", f"已结束 {found} 个会话。"))
    elif as_json:
        out(json.dumps([user_words.session_document(one) for one in found], ensure_ascii=False, indent=2))
    elif found:
        print_table(user_words.SESSION_HEADINGS, [user_words.session_row(one) for one in found])
    else:
        err(say(f"{name} is signed in nowhere.", f"{name} 没有登录任何浏览器。"))


def _changed(config: Any, set_: list[str] | None, name: str, **wanted: Any) -> "User":
    with _store(config, set_) as store:

        async def work() -> "User":
            user = await _known(store, name)
            before, after = await store.security.users.change(user.user_id, **wanted)
            store.note("user.update", after, user_words.document(before), user_words.document(after))
            return after

        return asyncio.run(work())


async def _known(store: "UserStore", name: str) -> "User":
    user = await store.security.users.by_name(name)
    if user is None:
        raise UserNotFoundError(name)
    return user


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text.strip().lower():
            return role
    raise typer.BadParameter(say("viewer, operator or admin", "应为 viewer、operator 或 admin"), param_hint="ROLE")


def _store(config: Any, set_: list[str] | None) -> "UserStore":
    from popcam.cli.user_store import UserStore

    return UserStore(settings_of(config, overrides(set_)))
