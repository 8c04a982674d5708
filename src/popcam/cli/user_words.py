"""How accounts and sessions are printed."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from popcam.cli.say import say

if TYPE_CHECKING:
    from popcam.core.access import Scope
    from popcam.security.accounts import Session, User

HEADINGS = [
    say("name", "用户名"),
    say("role", "角色"),
    say("sees", "可见范围"),
    say("second factor", "第二验证因素"),
    say("last login", "上次登录"),
    say("note", "备注"),
]
SESSION_HEADINGS = [
    say("since", "开始"),
    say("last used", "最近使用"),
    say("address", "地址"),
    say("browser", "浏览器"),
]


def row(user: "User") -> list[str]:
    """One line of the list."""
    notes = [
        say("disabled", "已停用") if user.disabled else "",
        say("identity provider", "身份提供方") if user.subject else "",
    ]
    factor = say("yes", "是") if user.totp else say("no", "否")
    return [
        user.name,
        user.role,
        _sees(user.scope),
        factor,
        _when(user.last_login_unix_s),
        ", ".join(filter(None, notes)),
    ]


def session_row(session: "Session") -> list[str]:
    """One line of the list of sessions."""
    return [_when(session.created_unix_s), _when(session.seen_unix_s), session.address, session.agent]


def document(user: "User") -> dict[str, Any]:
    """An account as JSON, as the API tells it."""
    return {
        "id": user.user_id,
        "name": user.name,
        "role": user.role,
        "cameras": _names(user.scope.cameras),
        "groups": _names(user.scope.groups),
        "disabled": user.disabled,
        "totp": user.totp,
        "external": bool(user.subject),
        "created_unix_s": user.created_unix_s,
        "last_login_unix_s": user.last_login_unix_s,
    }


def session_document(session: "Session") -> dict[str, Any]:
    """A session as JSON, as the API tells it."""
    return {
        "id": session.session_id,
        "created_unix_s": session.created_unix_s,
        "seen_unix_s": session.seen_unix_s,
        "expires_unix_s": session.expires_unix_s,
        "address": session.address,
        "agent": session.agent,
    }


def _sees(scope: "Scope") -> str:
    if scope.whole:
        return say("all cameras", "全部摄像头")
    groups = [f"{say('group', '分组')} {name}" for name in _names(scope.groups) or ()]
    return ", ".join([*(_names(scope.cameras) or ()), *groups]) or say("nothing", "无")


def _names(found: frozenset[str] | None) -> list[str] | None:
    return None if found is None else sorted(found)


def _when(unix_s: float | None) -> str:
    if unix_s is None:
        return ""
    return datetime.fromtimestamp(unix_s).astimezone().strftime("%Y-%m-%d %H:%M")
