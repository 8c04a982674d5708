"""Secrets in the database: sealed by data keys, which the key of the key file seals (envelope encryption).

AES-256-GCM with a random 96-bit nonce for each value. The purpose, such as `cameras.spec:front`, is bound in as
associated data: a sealed value that is moved to another row does not open there. It is `table.column:row`, so that who
seals all anew (`vault_rotation`) knows it. Source: NIST SP 800-38D.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog
from sqlalchemy import Connection

from popcam.core.errors import SecretKeyError
from popcam.core.known_secrets import KNOWN
from popcam.security.vault_key import KEY_BYTES, KeyPlace, MasterKey
from popcam.storage import Database, keys, security_facts
from popcam.storage.keys import DataKeyRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = structlog.get_logger(__name__)

PREFIX = "sealed:v1:"
SEALED = re.compile(r"sealed:v1:(?P<key>[0-9a-f]{16}):(?P<box>[A-Za-z0-9_-]+)")
FRESH_S = 60.0
"""A key that was retired elsewhere seals no longer than this; it is kept for much longer (`vault_rotation`)."""
DIGEST_KEY = "vault.digest:"
ATTEMPTS, WAIT_S = 3, 0.05
_NONCE_BYTES = 12


class Keys(NamedTuple):
    """What is in memory after a look at the database."""

    by_id: Mapping[str, bytes]
    newest: str
    master: MasterKey
    read_s: float


class Vault:
    """Seals and opens. Used from any thread; the keys are read by the first use, and made when there are none yet.

    Args:
        database: where data keys are.
        place: where the key is that seals them.
        unix_s, monotonic_s: the time.
    """

    def __init__(
        self,
        database: Database,
        place: KeyPlace,
        unix_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.database = database
        self.place = place
        self.unix_s = unix_s
        self._monotonic_s = monotonic_s
        self._keys: Keys | None = None
        self._digest_keys: dict[str, bytes] = {}
        self._reading = threading.Lock()

    def ready(self) -> None:
        """Have the keys, and know those that another process made. Before a transaction: making the first key writes.

        Raises:
            SecretKeyError, DatabaseError.
        """
        self._fresh()

    def seal(self, text: str, purpose: str) -> str:
        """Text that only `open` with the same purpose reads.

        Raises:
            SecretKeyError, DatabaseError: there is no key to be had.
        """
        known = self._fresh()
        return f"{PREFIX}{known.newest}:{_boxed(known.by_id[known.newest], text.encode(), purpose)}"

    def open(self, sealed: str, purpose: str) -> str:
        """What was sealed.

        Raises:
            SecretKeyError: its key is gone, or it was changed, or it was sealed for something else.
            DatabaseError: the keys can't be read.
        """
        found = SEALED.fullmatch(sealed)
        if found is None:
            raise SecretKeyError(f"{purpose}: this is no sealed value", f"{purpose}：不是加密后的值")
        key = self._key(found["key"])
        if key is None:
            raise SecretKeyError(
                f"{purpose}: its data key {found['key']} is not in this database",
                f"{purpose}：本数据库中没有对应的数据密钥 {found['key']}",
            )
        return _unboxed(key, found["box"], purpose).decode()

    def digest(self, text: str, purpose: str) -> str:
        """A keyed fingerprint: the same for the same text, also after keys were changed; nobody can guess by it."""
        if purpose not in self._digest_keys:
            self._digest_keys[purpose] = self._digest_key(f"{DIGEST_KEY}{purpose}")
        return hmac.new(self._digest_keys[purpose], text.encode(), hashlib.sha256).hexdigest()

    def _digest_key(self, name: str) -> bytes:
        bound = f"security_facts.value:{name}"
        sealed = self.database.run_sync(lambda connection: security_facts.get(connection, name))
        if sealed is None:
            fresh = self.seal(secrets.token_hex(KEY_BYTES), bound)
            sealed = self.database.run_sync(lambda connection: _put_once(connection, name, fresh))
        return self.open(str(sealed), bound).encode()

    @property
    def newest(self) -> str:
        """Id of the data key that seals."""
        return self._fresh().newest

    def keys_of(self, by_id: Mapping[str, bytes], newest: str, master: MasterKey) -> Keys:
        """Keys as they are read now."""
        return Keys(by_id, newest, master, self._monotonic_s())

    def take(self, known: Keys) -> None:
        """Go on with keys that this process made itself."""
        with self._reading:
            self._keys = known

    def reload(self) -> Keys:
        """Read the keys anew.

        Raises:
            SecretKeyError, DatabaseError.
        """
        with self._reading:
            self._keys = known = self._read_patiently()
            return known

    def _read_patiently(self) -> Keys:
        """Somebody may be changing the key just now: its file and the database are two places."""
        for _ in range(ATTEMPTS - 1):
            with suppress(SecretKeyError):
                return self._read()
            time.sleep(WAIT_S)
        return self._read()

    def _fresh(self) -> Keys:
        known = self._keys
        return known if known and self._monotonic_s() - known.read_s < FRESH_S else self.reload()

    def _key(self, key_id: str) -> bytes | None:
        known = self._keys
        if known is not None and key_id in known.by_id:
            return known.by_id[key_id]
        return self.reload().by_id.get(key_id)

    def _read(self) -> Keys:
        rows = self.database.run_sync(keys.rows) or self.database.run_sync(self._first_key)
        by_id = {master.key_id: master for master in self.place.given()}
        KNOWN.keep("vault", (master.text.rstrip("=") for master in by_id.values()))
        missing = next((row.wrapped_by for row in rows if row.wrapped_by not in by_id), None)
        if missing is not None:
            raise _wrong_key(missing, self.place, by_id)
        newest = max(rows, key=lambda row: (row.retired_unix_s is None, row.created_unix_s, row.key_id))
        self.place.settle(by_id[newest.wrapped_by])
        opened = {row.key_id: unwrapped(row, by_id[row.wrapped_by]) for row in rows}
        return self.keys_of(opened, newest.key_id, by_id[newest.wrapped_by])

    def _first_key(self, connection: Connection) -> tuple[DataKeyRow, ...]:
        """Made by whoever is first of several processes."""
        keys.write_alone(connection)
        if known := keys.rows(connection):
            return known
        master = next(iter(self.place.given()), None) or self.place.make()
        row, _ = new_data_key(master, self.unix_s())
        keys.add(connection, row)
        log.info("secrets.key_made", key_id=row.key_id, origin=master.origin)
        return (row,)


def open_vault(database: Database, data_dir: Path, env: Mapping[str, str] = os.environ) -> Vault:
    """The vault of a data folder. Nothing is read yet."""
    return Vault(database, KeyPlace(data_dir / "keys", env))


def _put_once(connection: Connection, name: str, value: str) -> object:
    """Keep a fact, unless there is one; gives the one that is kept."""
    keys.write_alone(connection)
    known = security_facts.get(connection, name)
    if known is None:
        security_facts.put(connection, {name: value})
    return known or value


def new_data_key(master: MasterKey, now_unix_s: float) -> tuple[DataKeyRow, bytes]:
    """A random data key: its row, and the key itself."""
    raw, key_id = secrets.token_bytes(KEY_BYTES), secrets.token_hex(8)
    row = DataKeyRow(
        key_id=key_id, wrapped=wrapped(raw, key_id, master), wrapped_by=master.key_id, created_unix_s=now_unix_s
    )
    return row, raw


def wrapped(raw: bytes, key_id: str, master: MasterKey) -> bytes:
    """A data key, sealed by a master key."""
    return _boxed(master.raw, raw, f"data key {key_id}").encode()


def unwrapped(row: DataKeyRow, master: MasterKey) -> bytes:
    """A row's data key.

    Raises:
        SecretKeyError: the row was changed.
    """
    return _unboxed(master.raw, row.wrapped.decode("ascii", "replace"), f"data key {row.key_id}")


def _boxed(key: bytes, plain: bytes, purpose: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(key).encrypt(nonce, plain, f"popcam:{purpose}".encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def _unboxed(key: bytes, box: str, purpose: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        raw = base64.urlsafe_b64decode(box + "=" * (-len(box) % 4))
        return _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], f"popcam:{purpose}".encode())
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise SecretKeyError(
            f"{purpose}: what is stored was changed, or belongs elsewhere",
            f"{purpose}：存储的内容已被改动，或属于别处",
        ) from error


def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _wrong_key(needed: str, place: KeyPlace, given: Mapping[str, MasterKey]) -> SecretKeyError:
    if not given:
        return SecretKeyError(
            f"the secrets were sealed by key {needed}, and {place.file} is missing",
            f"机密由密钥 {needed} 加密，但 {place.file} 不存在",
        )
    have = ", ".join(given)
    return SecretKeyError(
        f"the secrets were sealed by key {needed}, and the key given ({place.origin}) is {have}",
        f"机密由密钥 {needed} 加密，而提供的密钥（{place.origin}）是 {have}",
    )
