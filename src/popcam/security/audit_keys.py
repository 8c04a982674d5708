"""The instance's key, which vouches for the audit log: Ed25519, made at the first use, kept where only the server's own
user reads it. The public half may go anywhere, so that an export can be verified on another machine.
"""

import base64
import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from popcam.core.errors import AuditKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE_NAME = "audit.key"
PUBLIC_NAME = "audit.pub"
RAW_BYTES = 32
EARLIER_NAMES = "audit-*.pub"
"""Of keys that were lost: what they signed stays verifiable."""


class PublicKey:
    """Checks signatures.

    Args:
        raw: the 32 bytes of the key (RFC 8032).
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.key_id = hashlib.sha256(raw).hexdigest()
        self._key: Ed25519PublicKey | None = None

    @classmethod
    def read(cls, path: Path) -> "PublicKey":
        """The key of a PEM file.

        Raises:
            AuditKeyError: it can't be read, or is no such key.
        """
        return cls.of_pem(_read(path), str(path))

    @classmethod
    def of_raw(cls, raw: bytes) -> "PublicKey":
        """The key of 32 bytes.

        Raises:
            ValueError: they are not so many.
        """
        if len(raw) != RAW_BYTES:
            raise ValueError(f"{len(raw)} bytes are no Ed25519 key")
        return cls(raw)

    @classmethod
    def of_pem(cls, pem: bytes, place: str = "") -> "PublicKey":
        """The key of a PEM text.

        Raises:
            AuditKeyError: it is no such key.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            key = load_pem_public_key(pem)
        except ValueError as error:
            raise AuditKeyError(f"{place}: no public key in PEM form", f"{place}：不是 PEM 格式的公钥") from error
        if not isinstance(key, Ed25519PublicKey):
            raise AuditKeyError(f"{place}: not an Ed25519 key", f"{place}：不是 Ed25519 密钥")
        return cls(key.public_bytes_raw())

    @property
    def pem(self) -> str:
        """For files and people."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._loaded().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def fingerprint(self) -> str:
        """The key's id in groups of four, for two people to compare on the phone."""
        return " ".join(self.key_id[place : place + 4] for place in range(0, 32, 4))

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the private half made this signature over this message."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._loaded().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _loaded(self) -> "Ed25519PublicKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if self._key is None:
            self._key = Ed25519PublicKey.from_public_bytes(self.raw)
        return self._key


class InstanceKey:
    """Both halves."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self._private.sign(message)


def open_key(folder: Path) -> tuple[InstanceKey, bool]:
    """The instance's key, and whether it was made just now.

    Raises:
        AuditKeyError: it can't be read or made, is no such key, or others than its owner can read it.
    """
    path = folder / PRIVATE_NAME
    if path.exists():
        return InstanceKey(_private(path)), False
    try:
        return InstanceKey(_made(folder)), True
    except FileExistsError:
        return InstanceKey(_private(path)), False  # another process was faster
    except OSError as error:
        raise AuditKeyError(f"{error.filename or path}: {error.strerror}") from error


def public_keys(folder: Path) -> list[PublicKey]:
    """The public half, for who only verifies, newest first; those of earlier keys behind it. None of them: no key yet.

    Raises:
        AuditKeyError: one can't be read, or is no such key.
    """
    newest = folder / PUBLIC_NAME
    earlier = sorted(folder.glob(EARLIER_NAMES))
    return [PublicKey.read(path) for path in ([newest] if newest.exists() else []) + earlier]


def _made(folder: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Complete or not there at all: half a key file would stop every later start.
    _write_whole(folder / PRIVATE_NAME, pem, 0o600)
    public = folder / PUBLIC_NAME
    if public.exists():
        public.replace(folder / f"audit-{PublicKey.read(public).key_id[:16]}.pub")
    _write_whole(public, InstanceKey(key).public.pem.encode(), 0o644)  # others may look for it already
    return key


def _write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file that is there as a whole or not at all.

    Raises:
        FileExistsError: another process was faster.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _write(part, content, mode)
        _put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)


def _put_in_place(part: Path, path: Path) -> None:
    """Give a file its name, unless another process was faster.

    Raises:
        FileExistsError: it was.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if path.exists():
            raise FileExistsError(path) from None
        part.replace(path)


def _write(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _private(path: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    _check_mode(path)
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError) as error:
        raise AuditKeyError(f"{path}: no private key in PEM form", f"{path}：不是 PEM 格式的私钥") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditKeyError(f"{path}: not an Ed25519 key", f"{path}：不是 Ed25519 密钥")
    return key


def _check_mode(path: Path) -> None:
    if os.name != "posix":
        return  # rights are told by lists there; the folder is the user's own
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise AuditKeyError(f"{path}: {error.strerror}") from error
    if mode & 0o077:
        raise AuditKeyError(
            f"{path} has mode {mode:04o}; others may read it. Set it to 0600: chmod 600 {path}",
            f"{path} 的权限为 {mode:04o}，其他用户可以读取。请设为 0600：chmod 600 {path}",
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuditKeyError(f"{path}: {error.strerror}") from error


def as_text(signature: bytes) -> str:
    """Base64, as exports hold it."""
    return base64.b64encode(signature).decode()
