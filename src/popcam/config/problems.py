"""What pydantic found, in both languages and with its place. No message repeats a value: it may be a password."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from popcam.config.model import Settings
from popcam.config.origin import KeyPath, Origin, dotted, nearest
from popcam.config.shape import keys_of, type_at
from popcam.config.suggest import unknown_key
from popcam.core.errors import ConfigProblem
from popcam.core.language import Text
from popcam.core.redact import redact

Context = Mapping[str, Any]

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_REASONS: dict[str, Callable[[Context], Text]] = {
    "missing": lambda _: Text("this key is required", "缺少必需的键"),
    "int_parsing": lambda _: Text("must be a whole number", "必须是整数"),
    "int_type": lambda _: Text("must be a whole number", "必须是整数"),
    "int_from_float": lambda _: Text("must be a whole number", "必须是整数"),
    "int_parsing_size": lambda _: Text("the number is too large", "数值过大"),
    "float_parsing": lambda _: Text("must be a number", "必须是数字"),
    "float_type": lambda _: Text("must be a number", "必须是数字"),
    "finite_number": lambda _: Text("must be a finite number", "必须是有限的数字"),
    "bool_parsing": lambda _: Text("must be `true` or `false`", "必须是 `true` 或 `false`"),
    "bool_type": lambda _: Text("must be `true` or `false`", "必须是 `true` 或 `false`"),
    "string_type": lambda _: Text("must be text; put quotes around it", "必须是文本；请加引号"),
    "path_type": lambda _: Text("must be a path", "必须是路径"),
    "literal_error": lambda c: Text(f"must be {c['expected']}", f"必须是 {c['expected'].replace(' or ', ' 或 ')}"),
    "greater_than": lambda c: Text(f"must be more than {c['gt']:g}", f"必须大于 {c['gt']:g}"),
    "greater_than_equal": lambda c: Text(f"must be at least {c['ge']:g}", f"不能小于 {c['ge']:g}"),
    "less_than": lambda c: Text(f"must be less than {c['lt']:g}", f"必须小于 {c['lt']:g}"),
    "less_than_equal": lambda c: Text(f"must be at most {c['le']:g}", f"不能大于 {c['le']:g}"),
    "string_too_short": lambda c: Text(
        f"needs at least {c['min_length']} character(s)", f"至少需要 {c['min_length']} 个字符"
    ),
    "string_too_long": lambda c: Text(f"has more than {c['max_length']} characters", f"超过 {c['max_length']} 个字符"),
    "too_short": lambda c: Text(f"needs at least {c['min_length']} entries", f"至少需要 {c['min_length']} 项"),
    "too_long": lambda c: Text(f"may have at most {c['max_length']} entries", f"最多 {c['max_length']} 项"),
    "tuple_type": lambda _: Text("must be a list", "必须是列表"),
    "list_type": lambda _: Text("must be a list", "必须是列表"),
    "mapping_type": lambda _: Text("must hold keys and values", "必须由键和值组成"),
    "dict_type": lambda _: Text("must hold keys and values", "必须由键和值组成"),
    "dataclass_type": lambda _: Text("must hold keys and values", "必须由键和值组成"),
    "model_type": lambda _: Text("must hold keys and values", "必须由键和值组成"),
}


_ADDRESS = Text(
    "must be an address in text, for example `device:/dev/video0` or `rtsp://...`",
    "必须是文本形式的地址，例如 `device:/dev/video0` 或 `rtsp://...`",
)


def reason_of(detail: ErrorDetails) -> Text:
    """What is wrong with a value, without the value."""
    make = _REASONS.get(detail["type"])
    return make(detail.get("ctx", {})) if make else Text(detail["msg"], f"值无效（{detail['msg']}）")


def problems_of(error: ValidationError, origins: Mapping[KeyPath, Origin]) -> tuple[ConfigProblem, ...]:
    """Each finding once, in the order of the file."""
    details = error.errors(include_url=False, include_input=False)
    places = [detail["loc"] for detail in details]
    found = {
        _problem(detail, origins)
        for detail in details
        # A polygon with a wrong corner also counts as too short: only the corner is worth telling.
        if detail["type"] != "too_short" or not any(_below(place, detail["loc"]) for place in places)
    }
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.column, problem.key)))


def problem_at(path: KeyPath, reason: Text, origins: Mapping[KeyPath, Origin]) -> ConfigProblem:
    """A finding of our own rules at its place."""
    origin = nearest(origins, path)
    return ConfigProblem(reason, redact(dotted(path)), origin.name, origin.line, origin.column)


def _problem(detail: ErrorDetails, origins: Mapping[KeyPath, Origin]) -> ConfigProblem:
    path = detail["loc"]
    if detail["type"] in _UNKNOWN:
        reason = _unknown(path)
    elif detail["type"] == "string_type" and path[-1:] == ("url",):
        reason = _ADDRESS
    else:
        reason = reason_of(detail)
    return problem_at(path, reason, origins)


def _unknown(path: KeyPath) -> Text:
    key = str(path[-1])
    return unknown_key(key, tuple(known for known in keys_of(type_at(Settings, path[:-1])) if known != "id"))


def _below(loc: KeyPath, above: KeyPath) -> bool:
    return len(loc) > len(above) and loc[: len(above)] == above
