"""JSON bodies, read more strictly than Python's parser does: not too deep, only numbers and text that JSON knows."""

import json
import math
import re
from typing import Any, NoReturn

from starlette.requests import Request

from popcam.core.errors import RequestInvalidError, RequestTooDeepError

MAX_DEPTH = 32
"""Objects and lists inside one another. The deepest that any route takes is a camera's settings, with six."""
MAX_NUMBER_LETTERS = 40
MAX_INTEGER = 2**63 - 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAY_HOLD_ONE = re.compile(rb"\\u[dD][89a-fA-F]")


class StrictRequest(Request):
    """A request whose JSON is read by `read_json`."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


def read_json(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        json.JSONDecodeError: it is none.
        RequestTooDeepError: more than `MAX_DEPTH` deep.
        RequestInvalidError: not UTF-8, or with what other parsers read differently or not at all: NaN and infinity,
            numbers beyond 64 bits, NUL and halves of letters in texts.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestInvalidError("body: not UTF-8", "请求正文不是 UTF-8 编码") from error
    if b"\\u0000" in body:
        raise RequestInvalidError("body: NUL characters are not allowed", "请求正文：不允许 NUL 字符")
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_int)
    except RecursionError:
        raise _too_deep() from None
    # Nothing can be deeper than it has brackets: most bodies need no second look.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deep(value):
        raise _too_deep()
    if _MAY_HOLD_ONE.search(body) and _LONE_SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        raise RequestInvalidError("body: half of a letter (lone surrogate)", "请求正文：包含不完整的字符（孤立代理项）")
    return value


def _is_deep(value: Any) -> bool:
    """Whether it is deeper than allowed. Level by level: the stack of Python has its own limit."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return False
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return True


def _too_deep() -> RequestTooDeepError:
    return RequestTooDeepError(f"body: more than {MAX_DEPTH} levels", f"请求正文：嵌套超过 {MAX_DEPTH} 层")


def _refuse_constant(name: str) -> NoReturn:
    raise RequestInvalidError(f"body: {name} is no number of JSON", f"请求正文：{name} 不是有效的 JSON 数字")


def _float(text: str) -> float:
    value = float(text) if len(text) <= MAX_NUMBER_LETTERS else math.inf
    if not math.isfinite(value):
        raise _absurd()
    return value


def _int(text: str) -> int:
    value = int(text) if len(text) <= MAX_NUMBER_LETTERS else MAX_INTEGER + 1
    if abs(value) > MAX_INTEGER:
        raise _absurd()
    return value


def _absurd() -> RequestInvalidError:
    return RequestInvalidError("body: a number is too large or too long", "请求正文：数字过大或过长")
