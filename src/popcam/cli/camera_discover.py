"""`popcam camera discover [devices|onvif]`: cameras that could be added."""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import typer

from popcam.cli.api import UrlOption, ask, get
from popcam.cli.camera_source import Credentials, PasswordOption, UsernameOption
from popcam.cli.options import JsonOption
from popcam.cli.say import err, out, say, working
from popcam.cli.table import print_table
from popcam.cli.words import problem_line

DISCOVER_HELP = say(
    "Look for cameras that could be added: capture devices of the server's machine, and ONVIF cameras in its networks.",
    "查找可以添加的摄像头：服务器上的采集设备，以及其所在网络中的 ONVIF 摄像头。",
)
DEVICES_TIMEOUT_S = 30.0
"""The server takes 10 s at most, and a worker may have to be started first."""
MARGIN_S = 30.0
"""Beyond the search itself: each ONVIF camera is asked for its streams."""


class Kind(StrEnum):
    """What to look for."""

    DEVICES = "devices"
    ONVIF = "onvif"


def discover(
    kind: Annotated[
        Kind | None, typer.Argument(help=say("Both when left out.", "不填则两种都查找。"), show_default=False)
    ] = None,
    username: UsernameOption = "",
    ask_password: PasswordOption = False,
    address: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "An ONVIF camera to ask besides, as host or host:port; may be repeated.",
                "另外询问的 ONVIF 摄像头，格式为 主机 或 主机:端口；可重复。",
            ),
            show_default=False,
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe/--no-probe",
            help=say("Ask the networks; else only --address.", "向网络广播查询；否则只询问 --address。"),
        ),
    ] = True,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0.5, max=15, help=say("Seconds to wait for answers.", "等待应答的秒数。"))
    ] = 3.0,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for cameras.

    Raises:
        SourceAddressError: an `--address` is none.
        ServerUnreachableError, WorkerUnavailableError.
    """
    found: dict[str, Any] = {}
    if kind in {None, Kind.DEVICES}:
        with working(say("Looking for capture devices...", "正在查找采集设备……")):
            found["devices"] = get("/api/v1/discovery/devices", url, timeout_s=DEVICES_TIMEOUT_S)["items"]
    if kind in {None, Kind.ONVIF}:
        credentials = Credentials.given(username, ask_password)
        wanted = {"timeout_s": wait_s, "addresses": address or [], "probe": probe, **credentials.as_fields()}
        with working(say("Looking for ONVIF cameras...", "正在查找 ONVIF 摄像头……")):
            answer = ask("POST", "/api/v1/discovery/onvif", url, body=wanted, timeout_s=wait_s + MARGIN_S)
        found["onvif"] = answer.value["items"]
    if as_json:
        out(json.dumps(found, ensure_ascii=False, indent=2))
        return
    _tell(found)


def _tell(found: dict[str, Any]) -> None:
    if "devices" in found:
        _tell_devices(found["devices"])
    if len(found) > 1:
        out()
    if "onvif" in found:
        _tell_onvif(found["onvif"])
    if any(found.values()):
        err(say("Add one: popcam camera add ADDRESS", "添加其中之一：popcam camera add 地址"))


def _tell_devices(devices: list[dict[str, Any]]) -> None:
    if not devices:
        err(say("No capture device was found.", "没有找到采集设备。"))
        return
    headings = [say("address", "地址"), say("name", "名称"), say("best", "最佳格式"), *_ending()]
    print_table(
        headings, [[device["url"], device["name"], _best(device["modes"]), *_end(device)] for device in devices]
    )


def _tell_onvif(cameras: list[dict[str, Any]]) -> None:
    if not cameras:
        err(
            say(
                "No ONVIF camera answered. Name one with --address, and see that the camera has ONVIF switched on.",
                "没有 ONVIF 摄像头应答。可用 --address 指定，并确认摄像头已启用 ONVIF。",
            )
        )
        return
    headings = [say("address", "地址"), say("name", "名称"), say("stream", "码流"), *_ending()]
    print_table(headings, [row for camera in cameras for row in _onvif_rows(camera)])


def _onvif_rows(camera: dict[str, Any]) -> Iterator[list[str]]:
    """A row for each stream, or one for the camera itself where they are unknown."""
    name = camera["name"] or camera["hardware"]
    for stream in camera["streams"]:
        yield [stream["url"], name, _stream(stream), *_end(camera)]
    if not camera["streams"]:
        yield [camera["host"], name, "", *_end(camera)]


def _ending() -> list[str]:
    return [say("used by", "已用于"), say("problem", "问题")]


def _end(found: dict[str, Any]) -> list[str]:
    problem = found["error"]
    return [", ".join(found["camera_ids"]), problem_line(problem) if problem else ""]


def _best(modes: list[dict[str, Any]]) -> str:
    """The largest picture that a device delivers, and the fastest of those."""
    sizes = [
        (size["width_px"] * size["height_px"], size["max_fps"], size, mode["pixel_format"])
        for mode in modes
        for size in mode["sizes"]
    ]
    if not sizes:
        return ""
    _, fps, size, pixel_format = max(sizes, key=lambda item: item[:2])
    rate = f" {fps:g} fps" if fps else ""
    return f"{size['width_px']}x{size['height_px']}{rate} {pixel_format}"


def _stream(stream: dict[str, Any]) -> str:
    size = f"{stream['width_px']}x{stream['height_px']}" if stream["width_px"] else ""
    rate = f"{stream['fps']:g} fps" if stream["fps"] else ""
    return " ".join(part for part in (stream["name"], size, rate, stream["codec"]) if part)
