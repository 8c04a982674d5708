"""`popcam camera start|stop|restart|logs|test`."""

import json
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from popcam.cli.api import UrlOption, ask, camera_path, get
from popcam.cli.camera_source import Credentials, PasswordOption, UsernameOption, source_of
from popcam.cli.log_lines import readable
from popcam.cli.options import JsonOption
from popcam.cli.say import err, out, say, working
from popcam.cli.table import print_table
from popcam.cli.words import cell, field_word
from popcam.core.errors import CameraNotFoundError, SourceError, StorageReadOnlyError

START_HELP = say("Start a camera.", "启动一个摄像头。")
STOP_HELP = say("Stop a camera and finish its recordings.", "停止一个摄像头并完成其录像。")
RESTART_HELP = say("Stop and start a camera, and forgive its failures.", "重启一个摄像头，并清除其失败记录。")
LOGS_HELP = say("Show the newest lines of a camera's log.", "显示摄像头日志的最新内容。")
TEST_HELP = say(
    "Open a source, or that of a camera, and say what it is. Nothing is saved.",
    "打开一个视频源（或某个摄像头的视频源），说明其内容。不作任何保存。",
)
TEST_TIMEOUT_S = 40.0
"""The server takes 20 s at most, and a worker may have to be started first."""
START_TIMEOUT_S = 30.0
FOLLOW_S = 0.5
FOLLOW_LINES = 1000
"""More new lines than this within `FOLLOW_S` are left out; the file has them."""
CameraId = Annotated[str, typer.Argument(help=say("Its id.", "摄像头编号。"), show_default=False)]


def start(camera_id: CameraId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Start one camera.

    Raises:
        CameraNotFoundError, CameraInactiveError, ServerUnreachableError.
        SourceError: it was started and has failed already.
    """
    with working(say("Starting...", "正在启动……")):
        done = ask("POST", camera_path(camera_id, "start"), url, timeout_s=START_TIMEOUT_S).value
    _tell(done, as_json, say(f"{camera_id} runs", f"{camera_id} 已运行"))


def stop(camera_id: CameraId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Stop one camera.

    Raises:
        CameraNotFoundError, ServerUnreachableError.
    """
    with working(say("Stopping...", "正在停止……")):
        done = ask("POST", camera_path(camera_id, "stop"), url, timeout_s=START_TIMEOUT_S).value
    _tell(done, as_json, say(f"{camera_id} is stopped", f"{camera_id} 已停止"))


def restart(camera_id: CameraId, url: UrlOption = None, as_json: JsonOption = False) -> None:
    """Stop and start one camera.

    Raises:
        CameraNotFoundError, CameraInactiveError, ServerUnreachableError.
        SourceError: it was started and has failed already.
    """
    with working(say("Restarting...", "正在重启……")):
        done = ask("POST", camera_path(camera_id, "restart"), url, timeout_s=START_TIMEOUT_S).value
    _tell(done, as_json, say(f"{camera_id} runs", f"{camera_id} 已运行"))


def logs(
    camera_id: CameraId,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help=say("How many.", "行数。"))] = 100,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", help=say("Go on with new lines until Ctrl-C.", "持续显示新内容，按 Ctrl-C 结束。")
        ),
    ] = False,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the newest lines of one camera's log, oldest first. `--json` has them as they stand in the file;
    with `--follow` one a line.

    Raises:
        CameraNotFoundError, ServerUnreachableError.
    """
    found = get(camera_path(camera_id, f"logs?lines={lines}"), url)
    if as_json and not follow:
        out(json.dumps(found, ensure_ascii=False, indent=2))
        return
    show = str if as_json else readable
    for line in found["lines"]:
        out(show(line))
    if not found["lines"]:
        err(say(f"The log is empty: {found['log_file']}", f"日志为空：{found['log_file']}"))
    if follow:
        for line in new_lines(camera_id, found["total_lines"], url):
            out(show(line))


def new_lines(camera_id: str, known: int, url: str | None) -> Iterator[str]:
    """Lines of a camera's log beyond the `known` first ones, as they come; without end.

    Raises:
        CameraNotFoundError, ServerUnreachableError.
    """
    while True:
        sys.stdout.flush()
        time.sleep(FOLLOW_S)
        found = get(camera_path(camera_id, f"logs?lines={FOLLOW_LINES}"), url)
        total = found["total_lines"]
        if total < known:
            known = 0  # the file was begun anew
        yield from found["lines"][-(total - known) :] if total > known else ()
        known = total


def try_source(
    source: Annotated[
        str,
        typer.Argument(
            help=say("Address, file, device, or the id of a camera.", "地址、文件、设备，或摄像头编号。"),
            show_default=False,
        ),
    ],
    username: UsernameOption = "",
    ask_password: PasswordOption = False,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            help=say("Write its first picture (JPEG) here.", "将首帧画面（JPEG）写入此处。"), show_default=False
        ),
    ] = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a source is.

    Raises:
        SourceError: by its name, when it can't be opened.
        StorageReadOnlyError: the picture can't be written.
        ServerUnreachableError, WorkerUnavailableError.
    """
    credentials = Credentials.given(username, ask_password)
    query, body = _question(source, credentials, url)
    with working(say("Opening the source...", "正在打开视频源……")):
        tested = ask("POST", f"/api/v1/sources/test{query}", url, body=body, timeout_s=TEST_TIMEOUT_S).value
    picture = tested["snapshot"]
    if snapshot is not None and picture:
        _keep(picture, snapshot)
    if as_json:
        out(json.dumps(tested, ensure_ascii=False, indent=2))
        return
    tell_source(tested)
    if snapshot is not None and not picture:
        err(say("There is no picture: this camera hides faces.", "没有画面：该摄像头隐藏人脸。"))


def tell_source(tested: dict[str, Any]) -> None:
    """Print what a test found out."""
    size = f"{tested['width_px']}x{tested['height_px']}"
    rows = [[say("size", "画面尺寸"), size]]
    rows += [
        [field_word(name), cell(value)]
        for name, value in tested.items()
        if name not in {"snapshot", "width_px", "height_px"} and value not in {None, ""}
    ]
    print_table([say("what", "项目"), say("value", "值")], rows)


def _keep(picture: str, file: Path) -> None:
    """Write a picture that came as a `data:` address.

    Raises:
        StorageReadOnlyError: the file can't be written.
    """
    try:
        file.write_bytes(b64decode(picture.partition(",")[2]))
    except OSError as error:
        raise StorageReadOnlyError(f"{file}: {error.strerror}") from error


def _question(source: str, credentials: Credentials, url: str | None) -> tuple[str, dict[str, Any]]:
    """Query and body of a test: of a camera's own source when one has this id, else of the address."""
    if source.replace("-", "").isalnum() and source.isascii():
        try:
            camera = get(camera_path(source), url)
        except CameraNotFoundError:
            return "", source_of(source, credentials)
        return f"?camera_id={source}", {**camera["settings"]["source"], **credentials.as_fields()}
    return "", source_of(source, credentials)


def _tell(done: dict[str, Any], as_json: bool, success: str) -> None:
    """What a start or stop led to.

    Raises:
        SourceError: it failed; so that scripts see it in the exit status.
    """
    if as_json:
        out(json.dumps(done, ensure_ascii=False, indent=2))
    if not done["ok"]:
        raise SourceError(done["error"])
    if not as_json:
        out(f"{success} (pid {done['pid']})" if done["pid"] else success)
        if done["error"]:
            err(done["error"])
