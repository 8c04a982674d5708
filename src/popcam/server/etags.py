"""Versions of cameras as HTTP speaks of them: `ETag` and `If-Match` (RFC 9110)."""

import re

from popcam.core.errors import RequestInvalidError

_TAG = re.compile(r'"([\x21\x23-\x7e]*)"')


def etag(version: str) -> str:
    """The header's value for a version."""
    return f'"{version}"'


def expected_version(if_match: str | None) -> str | None:
    """The version on which a change is based; None when any will do (no header, or `*`).

    Raises:
        RequestInvalidError: it is no single strong tag. A weak one can't prove that nothing changed.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _TAG.fullmatch(if_match.strip())
    if tag is None:
        raise RequestInvalidError('If-Match: give one version as `"..."`, as `ETag` had it')
    return tag[1]
