"""All ports that popcam takes, in one place: which setting assigns each, who has it now, and which one is free."""

import contextlib
import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import psutil

from popcam.config import Settings
from popcam.core.errors import PortInUseError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.monitoring.health_runner import InThread

FREE_PORTS_TRIED = 50


class AssignedPort(NamedTuple):
    """A port that the settings give to a part of popcam.

    Attributes:
        setting: which one does.
        address, number: where; 0 takes any free one.
        use: what it is for.
    """

    setting: str
    address: str
    number: int
    use: Text
    transport: Literal["tcp", "udp"] = "tcp"


class Holder(NamedTuple):
    """A program that listens on a port. `pid` is None where the system does not tell."""

    address: str
    pid: int | None
    name: str


def assigned(settings: Settings, *, http_port: int | None = None) -> tuple[AssignedPort, ...]:
    """Every port that the settings assign. WebRTC takes any free UDP port for each session; workers have no port.

    Args:
        settings: all of them.
        http_port: what was really taken where `server.port` is 0.
    """
    server = settings.server
    use = Text("Console and API", "控制台与 API")
    return (AssignedPort("server.port", server.host, http_port or server.port, use),)


def clashes(ports: tuple[AssignedPort, ...]) -> list[str]:
    """Settings that give one port to several parts."""
    taken = Counter((port.transport, port.number) for port in ports if port.number)
    return sorted(port.setting for port in ports if taken[port.transport, port.number] > 1)


def ports_check(
    ports: tuple[AssignedPort, ...],
    own_pid: int | None,
    planned: Callable[[], tuple[AssignedPort, ...]] = tuple,
) -> Check:
    """Whether each port is ours, or free while no server runs.

    Args:
        ports: the assigned ones.
        own_pid: of the server that runs; None while none does.
        planned: what the settings of the moment assign: after the next start these are ours, unless others have them.
    """

    def both() -> Outcome:
        now = look(ports, own_pid)
        return look_ahead(ports, planned()) or now if now.state == "ok" else now

    return Check(
        name="ports.held",
        group=CheckGroup.NETWORK,
        title=Text("Ports", "端口"),
        about=Text("Who has the ports that the settings assign.", "设置中分配的端口由谁占用。"),
        remedy=Text("End the other program, or assign another port.", "请结束占用端口的程序，或改用其他端口。"),
        look=InThread(both),
        every_s=20.0,  # 20 ms, most of it waiting
        timeout_s=15.0,
        severity="critical",
    )


def look(ports: tuple[AssignedPort, ...], own_pid: int | None) -> Outcome:
    """Look at all assigned ports; the first trouble is told."""
    if double := clashes(ports):
        names = ", ".join(double)
        return Outcome(
            "failed", Text(f"{names} have the same port", f"{names} 使用了同一端口"), code=PortInUseError.code
        )
    told = [_one(port, own_pid) for port in ports]
    bad = next((one for one in told if one.state != "ok"), None)
    if bad is not None:
        return bad
    return Outcome("ok", Text("; ".join(one.detail.en for one in told), "；".join(one.detail.zh for one in told)))


def look_ahead(ports: tuple[AssignedPort, ...], planned: tuple[AssignedPort, ...]) -> Outcome | None:
    """What would keep popcam from starting again; None for nothing."""
    ours = {port.number for port in ports}
    for port in planned:
        if not port.number or port.number in ours:
            continue
        found = _one(port, None)
        if found.state != "ok":
            told = Text(
                f"after a restart popcam will not start: {found.detail.en}",
                f"重启后 popcam 将无法启动：{found.detail.zh}",
            )
            return Outcome("failed", told, code=found.code, remedy=found.remedy)
    return None


def _one(port: AssignedPort, own_pid: int | None) -> Outcome:
    where = f"{port.setting} {port.address}:{port.number}"
    if not port.number:
        return Outcome("ok", Text(f"{port.setting}: any free port", f"{port.setting}：任一空闲端口"))
    holders = list(holders_of(port.number))
    if own_pid is not None and any(holder.pid in {own_pid, None} for holder in holders):
        return Outcome("ok", Text(f"{where} is ours", f"{where} 归 popcam 使用"))
    if not holders:
        if own_pid is None:
            return Outcome("ok", Text(f"{where} is free", f"{where} 空闲"))
        return Outcome(
            "failed", Text(f"nobody listens on {where}", f"{where} 没有程序在监听"), code=PortInUseError.code
        )
    owner, free = _named(holders[0]), free_port(port.address, port.number)
    remedy = Text("", "")
    if free is not None:
        remedy = Text(
            f"End the other program, or set `{port.setting}: {free}`: that one is free.",
            f"请结束占用端口的程序，或设置 `{port.setting}: {free}`（该端口空闲）。",
        )
    told = Text(f"{where} is used by {owner}", f"{where} 被 {owner} 占用")
    return Outcome("failed", told, code=PortInUseError.code, remedy=remedy)


def _named(holder: Holder) -> str:
    return f"{holder.name} (process {holder.pid})" if holder.pid is not None else "another program"


def holders_of(number: int) -> Iterator[Holder]:
    """Programs that listen on a TCP port, as far as the system tells."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.Error:
        return
    for connection in connections:
        here = connection.laddr
        if connection.status == psutil.CONN_LISTEN and here and here.port == number:
            yield Holder(str(here.ip), connection.pid, _name_of(connection.pid))


def _name_of(pid: int | None) -> str:
    if pid == os.getpid():
        return "popcam"
    with contextlib.suppress(psutil.Error):
        return "" if pid is None else psutil.Process(pid).name()
    return ""


def owner_of(port: int) -> str:
    """Name and process id of the program that listens on the port, or empty when the system does not tell."""
    with contextlib.suppress(psutil.Error):
        if (pid := pid_of(port)) is not None:
            return f"{psutil.Process(pid).name()} (process {pid})"
    return ""


def pid_of(port: int) -> int | None:
    """The process that listens on the port, or None when there is none or the system does not tell."""
    return next((holder.pid for holder in holders_of(port) if holder.pid), None)


def free_port(address: str, port: int) -> int | None:
    """The next port that could be taken now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for candidate in range(port + 1, min(port + FREE_PORTS_TRIED, 65_535) + 1):
        with contextlib.suppress(OSError), socket.create_server((address, candidate), family=family):
            return candidate
    return None
