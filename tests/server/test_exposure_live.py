"""What a process really listens on, asked of the system with real sockets."""

import os
import socket
import subprocess
import sys

from popcam.server.exposure_live import Listening, listening, unexpected
from popcam.server.ports import pid_of


def test_open_sockets_of_a_process_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        found = {(one.transport, one.port) for one in listening(os.getpid())}
        assert {("tcp", tcp.getsockname()[1]), ("udp", udp.getsockname()[1])} <= found


def test_those_of_its_children_count_too() -> None:
    code = "import socket,sys;s=socket.create_server(('127.0.0.1',0));print(s.getsockname()[1],flush=True);input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    port = int(child.stdout.readline())
    assert (port, child.pid) in {(one.port, one.pid) for one in listening(os.getpid())}
    child.communicate("\n", timeout=60)


def test_a_process_that_is_gone_listens_on_nothing() -> None:
    assert listening(2**22) == []


def test_the_owner_of_a_port_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert pid_of(port) == os.getpid()
    assert pid_of(port) is None


def test_a_port_that_nothing_asks_for_is_a_danger() -> None:
    found = [
        Listening("tcp", "0.0.0.0", 8080, 1),
        Listening("tcp", "127.0.0.1", 4000, 1),
        Listening("tcp", "::1", 4001, 1),
        Listening("udp", "192.168.1.5", 4002, 1),
        Listening("tcp", "::", 4003, 7),
    ]
    (finding,) = unexpected(found, 8080)
    assert (finding.on, finding.severity) == (":::4003", "danger")
    assert "7" in finding.what.en
