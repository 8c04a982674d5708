"""The head: how far the log has come, signed, in a file beside the key. Who can write only to the database can't take
the newest entries away unseen, as the database alone would let them since its last checkpoint.
"""

import base64
import binascii
import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from popcam.core.errors import AuditKeyError
from popcam.security.audit_chain import canonical, parse
from popcam.security.audit_keys import InstanceKey, PublicKey, as_text
from popcam.security.audit_sign import message_of
from popcam.storage.audit import Tail

NAME = "audit.head"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A place in the chain that was reached."""

    seq: int
    hash: str
    unix_s: float
    key_id: str
    signature: bytes

    def signed_by(self, key: PublicKey) -> bool:
        """Whether this key vouches for it."""
        message = message_of("head", self.seq, self.unix_s, self.hash)
        return key.key_id == self.key_id and key.verifies(self.signature, message)


def read_head(folder: Path) -> Head | None:
    """The newest head; None when there is none yet.

    Raises:
        AuditKeyError: the file can't be read, or is no head.
    """
    path = folder / NAME
    try:
        fields = parse(path.read_bytes())
        return Head(
            seq=int(fields["seq"]),
            hash=str(fields["hash"]),
            unix_s=float(fields["unix_s"]),
            key_id=str(fields["key_id"]),
            signature=base64.b64decode(fields["signature"], validate=True),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuditKeyError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise AuditKeyError(f"{path}: damaged", f"{path}：已损坏") from error


def write_head(folder: Path, database: Path, key: InstanceKey, at: Tail, unix_s: float) -> None:
    """Keep a head; the database's last writes reach the disk first, so that a power cut never leaves a head without
    its entries.

    Raises:
        OSError: it can't be written.
    """
    _sync(database.with_name(f"{database.name}-wal"))
    unix_s = round(unix_s, 3)
    signature = key.sign(message_of("head", at.seq, unix_s, at.hash))
    fields = {
        "seq": at.seq,
        "hash": at.hash,
        "unix_s": unix_s,
        "key_id": key.public.key_id,
        "signature": as_text(signature),
    }
    part = folder / f".{NAME}.{secrets.token_hex(6)}"
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(canonical(fields))
        part.replace(folder / NAME)
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # all of it is in the database's own file already
        handle = os.open(path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
