"""What a running server really listens on, asked of the system: what the settings say is not taken for granted."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from typing import NamedTuple

import psutil

from popcam.core.language import Text
from popcam.server.exposure_finding import Finding


class Listening(NamedTuple):
    """One open socket that others could speak to."""

    transport: str
    address: str
    port: int
    pid: int

    @property
    def reaches_others(self) -> bool:
        """Whether other machines get as far."""
        return not ipaddress.ip_address(self.address.partition("%")[0]).is_loopback


def listening(pid: int) -> list[Listening]:
    """TCP sockets that listen and UDP sockets that are open, of a process and all that it started.

    What belongs to processes that this user may not look into is left out.
    """
    found: list[Listening] = []
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                found += _of(one)
    return sorted(set(found))


def _of(process: psutil.Process) -> Iterator[Listening]:
    for connection in process.net_connections("inet"):
        # An end that is not there is an empty tuple.
        port, far_port = (getattr(end, "port", None) for end in (connection.laddr, connection.raddr))
        if port is None or far_port is not None:
            continue
        if connection.type == socket.SOCK_STREAM and connection.status != psutil.CONN_LISTEN:
            continue
        transport = "tcp" if connection.type == socket.SOCK_STREAM else "udp"
        yield Listening(transport, str(connection.laddr.ip), port, process.pid)


def unexpected(found: list[Listening], port: int) -> Iterator[Finding]:
    """Sockets that let other machines in and are none that popcam knows of. Open UDP is WebRTC, as long as it lasts."""
    for one in found:
        if one.transport == "tcp" and one.port != port and one.reaches_others:
            where = f"{one.address}:{one.port}"
            yield Finding(
                code="ports.unexpected",
                severity="danger",
                on=where,
                what=Text(
                    f"process {one.pid} of popcam listens on {where}, which no setting asks for",
                    f"popcam 的进程 {one.pid} 正在监听 {where}，而配置中没有此端口",
                ),
                fix=Text(
                    "Restart popcam; if it is still there, find out what opened it, and report it.",
                    "请重启 popcam；若仍然存在，请查明是谁打开了它并报告。",
                ),
            )
