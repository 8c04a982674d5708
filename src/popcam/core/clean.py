"""The one way of texts that leave the process: log lines, errors, diagnostics. Credentials are taken out of them."""

import re
from collections.abc import Mapping
from typing import Any

from popcam.core.known_secrets import KNOWN
from popcam.core.redact import MASK, redact

MAX_DEPTH = 6
_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|token|secret|cookie|authorization|totp|recovery_codes?)$",
    re.IGNORECASE,
)
"""Names of fields whose value is never shown, whatever it is."""

_NAMES = r"(?:password|passwd|passphrase|token|secret|cookie|set-cookie|authorization|api_key|apikey)"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Our own: API tokens and the browser's session.
    (re.compile(r"\bpopcam_[A-Za-z0-9_-]{43}"), f"popcam_{MASK}"),
    (re.compile(r"\b(popcam_session=)[^;\s\"',}]+"), rf"\1{MASK}"),
    # "password": "x", 'token': 'x', password='x'; a value in quotes ends at the next one that is not escaped.
    (re.compile(rf"""(\b{_NAMES}["']?\s*[:=]\s*[bu]?)(["'])(?:\\.|(?!\2).)*\2""", re.IGNORECASE), rf"\1\2{MASK}\2"),
    # Authorization: Basic dXNlcjpwYXNz
    (re.compile(r"\b((?:proxy-)?authorization\s*[:=]\s*)(?!['\"])[^\r\n,}]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b((?:set-)?cookie\s*:\s*)(?!['\"])[^\r\n}]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(bearer\s+)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(#token=)[^\s\"'&]+", re.IGNORECASE), rf"\1{MASK}"),
)
_TELLTALE = re.compile(r"popcam_|pass|token|secret|cookie|authorization|bearer|api_?key", re.IGNORECASE)
"""Texts without any of these need none of the rules: one look instead of seven."""
_EVENT_NAME = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")


def clean(text: str) -> str:
    """The text without credentials: by their form, by their name, and by their very value where it is known."""
    shown = redact(text)
    if _TELLTALE.search(shown):
        for rule, instead in _RULES:
            shown = rule.sub(instead, shown)
    return KNOWN.mask(shown)


def clean_value(value: Any, depth: int = 0) -> Any:
    """A value of a log line: texts inside of lists and mappings, too; what is no plain value becomes its text."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= MAX_DEPTH:
        return clean(str(value))
    if isinstance(value, Mapping):
        return {clean(str(key)): _clean_field(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean_value(item, depth + 1) for item in value]
    return clean(str(value))


def clean_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """A log line's fields. The names of our own events stay, whatever words somebody takes for a password."""
    return {
        key: value
        if key in {"event", "level", "timestamp"} and isinstance(value, str) and _is_our_own(key, value)
        else _clean_field(key, value, 0)
        for key, value in event.items()
    }


def _clean_field(key: str, value: Any, depth: int) -> Any:
    if value and isinstance(value, str | bytes) and _SECRET_NAME.search(key):
        return MASK
    return clean_value(value, depth)


def _is_our_own(key: str, value: str) -> bool:
    return key != "event" or _EVENT_NAME.fullmatch(value) is not None
