"""`popcam doctor`: what listens, what is exposed, what works and what does not, and how to mend it, with or without a
server."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, language, out, say, working
from popcam.cli.table import print_table
from popcam.core.errors import PopcamError
from popcam.core.language import Text

if TYPE_CHECKING:
    from popcam.config import Settings
    from popcam.server.exposure import Exposure, Port
    from popcam.server.exposure_finding import Finding
    from popcam.server.exposure_live import Listening

HELP = say(
    "Carry out all health checks, and look what is exposed: ports, keys, certificates, files; and how to mend it.",
    "执行所有健康检查，并检查对外暴露的内容（端口、密钥、证书、文件）以及如何修复。",
)
WARNING, DANGER = 14, 15
"""Exit status by the worst that was found; 0 when all is well."""
LEVELS = ("ok", "warning", "danger")
HEALTH = "/api/v1/monitoring/health"
EXPOSURE = "security.exposure"
"""The check that sums up what the findings tell one by one."""
REACH = {
    "user": Text("programs of this user", "当前用户的程序"),
    "machine": Text("this machine", "本机"),
    "network": Text("the network", "网络"),
}
MARKS = {
    "ok": Text("ok", "正常"),
    "absent": Text("-", "-"),
    "unknown": Text("unknown", "未知"),
    "warning": Text("WARNING", "警告"),
    "failed": Text("FAILED", "失败"),
    "danger": Text("DANGER", "危险"),
}


class Row(NamedTuple):
    """One thing that was looked at, in the user's language.

    `level` is one of `LEVELS`: what it means for the exit status.
    """

    level: str
    mark: str
    name: str
    what: str
    found: str
    fix: str


def doctor(config: ConfigOption = None, set_: SetOption = None, as_json: JsonOption = False) -> None:
    """Look and tell; the exit status says the worst.

    Raises:
        ConfigError: the settings are not valid.
    """
    settings = settings_of(config, overrides(set_))
    with working(say("looking ...", "正在检查……")):
        exposure, sockets = looked_at(settings)
        checks = checked(settings)
    rows = [*map(_of_finding, exposure.findings), *(_of_check(check) for check in checks if check["name"] != EXPOSURE)]
    rows.sort(key=lambda row: -LEVELS.index(row.level))
    worst = max((row.level for row in rows), key=LEVELS.index, default="ok")
    if as_json:
        out(json.dumps({**_plain(exposure, sockets), "worst": worst, "checks": checks}, ensure_ascii=False, indent=2))
    else:
        _print_ports(exposure.ports, sockets)
        _print_rows(rows)
    sys.exit({"ok": 0, "warning": WARNING, "danger": DANGER}[worst])


def looked_at(settings: "Settings") -> "tuple[Exposure, list[Listening]]":
    """Findings about settings and files, and about the sockets of the server that runs, if one does."""
    from popcam.server.exposure import findings
    from popcam.server.exposure_finding import SEVERITIES
    from popcam.server.exposure_live import listening, unexpected
    from popcam.server.ports import pid_of

    exposure = findings(settings, time.time())
    pid = pid_of(settings.server.port)
    if pid is None:
        return exposure, []
    sockets = listening(pid)
    more = [*unexpected(sockets, settings.server.port), *exposure.findings]
    more.sort(key=lambda one: -SEVERITIES.index(one.severity))
    return replace(exposure, findings=tuple(more)), sockets


def checked(settings: "Settings") -> list[dict[str, Any]]:
    """Health checks as the API tells them: those of the server that runs, else what can be looked at without one."""
    from popcam.core.running_server import read_running
    from popcam.server.health_schemas import check_of
    from popcam.server.offline_checks import carried_out, offline_checks
    from popcam.server.ports import pid_of

    own_pid = None
    if (running := read_running(settings.runtime_dir)) is not None and (own_pid := pid_of(running.port)) is not None:
        from popcam.cli import api

        try:
            return list(api.get(HEALTH, running.url)["checks"])
        except PopcamError as error:
            err(say(f"The server can't be asked: {error}", f"无法询问服务器：{error.message('zh')}"))
    results = asyncio.run(carried_out(offline_checks(settings, own_pid)))
    return [check_of(result, language()).model_dump(mode="json") for result in results]


def _of_finding(finding: "Finding") -> Row:
    mark = _text(MARKS[finding.severity])
    return Row(finding.severity, mark, finding.code, _text(finding.what), "", _text(finding.fix))


def _of_check(check: dict[str, Any]) -> Row:
    level = "ok"
    if check["state"] == "failed":
        level = "danger" if check["severity"] == "critical" else "warning"
    elif check["state"] == "warning" and check["severity"] != "info":
        level = "warning"
    mark = _text(MARKS[check["state"]])
    return Row(level, mark, check["check_id"], check["title"], check["detail"], check["remedy"])


def _print_rows(rows: Sequence[Row]) -> None:
    headings = [say("state", "状态"), say("what", "项目"), say("found", "结果"), say("name", "名称")]
    print_table(headings, [[row.mark, row.what, row.found, row.name] for row in rows])
    bad = [row for row in rows if row.level != "ok" and row.fix]
    if bad:
        out()
        out(say("What to do:", "处理办法："))
    for row in bad:
        out(f"{row.mark} [{row.name}] {row.what}" + (f": {row.found}" if row.found else ""))
        out(f"    {row.fix}")


def _print_ports(ports: "tuple[Port, ...]", sockets: "list[Listening]") -> None:
    headings = [
        say("port", "端口"),
        say("where", "位置"),
        say("who gets there", "可达范围"),
        say("protected by", "保护"),
        say("exposes", "可获得内容"),
    ]
    rows = [(one.name, REACH[one.reach], one.protected_by, one.exposes) for one in ports]
    cells = [[_text(text) for text in row] for row in rows]
    print_table(headings, [[row[0], _where(one), *row[1:]] for row, one in zip(cells, ports, strict=True)])
    out()
    if sockets:
        shown = ", ".join(f"{one.transport} {one.address}:{one.port}" for one in sockets)
        out(say(f"Open now: {shown}", f"当前打开：{shown}"))
    else:
        out(say("No server runs on this port now.", "此端口目前没有服务器在运行。"))
    out()


def _where(port: "Port") -> str:
    if port.transport == "ipc":
        return port.address
    number = str(port.port) if port.port else say("changes", "不固定")
    return f"{port.transport} {port.address}:{number}"


def _plain(exposure: "Exposure", sockets: "list[Listening]") -> dict[str, Any]:
    def told(value: "Port | Finding") -> dict[str, Any]:
        texts = {name: _text(text) for name in asdict(value) if isinstance(text := getattr(value, name), Text)}
        return {**asdict(value), **texts}

    return {
        "ports": [told(one) for one in exposure.ports],
        "open_now": [one._asdict() for one in sockets],
        "findings": [told(one) for one in exposure.findings],
    }


def _text(text: Text) -> str:
    return text.in_language(language())
