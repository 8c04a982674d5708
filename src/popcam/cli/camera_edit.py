"""`popcam camera add|edit|remove`."""

import json
from typing import Annotated, Any

import typer

from popcam.cli.api import UrlOption, ask, camera_path
from popcam.cli.camera_run import TEST_TIMEOUT_S, CameraId, tell_source
from popcam.cli.camera_source import Credentials, PasswordOption, UsernameOption, source_of
from popcam.cli.options import JsonOption
from popcam.cli.say import INTERRUPTED, confirmed, err, out, say, working

ADD_HELP = say(
    "Add a camera. Its source is tried first; --no-test adds it in any case.",
    "添加摄像头。会先测试其视频源；使用 --no-test 则直接添加。",
)
EDIT_HELP = say(
    "Change settings of a camera: popcam camera edit door name=Door act.kind=hide zones=null",
    "修改摄像头设置：popcam camera edit door name=前门 act.kind=hide zones=null",
)
REMOVE_HELP = say(
    "Stop a camera and forget it. Recordings and events stay.", "停止并删除一个摄像头。录像和事件会保留。"
)
EDIT_TIMEOUT_S = 30.0


def add(
    source: Annotated[
        str, typer.Argument(help=say("Address, file or device.", "地址、文件或设备。"), show_default=False)
    ],
    camera_id: Annotated[
        str, typer.Option("--id", help=say("Its id; made from the name when left out.", "编号；不填则由名称生成。"))
    ] = "",
    name: Annotated[str, typer.Option(help=say("What people call it.", "显示名称。"), show_default=False)] = "",
    group: Annotated[
        list[str] | None, typer.Option(help=say("A group; may be repeated.", "分组；可重复。"), show_default=False)
    ] = None,
    username: UsernameOption = "",
    ask_password: PasswordOption = False,
    hide_faces: Annotated[bool, typer.Option("--hide-faces", help=say("Cover faces.", "遮挡人脸。"))] = False,
    start: Annotated[
        bool,
        typer.Option("--start/--no-start", help=say("Start it now and with the server.", "立即启动并随服务器启动。")),
    ] = True,
    test: Annotated[bool, typer.Option("--test/--no-test", help=say("Try the source first.", "先测试视频源。"))] = True,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a camera to the running server.

    Raises:
        SourceError: the source can't be opened; nothing was added.
        CameraExistsError, CameraInvalidError, ServerUnreachableError.
    """
    where = source_of(source, Credentials.given(username, ask_password))
    if test:
        with working(say("Opening the source...", "正在打开视频源……")):
            path = "/api/v1/sources/test?snapshot=false"
            tested = ask("POST", path, url, body=where, timeout_s=TEST_TIMEOUT_S).value
        if not as_json:
            tell_source(tested)
    camera: dict[str, Any] = {"source": where, "auto_start": start}
    camera |= {key: value for key, value in (("id", camera_id), ("name", name), ("groups", group)) if value}
    if hide_faces:
        camera["act"] = {"kind": "hide"}
    with working(say("Adding the camera...", "正在添加摄像头……")):
        added = ask("POST", "/api/v1/cameras", url, body=camera, timeout_s=EDIT_TIMEOUT_S).value
    if as_json:
        out(json.dumps(added, ensure_ascii=False, indent=2))
    else:
        out(say(f"{added['id']} was added", f"已添加 {added['id']}"))


def edit(
    camera_id: CameraId,
    pairs: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help=say("Values are JSON or text.", "值为 JSON 或文本。"))
    ],
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change some settings of one camera. Refused when somebody else changes it at the same moment.

    Raises:
        CameraNotFoundError, CameraInvalidError, CameraConflictError, ServerUnreachableError.
    """
    changes = changes_of(pairs)
    version = ask("GET", camera_path(camera_id), url).version
    changed = ask("PATCH", camera_path(camera_id), url, body=changes, version=version, timeout_s=EDIT_TIMEOUT_S).value
    if as_json:
        out(json.dumps(changed, ensure_ascii=False, indent=2))
    else:
        out(say(f"{camera_id} was changed", f"已修改 {camera_id}"))


def remove(
    camera_id: CameraId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=say("Do not ask.", "不再询问。"))] = False,
    url: UrlOption = None,
) -> None:
    """Delete one camera.

    Raises:
        CameraNotFoundError, ServerUnreachableError.
    """
    if not yes and not confirmed(say(f"Remove {camera_id}?", f"删除 {camera_id}？")):
        err(say("Nothing was removed.", "没有删除任何内容。"))
        raise typer.Exit(INTERRUPTED)
    with working(say("Removing the camera...", "正在删除摄像头……")):
        ask("DELETE", camera_path(camera_id), url, timeout_s=EDIT_TIMEOUT_S)
    out(say(f"{camera_id} was removed", f"已删除 {camera_id}"))


def changes_of(pairs: list[str]) -> dict[str, Any]:
    """`act.kind=hide` and the like as the nested fields that they change.

    Raises:
        typer.BadParameter: a pair is not `key=value`, or two contradict each other.
    """
    changes: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        steps = key.split(".")
        if not equals or not all(steps):
            raise typer.BadParameter(say("write it as KEY=VALUE", "请写成 键=值"), param_hint=pair)
        node = changes
        for step in steps[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise typer.BadParameter(say("contradicts an earlier one", "与前一项矛盾"), param_hint=pair)
        node[steps[-1]] = _value(text)
    return changes


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
