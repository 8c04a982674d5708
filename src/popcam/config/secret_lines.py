"""What must not be seen in a text that is no YAML (an editor saved half of it): found line by line. Pure.

Rather too much is hidden than too little. The path of a line is made of what it is indented under.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from popcam.config.origin import KeyPath
from popcam.config.show import SECRET_KEYS
from popcam.core.redact import MASK, redact

QUOTED_MASK = f"'{MASK}'"
_WORD_SECRET = re.compile(
    r"""(?P<key>(?:^|[\s{,"'#?-])["']?(?:apprise_url|password|username)["']?\s*:[ \t]*)(?P<value>\S[^\n]*)""",
    re.IGNORECASE,
)
_LINE = re.compile(r"""(?P<margin>[ \t]*(?:- )*)(?P<quote>["']?)(?P<key>[\w.-]+)(?P=quote)\s*:\s*(?P<value>.*)""")
_IN_BRACES = re.compile(
    r"""["']?\b(?P<key>[\w-]+)["']?\s*:\s*(?:(?P<open>\{)|(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,}{]+))|(?P<close>\})"""
)
_COMMENT_IN_LINE = re.compile(r"(?:^|(?<=\s))#.*")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that holds a secret or its mask: from `start` to before `end`; `shown` stands in its place."""

    start: int
    end: int
    path: KeyPath
    value: str
    shown: str


def masked_words(text: str) -> str:
    """Free text, such as a comment, without secrets: those in addresses, and what stands behind `password:`."""
    return _WORD_SECRET.sub(lambda found: found["key"] + MASK, redact(text))


def secret_lines(text: str) -> Iterator[Span]:
    """For a text that is no YAML: the same by lines. The path of a line is made of what it is indented under."""
    above: list[tuple[int, str]] = []
    hidden_below = -1
    start = 0
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        entry = _LINE.match(line)
        if not line.strip():
            pass
        elif 0 <= hidden_below < indent:
            yield Span(start + indent, start + len(line), (), line[indent:], MASK)  # the secret goes on below its key
        elif entry is None:
            hidden_below = -1
            yield from _words(line, start)
        else:
            above = [*(part for part in above if part[0] < len(entry["margin"])), (len(entry["margin"]), entry["key"])]
            secret = entry["key"].lower() in SECRET_KEYS
            hidden_below = indent if secret else -1
            yield from _value_in_line(entry, tuple(name for _, name in above), start, secret=secret)
        start += len(line) + 1


def _value_in_line(entry: re.Match[str], path: KeyPath, start: int, *, secret: bool) -> Iterator[Span]:
    value, begin = entry["value"].rstrip(), start + entry.start("value")
    if secret:
        if value:
            yield Span(begin, begin + len(value), path, value, QUOTED_MASK)
        return
    comment = _COMMENT_IN_LINE.search(value)
    if comment is not None:
        yield from _words(comment[0], begin + comment.start())
        value = value[: comment.start()].rstrip()
    if value.startswith("{"):
        yield from _in_braces(value, path, begin)
    elif (shown := masked_words(value)) != value:
        yield Span(begin, begin + len(value), path, _bare(value), shown)


def _in_braces(value: str, path: KeyPath, begin: int) -> Iterator[Span]:
    """The same for a mapping in one line."""
    above = list(path)
    for found in _IN_BRACES.finditer(value):
        if found["close"]:
            above = above[:-1] or above
        elif found["open"]:
            above.append(found["key"])
        else:
            shown = QUOTED_MASK if found["key"] in SECRET_KEYS else redact(found["value"])
            if shown != found["value"]:
                place = begin + found.start("value"), begin + found.end("value")
                yield Span(*place, (*above, found["key"]), _bare(found["value"]), shown)


def _words(line: str, start: int) -> Iterator[Span]:
    words = line.lstrip()
    if (shown := masked_words(words)) != words:
        begin = start + len(line) - len(words)
        yield Span(begin, start + len(line), (), words, shown)


def _bare(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1] else value
