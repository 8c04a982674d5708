"""Signed places of the audit log: what the key vouches for, word by word."""

from collections.abc import Callable
from typing import Literal

from popcam.security.audit_chain import canonical
from popcam.security.audit_keys import InstanceKey, PublicKey
from popcam.storage.audit import CheckpointKind, CheckpointRow, Tail


def message_of(kind: Literal["point", "cut", "head"], seq: int, unix_s: float, digest: str) -> bytes:
    """What is signed. Its first field keeps a signature from being shown for anything else."""
    fields = {"popcam_audit": kind, "v": 1, "seq": seq, "unix_s": unix_s, "hash": digest}
    return canonical(fields).encode()


def checkpoint(key: InstanceKey, kind: CheckpointKind, at: Tail, unix_s: float) -> CheckpointRow:
    """A signed place. `cut` says also that all entries up to it may be gone."""
    unix_s = round(unix_s, 3)
    signature = key.sign(message_of(kind, at.seq, unix_s, at.hash))
    return CheckpointRow(
        seq=at.seq, kind=kind, unix_s=unix_s, hash=at.hash, key_id=key.public.key_id, signature=signature
    )


def vouched(point: CheckpointRow, key_of: Callable[[str], PublicKey | None]) -> bool | None:
    """Whether a checkpoint's signature is right; None when nobody knows its key."""
    key = key_of(point.key_id)
    if key is None:
        return None
    return key.verifies(point.signature, message_of(point.kind, point.seq, point.unix_s, point.hash))
