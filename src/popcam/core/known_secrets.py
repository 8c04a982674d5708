"""Secrets that this process knows, so that no text shows them, however they got into it.

Patterns (`redact`) find a password where an address or a query says that it is one. A library that prints it alone, in
base64 or escaped, is found here: each value is looked for exactly, in the spellings that programs use.
"""

import base64
import html
import json
import re
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

from popcam.core.redact import MASK, credentials_in
from popcam.core.spec import CameraSpec, SourceSpec

MAX_VALUES = 50_000
"""Most spellings in memory, some 10 MB; the owner that was told first is forgotten first."""
_GRAM = 4
"""Shorter secrets are not looked for: they would be found in every other word."""
_ALONE_BELOW = 8
"""Shorter ones count only where no letter or digit is beside them."""


_PERCENT = re.compile(r"%[0-9A-F]{2}")


class KnownSecrets:
    """Exact values to be masked. Safe to use from any thread; the cost of a text does not grow with their number."""

    def __init__(self, max_values: int = MAX_VALUES) -> None:
        self._max_values = max_values
        self._owners: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._uses: Counter[str] = Counter()
        self._lengths: dict[str, tuple[int, ...]] = {}
        """By the first letters: how long values are that begin so, the longest first."""
        self._of_length: Counter[tuple[str, int]] = Counter()
        self._changing = threading.Lock()

    def keep(self, owner: str, values: Iterable[str]) -> None:
        """Know these values of an owner, such as `camera:front`, in place of those known of it before."""
        spelled = frozenset(spelling for value in values for spelling in spellings(value))
        with self._changing:
            if self._owners.get(owner) == spelled:
                return
            self._add(spelled)
            self._drop(self._owners.pop(owner, frozenset()))
            if spelled:
                self._owners[owner] = spelled
            while len(self._uses) > self._max_values and len(self._owners) > 1:
                self._drop(self._owners.popitem(last=False)[1])

    def mask(self, text: str) -> str:
        """The text with each known value as `***`, the longest first where several fit."""
        grams = self._lengths
        if not grams:
            return text
        hits = [at for at in range(len(text) - _GRAM + 1) if text[at : at + _GRAM] in grams]
        if not hits:
            return text
        parts, done = [], 0
        for at in hits:
            if at >= done and (found := self._found_at(text, at)):
                parts += [text[done:at], MASK]
                done = at + len(found)
        return "".join([*parts, text[done:]])

    def _found_at(self, text: str, at: int) -> str:
        candidates = (text[at : at + length] for length in self._lengths.get(text[at : at + _GRAM], ()))
        return next((value for value in candidates if value in self._uses and _fits(text, at, value)), "")

    def _add(self, values: Iterable[str]) -> None:
        for value in values:
            self._uses[value] += 1
            if self._uses[value] == 1:
                self._count_length(value[:_GRAM], len(value), 1)

    def _drop(self, values: Iterable[str]) -> None:
        for value in values:
            self._uses[value] -= 1
            if self._uses[value] == 0:
                del self._uses[value]
                self._count_length(value[:_GRAM], len(value), -1)

    def _count_length(self, gram: str, length: int, by: int) -> None:
        before = self._of_length[gram, length]
        self._of_length[gram, length] = before + by
        if before and before + by:
            return  # others of this length begin so, too
        known = {*self._lengths.get(gram, ()), length}
        if before:
            known.remove(length)
            del self._of_length[gram, length]
        # A new tuple in one step: who masks meanwhile sees the old one or the new one.
        if known:
            self._lengths[gram] = tuple(sorted(known, reverse=True))
        else:
            del self._lengths[gram]


KNOWN = KnownSecrets()
"""Those of this process: its log and its answers are one for the whole process, too."""


def spellings(value: str) -> Iterator[str]:
    """A secret as programs write it: as it is, percent-encoded, escaped for JSON, Python and XML, in base64."""
    for plain in dict.fromkeys((value, unquote(value))):
        if len(plain) < _GRAM or plain == MASK:
            continue
        encoded = (quote(plain, safe=""), quote(plain), quote_plus(plain))
        yield from (plain, *encoded, *(_PERCENT.sub(lambda found: found[0].lower(), text) for text in encoded))
        yield from (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1], repr(plain)[1:-1])
        yield from (html.escape(plain), html.escape(plain, quote=False))
        yield base64.b64encode(plain.encode()).decode().rstrip("=")


def secrets_of_address(url: str, username: str = "", password: str = "") -> Iterator[str]:
    """What must not be shown of an address and the two fields beside it."""
    found = credentials_in(url)
    for user, word in ((found.username, found.password), (username, password)):
        if word:
            yield from (word, f"{user}:{word}", f"{unquote(user)}:{unquote(word)}")
        elif user and user == found.username:
            yield user  # a token that stands where the name does
    yield from found.others


def secrets_of_source(spec: SourceSpec) -> Iterator[str]:
    """What must not be shown of a source."""
    yield from secrets_of_address(spec.url, spec.username, spec.password)


def secrets_of_camera(spec: CameraSpec) -> Iterator[str]:
    """What must not be shown of a camera: its sources and the servers that get its stream."""
    for source in (spec.source, spec.sub_source):
        if source is not None:
            yield from secrets_of_source(source)
    for target in spec.restream:
        yield from secrets_of_address(target.url)


def keep_camera(spec: CameraSpec) -> None:
    """Mask what is secret of a camera in all that this process says from now on, also after the camera is gone."""
    KNOWN.keep(f"camera:{spec.id}", secrets_of_camera(spec))


def _fits(text: str, at: int, value: str) -> bool:
    if len(value) >= _ALONE_BELOW:
        return True
    end = at + len(value)
    before, after = text[at - 1 : at] if at else "", text[end : end + 1]
    return not (before.isalnum() or after.isalnum())
