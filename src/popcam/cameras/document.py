"""Cameras as plain JSON for forms: secrets masked on the way out and put back on the way in. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from popcam.core.errors import CameraInvalidError, ConfigProblem, FieldChange
from popcam.core.language import Text
from popcam.core.redact import MASK, is_masked, redact, unmasked
from popcam.core.spec import CameraSpec

Plain = dict[str, Any]
SECRETS = ("username", "password")
_SOURCES = ("source", "sub_source")
_MASK_REASON = Text(
    "`***` only stands for a saved secret, and none is saved here; write the secret itself",
    "`***` 只代表已保存的密码，而此处没有；请填写真实内容",
)


def plain(spec: CameraSpec) -> Plain:
    """All settings as JSON values, secrets included: for stores only."""
    values: Plain = msgspec.json.decode(msgspec.json.encode(spec))  # by way of JSON, so that tuples become lists
    return values


def masked(spec: CameraSpec) -> Plain:
    """All settings as JSON values with secrets as `***`."""
    values = plain(spec)
    for address in _addresses(values):
        address["url"] = redact(address["url"])
        for key in SECRETS:
            if address.get(key):
                address[key] = MASK
    return values


def merged(target: Any, changes: Any) -> Any:
    """JSON merge patch (RFC 7396): null takes a key away, mappings merge, all else replaces."""
    if not isinstance(changes, Mapping):
        return changes
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def with_addresses(values: Mapping[str, Any]) -> Plain:
    """A copy with plain addresses as `{url: address}`, so that a new address merges with a saved password."""
    result = dict(values)
    for key in _SOURCES:
        if isinstance(result.get(key), str):
            result[key] = {"url": result[key]}
        elif isinstance(result.get(key), Mapping):
            result[key] = dict(result[key])
    if isinstance(result.get("restream"), list):
        result["restream"] = [
            {"url": item} if isinstance(item, str) else dict(item) if isinstance(item, Mapping) else item
            for item in result["restream"]
        ]
    return result


def with_secrets(values: Mapping[str, Any], saved: Mapping[str, Any] | None, *, keep_absent: bool) -> Plain:
    """What somebody sent, with each `***` replaced by the saved secret it stands for.

    Args:
        values: as `with_addresses` made it.
        saved: the camera as it is, secrets included; None for a new one.
        keep_absent: a secret that is left out stays too.

    Raises:
        CameraInvalidError: a mask stands where no secret is saved: nobody's password is `***`.
    """
    result, known = dict(values), saved or {}
    problems: list[str] = []
    for key in _SOURCES:
        if isinstance(result.get(key), dict):
            result[key] = _source_with_secrets(result[key], known.get(key) or {}, keep_absent=keep_absent)
            problems += [f"{key}.{name}" for name in _still_masked(result[key])]
    targets = result.get("restream")
    if isinstance(targets, list):
        old_urls = [target["url"] for target in known.get("restream", ())]
        for index, target in enumerate(targets):
            if isinstance(target, dict):
                _restore_url(target, old_urls[index : index + 1] + old_urls)
                problems += [f"restream[{index}].{name}" for name in _still_masked(target)]
    if problems:
        raise CameraInvalidError(problems=tuple(ConfigProblem(_MASK_REASON, key) for key in problems))
    return result


def field_changes(before: CameraSpec | None, now: CameraSpec | None) -> tuple[FieldChange, ...]:
    """What differs, secrets masked; a secret that differs shows as a change from `***` to `***`."""
    old = dict(_leaves(plain(before), "")) if before else {}
    new = dict(_leaves(plain(now), "")) if now else {}
    shown_old = dict(_leaves(masked(before), "")) if before else {}
    shown_new = dict(_leaves(masked(now), "")) if now else {}
    return tuple(
        FieldChange(key, shown_old.get(key), shown_new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    )


def _source_with_secrets(source: Plain, saved: Mapping[str, Any], *, keep_absent: bool) -> Plain:
    result = dict(source)
    for key in SECRETS:
        if (result.get(key) == MASK or (keep_absent and key not in result)) and saved.get(key):
            result[key] = saved[key]
    _restore_url(result, [saved["url"]] if saved else [])
    return result


def _restore_url(address: Plain, saved_urls: list[str]) -> None:
    url = address.get("url")
    if not isinstance(url, str) or not is_masked(url):
        return
    same = next((saved for saved in saved_urls if redact(saved) == url), None)
    if same is not None:
        address["url"] = same
    elif saved_urls:
        address["url"] = unmasked(url, saved_urls[0])


def _still_masked(address: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(address.get("url"), str) and is_masked(address["url"]):
        yield "url"
    for key in SECRETS:
        if address.get(key) == MASK:
            yield key


def _addresses(values: Plain) -> Iterator[Plain]:
    yield from (values[key] for key in _SOURCES if values[key] is not None)
    yield from values["restream"]


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{key}[{index}]")
    else:
        yield key, value
