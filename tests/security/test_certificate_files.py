"""The authority's files: kept, private, renewed in time, and never replaced without need."""

import ipaddress
import ssl
import stat
import sys
from pathlib import Path

import pytest
import structlog
from cryptography import x509

from popcam.core.errors import CertificateError
from popcam.security.certificate_files import LocalAuthority, read_facts, read_pair, write_private
from popcam.security.certificates import DAY_S, Called

NOW_S = 1_800_000_000.0
HOME = Called(frozenset({"localhost", "nas.local"}), frozenset({ipaddress.ip_address("127.0.0.1")}))


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW_S

    def unix_s(self) -> float:
        return self.now_s

    def monotonic_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def local(tmp_path: Path, clock: Clock) -> LocalAuthority:
    return LocalAuthority(tmp_path / "tls", clock)


def serial(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


def test_the_first_time_makes_all_files(local: LocalAuthority) -> None:
    assert local.ensure(HOME)
    assert sorted(file.name for file in local.folder.iterdir()) == ["ca-key.pem", "ca.pem", "server.pem"]
    assert read_facts(local.server_file).called == HOME
    assert b"PRIVATE" not in local.public_file.read_bytes()


def test_a_server_can_load_what_was_made(local: LocalAuthority) -> None:
    local.ensure(HOME)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(local.server_file)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_keys_are_for_their_owner_alone(local: LocalAuthority) -> None:
    local.ensure(HOME)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in local.folder.iterdir()}
    assert modes == {"ca-key.pem": 0o600, "ca.pem": 0o644, "server.pem": 0o600}
    assert stat.S_IMODE(local.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="no modes there")
def test_a_key_that_others_could_read_is_shut_and_told(local: LocalAuthority) -> None:
    local.ensure(HOME)
    (local.folder / "ca-key.pem").chmod(0o644)
    local.folder.chmod(0o755)
    with structlog.testing.capture_logs() as lines:
        local.ensure(HOME)
    assert "tls.key_was_readable" in {line["event"] for line in lines}
    assert stat.S_IMODE((local.folder / "ca-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(local.folder.stat().st_mode) == 0o700


def test_a_restart_keeps_both(local: LocalAuthority, clock: Clock) -> None:
    local.ensure(HOME)
    before = serial(local.public_file), serial(local.server_file)
    assert not LocalAuthority(local.folder, clock).ensure(HOME)
    assert (serial(local.public_file), serial(local.server_file)) == before


def test_the_certificate_is_renewed_before_its_end_and_the_authority_is_kept(
    local: LocalAuthority, clock: Clock
) -> None:
    local.ensure(HOME)
    authority, certificate = serial(local.public_file), serial(local.server_file)
    clock.now_s += 61 * DAY_S
    assert local.ensure(HOME)
    assert serial(local.public_file) == authority
    assert serial(local.server_file) != certificate
    assert read_facts(local.server_file).not_after_unix_s > clock.now_s + 80 * DAY_S


def test_a_new_address_of_the_machine_makes_a_new_certificate(local: LocalAuthority) -> None:
    local.ensure(HOME)
    moved = HOME | Called(frozenset(), frozenset({ipaddress.ip_address("192.168.7.9")}))
    assert local.ensure(moved)
    assert read_facts(local.server_file).called == moved


def test_an_address_that_left_makes_none(local: LocalAuthority) -> None:
    local.ensure(HOME)
    assert not local.ensure(Called(frozenset({"localhost"}), frozenset()))


def test_a_name_beyond_the_limits_is_left_out_and_told(local: LocalAuthority) -> None:
    local.ensure(HOME)
    certificate = serial(local.server_file)
    later = HOME | Called(frozenset({"cams.example.org", "new.local"}), frozenset())
    with structlog.testing.capture_logs() as lines:
        assert local.ensure(later)
    told = next(line for line in lines if line["event"] == "tls.names_left_out")
    assert told["names"] == "cams.example.org"
    assert "new.local" in read_facts(local.server_file).called.names
    assert serial(local.server_file) != certificate
    assert not local.ensure(later)


def test_a_damaged_certificate_is_made_again(local: LocalAuthority) -> None:
    local.ensure(HOME)
    local.server_file.write_bytes(b"damaged")
    assert local.ensure(HOME)
    assert read_facts(local.server_file).called == HOME


def test_a_damaged_authority_is_named_and_not_replaced(local: LocalAuthority) -> None:
    local.ensure(HOME)
    (local.folder / "ca-key.pem").write_bytes(b"damaged")
    with pytest.raises(CertificateError, match="damaged"):
        local.ensure(HOME)
    assert (local.folder / "ca-key.pem").read_bytes() == b"damaged"


def test_a_certificate_of_another_authority_is_replaced(local: LocalAuthority, tmp_path: Path, clock: Clock) -> None:
    local.ensure(HOME)
    other = LocalAuthority(tmp_path / "other", clock)
    other.ensure(HOME)
    local.server_file.write_bytes(other.server_file.read_bytes())
    assert local.ensure(HOME)


def test_the_public_file_comes_back_when_somebody_deletes_it(local: LocalAuthority) -> None:
    local.ensure(HOME)
    before = local.public_file.read_bytes()
    local.public_file.unlink()
    local.ensure(HOME)
    assert local.public_file.read_bytes() == before


def test_an_authority_near_its_end_is_made_anew(local: LocalAuthority, clock: Clock) -> None:
    local.ensure(HOME)
    authority = serial(local.public_file)
    clock.now_s += 3640 * DAY_S
    assert local.ensure(HOME)
    assert serial(local.public_file) != authority


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CertificateError, match="file"):
        LocalAuthority(tmp_path / "file" / "tls", clock).ensure(HOME)


def test_key_and_certificate_must_belong_together(local: LocalAuthority, tmp_path: Path) -> None:
    local.ensure(HOME)
    key = (local.folder / "ca-key.pem").read_bytes().split(b"-----BEGIN CERTIFICATE")[0]
    certificate = local.server_file.read_bytes().partition(b"-----BEGIN CERTIFICATE")[2]
    mixed = tmp_path / "mixed.pem"
    mixed.write_bytes(key + b"-----BEGIN CERTIFICATE" + certificate)
    with pytest.raises(CertificateError, match="belong together"):
        read_pair(mixed)


def test_a_file_without_a_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    with pytest.raises(CertificateError, match="holds no certificate"):
        read_facts(tmp_path / "none.pem")


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (target / "x").mkdir(parents=True)  # a folder can't be replaced by a file
    with pytest.raises(OSError, match=r".+"):
        write_private(target, b"new")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]
