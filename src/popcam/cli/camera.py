"""`popcam camera list|show|status`; the other operations are in the files `camera_*.py`."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from popcam.cli import camera_discover, camera_edit, camera_run
from popcam.cli.api import UrlOption, camera_path, get
from popcam.cli.options import JsonOption
from popcam.cli.say import err, out, say
from popcam.cli.table import print_table
from popcam.cli.words import FIELDS, cell, field_word, problem_line, state_word, trouble_rows
from popcam.cli.yaml_text import yaml_text

app = typer.Typer(
    help=say("Look after the cameras of a running server.", "管理运行中服务器的摄像头。"),
    no_args_is_help=True,
    rich_markup_mode=None,
)


SHOWN = ("state", "fps", "pid", "log")
"""What stands above the settings of a camera."""
CameraId = Annotated[str, typer.Argument(help=say("Its id.", "摄像头编号。"), show_default=False)]

app.command("add", help=camera_edit.ADD_HELP)(camera_edit.add)
app.command("edit", help=camera_edit.EDIT_HELP)(camera_edit.edit)
app.command("remove", help=camera_edit.REMOVE_HELP)(camera_edit.remove)
app.command("test", help=camera_run.TEST_HELP)(camera_run.try_source)
app.command("discover", help=camera_discover.DISCOVER_HELP)(camera_discover.discover)
app.command("start", help=camera_run.START_HELP)(camera_run.start)
app.command("stop", help=camera_run.STOP_HELP)(camera_run.stop)
app.command("restart", help=camera_run.RESTART_HELP)(camera_run.restart)
app.command("logs", help=camera_run.LOGS_HELP)(camera_run.logs)


@app.command("list", help=say("List all cameras.", "列出全部摄像头。"))
def list_(url: UrlOption = None, as_json: JsonOption = False) -> None:
    """List all cameras with their state.

    Raises:
        ServerUnreachableError: no server answers.
    """
    cameras = get("/api/v1/cameras", url)["items"]
    if as_json:
        out(json.dumps(cameras, ensure_ascii=False, indent=2))
        return
    if not cameras:
        err(
            say(
                "There is no camera yet. Add one: popcam camera add ADDRESS",
                "还没有摄像头。添加：popcam camera add 地址",
            )
        )
        return
    headings = [
        say("id", "编号"),
        say("name", "名称"),
        say("state", "状态"),
        say("fps", "帧率"),
        say("problem", "问题"),
    ]
    print_table(headings, [_row(camera) for camera in cameras])


@app.command("show", help=say("Show all settings of one camera and its state.", "显示一个摄像头的全部设置和状态。"))
def show(camera_id: CameraId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Show one camera: its settings as YAML, secrets masked, and its state.

    Raises:
        CameraNotFoundError: the server knows no such camera.
        ServerUnreachableError: no server answers.
    """
    found = get(camera_path(camera_id), url)
    if as_json:
        out(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print_table([say("what", "项目"), say("value", "值")], _status_rows(found["status"], SHOWN))
    out()
    out(yaml_text(found["settings"]))


@app.command("status", help=say("Show the state of one camera.", "显示一个摄像头的状态。"))
def status(
    camera_id: CameraId,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what one camera does now.

    Raises:
        CameraNotFoundError: the server knows no such camera.
        ServerUnreachableError: no server answers.
    """
    found = get(camera_path(camera_id, "status"), url)
    if as_json:
        out(json.dumps(found, ensure_ascii=False, indent=2))
        return
    print_table(
        [say("what", "项目"), say("value", "值")], _status_rows(found, (name for name in found if name in FIELDS))
    )


def _row(camera: dict[str, Any]) -> list[str]:
    now = camera["status"]
    problem = now["last_error"]
    told = problem_line(problem) if problem else ""
    return [camera["id"], camera["name"], state_word(now["state"]), f"{now['fps']:.1f}", told]


def _status_rows(now: dict[str, Any], names: Iterable[str]) -> list[list[str]]:
    """The named fields that the server told, and what is wrong."""
    rows = [
        [field_word(name), state_word(now[name]) if name == "state" else cell(now[name])]
        for name in names
        if name in now and now[name] not in ("", None, {})
    ]
    return rows + (trouble_rows(now["last_error"]) if now.get("last_error") else [])
