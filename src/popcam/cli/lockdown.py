"""`popcam lockdown|unlock|unblock`: incident mode and blocked addresses, by the server or on its database."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from popcam.cli.api import UrlOption, ask
from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import confirmed, err, out, say
from popcam.core.errors import ServerUnreachableError

if TYPE_CHECKING:
    from popcam.config import Settings

LOCKDOWN_HELP = say(
    "Incident mode: end all sessions, pause API tokens, let in administrators alone. Recordings go on.",
    "事件应急模式：结束所有会话，暂停 API 令牌，仅允许管理员进入。录像继续。",
)
UNLOCK_HELP = say("End incident mode.", "结束事件应急模式。")
UNBLOCK_HELP = say("Let a blocked address in again.", "解除对某个地址的封锁。")
FROM_HERE_S = 30.0
"""Stopping outputs of many cameras takes a moment."""
YesOption = Annotated[bool, typer.Option("--yes", "-y", help=say("Don't ask.", "不询问。"))]


def lockdown(
    reason: Annotated[
        str, typer.Option("--reason", "-r", help=say("Shown to those who are shut out.", "展示给被拒之门外的人。"))
    ] = "",
    yes: YesOption = False,
    url: UrlOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin incident mode; on the database when no server answers.

    Raises:
        ServerUnreachableError: no server answers, and there is no database here.
        PopcamError: the server refused.
    """
    question = say("Shut everybody out but administrators?", "确定仅允许管理员进入，拒绝其他所有人？")
    if not yes and not confirmed(question):
        raise typer.Exit(130)
    done = _change("lockdown", reason, url, config, set_)
    if as_json:
        out(json.dumps(done, ensure_ascii=False, indent=2))
        return
    ended, paused = done["sessions_ended"], done["tokens_paused"]
    out(
        say(
            f"popcam is locked down: {ended} sessions ended, {paused} API tokens paused.",
            f"popcam 已锁定：结束 {ended} 个会话，暂停 {paused} 个 API 令牌。",
        )
    )
    out(say("`popcam unlock` ends it.", "执行 `popcam unlock` 可解除。"))


def unlock(
    url: UrlOption = None, config: ConfigOption = None, set_: SetOption = None, as_json: JsonOption = False
) -> None:
    """End incident mode; on the database when no server answers.

    Raises:
        ServerUnreachableError, PopcamError: as `lockdown`.
    """
    done = _change("unlock", "", url, config, set_)
    if as_json:
        out(json.dumps(done, ensure_ascii=False, indent=2))
        return
    out(
        say(
            "popcam is open again: paused tokens work, people log in anew.",
            "popcam 已恢复：暂停的令牌可用，用户需重新登录。",
        )
    )


def unblock(
    address: Annotated[str, typer.Argument(help=say("As in the list of blocks.", "与封锁列表中一致。"))],
    url: UrlOption = None,
) -> None:
    """Remove a block.

    Raises:
        BlockNotFoundError: there is none.
        ServerUnreachableError, PopcamError.
    """
    from urllib.parse import quote

    ask("DELETE", f"/api/v1/security/blocks/{quote(address, safe='')}", url)
    out(say(f"{address} may come in again.", f"{address} 可以重新访问。"))


def _change(what: str, reason: str, url: str | None, config: Any, set_: list[str] | None) -> dict[str, Any]:
    """Ask the server; else do it here, unless another server was named.

    Raises:
        ServerUnreachableError, PopcamError.
    """
    body = {"reason": reason} if what == "lockdown" else None
    try:
        answer: dict[str, Any] = ask("POST", f"/api/v1/security/{what}", url, body=body, timeout_s=FROM_HERE_S).value
    except ServerUnreachableError:
        settings = settings_of(config, overrides(set_))
        if url or os.environ.get("POPCAM_URL") or not (settings.data_dir / "popcam.db").is_file():
            raise
        err(
            say(
                "No server answers; it is done on the database. A server that runs follows within seconds.",
                "没有服务器应答，直接在数据库上执行；若服务器仍在运行，将在数秒内生效。",
            )
        )
        with _quiet_log():
            return asyncio.run(_here(settings, what, reason))
    return answer


@contextmanager
def _quiet_log() -> Iterator[None]:
    """What happens is told by the command itself; the log's lines would stand between its words."""
    import structlog

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.configure(**before)


async def _here(settings: "Settings", what: str, reason: str) -> dict[str, Any]:
    from popcam.core.access import AuditNote, Principal
    from popcam.core.clock import SystemClock
    from popcam.security.audit import AuditLog
    from popcam.security.lockdown import Lockdown
    from popcam.storage import Database

    database = Database(settings.data_dir / "popcam.db", threads=1)
    clock = SystemClock()
    audit = AuditLog(database, settings.data_dir / "keys", clock=clock, keep_days=settings.security.audit_keep_days)

    async def write(note: AuditNote) -> None:
        await asyncio.to_thread(audit.write_now, note)

    try:
        mode = Lockdown(database, clock, stops=settings.security.lockdown_stops, write_audit=write)
        await mode.look()
        shell = Principal(via="shell", role="admin", name="shell")
        state = await (mode.begin(shell, reason) if what == "lockdown" else mode.end(shell))
    finally:
        database.close()
    return {
        "on": state.on,
        "since_unix_s": state.since_unix_s if state.on else None,
        "by": state.by,
        "reason": state.reason,
        "sessions_ended": state.sessions_ended,
        "tokens_paused": len(state.tokens_paused),
        "outputs_stopped": list(state.outputs_stopped),
    }
