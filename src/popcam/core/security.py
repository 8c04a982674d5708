"""What security watches for, in words that alert rules, the API and the console share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from popcam.core.language import Text

Severity = Literal["info", "warning", "critical"]


class SecurityKind(StrEnum):
    """What was seen. Public names: never renamed, never reused."""

    LOGIN_FAILED = "login_failed"
    REFUSALS = "refusals"
    PROBING = "probing"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    TOKEN_NEW_PLACE = "token_new_place"  # noqa: S105 - a name of an event
    AUDIT_BROKEN = "audit_broken"
    CLOCK_JUMP = "clock_jump"
    LOCKDOWN = "lockdown"
    UNLOCKED = "unlocked"


SEVERITIES: Mapping[SecurityKind, Severity] = {
    SecurityKind.LOGIN_FAILED: "info",
    SecurityKind.REFUSALS: "warning",
    SecurityKind.PROBING: "warning",
    SecurityKind.BLOCKED: "warning",
    SecurityKind.UNBLOCKED: "info",
    SecurityKind.TOKEN_NEW_PLACE: "warning",
    SecurityKind.AUDIT_BROKEN: "critical",
    SecurityKind.CLOCK_JUMP: "warning",
    SecurityKind.LOCKDOWN: "critical",
    SecurityKind.UNLOCKED: "info",
}

TITLES: Mapping[SecurityKind, Text] = {
    SecurityKind.LOGIN_FAILED: Text("Failed logins", "登录失败"),
    SecurityKind.REFUSALS: Text("Many refused requests", "大量请求被拒绝"),
    SecurityKind.PROBING: Text("An address looks for weak spots", "有地址在探测弱点"),
    SecurityKind.BLOCKED: Text("An address was blocked", "地址已被封锁"),
    SecurityKind.UNBLOCKED: Text("A block was removed", "封锁已解除"),
    SecurityKind.TOKEN_NEW_PLACE: Text("An API token was used from a new place", "API 令牌在新位置被使用"),
    SecurityKind.AUDIT_BROKEN: Text("The audit log was changed", "审计日志已被更改"),
    SecurityKind.CLOCK_JUMP: Text("The clock jumped", "系统时钟发生跳变"),
    SecurityKind.LOCKDOWN: Text("Incident mode began", "已进入事件应急模式"),
    SecurityKind.UNLOCKED: Text("Incident mode ended", "事件应急模式已结束"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """One thing that was seen, or the same thing several times within a while.

    Attributes:
        event_id: grows with time; the order of lists.
        first_unix_s, last_unix_s: when it was seen first and last.
        count: how often.
        address: address or network that it came from; empty when it came from nowhere.
        account: name of the account or token that it is about.
        path: what was asked for last.
        detail: more, such as how far the clock jumped; plain text, in English.
    """

    event_id: int
    kind: SecurityKind
    first_unix_s: float
    last_unix_s: float
    count: int = 1
    address: str = ""
    account: str = ""
    path: str = ""
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return SEVERITIES[self.kind]
