"""Where a worker binds its two sockets, and how they are kept from strangers."""

import hashlib
import os
import secrets
import socket as sockets
import stat
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import zmq

from popcam.core.errors import ConfigError

Transport = Literal["auto", "ipc", "tcp"]
_MAX_PATH_BYTES = 103
"""Longest socket path that every system takes: 107 bytes and a zero on Linux, 103 on macOS."""
_NAME_BYTES = len("/01234567.c")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The two addresses of one worker; keys are Z85 text, empty for `ipc://`."""

    commands: str
    facts: str
    curve_public_key: str = ""
    curve_secret_key: str = field(default="", repr=False)


def new_token() -> str:
    """Names one life of one worker: 8 characters, so that socket paths stay short."""
    return secrets.token_hex(4)


def choose_endpoints(runtime_dir: Path, token: str, transport: Transport = "auto") -> Endpoints:
    """Fresh addresses for one worker: files in a private folder, or encrypted loopback ports where there are none.

    Raises:
        ConfigError: the folder for socket files belongs to somebody else.
    """
    if transport == "tcp" or (transport == "auto" and sys.platform == "win32"):
        return _tcp_endpoints()
    folder = socket_folder(runtime_dir)
    return Endpoints(f"ipc://{folder / token}.c", f"ipc://{folder / token}.f")


def socket_folder(runtime_dir: Path) -> Path:
    """The private folder for socket files: `runtime_dir`, or a short one in the system's temporary folder that is
    always the same for it, because socket paths are limited."""
    folder = runtime_dir.absolute()
    if len(os.fsencode(folder)) + _NAME_BYTES > _MAX_PATH_BYTES:
        digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"popcam-{digest}"
    make_private(folder)
    return folder


def make_private(folder: Path) -> None:
    """Create the folder for its owner alone.

    Raises:
        ConfigError: it is a link or somebody else's: a stranger could read along.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":  # there a user's own folders are private already, and no sockets lie in them
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.geteuid():
            raise ConfigError(f"{folder} is not a folder of this user")
        if stat.S_IMODE(about.st_mode) != 0o700:
            folder.chmod(0o700)


def remove_socket_files(endpoints: Endpoints) -> None:
    """Delete what a killed worker left behind."""
    for endpoint in (endpoints.commands, endpoints.facts):
        if endpoint.startswith("ipc://"):
            Path(endpoint.removeprefix("ipc://")).unlink(missing_ok=True)


def secure_client(socket: "zmq.Socket[Any]", endpoints: Endpoints) -> None:
    """Encrypt a connection to a worker that has keys. Call it before `connect`."""
    if not endpoints.curve_public_key:
        return
    public, secret = zmq.curve_keypair()
    socket.curve_publickey = public
    socket.curve_secretkey = secret
    socket.curve_serverkey = endpoints.curve_public_key.encode()


def _tcp_endpoints() -> Endpoints:
    public, secret = zmq.curve_keypair()
    commands, facts = _free_ports(2)
    return Endpoints(f"tcp://127.0.0.1:{commands}", f"tcp://127.0.0.1:{facts}", public.decode(), secret.decode())


def _free_ports(count: int) -> list[int]:
    # Another program may take a port before the worker binds it: then the worker ends and is started with new ones.
    held = [sockets.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
