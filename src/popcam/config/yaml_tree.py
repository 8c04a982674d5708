"""YAML text to plain values, with the place of each. Whatever is not plain settings is refused with its line.

ruamel.yaml parses; the values are taken from its nodes here, because only nodes know their line, and because its own
constructor repeats values (so passwords) in its messages about duplicate keys.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from popcam.config.origin import KeyPath, Origin
from popcam.core.errors import ConfigError, ConfigProblem
from popcam.core.language import Text
from popcam.core.redact import redact

MAX_BYTES = 2_000_000
MAX_VALUES = 200_000
"""Values after aliases are followed: a few lines of nested aliases can otherwise fill the memory."""
MAX_DEPTH = 40

_TAG = "tag:yaml.org,2002:"
_TYPED_SCALARS = {f"{_TAG}{name}" for name in ("null", "bool", "int", "float")}
_LONG_QUOTE = re.compile(r"'[^'<]{2,}'")
"""What ruamel quotes from the file; single characters and names of tokens (`<block end>`) tell nothing secret."""
_TEXT_SCALARS = {f"{_TAG}{name}" for name in ("str", "timestamp", "value")}
_NO_TAGS = Text("tags such as `!!set` are not used here", "这里不使用 `!!set` 之类的标签")


@dataclass(slots=True)
class Tree:
    """Plain values (dict, list, str, int, float, bool, None) and where each key stands."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)


def parse_yaml(raw: bytes, file_name: str) -> Tree:
    """Read a settings file.

    Raises:
        ConfigError: it is not UTF-8, not YAML, not a mapping, too large, or holds duplicate keys; with line and column.
    """
    return _Builder(file_name).build(raw)


class _Builder:
    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._yaml = YAML(typ="safe", pure=True)
        self._yaml.composer.warn_double_anchors = False
        self._origins: dict[KeyPath, Origin] = {}
        self._values = 0

    def build(self, raw: bytes) -> Tree:
        root = self._compose(self._decode(raw))
        if root is None:
            return Tree()
        if isinstance(root, ScalarNode) and root.tag == f"{_TAG}null":
            return Tree()
        if not isinstance(root, MappingNode):
            raise self._refusal(
                Text(
                    "the file must hold keys and values such as `server:`",
                    "文件应由键和值组成，例如 `server:`",
                ),
                root,
            )
        self._note((), root)
        return Tree(self._mapping(root, ()), self._origins)

    def _decode(self, raw: bytes) -> str:
        if len(raw) > MAX_BYTES:
            raise self._refusal(Text(f"the file is larger than {MAX_BYTES} bytes", f"文件超过 {MAX_BYTES} 字节"))
        if not raw.strip():
            raise self._refusal(
                Text(
                    "the file is empty; to use only defaults, write a comment line into it",
                    "文件为空；若只用默认值，请写入一行注释",
                )
            )
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise self._refusal(Text("the file is not UTF-8 text", "文件不是 UTF-8 文本"), line=line) from None

    def _compose(self, text: str) -> Node | None:
        try:
            node: Node | None = self._yaml.compose(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise self._refusal(_syntax_reason(error, text, line), line=line, column=column) from None
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self._refusal(Text("a control character is not allowed", "不允许控制字符"), line=line) from None
        except (YAMLError, RecursionError, ValueError):
            # ruamel's own text may repeat values of the file.
            raise self._refusal(Text("the file is not valid YAML", "文件不是有效的 YAML"), line=1) from None
        return node

    def _value(self, node: Node, path: KeyPath) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refusal(
                Text(f"the file holds more than {MAX_VALUES} values", f"文件中的值超过 {MAX_VALUES} 个"), node
            )
        if len(path) > MAX_DEPTH:
            raise self._refusal(Text("the file is nested too deeply", "文件嵌套过深"), node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
            return [self._item(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode) and node.tag in _TEXT_SCALARS:
            return node.value
        if isinstance(node, ScalarNode) and node.tag in _TYPED_SCALARS:
            return self._scalar(node)
        raise self._refusal(_NO_TAGS, node, path)

    def _item(self, node: Node, path: KeyPath) -> Any:
        self._note(path, node)
        return self._value(node, path)

    def _scalar(self, node: ScalarNode) -> Any:
        try:
            return self._yaml.constructor.construct_object(node)
        except (YAMLError, ValueError):
            raise self._refusal(Text("the value can't be read", "无法读取该值"), node) from None

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        if node.tag != f"{_TAG}map":
            raise self._refusal(_NO_TAGS, node, path)
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                merged = {**self._merge(value_node, path), **merged}
                continue
            key = self._key(key_node)
            if key in own:
                first = self._origins[(*path, key)].line
                raise self._refusal(
                    Text(f"the key stands here twice, first in line {first}", f"键重复，首次出现在第 {first} 行"),
                    key_node,
                    (*path, key),
                )
            self._note((*path, key), key_node)
            own[key] = self._value(value_node, (*path, key))
        return {**merged, **own}

    def _merge(self, node: Node, path: KeyPath) -> dict[str, Any]:
        """Values of `<<: *anchor` or `<<: [*a, *b]`; the first of a list wins, own keys win over all."""
        parts = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for part in parts:
            if not isinstance(part, MappingNode):
                raise self._refusal(Text("`<<` takes an alias of a mapping", "`<<` 只接受映射的别名"), part, path)
            merged = {**self._mapping(part, path), **merged}
        return merged

    def _key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise self._refusal(Text("a key must be one word", "键必须是一个单词"), node)
        # The text as written: `no:` and `1:` are the keys "no" and "1", not False and 1.
        return str(node.value)

    def _note(self, path: KeyPath, node: Node) -> None:
        self._origins[path] = Origin(self._file_name, node.start_mark.line + 1, node.start_mark.column + 1)

    def _refusal(
        self, reason: Text, node: Node | None = None, path: KeyPath = (), *, line: int = 0, column: int = 1
    ) -> ConfigError:
        if node is not None:
            line, column = node.start_mark.line + 1, node.start_mark.column + 1
        key = ".".join(str(part) for part in path)
        return ConfigError(problems=(ConfigProblem(reason, redact(key), self._file_name, line, column if line else 0),))


def _syntax_reason(error: MarkedYAMLError, text: str, line: int) -> Text:
    """Why the text is not YAML, without repeating any value of it."""
    lines = text.splitlines()
    here = lines[line - 1] if 0 < line <= len(lines) else ""
    problem = str(error.problem or error.context or "")
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        return Text("tabs can't indent YAML; use spaces", "YAML 不能用制表符缩进，请用空格")
    if "end of stream" in problem or "<stream end>" in problem:
        return Text("the file ends in the middle of a value", "文件在值的中间结束")
    if "undefined alias" in problem:
        return Text(
            "`*` starts an alias that is not defined; put quotes around a value that begins with it",
            "`*` 开头表示别名，但该别名未定义；以 `*` 开头的值请加引号",
        )
    words = _LONG_QUOTE.sub("'...'", problem.splitlines()[0] if problem else "")
    return Text(f"this is not valid YAML: {words}", "此处不是有效的 YAML，请检查缩进、引号和冒号")
