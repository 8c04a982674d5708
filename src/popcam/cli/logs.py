"""`popcam logs`: the logs of all processes as one, from the files of this machine or from a server."""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

import typer

from popcam.cli.api import UrlOption, get
from popcam.cli.log_lines import shown_value
from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import err, out, say

if TYPE_CHECKING:
    from popcam.config import Settings
    from popcam.core.log_record import LogFilter, LogRecord

HELP = say(
    "Show what the server, its workers and batch workers logged, oldest first.",
    "显示服务器、工作进程和批处理进程的日志，最早的在前。",
)
Level = Literal["debug", "info", "warning", "error", "critical"]
FOLLOW_S = 1.0
FOLLOW_LINES = 2000
"""Of a server elsewhere: more new lines than this within `FOLLOW_S` are left out."""
PAGE_LINES = 2000


def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=100_000, help=say("How many.", "行数。"))] = 100,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help=say("Go on with new lines until Ctrl-C.", "持续显示新内容，按 Ctrl-C 结束。")
        ),
    ] = False,
    level: Annotated[
        Level, typer.Option("--level", "-l", help=say("This level or a worse one.", "此级别或更严重的级别。"))
    ] = "debug",
    camera: Annotated[str, typer.Option("--camera", help=say("Only of this camera.", "仅此摄像头。"))] = "",
    process: Annotated[
        str,
        typer.Option(
            "--process",
            help=say("Only of this process: server, or a worker's id.", "仅此进程：server 或工作进程编号。"),
        ),
    ] = "",
    request: Annotated[str, typer.Option("--request", help=say("Only of this request.", "仅此请求。"))] = "",
    text: Annotated[
        str, typer.Option("--text", "-t", help=say("Only with this text, in any case.", "仅含此文字，不分大小写。"))
    ] = "",
    url: UrlOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Without `--url` the files of the settings' log folder are read: that works while no server runs, too.

    Raises:
        ConfigError: the settings are not valid.
        ServerUnreachableError, AccessRefusedError: with `--url`.
    """
    from popcam.core.log_record import LogFilter

    wanted = LogFilter(level=level, camera_id=camera, process=process, request_id=request, text=text)
    if url is not None:
        _show(_of_server(wanted, lines, url, follow=follow), as_json)
        return
    settings = settings_of(config, overrides(set_))
    found = _newest(settings, wanted, lines)
    _show(map(_told, found), as_json)
    if not found and not follow:
        err(say(f"Nothing fits in {settings.log_dir}", f"{settings.log_dir} 中没有符合条件的内容"))
    if follow:
        asyncio.run(_follow(settings, wanted, as_json))


def readable_line(line: dict[str, Any]) -> str:
    """One line for people, as the API has it: time, level, process or camera, what happened, and the details."""
    when = datetime.fromtimestamp(line["time_unix_s"]).astimezone()
    about = line["camera_id"] or line["process"]
    fields = {name: value for name, value in line["fields"].items() if name != "worker"}
    if line["request_id"]:
        fields["request_id"] = line["request_id"]
    details = " ".join(f"{name}={shown_value(value)}" for name, value in fields.items())
    return f"{when:%Y-%m-%d %H:%M:%S} {line['level']:<8} {about:<12} {line['event']}  {details}".rstrip()


def _show(lines: Iterable[dict[str, Any]], as_json: bool) -> None:
    for line in lines:
        out(json.dumps(line, ensure_ascii=False) if as_json else readable_line(line))
    sys.stdout.flush()


def _newest(settings: "Settings", wanted: "LogFilter", lines: int) -> list["LogRecord"]:
    """The newest lines that fit, oldest first."""
    from popcam.server.log_reader import read_page

    found: list[LogRecord] = []
    before: float | None = None
    while len(found) < lines:
        page = read_page(settings.log_dir, wanted, before, min(PAGE_LINES, lines - len(found)))
        found += page.records
        if (before := page.before) is None:
            break
    return found[:lines][::-1]


async def _follow(settings: "Settings", wanted: "LogFilter", as_json: bool) -> None:
    from popcam.server.log_follower import LogFollower

    async with LogFollower(settings.log_dir).listen(wanted) as listener:
        while True:
            records, missed = await listener.news()
            if missed:
                err(say(f"{missed} lines were left out", f"省略了 {missed} 行"))
            _show(map(_told, records), as_json)


def _of_server(wanted: "LogFilter", lines: int, url: str, *, follow: bool) -> Iterator[dict[str, Any]]:
    """Lines of a server elsewhere, oldest first; with `follow` without end.

    Raises:
        ServerUnreachableError, AccessRefusedError.
    """
    found: list[dict[str, Any]] = []
    before: float | None = None
    while len(found) < lines:
        page = get(_path(wanted, min(PAGE_LINES, lines - len(found)), before), url)
        found += page["items"]
        if (before := page["next_before"]) is None:
            break
    newest = found[:lines][::-1]
    yield from newest
    told = {_identity(line) for line in found}
    while follow:
        sys.stdout.flush()
        time.sleep(FOLLOW_S)
        items = get(_path(wanted, FOLLOW_LINES, None), url)["items"]
        yield from (line for line in reversed(items) if _identity(line) not in told)
        told = {_identity(line) for line in items} or told


def _path(wanted: "LogFilter", limit: int, before: float | None) -> str:
    query = {
        "level": wanted.level,
        "camera_id": wanted.camera_id,
        "process": wanted.process,
        "request_id": wanted.request_id,
        "text": wanted.text,
        "limit": limit,
    }
    if before is not None:
        query["before"] = repr(before)
    return f"/api/v1/logs?{urlencode(query)}"


def _identity(line: dict[str, Any]) -> tuple[float, str, str]:
    return line["time_unix_s"], line["process"], line["event"]


def _told(record: "LogRecord") -> dict[str, Any]:
    return {
        "time_unix_s": record.unix_s,
        "level": record.level,
        "process": record.process,
        "camera_id": record.camera_id,
        "request_id": record.request_id,
        "event": record.event,
        "fields": dict(record.fields),
    }
