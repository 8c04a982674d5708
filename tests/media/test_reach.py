"""Where addresses lead is looked at when they are connected to: by spelling, by name, and at each redirect."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.http_server import MediaServer

from popcam.core.addresses import allow_loopback
from popcam.core.errors import (
    SourceAddressError,
    SourceAddressRefusedError,
    SourceError,
    SourceNotFoundError,
    SourceUnreachableError,
)
from popcam.core.frame import DecodeMode
from popcam.core.interfaces import Source
from popcam.core.protocol import FindOnvif
from popcam.core.spec import DecodeSpec, RestreamSpec, SourceSpec
from popcam.media.discovery.onvif import find_onvif
from popcam.media.reach import refuse_host
from popcam.media.sinks.restream import Restream
from popcam.media.sources import Continuity, open_source
from popcam.media.sources.redirects import next_address
from popcam.security.certificates import Called, make_authority


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with MediaServer() as server:
        yield server


@pytest.fixture
def strict() -> Iterator[None]:
    allow_loopback(allowed=False)
    yield
    allow_loopback(allowed=True)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What names stand for, in place of the network's own name service."""
    known: dict[str, str] = {}
    real = socket.getaddrinfo

    def look_up(host: str, *args: object, **more: object) -> object:
        return real(known.get(host, host), *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def opened(url: str) -> Source:
    return open_source(SourceSpec(url=url, open_timeout_s=30.0), DecodeSpec(hardware="none"), Continuity())


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "https://[::ffff:a9fe:a9fe]/",
        "rtsp://169.254.169.254/x",
        "rtsps://admin:hunter2@0xA9FEA9FE/x",
        "rtsp://169.254.7.7/x",
    ],
)
def test_a_source_that_no_camera_is_is_refused_at_once(url: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(SourceAddressRefusedError) as caught:
        opened(url)
    assert time.monotonic() - began_s < 15  # not the time-out
    assert "hunter2" not in caught.value.detail


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_name_that_stands_for_such_an_address_is_refused(names: dict[str, str], scheme: str) -> None:
    names["camera.example"] = "169.254.169.254"
    with pytest.raises(SourceAddressRefusedError, match=r"camera\.example"):
        opened(f"{scheme}://camera.example/x")


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_this_machine_is_refused_when_the_process_was_told_so(scheme: str, server: MediaServer) -> None:
    with pytest.raises(SourceAddressRefusedError):
        opened(f"{scheme}://localhost:{server.port}/mjpeg")
    assert server.asked == []


def test_a_name_that_stands_for_nothing_is_unreachable() -> None:
    with pytest.raises(SourceUnreachableError, match="can't be resolved"):
        refuse_host("rtsp://no-such-camera.invalid/x")


def test_a_name_that_takes_too_long_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(10) and [])
    with pytest.raises(SourceUnreachableError, match="in time"):
        refuse_host("rtsp://slow.example/x", 0.05)
    ended.set()


@pytest.mark.parametrize("address", ["169.254.169.254", "http://0xa9fea9fe/onvif/device_service"])
def test_a_device_that_is_none_is_not_asked_for_its_streams(address: str) -> None:
    (camera,) = find_onvif(FindOnvif(addresses=(address,), probe=False, username="admin", password="hunter2"))
    assert camera.code == "source.address_refused"


# --- redirects ---------------------------------------------------------------------------------------------------


class Sender:
    """Answers one address with a redirect to another."""

    def __init__(self, target: str, context: ssl.SSLContext | None = None, status: str = "302 Found") -> None:
        self.asked: list[str] = []
        self._answer = f"HTTP/1.0 {status}\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._context.wrap_socket(connection, server_side=True) if self._context else connection as connection:
                if said := connection.recv(4096):
                    self.asked.append(said.decode("latin-1"))
                    connection.sendall(self._answer)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def sender() -> Iterator[list[Sender]]:
    made: list[Sender] = []
    yield made
    for one in made:
        one.close()


def test_a_redirect_to_a_camera_is_followed(server: MediaServer, sender: list[Sender]) -> None:
    sender.append(Sender(server.url("/mjpeg")))
    source = opened(f"http://127.0.0.1:{sender[0].port}/live")
    assert source.info.codec == "mjpeg"
    source.read(DecodeMode.NOTHING)
    source.close()


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/", "http://0xa9fea9fe/"])
def test_a_redirect_can_not_lead_to_what_is_refused(sender: list[Sender], target: str) -> None:
    sender.append(Sender(target))
    with pytest.raises(SourceAddressRefusedError, match="metadata"):
        opened(f"http://127.0.0.1:{sender[0].port}/live")


@pytest.mark.parametrize("target", ["file:///etc/hostname", "rtsp://camera/x", "concat:/etc/hostname"])
def test_a_redirect_can_not_leave_http(sender: list[Sender], target: str) -> None:
    sender.append(Sender(target))
    with pytest.raises(SourceAddressRefusedError, match="no HTTP address"):
        opened(f"http://127.0.0.1:{sender[0].port}/live")


def test_redirects_in_a_circle_end(sender: list[Sender]) -> None:
    sender.append(Sender("/again"))
    with pytest.raises(SourceUnreachableError, match="redirects"):
        opened(f"http://127.0.0.1:{sender[0].port}/live")


def test_credentials_are_not_taken_to_another_host(server: MediaServer, sender: list[Sender]) -> None:
    sender.append(Sender(server.url("/secret")))
    with pytest.raises(SourceError) as caught:
        opened(f"http://{server.username}:{server.password}@127.0.0.1:{sender[0].port}/live")
    assert caught.value.code == "source.unauthorized"


def test_credentials_stay_with_their_host_also_by_https(sender: list[Sender], tmp_path: Path) -> None:
    made = make_authority(Called(frozenset({"localhost"}), frozenset()), time.time())
    (tmp_path / "own.pem").write_bytes(made.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    sender.append(Sender("/second", context))
    address = f"https://viewer:s3cret@127.0.0.1:{sender[0].port}"
    assert next_address(f"{address}/first?x=1") == f"{address}/second"
    assert sender[0].asked[0].startswith("GET /first?x=1 ")


def test_who_is_not_sent_on_stays(sender: list[Sender]) -> None:
    sender.append(Sender("/second", status="200 OK"))
    assert next_address(f"http://127.0.0.1:{sender[0].port}/first") is None


def test_who_does_not_answer_sends_nobody_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert next_address(f"http://127.0.0.1:{port}/first") is None


# --- closed lists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "exec:ls",
        "echo:sh -c id",
        "concat:/etc/hostname|/etc/passwd",
        "subfile,,start,0,end,9,,:/etc/hostname",
        "pipe:0",
        "fd:0",
        "data:text/plain,x",
        "lavfi:testsrc",
        "ffconcat:x",
        "unix:/run/x.sock",
        "tcp://127.0.0.1:22",
        "udp://127.0.0.1:9",
        "gopher://127.0.0.1/x",
        "ftp://127.0.0.1/x",
        "crypto:file:/etc/hostname",
        "cache:http://127.0.0.1/x",
    ],
)
def test_nothing_but_the_listed_schemes_is_opened(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        opened(url)
    assert type(caught.value) in (SourceAddressError, SourceNotFoundError)


# --- restreams ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("rtmp://169.254.169.254/live/KEY-hunter2", "source.address_refused"),
        ("rtsp://no-such-server.invalid/x", "restream.failed"),
    ],
)
def test_a_restream_looks_before_it_connects(url: str, code: str) -> None:
    restream = Restream("door", RestreamSpec(url=url), copy=True)
    deadline_s = time.monotonic() + 60
    while restream.fault is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    fault = restream.fault
    restream.close()
    assert fault is not None
    assert fault.code == code
    assert "hunter2" not in fault.detail
