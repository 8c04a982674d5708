"""Rules between settings, which types alone can't say. Pure: nothing is opened, nobody is asked."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from popcam.config.model import ServerSettings
from popcam.config.origin import KeyPath
from popcam.config.suggest import closest
from popcam.core.addresses import NETWORK_SCHEMES, RESTREAM_SCHEMES, url_problem
from popcam.core.language import Text
from popcam.core.spec import CameraSpec

Finding = tuple[KeyPath, Text]
"""Where below the camera, and what is wrong."""

SOURCE_SCHEMES = NETWORK_SCHEMES
_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def camera_findings(camera: CameraSpec, *, loopback: bool | None = None) -> Iterator[Finding]:
    """Everything that is wrong with a camera whose single values are right.

    Args:
        camera: as it was read.
        loopback: whether addresses of this machine itself are fine; None as this process was told.
    """
    for rule in RULES:
        yield from rule(camera)
    yield from _refused_hosts(camera, loopback=loopback)


def id_problem(camera_id: str) -> Text | None:
    """Why this can't be a camera's id; it becomes a folder's name and a part of addresses."""
    if _ID.fullmatch(camera_id):
        return None
    near = re.sub(r"[^a-z0-9]+", "-", camera_id.lower()).strip("-")[:64].strip("-")
    hint_en, hint_zh = (f", for example `{near}`", f"，例如 `{near}`") if near else ("", "")
    return Text(
        f"an id is 1 to 64 small letters, digits and `-`, with no `-` at its ends{hint_en}",
        f"编号由 1 至 64 个小写字母、数字和 `-` 组成，首尾不能是 `-`{hint_zh}",
    )


def address_problem(url: str, schemes: tuple[str, ...], *, paths_too: bool) -> Text | None:
    """Why an address can't be right, or None. `paths_too`: text without `://` is a path, device or built-in source."""
    if any(ord(character) < 32 for character in url):
        return Text("an address has no line breaks or control characters", "地址不能含换行或控制字符")
    if "://" not in url:
        return _local_problem(url) if paths_too else _scheme_problem("", schemes)
    scheme = url.split("://", 1)[0].lower()
    if scheme not in schemes:
        return _scheme_problem(scheme, schemes)
    try:
        parts = urlsplit(url)
        return _network_problem(parts)
    except ValueError:
        return Text("this is no valid address; check brackets and port", "地址无效；请检查方括号和端口")


def _local_problem(url: str) -> Text | None:
    scheme, colon, rest = url.partition(":")
    if colon and scheme.lower() in {*SOURCE_SCHEMES, *RESTREAM_SCHEMES}:
        return Text(f"`//` is missing after `{scheme}:`", f"`{scheme}:` 之后缺少 `//`")
    if url.strip().isdecimal():
        number = url.strip()
        return Text(
            f"a number is no address; write `device:{number}` for a capture device, `./{number}` for a file",
            f"数字不是地址；采集设备请写 `device:{number}`，文件请写 `./{number}`",
        )
    if colon and scheme.lower() == "device" and not rest:
        return Text("name the device, for example `device:/dev/video0`", "请写明设备，例如 `device:/dev/video0`")
    return None


def _scheme_problem(scheme: str, schemes: tuple[str, ...]) -> Text:
    listed = ", ".join(f"`{name}://`" for name in schemes)
    if scheme == "file":
        return Text("write a file's path without `file://`", "文件请直接写路径，不要加 `file://`")
    near = closest(scheme, schemes) if scheme else ""
    if near:
        return Text(f"unknown kind of address; did you mean `{near}://`?", f"未知的地址类型；是否想写 `{near}://`？")
    return Text(f"the address must begin with {listed}", f"地址必须以 {listed} 之一开头")


def _network_problem(parts: SplitResult) -> Text | None:
    if not parts.hostname:
        return Text("the address has no host", "地址缺少主机名")
    if parts.port == 0:  # reading `port` raises ValueError above 65535 and for words
        return Text("port 0 can't be reached", "端口不能为 0")
    if any(character.isspace() for character in parts.netloc):
        return Text("the host holds a space", "主机名中含有空格")
    return None


def _bad_id(camera: CameraSpec) -> Iterator[Finding]:
    problem = id_problem(camera.id)
    if problem:
        yield (), problem


def _bad_source(camera: CameraSpec) -> Iterator[Finding]:
    problem = address_problem(camera.source.url, SOURCE_SCHEMES, paths_too=True)
    if problem:
        yield ("source", "url"), problem


def _bad_sub_source(camera: CameraSpec) -> Iterator[Finding]:
    if camera.sub_source is None:
        return
    problem = address_problem(camera.sub_source.url, SOURCE_SCHEMES, paths_too=True)
    if problem:
        yield ("sub_source", "url"), problem


def _bad_restreams(camera: CameraSpec) -> Iterator[Finding]:
    for index, target in enumerate(camera.restream):
        problem = address_problem(target.url, RESTREAM_SCHEMES, paths_too=False)
        if problem:
            yield ("restream", index, "url"), problem


def server_findings(server: ServerSettings) -> Iterator[Finding]:
    """What is wrong with the settings of the server whose single values are right."""
    for index, proxy in enumerate(server.trusted_proxies):
        try:
            ipaddress.ip_network(proxy.strip(), strict=False)
        except ValueError:
            yield (
                ("trusted_proxies", index),
                Text(
                    "this is neither an address (`192.168.1.5`) nor a network (`10.0.0.0/8`)",
                    "这既不是地址（`192.168.1.5`），也不是网段（`10.0.0.0/8`）",
                ),
            )
    if server.tls == "files" and not server.tls_cert:
        yield ("tls_cert",), Text("`tls: files` needs a certificate file", "`tls: files` 需要证书文件")


def _refused_hosts(camera: CameraSpec, *, loopback: bool | None) -> Iterator[Finding]:
    """Hosts that popcam does not connect to, as far as their spelling tells; names are looked up when it connects."""
    addresses: list[tuple[KeyPath, str]] = [(("source", "url"), camera.source.url)]
    if camera.sub_source is not None:
        addresses.append((("sub_source", "url"), camera.sub_source.url))
    addresses += [(("restream", index, "url"), target.url) for index, target in enumerate(camera.restream)]
    for key, url in addresses:
        problem = url_problem(url, loopback=loopback) if "://" in url else None
        if problem:
            yield key, problem


def _bad_groups(camera: CameraSpec) -> Iterator[Finding]:
    for index, name in enumerate(camera.groups):
        if name in camera.groups[:index]:
            yield ("groups", index), Text("the camera is in this group already", "该摄像头已在此分组中")
        elif name != name.strip():
            yield ("groups", index), Text("a group's name has no space at its ends", "分组名称首尾不能有空格")


def _twin_names(camera: CameraSpec) -> Iterator[Finding]:
    seen: set[str] = set()
    places = [("zones", index, zone.name) for index, zone in enumerate(camera.zones)]
    places += [("lines", index, line.name) for index, line in enumerate(camera.lines)]
    for key, index, name in places:
        if name in seen:
            yield (
                (key, index, "name"),
                Text("another zone or line of this camera has this name", "该摄像头的另一区域或线已用此名称"),
            )
        seen.add(name)


def _short_lines(camera: CameraSpec) -> Iterator[Finding]:
    for index, line in enumerate(camera.lines):
        if line.start == line.end:
            yield ("lines", index, "end"), Text("the two ends of the line are the same point", "线的两端是同一点")


def _flat_zones(camera: CameraSpec) -> Iterator[Finding]:
    for index, zone in enumerate(camera.zones):
        if len(set(zone.points)) < 3:
            yield (
                ("zones", index, "points"),
                Text("the zone needs three different corners", "区域至少需要三个不同的顶点"),
            )


RULES = (_bad_id, _bad_source, _bad_sub_source, _bad_restreams, _bad_groups, _twin_names, _short_lines, _flat_zones)
