"""A certificate authority of this machine's own, and the server's certificate by it. Pure: names and times in, PEM out.

The authority is made once and kept: people install it on their phones. Whoever steals its key must not be able to
pretend to be a bank, so it is limited to names of the home (name constraints, RFC 5280, section 4.2.1.10): private
domains, private addresses, and what this machine was called when it was made.
"""

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DAY_S = 86_400.0
AUTHORITY_DAYS = 3650.0
CERTIFICATE_DAYS = 90.0
"""Well below the 397 days beyond which browsers refuse (CA/Browser Forum, SC-31). A clock that was far off when it was
made does no lasting harm, either: it is looked at while the server runs."""
RENEW_DAYS = 30.0
"""The certificate is renewed when less than this is left of it; the authority, too."""
BACKDATED_S = 3600.0
"""Clocks of phones may be behind."""
MAX_NAMES = 100

PRIVATE_DOMAINS = ("localhost", "local", "lan", "home.arpa", "internal", "home", "test")
"""Names that nobody owns in public (RFC 6761, 6762, 8375; `lan` and `home` by custom of home routers)."""
PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",  # private overlay networks use the carriers' range (RFC 6598)
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


@dataclass(frozen=True, slots=True)
class Called:
    """What a machine is called: host names (`*.example.org` for all below one) and addresses."""

    names: frozenset[str]
    addresses: frozenset[Address]

    def __or__(self, other: "Called") -> "Called":
        return Called(self.names | other.names, self.addresses | other.addresses)

    def __sub__(self, other: "Called") -> "Called":
        return Called(self.names - other.names, self.addresses - other.addresses)

    def __bool__(self) -> bool:
        return bool(self.names or self.addresses)

    def __str__(self) -> str:
        return ", ".join([*sorted(self.names), *sorted(str(one) for one in self.addresses)])


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """Key and certificate, in this order."""
        return key_pem(self.key) + self.certificate_pem

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as PKCS #8, without a password: the file's mode protects it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_authority(called: Called, now_unix_s: float) -> Pair:
    """A new authority, limited to private names and addresses and to what this machine is called now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    machine = min(called.names, key=len, default="")[:24]
    name = _name(f"popcam {machine} {subject_key.digest.hex()[:8]}".replace("  ", " "))
    limits = x509.NameConstraints(
        [
            *(x509.DNSName(domain) for domain in _domains(called.names)),
            *(x509.IPAddress(network) for network in _networks(called.addresses)),
        ],
        None,
    )
    builder = (
        _builder(name, name, key, now_unix_s, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(limits, critical=True)
        .add_extension(subject_key, critical=False)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def make_certificate(authority: Pair, called: Called, now_unix_s: float) -> Pair:
    """A new certificate for a server, with a new key.

    Args:
        authority: signs it.
        called: names and addresses; all must lie `within` what the authority is limited to.
        now_unix_s: from now on; never longer than the authority itself.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in sorted(called.names)]
    names += [x509.IPAddress(address) for address in sorted(called.addresses, key=lambda one: (one.version, one))]
    left_days = (authority.certificate.not_valid_after_utc.timestamp() - now_unix_s) / DAY_S
    issuer = authority.certificate
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
        issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    )
    builder = (
        _builder(_name("popcam"), issuer.subject, key, now_unix_s, min(CERTIFICATE_DAYS, left_days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names[:MAX_NAMES]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def within(authority: x509.Certificate, called: Called) -> Called:
    """What of these names and addresses the authority may speak for."""
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    domains = [str(one.value) for one in limits if isinstance(one, x509.DNSName)]
    networks = [one.value for one in limits if isinstance(one, x509.IPAddress)]
    return Called(
        frozenset(name for name in called.names if any(_below(name, domain) for domain in domains)),
        frozenset(one for one in called.addresses if any(_inside(one, network) for network in networks)),
    )


def called_in(certificate: x509.Certificate) -> Called:
    """The names and addresses that a certificate is for."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Called(frozenset(), frozenset())
    return Called(
        frozenset(names.get_values_for_type(x509.DNSName)),
        frozenset(
            one
            for one in names.get_values_for_type(x509.IPAddress)
            if isinstance(one, ipaddress.IPv4Address | ipaddress.IPv6Address)
        ),
    )


def is_fresh(certificate: x509.Certificate, now_unix_s: float, *, renew_days: float = RENEW_DAYS) -> bool:
    """Whether it is valid now and for longer than the time in which it should be renewed."""
    begins_s = certificate.not_valid_before_utc.timestamp()
    ends_s = certificate.not_valid_after_utc.timestamp()
    return begins_s <= now_unix_s < ends_s - renew_days * DAY_S


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now_unix_s: float, days: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_time(now_unix_s - BACKDATED_S))
        .not_valid_after(_time(now_unix_s + days * DAY_S - BACKDATED_S))
    )


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "popcam"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _time(unix_s: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(max(0.0, unix_s), datetime.UTC)


def _domains(names: Iterable[str]) -> list[str]:
    own = {name.removeprefix("*.") for name in names}
    further = {name for name in own if not any(_below(name, domain) for domain in PRIVATE_DOMAINS)}
    return [*PRIVATE_DOMAINS, *sorted(further)]


def _networks(addresses: Iterable[Address]) -> list[Network]:
    own = [one for one in addresses if not any(_inside(one, network) for network in PRIVATE_NETWORKS)]
    return [*PRIVATE_NETWORKS, *(ipaddress.ip_network(one) for one in sorted(own, key=lambda one: (one.version, one)))]


def _below(name: str, domain: str) -> bool:
    return f".{name.removeprefix('*.')}".endswith(f".{domain}")


def _inside(address: Address, network: object) -> bool:
    return (
        isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network)
        and address.version == network.version
        and address in network
    )
