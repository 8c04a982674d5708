"""Reading a source's address: scheme, query, credentials. Nothing is opened here."""

from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from popcam.core.addresses import SOURCE_SCHEMES
from popcam.core.errors import SourceAddressError
from popcam.core.redact import redact
from popcam.core.spec import SourceSpec


def scheme_of(url: str) -> str:
    """The scheme of an address, or an empty string for a path.

    Raises:
        SourceAddressError: a scheme that is not on the list.
    """
    head, colon, _ = url.partition(":")
    if not colon or not head or "/" in head or "\\" in head or (len(head) == 1 and head.isalpha()):
        return ""  # a path; a single letter is a Windows drive
    scheme = head.lower()
    if scheme in SOURCE_SCHEMES:
        return scheme
    if _looks_like_scheme(head):
        raise SourceAddressError(f"nothing here opens {redact(url)}")
    return ""


def with_credentials(spec: SourceSpec) -> str:
    """The address with user name and password of the spec, where it holds none of its own.

    Raises:
        SourceAddressError: the address has no host or an impossible port.
    """
    try:
        parts = urlsplit(spec.url)
        _ = parts.port  # checked only when read
    except ValueError as error:
        raise SourceAddressError(f"{redact(spec.url)}: {redact(str(error))}") from error
    if not parts.hostname:
        raise SourceAddressError(f"{redact(spec.url)} names no host")
    if not spec.username or "@" in parts.netloc:
        return spec.url
    user = f"{quote(spec.username, safe='')}:{quote(spec.password, safe='')}"
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


def numbers_in_query(url: str, known: frozenset[str]) -> dict[str, float]:
    """The numbers in an address such as `synthetic:?width=640&fps=25`.

    Raises:
        SourceAddressError: a key that is not known, or a value that is no positive number.
    """
    _, _, query = url.partition("?")
    numbers: dict[str, float] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise SourceAddressError(f"{redact(url)}: no `{key}`; known are {', '.join(sorted(known))}")
        try:
            numbers[key] = float(value)
        except ValueError:
            numbers[key] = 0.0
        if not 0 < numbers[key] < 1e6:
            raise SourceAddressError(f"{redact(url)}: `{key}` must be a positive number")
    return numbers


def _looks_like_scheme(head: str) -> bool:
    return head[0].isalpha() and head.isascii() and all(letter.isalnum() or letter in "+-.," for letter in head)
