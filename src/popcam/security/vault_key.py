"""The key of all keys: where it comes from, and its file. It never lies in the database."""

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from popcam.core.errors import SecretKeyError

KEY_BYTES = 32
VARIABLE = "POPCAM_SECRET_KEY"
CREDENTIAL = "popcam.secret_key"
"""Name of the systemd credential; `$CREDENTIALS_DIRECTORY` holds it as a file (systemd.exec, LoadCredential)."""
FILE = "secret.key"
NEXT_FILE = "secret.key.next"
"""The key that comes next, while keys are changed: on disk before anything is sealed by it."""

Origin = Literal["variable", "credential", "file"]
_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A key with its public id, which tells nothing about it."""

    raw: bytes = field(repr=False)
    origin: Origin

    @property
    def key_id(self) -> str:
        """First 64 bits of a hash of the key, as hex."""
        return hashlib.sha256(b"popcam key id\0" + self.raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """As people and files write it."""
        return base64.urlsafe_b64encode(self.raw).decode()


def new_key() -> MasterKey:
    """A random one, not yet kept anywhere."""
    return MasterKey(secrets.token_bytes(KEY_BYTES), "file")


def keys_of_text(text: str, origin: Origin, where: str) -> tuple[MasterKey, ...]:
    """One key or several, with space or commas between: the first is the one to seal with.

    Raises:
        SecretKeyError: one of them is no key. The text is not repeated.
    """
    return tuple(_key_of_word(word, origin, where) for word in text.replace(",", " ").split() or [""])


def _key_of_word(word: str, origin: Origin, where: str) -> MasterKey:
    """Read 32 bytes in base64 (either alphabet) or hexadecimal."""
    try:
        raw = bytes.fromhex(word) if _HEX.fullmatch(word) else base64.b64decode(_standard(word), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise SecretKeyError(
            f"{where} holds no key: it takes 32 random bytes in base64, such as `openssl rand -base64 32` gives",
            f"{where} 中不是有效的密钥：需要 base64 形式的 32 个随机字节，可用 `openssl rand -base64 32` 生成",
        )
    return MasterKey(raw, origin)


class KeyPlace:
    """Where this machine's key is: a variable, a systemd credential, or a file that is made when nothing else is there.

    Args:
        folder: of the key file.
        env: variables to look at.
    """

    def __init__(self, folder: Path, env: Mapping[str, str] = os.environ) -> None:
        self.file = folder / FILE
        self._next = folder / NEXT_FILE
        self._variable = env.get(VARIABLE, "")
        self._credentials = env.get("CREDENTIALS_DIRECTORY", "")

    @property
    def origin(self) -> Origin:
        """Who gives the key."""
        if self._variable:
            return "variable"
        return "credential" if self._credential is not None else "file"

    def given(self) -> tuple[MasterKey, ...]:
        """The key, and with it the one before or the one after while keys are changed; nothing when there is none yet.

        Raises:
            SecretKeyError: it is no key, can't be read, or others may read its file.
        """
        if self._variable:
            return keys_of_text(self._variable, "variable", VARIABLE)
        if self._credential is not None:
            return _read(self._credential, "credential")
        # In this order: a next one that becomes the key in between is found in its new place.
        return (*_read_if_there(self._next), *_read_if_there(self.file))

    def make(self) -> MasterKey:
        """Make the file, unless somebody else just did.

        Raises:
            SecretKeyError: it can't be written.
        """
        key = new_key()
        try:
            _write_new(self.file, key)
        except FileExistsError:
            return _read(self.file, "file", private=True)[0]
        return key

    def next_key(self, in_use: MasterKey) -> MasterKey:
        """The key that comes after: a new one that is on disk already, or the first of those that are given.

        Raises:
            SecretKeyError: it can't be written, or nothing but the key in use is given.
        """
        if self.origin != "file":
            first = self.given()[0]
            if first.key_id == in_use.key_id:
                where = VARIABLE if self.origin == "variable" else CREDENTIAL
                raise SecretKeyError(
                    f"{where} gives only the key in use: put the new key before it, with a space between",
                    f"{where} 只提供了正在使用的密钥：请将新密钥写在它前面，以空格分隔",
                )
            return first
        key = new_key()
        self._tidy()
        _write_new(self._next, key)
        return key

    def settle(self, key: MasterKey) -> None:
        """Everything is sealed by this key: if it is the next one, it takes its place. Safe at any time and twice.

        Raises:
            SecretKeyError: the files can't be changed.
        """
        if key.origin != "file":
            return
        if key.key_id not in [coming.key_id for coming in _read_if_there(self._next)]:
            return  # another one may just be prepared
        try:
            self._next.replace(self.file)
        except FileNotFoundError:
            return  # somebody else settled it
        except OSError as error:
            raise _unusable(self.file, error) from error
        _sync(self.file.parent)

    def _tidy(self) -> None:
        """Take away what a change of keys left that came to nothing, and what killed writers left."""
        for path in (self._next, *self.file.parent.glob(f".{FILE}*.tmp")):
            with suppress(OSError):
                path.unlink()

    @property
    def _credential(self) -> Path | None:
        path = Path(self._credentials) / CREDENTIAL
        return path if self._credentials and path.is_file() else None


def _standard(word: str) -> str:
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    return plain + "=" * (-len(plain) % 4)


def _read_if_there(path: Path) -> tuple[MasterKey, ...]:
    try:
        return _read(path, "file", private=True)
    except SecretKeyError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return ()
        raise


def _read(path: Path, origin: Origin, *, private: bool = False) -> tuple[MasterKey, ...]:
    try:
        mode = path.stat().st_mode
        if private and sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretKeyError(
                f"{path} has mode {stat.S_IMODE(mode):04o}, so that others may read it; `chmod 600` closes it",
                f"{path} 的权限为 {stat.S_IMODE(mode):04o}，其他用户可以读取；请用 `chmod 600` 收紧",
            )
        return keys_of_text(path.read_text("ascii", "replace"), origin, str(path))
    except OSError as error:
        raise _unusable(path, error) from error


def _write_new(path: Path, key: MasterKey) -> None:
    """Whole or not at all: a file that is there holds a key.

    Raises:
        FileExistsError: there is one.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{key.text}\n")
            file.flush()
            os.fsync(file.fileno())
        _place(beside, path)
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        raise _unusable(path, error) from error
    finally:
        beside.unlink(missing_ok=True)
    _sync(path.parent)


def _place(beside: Path, path: Path) -> None:
    if sys.platform == "win32":
        beside.rename(path)  # refuses when there is one, as nowhere else
    else:
        os.link(beside, path)


def _unusable(path: Path, error: OSError) -> SecretKeyError:
    return SecretKeyError(f"{path}: {error.strerror}")


def _sync(folder: Path) -> None:
    """Make the name itself survive a power cut."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
