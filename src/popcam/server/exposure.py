"""What of popcam can be reached, by whom, and what stands in between.

`findings` looks at the settings and at the files that matter, and opens no port: the console's security page and
`popcam doctor` tell the same. `refuse_exposed` is the one rule that stops a start.
"""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from popcam.config import Settings
from popcam.config.model import ServerSettings
from popcam.core.errors import ExposureRefusedError
from popcam.core.language import Text
from popcam.server.exposure_finding import SEVERITIES, Finding, Severity
from popcam.server.hosts import ANY
from popcam.server.proxies import networks_of

log = structlog.get_logger(__name__)

Reach = Literal["user", "machine", "network"]
"""Who gets as far as the port: programs of this user, everybody on this machine, or everybody in its networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One thing that listens.

    Attributes:
        name: what it is.
        transport: `tcp`, `udp`, or `ipc` for a socket file.
        address: where; a folder for `ipc`.
        port: its number; None where it has none, or a new one each time.
        protected_by: what keeps strangers out and the content unreadable.
        exposes: what somebody gets who comes through.
    """

    name: Text
    transport: Literal["tcp", "udp", "ipc"]
    address: str
    port: int | None
    reach: Reach
    protected_by: Text
    exposes: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """All ports and all findings, the worst first."""

    ports: tuple[Port, ...]
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity:
        """The worst of all findings."""
        return max((one.severity for one in self.findings), key=SEVERITIES.index, default="ok")


def findings(settings: Settings, now_unix_s: float, *, port: int | None = None) -> Exposure:
    """Everything that listens and everything that is right or wrong about it.

    Args:
        settings: of the server.
        now_unix_s: for the days that certificates have left.
        port: the port that was really taken, where the settings leave it open.
    """
    # Here and not above: certificates are read with a large library, and most users of this module need none.
    from popcam.server.exposure_files import file_findings

    found = [*setting_findings(settings), *file_findings(settings, now_unix_s)]
    found.sort(key=lambda one: -SEVERITIES.index(one.severity))
    return Exposure(ports=tuple(ports_of(settings, port)), findings=tuple(found))


def refuse_exposed(server: ServerSettings) -> None:
    """Stop a start that would serve other machines without TLS, unless the settings say that it is meant.

    Raises:
        ExposureRefusedError: the settings do not.
    """
    if server.tls == "off" and not server.allow_plain_http and not is_loopback(server.host):
        raise ExposureRefusedError(
            f"server.host is {server.host}, and server.tls is off",
            f"server.host 为 {server.host}，而 server.tls 为 off",
        )


def warn_exposed(settings: Settings) -> None:
    """Say in the log what the settings leave open to others."""
    for one in setting_findings(settings):
        if one.severity == "danger":
            log.warning(one.code, what=one.what.en, remedy=one.fix.en)


def make_private(*folders: Path) -> None:
    """Make folders that are missing for this user alone; those that are there stay as their owner left them."""
    for folder in folders:
        with suppress(OSError):  # who needs it says so by its name
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on a host; a name counts by all its addresses."""
    addresses = list(_addresses(host))
    return bool(addresses) and all(address.is_loopback for address in addresses)


def _addresses(host: str) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        return  # `listen` says it by its name
    for *_, address in found:
        yield ipaddress.ip_address(str(address[0]).partition("%")[0])


def ports_of(settings: Settings, port: int | None = None) -> Iterator[Port]:
    """Everything that listens while the server runs."""
    server = settings.server
    yield Port(
        name=Text("Console and API", "控制台与 API"),
        transport="tcp",
        address=server.host,
        port=port or server.port,
        reach="machine" if is_loopback(server.host) else "network",
        protected_by=_both(_door(settings), _wire(server)),
        exposes=Text(
            "live pictures, recordings, settings and every operation that the caller's role allows",
            "实时画面、录像、设置，以及访问者角色允许的所有操作",
        ),
    )
    if server.max_webrtc_sessions:
        yield Port(
            name=Text("Live pictures by WebRTC", "WebRTC 实时画面"),
            transport="udp",
            address="*",
            port=None,
            reach="network",
            protected_by=Text(
                "open only while somebody watches by WebRTC; encrypted and bound to that viewer (DTLS-SRTP)",
                "仅在有人通过 WebRTC 观看时打开；加密并与该观看者绑定（DTLS-SRTP）",
            ),
            exposes=Text("the live picture of one camera", "一个摄像头的实时画面"),
        )
    yield _worker_port(settings)


def _worker_port(settings: Settings) -> Port:
    by_tcp = sys.platform == "win32"
    return Port(
        name=Text("Workers", "工作进程"),
        transport="tcp" if by_tcp else "ipc",
        address="127.0.0.1" if by_tcp else str(settings.runtime_dir),
        port=None,
        reach="user",
        protected_by=Text("encrypted with keys of this start (CURVE)", "使用本次启动的密钥加密（CURVE）")
        if by_tcp
        else Text("a folder that this user alone may enter (mode 0700)", "仅当前用户可进入的文件夹（权限 0700）"),
        exposes=Text("live pictures and the cameras' addresses with passwords", "实时画面以及含密码的摄像头地址"),
    )


def _door(settings: Settings) -> Text:
    if settings.security.login:
        return Text("login", "登录")
    return Text("NO LOGIN", "无需登录")


def _wire(server: ServerSettings) -> Text:
    match server.tls:
        case "auto":
            return Text("TLS with a certificate of popcam's own authority", "TLS，证书由 popcam 自己的证书机构签发")
        case "files":
            return Text("TLS with your certificate", "TLS，使用您的证书")
        case _:
            return Text("no TLS", "无 TLS")


def _both(one: Text, two: Text) -> Text:
    return Text(f"{one.en}; {two.en}", f"{one.zh}；{two.zh}")


def setting_findings(settings: Settings) -> Iterator[Finding]:
    """What the settings alone tell."""
    open_to_network = not is_loopback(settings.server.host)
    yield _transport(settings.server, open_to_network=open_to_network)
    yield _login(settings, open_to_network=open_to_network)
    yield from _foreign_pages(settings.server)
    yield from _proxies(settings.server)
    if settings.server.hsts and settings.server.tls == "off" and not settings.server.trusted_proxies:
        yield Finding(
            code="server.hsts_without_tls",
            severity="warning",
            on="server.hsts",
            what=Text("HSTS is asked for, but nothing is served over TLS", "已要求 HSTS，但没有通过 TLS 提供服务"),
            fix=Text("Set `server.tls: auto`.", "请设置 `server.tls: auto`。"),
        )


def _transport(server: ServerSettings, *, open_to_network: bool) -> Finding:
    if server.tls != "off":
        return Finding(
            code="server.tls", severity="ok", on="server.tls", what=Text("served over TLS", "通过 TLS 提供服务")
        )
    if not open_to_network:
        return Finding(
            code="server.plain_http",
            severity="ok",
            on="server.host",
            what=Text("without TLS, to this machine alone", "无 TLS，仅供本机访问"),
        )
    return Finding(
        code="server.plain_http",
        severity="danger",
        on="server.tls",
        what=Text(
            "other machines are served without TLS: passwords and pictures cross the network readable",
            "向其他设备提供服务时未使用 TLS：密码和画面在网络中以明文传输",
        ),
        fix=Text(
            "Set `server.tls: auto`, or listen on 127.0.0.1 behind a reverse proxy that speaks TLS.",
            "请设置 `server.tls: auto`，或仅监听 127.0.0.1 并由支持 TLS 的反向代理对外服务。",
        ),
    )


def _login(settings: Settings, *, open_to_network: bool) -> Finding:
    if settings.security.login:
        return Finding(
            code="security.login", severity="ok", on="security.login", what=Text("a login is needed", "需要登录")
        )
    who = (
        Text("everybody in the network", "网络中的任何人")
        if open_to_network
        else Text("every program and person on this machine", "本机上的任何程序和用户")
    )
    return Finding(
        code="security.login_off",
        severity="danger" if open_to_network else "warning",
        on="security.login",
        what=Text(
            f"no login is asked for: {who.en} may watch and change all", f"无需登录：{who.zh}都可以观看和更改一切"
        ),
        fix=Text("Set `security.login: true`.", "请设置 `security.login: true`。"),
    )


def _foreign_pages(server: ServerSettings) -> Iterator[Finding]:
    if ANY in server.allowed_origins:
        yield Finding(
            code="server.any_origin",
            severity="danger",
            on="server.allowed_origins",
            what=Text("every web page on earth may act here", "任何网页都可以在此操作"),
            fix=Text("Name the pages that may.", "请逐一列出允许的网页。"),
        )
    if ANY in server.allowed_hosts:
        yield Finding(
            code="server.any_host",
            severity="warning",
            on="server.allowed_hosts",
            what=Text(
                "any host name is answered to: a foreign page can reach popcam by DNS rebinding",
                "响应任何主机名：外部网页可通过 DNS 重绑定访问 popcam",
            ),
            fix=Text("Name the hosts that you call popcam by.", "请逐一列出访问 popcam 所用的主机名。"),
        )


def _proxies(server: ServerSettings) -> Iterator[Finding]:
    if wide := [str(network) for network in networks_of(server.trusted_proxies) if network.prefixlen == 0]:
        yield Finding(
            code="server.any_proxy",
            severity="danger",
            on="server.trusted_proxies",
            what=Text(
                f"{', '.join(wide)} trusts everybody: callers can pretend any address",
                f"{'、'.join(wide)} 信任所有人：访问者可以冒充任何地址",
            ),
            fix=Text("Name the address of your reverse proxy alone.", "请只填写您的反向代理的地址。"),
        )
