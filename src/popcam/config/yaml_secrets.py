"""The text of a settings file for people to see and edit: secrets masked, and put back when it returns. Pure.

A text that is YAML is masked by its values, in whatever way they are written; one that is none (an editor saved half of
it) line by line, rather too much than too little. A masked value is known by its place: `cameras.door.source.password`.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from popcam.config.origin import KeyPath, dotted
from popcam.config.secret_lines import QUOTED_MASK, Span, masked_words, secret_lines
from popcam.config.show import SECRET_KEYS
from popcam.config.yaml_tree import MAX_DEPTH
from popcam.core.errors import ConfigProblem
from popcam.core.language import Text
from popcam.core.redact import MASK, is_masked, redact, unmasked

_MASK_REASON = Text(
    "`***` only stands for a saved secret, and none is saved here; write the secret itself",
    "`***` 只代表已保存的密码，而此处没有；请填写真实内容",
)
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class Restored:
    """A text whose masks were put back.

    Attributes:
        text: the text.
        problems: masks that stand for nothing.
        moves: starts in the sent text, and in this one, where the two run on in parallel.
    """

    text: str
    problems: tuple[ConfigProblem, ...]
    moves: tuple[tuple[int, int], ...]
    sent: str

    def place_in_sent(self, line: int, column: int) -> tuple[int, int]:
        """Where a place of this text stands in the text that was sent; both count from 1."""
        if line < 1:
            return line, column
        at = sum(len(part) + 1 for part in self.text.split("\n")[: line - 1]) + column - 1
        sent_at, restored_at = self.moves[max(bisect_right([move[1] for move in self.moves], at) - 1, 0)]
        return _place(self.sent, min(sent_at + at - restored_at, len(self.sent)))


def mask_text(text: str) -> str:
    """The text as people may see it."""
    return _replaced(text, [(span.start, span.end, span.shown) for span in _saved_spans(text)])[0]


def restore_text(sent: str, saved: str) -> Restored:
    """The text with each mask replaced by what the saved text has in its place."""
    if MASK not in sent:
        return Restored(sent, (), ((0, 0),), sent)
    known: dict[KeyPath, list[Span]] = {}
    words: dict[str, list[Span]] = {}
    for span in _saved_spans(saved):
        (known.setdefault(span.path, []) if span.path else words.setdefault(span.shown, [])).append(span)
    scalars = _scalars(sent) or ()
    masks = list(_masks(sent, scalars))
    renamed = _renamed(scalars, masks, known)
    pieces: list[tuple[int, int, str]] = []
    problems: list[ConfigProblem] = []
    for mask in masks:
        if not mask.path:  # a comment: the words say which one it is
            same = words.get(mask.value)
            if same:
                pieces.append((mask.start, mask.end, saved[same[0].start : same[0].end]))
                words[mask.value] = same[1:] or same
            continue
        above = renamed.get(mask.path[:2], mask.path[:2])
        secret = _secret(mask, known.get((*above, *mask.path[2:]), []), saved)
        if secret is None:
            line, column = _place(sent, mask.start)
            problems.append(ConfigProblem(_MASK_REASON, redact(dotted(mask.path)), "", line, column))
        else:
            pieces.append((mask.start, mask.end, secret))
    restored, moves = _replaced(sent, pieces)
    return Restored(restored, tuple(problems), moves, sent)


def _renamed(
    scalars: Sequence[Span], masks: Sequence[Span], known: Mapping[KeyPath, list[Span]]
) -> dict[KeyPath, KeyPath]:
    """A camera that got another id keeps its secrets, where it is clear which one it was."""
    before = {path[:2] for path in known if path[0] == "cameras" and len(path) > 1}
    now = {span.path[:2] for span in scalars if span.path[:1] == ("cameras",) and len(span.path) > 1}
    gone = before - now
    new = {mask.path[:2] for mask in masks if mask.path[:1] == ("cameras",)} - before
    return dict(zip(new, gone, strict=True)) if len(gone) == len(new) == 1 else {}


def _secret(mask: Span, known: list[Span], saved: str) -> str | None:
    """The saved text for a mask; None when there is none, or when it is not clear which."""
    if len({span.value for span in known}) != 1:
        return None
    before = known[0]
    if mask.value in {MASK, redact(before.value)}:
        return saved[before.start : before.end]  # as it was written, quotes included
    address = unmasked(mask.value, before.value)
    return None if is_masked(address) else _quoted(address)


def _masks(text: str, scalars: Sequence[Span]) -> Iterator[Span]:
    """Where a text that somebody sends back has masks; nowhere in one that is no YAML, which is refused anyway."""
    for span in scalars:
        if (span.path and span.path[-1] in SECRET_KEYS and span.value == MASK) or is_masked(span.value):
            yield span
    if scalars:
        yield from (comment for comment in _comments(text, scalars) if MASK in comment.value)


@lru_cache(maxsize=1)
def _saved_spans(text: str) -> tuple[Span, ...]:
    """While somebody types, the saved text is asked for again and again; it may have thousands of lines."""
    return tuple(_spans(text))


def _spans(text: str) -> list[Span]:
    """All pieces that must not be seen, in the order of the text."""
    scalars = _scalars(text)
    if scalars is None:
        return list(secret_lines(text))
    found = []
    for span in scalars:
        key = span.path[-1] if span.path else ""
        if key in SECRET_KEYS and span.value:
            found.append(Span(span.start, span.end, span.path, span.value, QUOTED_MASK))
        elif (shown := redact(span.value)) != span.value:
            found.append(Span(span.start, span.end, span.path, span.value, _like(text, span, shown)))
    found += [
        Span(comment.start, comment.end, (), comment.value, shown)
        for comment in _comments(text, scalars)
        if (shown := masked_words(comment.value)) != comment.value
    ]
    return sorted(found, key=lambda span: span.start)


def _like(text: str, span: Span, shown: str) -> str:
    """Plain where it was plain: a mask inside an address needs no quotes."""
    return shown if text[span.start : span.end] == span.value else _quoted(shown)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _scalars(text: str) -> list[Span] | None:
    """All keys and values that are text, with their paths; None for what is no YAML."""
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        root = yaml.compose(text)
    except (YAMLError, RecursionError, ValueError):
        return None
    return sorted(_walk(text, root, (), set()), key=lambda span: span.start) if root is not None else []


def _walk(text: str, node: Node, path: KeyPath, seen: set[int]) -> Iterator[Span]:
    if id(node) in seen or len(path) > MAX_DEPTH:
        return  # an alias of what was met before
    seen.add(id(node))
    if isinstance(node, ScalarNode):
        start, end = node.start_mark.index, node.end_mark.index
        piece = text[start:end]
        if properties := _PROPERTIES.match(piece):
            start += properties.end()  # an anchor stays: others refer to it
        end = start + len(text[start:end].rstrip())
        yield Span(start, end, path, str(node.value), "")
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(text, item, (*path, index), seen)
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            yield from _walk(text, key, (*path, name, "?"), seen)
            yield from _walk(text, value, (*path, name), seen)


def _comments(text: str, scalars: Sequence[Span]) -> Iterator[Span]:
    """What stands behind `#` outside of values."""
    done = 0
    for start, end in [*((span.start, span.end) for span in scalars), (len(text), len(text))]:
        for found in _COMMENT.finditer(text, done, max(start, done)):
            yield Span(found.start(), found.end(), (), found[0], found[0])
        done = max(done, end)


def _replaced(text: str, pieces: list[tuple[int, int, str]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text with the pieces in their places, and where old and new run in parallel."""
    parts: list[str] = []
    moves = [(0, 0)]
    done = length = 0
    for start, end, new in sorted(pieces):
        if start < done:
            continue
        parts += [text[done:start], new]
        length += start - done + len(new)
        done = end
        moves.append((done, length))
    return "".join([*parts, text[done:]]), tuple(moves)


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
