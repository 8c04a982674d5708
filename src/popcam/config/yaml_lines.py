"""Writes parts of a YAML text anew and leaves the rest as people wrote it. Pure; who edits brings the change.

Lines of one key are loaded by ruamel.yaml, changed, and written back: comments, order and quotes stay, and lines that
did not change keep their very spaces. The caller checks the result against what was wanted before it takes effect.
"""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

Places = Mapping[tuple[str | int, ...], tuple[int, int]]
"""Line and column of keys, counted from 1, as the settings' loader found them."""


class NotByLinesError(Exception):
    """The file's shape does not let single keys be written by lines."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one key, `first` to before `end`, counted from 0; `indent` spaces stand before it."""

    first: int
    end: int
    indent: int


def block_end(lines: list[str], first: int, limit: int) -> int:
    """Without the empty and comment lines behind it: they belong to what follows."""
    end = limit
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(("#", "..."))):
        end -= 1
    return end


def rewritten(
    text: str,
    own: list[str],
    indent: int,
    key: str,
    change: Callable[[CommentedMap], None],
    *,
    exact: bool,
    step: int = 0,
) -> list[str]:
    """The lines of one key after a change.

    Args:
        text: the whole file, for its habits.
        own: the lines of the key.
        indent: spaces before the key.
        key: the key.
        change: gets the mapping that holds only this key.
        exact: keep also the spaces of lines that did not change.
        step: spaces from one level to the next; `indent` when 0.

    Raises:
        NotByLinesError: they do not stand for themselves.
    """
    margin = " " * indent
    if any(line.strip() and not line.startswith(margin) for line in own):
        raise NotByLinesError
    yaml = ruamel_yaml(text, step or indent)
    try:
        tree = yaml.load("\n".join(line[indent:] for line in own))
    except YAMLError as error:
        raise NotByLinesError from error  # an alias of something that stands elsewhere, most likely
    if not isinstance(tree, CommentedMap) or list(tree) != [key]:
        raise NotByLinesError
    old = rendered(yaml, tree, indent)
    change(tree)
    new = rendered(yaml, tree, indent)
    return _as_written(own, old, new) if exact else new


def rendered(yaml: YAML, tree: CommentedMap, indent: int) -> list[str]:
    """The lines that ruamel makes of a mapping, moved to the right."""
    out = io.StringIO()
    yaml.dump(tree, out)
    return [" " * indent + line if line else "" for line in out.getvalue().removesuffix("\n").split("\n")]


def ruamel_yaml(text: str, indent: int = 2) -> YAML:
    """One for each use: what failed to load leaves traces in it. Indents are those of the text."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000  # breaking long lines would change what nobody edited
    dash = re.search(r"^(?P<key> *)[\w-]+:[ \t]*(?:#.*)?\n(?P<dash> *)- ", text, re.MULTILINE)
    offset = len(dash["dash"]) - len(dash["key"]) if dash else 2
    yaml.indent(mapping=indent, sequence=offset + 2, offset=offset)
    return yaml


def _as_written(own: list[str], old: list[str], new: list[str]) -> list[str]:
    """The new lines, those that did not change as they stood in the file: ruamel sets its own spaces."""
    if [line.split() for line in own] != [line.split() for line in old]:
        return new
    result = list(new)
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        result[block.b : block.b + block.size] = own[block.a : block.a + block.size]
    return result
