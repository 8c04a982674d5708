"""What an entry of the audit log is, and how each holds the one before it. Pure rules, so that anybody can check them.

An entry is canonical JSON: keys sorted, no spaces, UTF-8, numbers as Python's `json` writes them. Its hash is SHA-256
over these bytes, in hexadecimal; `prev` is the hash of the entry before, 64 zeros for the first one.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from popcam.core.access import ITSELF, AuditNote, Principal
from popcam.core.clean import clean
from popcam.core.redact import MASK, redact
from popcam.storage.audit import AuditRow

VERSION = 1
FIRST_PREV = "0" * 64
MAX_ACTION, MAX_ACTOR, MAX_OBJECT, MAX_DETAIL = 64, 80, 200, 2000
MAX_VALUE_CHARS = 64_000
"""Of `before` and `after` as JSON. What is longer is told by its length and hash."""
MAX_DEPTH = 12
SECRET_NAMES = ("password", "passwd", "passphrase", "secret", "token", "credentials", "private_key", "api_key")
"""A field whose name ends so never shows its text, whoever forgot to mask it."""

Json = dict[str, Any]


class Draft(NamedTuple):
    """A note as plain JSON values, at its time, before it has a place in the chain."""

    unix_s: float
    fields: Json


def draft_of(note: AuditNote, unix_s: float) -> Draft:
    """The note with everything in it bounded and masked; later changes of what it points to change nothing."""
    return Draft(
        round(unix_s, 3),
        {
            "action": _short(note.action, MAX_ACTION),
            "result": note.result,
            "who": who_of(note.who),
            "on": _short(redact(note.on), MAX_OBJECT),
            "detail": _text(note.detail, MAX_DETAIL),
            "before": _value(note.before),
            "after": _value(note.after),
            "request_id": _short(note.request_id, 64),
        },
    )


def own_draft(action: str, detail: str, unix_s: float, *, failed: bool = False) -> Draft:
    """What the log tells of itself."""
    return draft_of(AuditNote(action, "failed" if failed else "ok", ITSELF, "audit", detail), unix_s)


def who_of(who: Principal) -> Json:
    """Somebody as the log tells of them."""
    return {
        "name": _short(who.name, MAX_ACTOR),
        "user_id": _short(who.user_id, 64),
        "via": who.via,
        "role": who.role,
        "credential_id": _short(who.credential_id, 64),
        "address": _short(who.address, 64),
    }


def row_of(draft: Draft, seq: int, prev: str) -> AuditRow:
    """The entry at its place.

    Args:
        draft: what happened.
        seq: its number, from 1 without gaps.
        prev: hash of the entry before; `FIRST_PREV` for none.
    """
    fields = draft.fields
    entry = canonical({"v": VERSION, "seq": seq, "unix_s": draft.unix_s, "prev": prev, **fields})
    return AuditRow(
        seq=seq,
        unix_s=draft.unix_s,
        action=fields["action"],
        result=fields["result"],
        actor=fields["who"]["name"],
        object=fields["on"],
        entry=entry,
        hash=hash_of(entry),
    )


def columns_of(entry: Mapping[str, Any]) -> Json:
    """What the columns beside an entry must repeat of it.

    Raises:
        KeyError, TypeError: it is none of ours.
    """
    return {
        "seq": entry["seq"],
        "unix_s": entry["unix_s"],
        "action": entry["action"],
        "result": entry["result"],
        "actor": entry["who"]["name"],
        "object": entry["on"],
    }


def canonical(value: object) -> str:
    """The one text of a JSON value.

    Raises:
        ValueError: it holds what JSON can't.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse(text: str | bytes) -> Any:
    """Strict JSON: no name twice, no NaN. Else a changed entry could show one text and be hashed by another.

    Raises:
        ValueError: it is not.
    """
    return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)


def hash_of(entry: str) -> str:
    """SHA-256 over the text, in hexadecimal."""
    return hashlib.sha256(entry.encode()).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _text(value: str, limit: int) -> str:
    return _short(clean(value), limit)


def _short(value: str, limit: int) -> str:
    """A name of ours or of a person. It holds no secrets, and stays what it is even if somebody's password is the same
    word."""
    plain = value.encode("utf-8", "replace").decode()
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"


def _value(value: object) -> Any:
    plain = _plain(value, MAX_DEPTH)
    text = canonical(plain)
    if len(text) <= MAX_VALUE_CHARS:
        return plain
    return {"too_long_chars": len(text), "sha256": hash_of(text)}


def _plain(value: object, depth: int) -> Any:
    """JSON values only, texts masked."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) < 2**63 else "a number of more than 63 bits"
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return _text(value, MAX_VALUE_CHARS)
        case Mapping() if depth:
            return {_text(str(key), 200): _field(str(key), item, depth - 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() if depth:
            items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
            return [_plain(item, depth - 1) for item in items]
        case _:
            return _text(repr(value), 200)


def _field(name: str, value: object, depth: int) -> Any:
    if isinstance(value, str) and value and name.lower().endswith(SECRET_NAMES):
        return MASK
    return _plain(value, depth)
