"""HTTPS: the context of all connections, whose certificate changes while the server runs.

A handshake asks which certificate is in force now; connections that are open keep theirs. So a renewed or replaced
certificate ends nothing, and broken new files leave the old ones in force.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import structlog

from popcam.config.model import ServerSettings
from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import CertificateError
from popcam.server.hosts import ANY, LOOPBACK_NAMES, is_address, machine_names

if TYPE_CHECKING:
    from popcam.security.certificates import Called

log = structlog.get_logger(__name__)

CHECK_OWN_S = 60.0
"""How often the machine's own certificate is looked at: for its end, and for new addresses of this machine."""
CHECK_FILES_S = 2.0
"""How often given files are looked at."""
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound

Stamp = tuple[tuple[int, int, int], ...]


class Tls:
    """The TLS side of one server.

    Args:
        load: makes a context from the certificate as it is now.
        changed: sees whether there may be another one; True asks for `load`. It may take a moment.
        interval_s: how often it is asked.

    Raises:
        CertificateError: there is no certificate that can be used.
    """

    def __init__(self, load: Callable[[], ssl.SSLContext], changed: Callable[[], bool], interval_s: float) -> None:
        self._load = load
        self._changed = changed
        self._interval_s = interval_s
        self._current = load()
        self.problem: CertificateError | None = None
        """Why the newest certificate is not in force, or None."""
        # The first context takes all connections; each handshake is handed to the newest.
        self.context = self._current
        self.context.sni_callback = self._hand_over

    def _hand_over(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    async def watch(self) -> None:
        """Look after the certificate until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Take over a new certificate, if there is one that works."""
        try:
            if not self._changed() and self.problem is None:
                return
            self._current = self._load()
        except CertificateError as error:
            if self.problem is None or self.problem.detail != error.detail:
                log.warning("tls.certificate_kept", code=error.code, detail=error.detail, reason="the old one stays")
            self.problem = error
            return
        self.problem = None
        log.info("tls.certificate_in_force")


def open_tls(server: ServerSettings, data_dir: Path, clock: Clock | None = None) -> Tls | None:
    """The TLS side that the settings ask for; None for plain HTTP.

    Raises:
        CertificateError: there is no certificate that can be used.
    """
    match server.tls:
        case "off":
            return None
        case "auto":
            return _own(server, data_dir, clock or SystemClock())
        case "files":
            return _given(server)


def _own(server: ServerSettings, data_dir: Path, clock: Clock) -> Tls:
    # The library behind it takes a while to import, and plain HTTP needs none of it.
    from popcam.security.certificate_files import FOLDER, LocalAuthority

    authority = LocalAuthority(data_dir / FOLDER, clock)
    authority.ensure(called_by(server))
    return Tls(
        lambda: context_of(authority.server_file),
        lambda: authority.ensure(called_by(server)),
        CHECK_OWN_S,
    )


def _given(server: ServerSettings) -> Tls:
    if not server.tls_cert:
        raise CertificateError(
            "`server.tls` is `files`, but `server.tls_cert` names none",
            "`server.tls` 为 `files`，但未设置 `server.tls_cert`",
        )
    certificate = Path(server.tls_cert).expanduser()
    key = Path(server.tls_key).expanduser() if server.tls_key else None
    files = [certificate] if key is None else [certificate, key]
    taken = seen = stamp_of(files)

    def changed() -> bool:
        """Certificate and key are seldom written at one moment: they count once they are the same at two looks."""
        nonlocal taken, seen
        before, seen = seen, stamp_of(files)
        if seen == taken or seen != before:
            return False
        taken = seen
        return True

    return Tls(lambda: context_of(certificate, key), changed, CHECK_FILES_S)


def stamp_of(files: Iterable[Path]) -> Stamp:
    """What changes when a file does, links followed: inode, size and time of change."""
    stamps = []
    for file in files:
        try:
            status = file.stat()
            stamps.append((status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError:
            stamps.append((0, 0, 0))
    return tuple(stamps)


def context_of(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """A server's context for a certificate with its chain; without a key file the key is in the same one.

    Raises:
        CertificateError: a file is missing, damaged, or needs a password, or the key is another's.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    for file in filter(None, (certificate, key)):
        try:
            file.open("rb").close()  # what the library says of a missing file does not tell which
        except OSError as error:
            raise CertificateError(f"{file}: {error.strerror}") from error
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except CertificateError:
        raise CertificateError(
            f"{key or certificate}: the key is protected by a password; take one without",
            f"{key or certificate}：密钥受密码保护，请使用无密码的密钥",
        ) from None
    except ssl.SSLError as error:
        raise CertificateError(_why(certificate, key, error)) from error
    except OSError as error:
        raise CertificateError(f"{certificate}: {error.strerror}") from error
    return context


def _no_password() -> str:
    raise CertificateError


def _why(certificate: Path, key: Path | None, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{key or certificate} is not the key of {certificate}"
    return f"{certificate}{f' with {key}' if key else ''}: {error.reason or 'no certificate and key in PEM'}"


def called_by(server: ServerSettings) -> "Called":
    """What callers may name this machine, as the settings and its networks are now."""
    from popcam.security.certificates import Called

    names = {"localhost", *machine_names(), *(name.lower() for name in server.allowed_hosts)}
    addresses = {"127.0.0.1", "::1"}
    if server.host in EVERYWHERE:
        addresses |= own_addresses()
    elif is_address(server.host):
        addresses.add(server.host)
    else:
        names.add(server.host.lower())
    addresses |= {name for name in names if is_address(name)}
    names -= {ANY, *LOOPBACK_NAMES - {"localhost"}}
    return Called(
        frozenset(name for name in names if not is_address(name) and _fits(name)),
        frozenset(ipaddress.ip_address(one) for one in addresses),
    )


def own_addresses() -> set[str]:
    """Addresses of this machine's interfaces, without those that hold on one cable only (`fe80::`)."""
    found = set()
    for interface in psutil.net_if_addrs().values():
        for entry in interface:
            with suppress(ValueError):
                address = ipaddress.ip_address(entry.address.partition("%")[0])
                if not address.is_link_local:
                    found.add(str(address))
    return found


def _fits(name: str) -> bool:
    """Certificates hold ASCII names alone, and only `*` at the front."""
    return name.isascii() and "*" not in name.removeprefix("*.") and bool(name.strip("."))
