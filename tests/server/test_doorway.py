"""Who comes to the HTTPS port by plain HTTP, says nothing, or says nonsense; all by real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.server.test_tls import ask, serving, trusting

from popcam.config.model import ServerSettings
from popcam.server import doorway
from popcam.server.doorway import answer_to
from popcam.server.services import Services
from popcam.server.tls import open_tls


@pytest.fixture
async def port(services: Services, tmp_path: Path) -> AsyncIterator[int]:
    tls = open_tls(ServerSettings(tls="auto"), tmp_path)
    assert tls is not None
    async with serving(services, tls) as port:
        yield port


async def said(port: int, *words: bytes) -> bytes:
    """What the port answers to bytes as they are, until it ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for word in words:
        writer.write(word)
        await writer.drain()
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


async def test_a_browser_is_sent_to_the_same_page_by_https(port: int) -> None:
    answer = await said(port, b"GET /cameras?x=1 HTTP/1.1\r\nHost: nas.local:%d\r\n\r\n" % port)
    assert answer.startswith(b"HTTP/1.1 307 ")
    assert b"\r\nLocation: https://nas.local:%d/cameras?x=1\r\n" % port in answer
    assert "HTTPS" in answer.decode()


async def test_a_request_may_come_in_pieces(port: int) -> None:
    answer = await said(port, b"G", b"ET / HTTP/1.1\r\nHo", b"st: a\r\n\r\n")
    assert b"Location: https://a/\r\n" in answer


async def test_what_would_change_something_is_refused(port: int) -> None:
    answer = await said(port, b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: evil\r\n x\r\n\r\n"[:20],
        b"GET //\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a/../b\r\n\r\n",
        b"GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"",
    ],
)
def test_nothing_is_sent_on_that_is_no_plain_request(head: bytes) -> None:
    assert answer_to(head).startswith(b"HTTP/1.1 400 ")
    assert b"Location" not in answer_to(head)


async def test_nonsense_ends_and_others_are_served(port: int, tmp_path: Path) -> None:
    assert (await said(port, b"\x00" * 5000)).startswith(b"HTTP/1.1 400 ")
    await said(port, b"\x16\x03\x01\x00\x05hello")  # a handshake that is none
    status, _ = await asyncio.to_thread(ask, port, trusting(tmp_path / "tls" / "ca.pem"))
    assert status == 200


async def test_who_says_nothing_is_let_go(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "HANDSHAKE_TIMEOUT_S", 0.1)
    tls = open_tls(ServerSettings(tls="auto"), tmp_path)
    assert tls is not None
    async with serving(services, tls) as port:
        assert await said(port) == b""
        assert await said(port, b"GET / HTTP/1.1\r\n") == b""


async def test_many_silent_ones_hold_nobody_up(port: int, tmp_path: Path) -> None:
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    status, _ = await asyncio.to_thread(ask, port, trusting(tmp_path / "tls" / "ca.pem"))
    for one in silent:
        one.close()
    assert status == 200


async def test_it_ends_while_somebody_is_at_the_door(services: Services, tmp_path: Path) -> None:
    tls = open_tls(ServerSettings(tls="auto"), tmp_path)
    assert tls is not None
    async with serving(services, tls) as port:
        silent = socket.create_connection(("127.0.0.1", port))
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(b"\x16\x03\x01")
        await asyncio.sleep(0.05)
        began_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began_s < 8  # a handshake may take 10 s
    silent.close()
    half.close()


async def test_when_no_files_are_left_it_waits_and_goes_on(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(doorway, "FULL_PAUSE_S", 0.05)
    tls = open_tls(ServerSettings(tls="auto"), tmp_path)
    assert tls is not None
    trust = trusting(tmp_path / "tls" / "ca.pem")
    async with serving(services, tls) as port:
        await asyncio.to_thread(ask, port, trust)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        caller = socket.socket()
        caller.setblocking(False)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (caller.fileno() + 1, before[1]))
            await asyncio.get_running_loop().sock_connect(caller, ("127.0.0.1", port))
            await asyncio.sleep(0.2)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        caller.close()
        assert (await asyncio.to_thread(ask, port, trust))[0] == 200
