"""HTTPS with real handshakes: which certificate a new connection gets, and that open ones live on when it changes."""

import asyncio
import http.client
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.server.conftest import until
from websockets.asyncio.client import connect

from popcam.config.model import ServerSettings
from popcam.core.errors import CertificateError
from popcam.security.certificates import Called, Pair, make_authority, make_certificate
from popcam.server.http_server import http_server
from popcam.server.listen import listen
from popcam.server.services import Services
from popcam.server.tls import Tls, called_by, context_of, open_tls, own_addresses


@asynccontextmanager
async def serving(services: Services, tls: Tls) -> AsyncIterator[int]:
    sockets = listen("127.0.0.1", 0)
    server = http_server(services, tls)
    task = asyncio.create_task(server.serve(sockets))
    await until(lambda: server.started)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        services.closing.set()
        server.should_exit = True
        async with asyncio.timeout(60):
            await task


def trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def ask(port: int, context: ssl.SSLContext, path: str = "/health") -> tuple[int, int]:
    """Status of an answer, and the serial number of the certificate that it came with."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    connection.request("GET", path)
    status = connection.getresponse().status
    serial = serial_of(connection.sock)
    connection.close()
    return status, serial


def serial_of(connection: socket.socket | ssl.SSLSocket | None) -> int:
    assert isinstance(connection, ssl.SSLSocket)
    raw = connection.getpeercert(binary_form=True)
    assert raw is not None
    return x509.load_der_x509_certificate(raw).serial_number


@pytest.fixture
def auto(tmp_path: Path) -> Tls:
    tls = open_tls(ServerSettings(tls="auto"), tmp_path)
    assert tls is not None
    return tls


async def test_the_machines_own_certificate_is_accepted_by_who_trusts_its_authority(
    services: Services, auto: Tls, tmp_path: Path
) -> None:
    async with serving(services, auto) as port:
        status, _ = await asyncio.to_thread(ask, port, trusting(tmp_path / "tls" / "ca.pem"))
    assert status == 200


async def test_who_does_not_trust_it_refuses(services: Services, auto: Tls) -> None:
    async with serving(services, auto) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(ask, port, ssl.create_default_context())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_of_today_speak_http_1_1(
    services: Services, auto: Tls, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    client = trusting(tmp_path / "tls" / "ca.pem")
    client.minimum_version = client.maximum_version = version
    client.set_alpn_protocols(["h2", "http/1.1"])

    def chosen(port: int) -> tuple[str | None, str | None]:
        with (
            socket.create_connection(("127.0.0.1", port), 5) as plain,
            client.wrap_socket(plain, server_hostname="localhost") as wrapped,
        ):
            return wrapped.version(), wrapped.selected_alpn_protocol()

    async with serving(services, auto) as port:
        assert await asyncio.to_thread(chosen, port) == (
            version.name.replace("_", ".", 1).replace("_", "."),
            "http/1.1",
        )


async def test_older_versions_are_refused(services: Services, auto: Tls, tmp_path: Path) -> None:
    client = trusting(tmp_path / "tls" / "ca.pem")
    client.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.minimum_version = client.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(services, auto) as port:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.to_thread(ask, port, client)


async def test_a_renewed_certificate_is_given_to_new_connections_and_open_ones_live_on(
    services: Services, auto: Tls, tmp_path: Path
) -> None:
    client = trusting(tmp_path / "tls" / "ca.pem")
    async with serving(services, auto) as port, connect(f"wss://localhost:{port}/api/v1/live", ssl=client) as page:
        _, before = await asyncio.to_thread(ask, port, client)
        (tmp_path / "tls" / "server.pem").unlink()
        await asyncio.to_thread(auto.look)
        status, after = await asyncio.to_thread(ask, port, client)
        await asyncio.wait_for(await page.ping(), 60)
    assert status == 200
    assert before != after


async def test_a_kept_connection_goes_on_over_a_renewal(services: Services, auto: Tls, tmp_path: Path) -> None:
    client = trusting(tmp_path / "tls" / "ca.pem")

    def twice(port: int) -> tuple[int, int]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=client)
        connection.request("GET", "/health")
        first = connection.getresponse()
        first.read()
        (tmp_path / "tls" / "server.pem").unlink()
        auto.look()
        connection.request("GET", "/health")
        second = connection.getresponse()
        second.read()
        connection.close()
        return first.status, second.status

    async with serving(services, auto) as port:
        assert await asyncio.to_thread(twice, port) == (200, 200)


# --- given files -------------------------------------------------------------------------------------------------

HOME = Called(frozenset({"localhost"}), frozenset({ipaddress.ip_address("127.0.0.1")}))


@pytest.fixture(scope="module")
def authority() -> Pair:
    import time

    return make_authority(HOME, time.time())


@pytest.fixture
def issue(tmp_path: Path, authority: Pair) -> Callable[[], int]:
    """Writes new files, gives the serial number."""
    (tmp_path / "root.pem").write_bytes(authority.certificate_pem)

    def write() -> int:
        made = make_certificate(authority, HOME, authority.certificate.not_valid_before_utc.timestamp() + 3600)
        (tmp_path / "key.pem").write_bytes(made.pem.partition(b"-----BEGIN CERTIFICATE")[0])
        (tmp_path / "cert.pem").write_bytes(made.certificate_pem)
        return made.certificate.serial_number

    return write


def given(tmp_path: Path) -> ServerSettings:
    return ServerSettings(tls="files", tls_cert=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem"))


def problem_of(tls: Tls) -> str:
    return tls.problem.detail if tls.problem else ""


def opened(tmp_path: Path) -> Tls:
    tls = open_tls(given(tmp_path), tmp_path)
    assert tls is not None
    return tls


async def test_replaced_files_are_taken_over_while_it_runs(
    services: Services, issue: Callable[[], int], tmp_path: Path
) -> None:
    first = issue()
    tls = opened(tmp_path)
    client = trusting(tmp_path / "root.pem")
    async with serving(services, tls) as port:
        assert await asyncio.to_thread(ask, port, client) == (200, first)
        second = issue()
        tls.look()
        assert await asyncio.to_thread(ask, port, client) == (200, first)  # they may be half written
        tls.look()
        assert await asyncio.to_thread(ask, port, client) == (200, second)


async def test_it_looks_by_itself(services: Services, issue: Callable[[], int], tmp_path: Path) -> None:
    issue()
    tls = opened(tmp_path)
    tls._interval_s = 0.02
    watching = asyncio.create_task(tls.watch())
    async with serving(services, tls) as port:
        second = issue()
        with structlog.testing.capture_logs() as lines:
            await until(lambda: any(line["event"] == "tls.certificate_in_force" for line in lines))
        assert (await asyncio.to_thread(ask, port, trusting(tmp_path / "root.pem")))[1] == second
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_broken_new_files_leave_the_old_ones_in_force_and_are_named(
    services: Services, issue: Callable[[], int], tmp_path: Path
) -> None:
    first = issue()
    tls = opened(tmp_path)
    client = trusting(tmp_path / "root.pem")
    async with serving(services, tls) as port:
        (tmp_path / "cert.pem").write_text("half a certif")
        with structlog.testing.capture_logs() as lines:
            for _ in range(5):
                tls.look()
        assert await asyncio.to_thread(ask, port, client) == (200, first)
        assert [line["event"] for line in lines] == ["tls.certificate_kept"]
        assert "cert.pem" in lines[0]["detail"]
        assert problem_of(tls) == lines[0]["detail"]
        third = issue()
        for _ in range(2):
            tls.look()
        assert not problem_of(tls)
        assert await asyncio.to_thread(ask, port, client) == (200, third)


def test_a_key_of_another_certificate_is_named(issue: Callable[[], int], tmp_path: Path) -> None:
    issue()
    other = (tmp_path / "key.pem").read_bytes()
    issue()
    (tmp_path / "key.pem").write_bytes(other)
    with pytest.raises(CertificateError, match=r"key\.pem is not the key of .*cert\.pem"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
def test_a_missing_file_is_named(issue: Callable[[], int], tmp_path: Path, name: str) -> None:
    issue()
    (tmp_path / name).unlink()
    with pytest.raises(CertificateError, match=name):
        opened(tmp_path)


def test_a_key_with_a_password_is_named_and_nobody_is_asked(
    issue: Callable[[], int], authority: Pair, tmp_path: Path
) -> None:
    issue()
    locked = authority.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hunter2"),
    )
    (tmp_path / "key.pem").write_bytes(locked)
    with pytest.raises(CertificateError, match="password"):
        opened(tmp_path)


def test_files_without_a_certificate_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="tls_cert"):
        open_tls(ServerSettings(tls="files"), tmp_path)


def test_key_and_certificate_may_share_one_file(issue: Callable[[], int], tmp_path: Path) -> None:
    issue()
    both = tmp_path / "both.pem"
    both.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "cert.pem").read_bytes())
    assert open_tls(ServerSettings(tls="files", tls_cert=str(both)), tmp_path) is not None
    assert context_of(both).minimum_version is ssl.TLSVersion.TLSv1_2


def test_plain_http_needs_none(tmp_path: Path) -> None:
    assert open_tls(ServerSettings(), tmp_path) is None
    assert not list(tmp_path.iterdir())


# --- what the certificate is for ---------------------------------------------------------------------------------


def test_it_is_for_this_machine_and_the_names_of_the_settings() -> None:
    server = ServerSettings(host="192.168.1.20", allowed_hosts=("Cams.example.org", "*.home.arpa", "*", "10.0.0.9"))
    called = called_by(server)
    assert {"localhost", "cams.example.org", "*.home.arpa"} <= called.names
    assert "*" not in called.names
    assert {"127.0.0.1", "::1", "192.168.1.20", "10.0.0.9"} <= {str(one) for one in called.addresses}


def test_one_that_listens_everywhere_is_for_all_its_addresses() -> None:
    addresses = {str(one) for one in called_by(ServerSettings(host="0.0.0.0")).addresses}
    assert own_addresses() <= addresses


def test_a_name_to_listen_on_is_one_of_them() -> None:
    assert "cams.lan" in called_by(ServerSettings(host="Cams.lan")).names


def test_names_that_no_certificate_can_hold_are_left_out() -> None:
    assert not {"摄像头.lan", "a*b.lan"} & called_by(ServerSettings(allowed_hosts=("摄像头.lan", "a*b.lan"))).names
