"""One place that takes credentials out of text before anybody sees it."""

import re
from typing import NamedTuple

MASK = "***"

# A run without white space and without a quote that closes a text, as the one before a comma in JSON does.
_TOKEN = re.compile(r"""(?:[^\s'"]|['"](?![,:;\])}\s]|$))+""")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,19}://")
_AUTHORITY_END = re.compile(r"[/?#]")
# By how a name ends: `key`, `api_key`, `streamKey`, `X-Amz-Signature`. Better too much masked than too little.
_QUERY_SECRET = re.compile(
    r"(?P<key>(?:^|[?&;\s])[\w.-]{0,24}"
    r"(?:password|passwd|passphrase|pwd|psw|pass|loginpas|token|secret|key|auth|sig|signature|credentials?)=)"
    r"(?P<value>[^&\s'\"#;]+)",
    re.IGNORECASE,
)

# Whoever pushes over RTMP names the application and then the key that proves the right to send: rtmp://host/live/KEY.
_STREAM_KEY = re.compile(
    r"(?P<head>\brtmps?://[^\s/?#'\"]+/(?:[^\s/?#'\"]+/)+)"
    r"(?P<key>[^\s/?#'\"]+?)(?=[.,;:)\]}]*(?:[\s/?#'\"]|$))",
    re.IGNORECASE,
)

_MASKED_PART = re.compile(r"://\*\*\*@|=\*\*\*(?=[&;#\s]|$)|\brtmps?://\S*/\*\*\*(?=[?#\s]|$)", re.IGNORECASE)
_MASKED_KEY = re.compile(r"(?<=/)\*\*\*(?=[?#]|$)")
_MASKED_QUERY = re.compile(r"(?P<key>[\w-]+)=\*\*\*(?=[&;#\s]|$)")


def redact(text: str) -> str:
    """The text with passwords in addresses and queries, and the stream keys of RTMP, replaced by `***`.

    The user name of an address goes too: many cameras hold a token there.
    """
    masked = _without_userinfo(text)
    masked = _STREAM_KEY.sub(rf"\g<head>{MASK}", masked)
    return _QUERY_SECRET.sub(rf"\g<key>{MASK}", masked)


class Credentials(NamedTuple):
    """What `redact` would mask of an address, as it is written there."""

    username: str
    password: str
    others: tuple[str, ...]
    """Secrets of the query, and the stream key of RTMP."""


def credentials_in(address: str) -> Credentials:
    """The secret parts of one address."""
    open_path = _without_userinfo(address)
    head, at, rest = open_path.partition(f"://{MASK}@")
    userinfo = address[len(head) + 3 : len(address) - len(rest) - 1] if at else ""
    username, _, password = userinfo.partition(":")
    others = [found["value"] for found in _QUERY_SECRET.finditer(open_path)]
    others += [found["key"] for found in _STREAM_KEY.finditer(open_path)]
    return Credentials(username, password, tuple(others))


def is_masked(address: str) -> bool:
    """Whether a part of an address is a mask: nobody's password is `***`."""
    return _MASKED_PART.search(address) is not None


def unmasked(address: str, saved: str) -> str:
    """The address with the secrets of the saved one; its host or path may be others. What stays masked had none."""
    if redact(saved) == address:
        return saved
    open_path = _without_userinfo(saved)
    head, at, rest = open_path.partition(f"://{MASK}@")
    if at:
        host = re.split(r"[?#]", rest)[0]
        userinfo = saved[len(head) + 3 : saved.find(f"@{host}", len(head) + 3)]
        address = address.replace(f"://{MASK}@", f"://{userinfo}@", 1)

    def value(found: re.Match[str]) -> str:
        own = re.search(rf"[?&;]{re.escape(found['key'])}=([^&;#\s]*)", saved)
        return f"{found['key']}={own[1]}" if own else found[0]

    address = _MASKED_QUERY.sub(value, address)
    key = _STREAM_KEY.search(open_path)
    return _MASKED_KEY.sub(lambda _: key["key"], address, count=1) if key else address


def _without_userinfo(text: str) -> str:
    return _TOKEN.sub(lambda token: _mask_userinfo(token[0]), text)


def _mask_userinfo(token: str) -> str:
    """Mask `user:password` of `scheme://user:password@` up to the last `@`.

    People write passwords as they are, `/`, `?` and `#` included. So after a colon these belong to the password, even
    if an `@` in the path behind `host:port/` is then taken for its end: better too much masked than too little.
    """
    last_at = token.rfind("@")
    done, parts = 0, []
    while (scheme := _SCHEME.search(token, done)) and scheme.end() <= last_at:
        start = scheme.end()
        ending = _AUTHORITY_END.search(token, start)
        end = ending.start() if ending else len(token)
        at = last_at if ":" in token[start:end] else token.rfind("@", start, end)
        parts.append(token[done:start])
        done = start
        if at >= start:
            parts.append(MASK)
            done = at
    return "".join([*parts, token[done:]])
