"""The server that the shell's own user runs on this machine: its address, its certificate, and the key to it.

The key is told to a port of this machine alone, and only while the server that wrote it has that port: another
program that sits on another one gets nothing.
"""

import os
import ssl
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from popcam.core.errors import PopcamError
from popcam.core.running_server import RunningServer, default_runtime_dir, read_running
from popcam.security.shell_key import read_shell_key


def own_url() -> str:
    """The address of this user's server, or nothing. A settings file that is at hand may name its runtime folder."""
    found = read_running(_runtime_dir())
    if found is None and (os.environ.get("POPCAM_CONFIG") or Path("popcam.yaml").is_file()):
        folder = _configured_dir()
        found = read_running(folder) if folder else None
    return found.url if found else ""


def credential(base: str, *, thorough: bool = False) -> str:
    """What to send as `Authorization`, or nothing: `POPCAM_TOKEN`, else the key of the own server at this address.

    Args:
        base: the server's address.
        thorough: look into the settings file, too, for its runtime folder; it takes a moment.
    """
    token = os.environ.get("POPCAM_TOKEN", "").strip()
    if token:
        return f"Bearer {token}"
    folder, _ = _own(base, thorough) or (None, None)
    key = read_shell_key(folder) if folder else ""
    return f"Bearer {key}" if key else ""


def tls_context(base: str) -> ssl.SSLContext | None:
    """How to check the server's certificate; None for the usual way. The own server is known by its very file."""
    if not base.startswith("https://"):
        return None
    _, found = _own(base, thorough=False) or _own(base, thorough=True) or (None, None)
    if found is None or not found.certificate:
        return None
    try:
        context = ssl.create_default_context(cafile=found.certificate)
    except OSError:
        return None
    # The port is our own server's, whatever names its certificate is for; and its end may be its own certificate.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


@cache
def _own(base: str, thorough: bool) -> tuple[Path, RunningServer] | None:
    """Runtime folder and facts of the own server at an address."""
    parts = urlsplit(base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if not _is_this_machine(parts.hostname or ""):
        return None
    folder = _configured_dir() if thorough else _runtime_dir()
    found = read_running(folder) if folder else None
    return (folder, found) if folder and found and found.port == port else None


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _runtime_dir() -> Path:
    named = os.environ.get("POPCAM_RUNTIME_DIR")
    return Path(named) if named else default_runtime_dir()


def _configured_dir() -> Path | None:
    from popcam.cli.options import settings_of

    try:
        return settings_of(None, {}).runtime_dir
    except PopcamError:
        return None  # a command that needs no settings must not fail by them
