"""Addresses of cameras as the database keeps them: with user name and password, sealed as one.

All of an address is sealed, not what looks like a password: people put tokens anywhere in a path. And together, so
that nobody who can write to the database points a saved password to another host.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from popcam.core.errors import SecretKeyError

Plain = dict[str, Any]
KEY = "sealed"
ADDRESS = ("url", "username", "password")
_SOURCES = ("source", "sub_source")


class Sealing(Protocol):
    """What a store wants of the vault. All of it may block."""

    def ready(self) -> None:
        """Have the keys; before a transaction, since making them writes.

        Raises:
            SecretKeyError, DatabaseError.
        """
        ...

    def seal(self, text: str, purpose: str) -> str:
        """Text that only `open` with the same purpose reads."""
        ...

    def open(self, sealed: str, purpose: str) -> str:
        """What was sealed.

        Raises:
            SecretKeyError: it was changed, or its key is gone.
        """
        ...

    def digest(self, text: str, purpose: str) -> str:
        """A keyed fingerprint of 64 characters, always the same for the same text."""
        ...


def purpose(camera_id: str) -> str:
    """What the addresses of a camera are sealed for: they open in no other row."""
    return f"cameras.spec:{camera_id}"


def sealed_document(camera_id: str, values: Mapping[str, Any], seal: Callable[[str, str], str]) -> Plain:
    """A camera's values with each address, and its name and password, as `{"sealed": ...}`."""

    def close(address: Plain) -> Plain:
        if KEY in address:
            return address
        secret = {key: address[key] for key in ADDRESS if address.get(key)}
        rest = {key: value for key, value in address.items() if key not in ADDRESS}
        return {KEY: seal(json.dumps(secret, ensure_ascii=False), purpose(camera_id)), **rest}

    return _with_addresses(values, close)


def opened_document(camera_id: str, values: Mapping[str, Any], open_: Callable[[str, str], str]) -> Plain:
    """A camera's values as they were. What was never sealed stays as it is.

    Raises:
        SecretKeyError: an address does not open.
    """

    def reveal(address: Plain) -> Plain:
        if KEY not in address:
            return address
        secret = json.loads(open_(str(address[KEY]), purpose(camera_id)))
        if not isinstance(secret, dict):
            raise SecretKeyError(f"{camera_id}: what was sealed is no address", f"{camera_id}：加密的内容不是地址")
        return {**{key: value for key, value in address.items() if key != KEY}, **secret}

    return _with_addresses(values, reveal)


def has_plain_address(values: Mapping[str, Any]) -> bool:
    """Whether something is still to be sealed: the row comes from a version that sealed nothing."""
    return any(KEY not in address for address in _addresses(values))


def _with_addresses(values: Mapping[str, Any], change: Callable[[Plain], Plain]) -> Plain:
    result = dict(values)
    for key in _SOURCES:
        if result.get(key) is not None:
            result[key] = change(_as_mapping(result[key]))
    if isinstance(result.get("restream"), list):
        result["restream"] = [change(_as_mapping(target)) for target in result["restream"]]
    return result


def _addresses(values: Mapping[str, Any]) -> Iterator[Plain]:
    yield from (_as_mapping(values[key]) for key in _SOURCES if values.get(key) is not None)
    targets = values.get("restream")
    if isinstance(targets, list):
        yield from (_as_mapping(target) for target in targets)


def _as_mapping(address: Any) -> Plain:
    """The short form, which a row written by hand may have, is the address alone."""
    return dict(address) if isinstance(address, Mapping) else {"url": address}
