"""The files of the machine's own authority and certificate: made when missing, renewed in time, written in one step.

| file in `data_dir/tls` | mode | what |
|---|---|---|
| `ca-key.pem` | 0600 | key and certificate of the authority; kept, because phones trust it |
| `ca.pem` | 0644 | its certificate alone, for phones and desktops |
| `server.pem` | 0600 | the server's key and chain in one file, so that both change at once |
"""

import os
import secrets
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import CertificateError
from popcam.security.certificates import (
    Called,
    Pair,
    called_in,
    is_fresh,
    make_authority,
    make_certificate,
    within,
)

log = structlog.get_logger(__name__)

FOLDER = "tls"
"""Below the data folder."""
AUTHORITY, PUBLIC, SERVER = "ca-key.pem", "ca.pem", "server.pem"


@dataclass(frozen=True, slots=True)
class Facts:
    """What people want to know of a certificate."""

    subject: str
    issuer: str
    not_before_unix_s: float
    not_after_unix_s: float
    called: Called


class LocalAuthority:
    """The authority of one data folder.

    Args:
        folder: where its files are; made for this user alone.
        clock: for what is valid now.
    """

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder = folder
        self._clock = clock or SystemClock()

    @property
    def public_file(self) -> Path:
        """What phones and desktops install."""
        return self.folder / PUBLIC

    @property
    def server_file(self) -> Path:
        """Key and chain for the server."""
        return self.folder / SERVER

    def ensure(self, called: Called) -> bool:
        """See to it that there is a certificate that is valid for some time and for what this machine is called.

        Returns:
            Whether there is a new one. A name that left is no reason for it: its machine may come back.

        Raises:
            CertificateError: the files can't be read or written, or the authority is damaged.
        """
        try:
            self._make_folder()
            authority = self._authority(called)
            wanted = within(authority.certificate, called)
            present = self._present(authority)
            if present is not None and not wanted - called_in(present):
                return False
            self._tell_left_out(called - wanted)
            made = make_certificate(authority, wanted, self._clock.unix_s())
            write_private(self.server_file, made.pem + authority.certificate_pem)
        except OSError as error:
            raise CertificateError(f"{error.filename or self.folder}: {error.strerror}") from error
        log.info("tls.certificate_made", names=str(wanted), until=made.certificate.not_valid_after_utc.isoformat())
        return True

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32" and stat.S_IMODE(self.folder.stat().st_mode) & 0o077:
            self.folder.chmod(0o700)

    def _authority(self, called: Called) -> Pair:
        file = self.folder / AUTHORITY
        pair = None
        if file.exists():
            _make_private(file)
            pair = read_pair(file)  # a damaged one stops here: phones trust it, so it is not replaced unasked
            if not is_fresh(pair.certificate, self._clock.unix_s()):
                log.warning("tls.authority_renewed", reason="it ends soon, or begins later: install the new ca.pem")
                pair = None
        if pair is None:
            pair = make_authority(called, self._clock.unix_s())
            write_private(file, pair.pem)
            log.info("tls.authority_made", file=str(self.public_file))
        if not self.public_file.exists() or self.public_file.read_bytes() != pair.certificate_pem:
            write_private(self.public_file, pair.certificate_pem, mode=0o644)
        return pair

    def _present(self, authority: Pair) -> x509.Certificate | None:
        """The certificate that is there, when it can go on."""
        if not self.server_file.exists():
            return None
        _make_private(self.server_file)
        try:
            pair = read_pair(self.server_file)
        except CertificateError as error:
            log.warning("tls.certificate_damaged", detail=error.detail)
            return None
        now_s = self._clock.unix_s()
        try:
            pair.certificate.verify_directly_issued_by(authority.certificate)
        except (ValueError, TypeError, InvalidSignature):
            log.info("tls.certificate_of_another_authority")
            return None
        return pair.certificate if is_fresh(pair.certificate, now_s) else None

    def _tell_left_out(self, called: Called) -> None:
        if called:
            log.warning(
                "tls.names_left_out",
                names=str(called),
                reason="the authority is limited to names that were known when it was made",
                remedy=f"delete {self.folder} and restart: a new authority is made, to be installed again",
            )


def read_pair(file: Path) -> Pair:
    """Key and first certificate of a file of ours.

    Raises:
        CertificateError: it can't be read, or they do not belong together.
    """
    raw = _read(file)
    try:
        key = serialization.load_pem_private_key(raw, None)
        certificate = x509.load_pem_x509_certificate(raw)
    except (ValueError, TypeError) as error:
        raise CertificateError(f"{file} is damaged", f"{file} 已损坏") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise CertificateError(f"{file}: key and certificate do not belong together", f"{file}：密钥与证书不匹配")
    return Pair(certificate, key)


def read_facts(file: Path) -> Facts:
    """What a certificate says; of a chain the first one.

    Raises:
        CertificateError: the file can't be read, or holds none.
    """
    try:
        certificate = x509.load_pem_x509_certificate(_read(file))
    except ValueError as error:
        raise CertificateError(f"{file} holds no certificate", f"{file} 中没有证书") from error
    return Facts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before_unix_s=certificate.not_valid_before_utc.timestamp(),
        not_after_unix_s=certificate.not_valid_after_utc.timestamp(),
        called=called_in(certificate),
    )


def write_private(file: Path, raw: bytes, *, mode: int = 0o600) -> None:
    """Write a file in one step, for its owner alone from the first moment.

    Raises:
        OSError: it can't be written; what was there stays.
    """
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(raw)
            opened.flush()
            os.fsync(opened.fileno())
        beside.chmod(mode)
        beside.replace(file)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{file}: {error.strerror}") from error


def _make_private(file: Path) -> None:
    if sys.platform == "win32" or not stat.S_IMODE(file.stat().st_mode) & 0o077:
        return
    file.chmod(0o600)
    log.warning(
        "tls.key_was_readable",
        file=str(file),
        remedy="others could read this key; if somebody else uses this machine, delete the folder for a new one",
    )
