"""The machine's own authority: what it signs is accepted, and what it must not sign for is refused by who checks."""

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from popcam.security.certificates import (
    CERTIFICATE_DAYS,
    DAY_S,
    Called,
    Pair,
    called_in,
    is_fresh,
    make_authority,
    make_certificate,
    within,
)

NOW_S = datetime.datetime.now(datetime.UTC).timestamp()


def called(*names: str) -> Called:
    """Names and addresses in one list, as people write them."""
    addresses = {name for name in names if name[0].isdigit() or ":" in name}
    return Called(frozenset(names) - addresses, frozenset(map(ipaddress.ip_address, addresses)))


HOME = called("localhost", "nas", "nas.local", "cams.example.org", "127.0.0.1", "192.168.1.20", "fd00::20")


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority(HOME, NOW_S)


@pytest.fixture(scope="module")
def certificate(authority: Pair) -> Pair:
    return make_certificate(authority, HOME, NOW_S)


def handshake(authority: Pair, served: Pair, name: str, folder: Path) -> str:
    """Why a client that trusts the authority refuses the server under a name; empty when it does not."""
    (folder / "ca.pem").write_bytes(authority.certificate_pem)
    (folder / "server.pem").write_bytes(served.pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    client = ssl.create_default_context(cafile=folder / "ca.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    here, there = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(there, server_side=True).close()
        except (OSError, ssl.SSLError):
            there.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        client.wrap_socket(here, server_hostname=name).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    finally:
        here.close()
        thread.join(5)
    return ""


@pytest.mark.parametrize("name", ["localhost", "nas", "nas.local", "cams.example.org", "127.0.0.1", "fd00::20"])
def test_who_trusts_the_authority_accepts_every_name(
    authority: Pair, certificate: Pair, name: str, tmp_path: Path
) -> None:
    assert not handshake(authority, certificate, name, tmp_path)


def test_another_name_is_refused(authority: Pair, certificate: Pair, tmp_path: Path) -> None:
    assert "mismatch" in handshake(authority, certificate, "other.local", tmp_path)


@pytest.mark.parametrize("name", ["bank.example.com", "example.org", "8.8.8.8", "nas.example.org"])
def test_a_stolen_authority_can_not_pretend_to_be_others(authority: Pair, name: str, tmp_path: Path) -> None:
    forged = make_certificate(authority, called(name), NOW_S)
    assert "permitted subtree" in handshake(authority, forged, name, tmp_path)


def test_what_lies_within_the_limits_is_known_beforehand(authority: Pair) -> None:
    asked = called("new-name.lan", "bank.example.com", "10.1.2.3", "8.8.8.8")
    assert within(authority.certificate, asked) == called("new-name.lan", "10.1.2.3")


def test_a_wildcard_of_a_name_of_its_own_lies_within() -> None:
    authority = make_authority(called("*.cams.example.org"), NOW_S)
    asked = called("*.cams.example.org", "a.cams.example.org", "*.example.org")
    assert within(authority.certificate, asked) == called("*.cams.example.org", "a.cams.example.org")


def test_a_public_address_of_the_machine_itself_lies_within() -> None:
    authority = make_authority(called("203.0.113.7"), NOW_S)
    asked = called("203.0.113.7", "203.0.113.8")
    assert within(authority.certificate, asked) == called("203.0.113.7")


def test_the_authority_signs_certificates_and_nothing_below_it_may(authority: Pair, certificate: Pair) -> None:
    top = authority.certificate.extensions
    basics = top.get_extension_for_class(x509.BasicConstraints)
    assert (basics.value.ca, basics.value.path_length, basics.critical) == (True, 0, True)
    assert top.get_extension_for_class(x509.NameConstraints).critical
    usage = top.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert not certificate.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_the_certificate_is_for_servers_alone(certificate: Pair) -> None:
    extensions = certificate.certificate.extensions
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.SERVER_AUTH]
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (False, True)


def test_keys_are_on_p_256_and_serials_differ(authority: Pair, certificate: Pair) -> None:
    assert isinstance(authority.key.curve, ec.SECP256R1)
    assert isinstance(certificate.key.curve, ec.SECP256R1)
    again = make_certificate(authority, HOME, NOW_S)
    assert again.certificate.serial_number != certificate.certificate.serial_number
    assert certificate.certificate.serial_number.bit_length() > 64


def test_it_lasts_less_than_browsers_allow_and_never_longer_than_its_authority(authority: Pair) -> None:
    made = make_certificate(authority, HOME, NOW_S).certificate
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days <= CERTIFICATE_DAYS < 397
    late_s = authority.certificate.not_valid_after_utc.timestamp() - DAY_S
    assert make_certificate(authority, HOME, late_s).certificate.not_valid_after_utc <= (
        authority.certificate.not_valid_after_utc
    )


def test_it_is_renewed_a_month_before_its_end(certificate: Pair) -> None:
    ends_s = certificate.certificate.not_valid_after_utc.timestamp()
    assert is_fresh(certificate.certificate, ends_s - 31 * DAY_S)
    assert not is_fresh(certificate.certificate, ends_s - 29 * DAY_S)


def test_it_is_not_used_before_its_time(certificate: Pair) -> None:
    assert not is_fresh(certificate.certificate, NOW_S - DAY_S)


def test_a_clock_that_begins_in_1970_does_no_harm() -> None:
    authority = make_authority(HOME, 0.0)
    assert called_in(make_certificate(authority, HOME, 0.0).certificate) == HOME


def test_the_name_of_the_authority_tells_which_machine_it_is(authority: Pair) -> None:
    assert "popcam nas " in authority.certificate.subject.rfc4514_string()
