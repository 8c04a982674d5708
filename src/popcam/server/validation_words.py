"""What is wrong with a request's fields, in both languages. Values are left out: one of them may be a password."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from popcam.config.problems import reason_of
from popcam.core.language import Text
from popcam.security.watch_rules import plain

MAX_TOLD = 20
MAX_PLACE_LETTERS = 200
_OF_REQUESTS: dict[str, Callable[[Mapping[str, Any]], Text]] = {
    "extra_forbidden": lambda _: Text("there is no such field", "没有这个字段"),
    "unexpected_keyword_argument": lambda _: Text("there is no such field", "没有这个字段"),
    "missing": lambda _: Text("is missing", "缺失"),
    "missing_argument": lambda _: Text("is missing", "缺失"),
    "missing_keyword_only_argument": lambda _: Text("is missing", "缺失"),
    "json_invalid": lambda c: Text(f"is no JSON: {c.get('error', '')}", f"不是有效的 JSON：{c.get('error', '')}"),
    "string_type": lambda _: Text("must be text", "必须是文本"),
    "string_pattern_mismatch": lambda c: Text(
        f"must look like {c.get('pattern', '')}", f"格式应符合 {c.get('pattern', '')}"
    ),
    "enum": lambda c: Text(
        f"must be {c.get('expected', '')}", f"必须是 {str(c.get('expected', '')).replace(' or ', ' 或 ')}"
    ),
    "model_attributes_type": lambda _: Text("must hold keys and values", "必须由键和值组成"),
    "frozen_set_type": lambda _: Text("must be a list", "必须是列表"),
    "set_type": lambda _: Text("must be a list", "必须是列表"),
}
_PLACES = {"body": "请求正文", "query": "查询参数", "path": "路径", "header": "请求头"}


def validation_detail(errors: Iterable[Any]) -> Text:
    """Each wrong field and what it must be.

    Args:
        errors: as pydantic tells them.
    """
    found = [(item["loc"], _reason(item)) for item in errors]
    en = [f"{_dotted(place)}: {reason.en}" for place, reason in found[:MAX_TOLD]]
    zh = [f"{_dotted(_in_chinese(place))}：{reason.zh}" for place, reason in found[:MAX_TOLD]]
    if more := len(found) - MAX_TOLD if len(found) > MAX_TOLD else 0:
        en, zh = [*en, f"and {more} more"], [*zh, f"另有 {more} 处"]
    return Text("; ".join(en), "；".join(zh))


def _dotted(place: tuple[Any, ...]) -> str:
    """The place; names of fields may be the client's own, and as long as they like."""
    return plain(".".join(map(str, place)), MAX_PLACE_LETTERS)


def _reason(item: Any) -> Text:
    make = _OF_REQUESTS.get(item["type"])
    return make(item.get("ctx") or {}) if make else reason_of(item)


def _in_chinese(place: tuple[Any, ...]) -> tuple[Any, ...]:
    return (_PLACES.get(str(place[0]), place[0]), *place[1:]) if place else place
