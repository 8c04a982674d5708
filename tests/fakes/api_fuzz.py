"""Random requests for every operation of an OpenAPI document: half of the right form, half of none. Loopback only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st

ADDRESSES = (
    "demo:", "synthetic:?width=160&height=90&fps=5", "synthetic:?width=nan", "/nowhere.mp4", "nonsense://x", "rtsp://",
    "rtsp://127.0.0.1:9/x", "rtsp://u:p@127.0.0.1:99999/", "http://[::1", "http://127.0.0.1:0/%zz", "device:",
    "images:", "device:/dev/video99", "rtsp://127.0.0.1:9/\ud800", "", " ", "rtsp://127.0.0.1:-1/", "RTSP://127.0.0.1:9",
    "rtmp://127.0.0.1:9/x",
)  # fmt: skip
"""Of all forms, and none of a host elsewhere: this must not knock at strangers' doors."""

NAMES = (
    "前门📷",
    "مدخل",
    "x" * 200,
    "x" * 201,
    "\u202ea",
    "\ud800",
    "a\0b",
    "../../etc/passwd",
    "'; DROP TABLE cameras;--",
    "",
)
NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(2**63) - 1, 1e308, -0.0, 0.5, float("inf"), float("nan"))

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(NUMBERS), st.sampled_from(NAMES),
    st.text(st.characters(codec=None), max_size=20),
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(NAMES) | st.text(max_size=10),
    "boolean": st.booleans(),
    "integer": st.integers(0, 100) | st.sampled_from([n for n in NUMBERS if isinstance(n, int)]),
    "number": st.floats(0, 1) | st.floats() | st.sampled_from(NUMBERS),
}


@dataclass(frozen=True)
class Request:
    """One request as bytes, so that nothing on our side corrects it."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


class ApiFuzz:
    """Strategies for one document.

    Args:
        document: the OpenAPI document.
        known: values that exist, by the parameter's name; they are taken often, or all would end as 404.
        bodies: schemas of bodies that the document leaves open, by operation.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        known: Mapping[str, tuple[str, ...]],
        bodies: Mapping[tuple[str, str], Mapping[str, Any]],
    ) -> None:
        self._document = document
        self._known = known
        self._bodies = bodies

    def operations(self) -> list[tuple[str, str]]:
        """Method and path of each."""
        return [(method.upper(), path) for path, item in self._document["paths"].items() for method in item]

    def declared(self, method: str, path: str) -> set[int]:
        """The statuses that the document promises."""
        return {int(status) for status in self._operation(method, path)["responses"]}

    def request(self, method: str, path: str) -> st.SearchStrategy[Request]:
        """Requests for one operation."""
        operation = self._operation(method, path)
        return st.composite(self._draw_request)(method, path, operation)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        operation: dict[str, Any] = self._document["paths"][path][method.lower()]
        return operation

    def _draw_request(self, draw: Any, method: str, path: str, operation: Mapping[str, Any]) -> Request:
        template = path
        query: list[str] = []
        headers: dict[str, str] = {}
        for parameter in operation.get("parameters", []):
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                path = path.replace(f"{{{name}}}", quote_from_bytes(draw(self._word(parameter)), safe=""))
            elif place == "query" and draw(st.booleans()):
                query.append(f"{name}={quote_from_bytes(draw(self._word(parameter)), safe='')}")
            elif place == "header" and draw(st.booleans()):
                headers[name] = draw(st.sampled_from(['"x"', "*", "x", 'W/"x"', '"\u00e9"', '"' + "a" * 4000 + '"']))
        body = None
        if "requestBody" in operation:
            kind, content = next(iter(operation["requestBody"]["content"].items()))
            headers["Content-Type"] = kind
            schema = self._bodies.get((method, template), content.get("schema", {}))
            body = draw(self._body(kind, schema))
        return Request(method, path + ("?" + "&".join(query) if query else ""), headers, body)

    def _word(self, parameter: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
        known = [value.encode() for value in self._known.get(parameter["name"], ())]
        odd = [
            b"\xff\xfe",
            b"\0",
            b"%",
            b"..",
            b"../../x",
            b"a/b",
            b"x" * 300,
            "前门📷".encode(),
            b"*",
            b"nan",
            b"1e999",
            b"true",
        ]
        numbers = [str(number).encode() for number in NUMBERS]
        choices = [st.sampled_from(odd + numbers), st.binary(min_size=1, max_size=12)]
        return st.one_of(*([st.sampled_from(known)] * 2 if known else []), *choices)

    def _body(self, kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
        if kind != "application/json":
            return st.binary(max_size=200) | st.sampled_from(
                [b"v=0\r\n", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 9 X 96"]
            )
        broken = st.sampled_from([b"", b"{", b"\xff", b"[" * 5000, b"1" * 5000, b'{"a":1,"a":2}', b'"\\ud800"', b"NaN"])
        shaped = self.value(schema).map(as_json)
        return st.one_of(shaped, shaped, shaped, anything.map(as_json), broken)

    def value(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> st.SearchStrategy[Any]:
        """Values of this schema, now and then with a part that is not."""
        if "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        right = self._right(schema, name, depth)
        return st.integers(0, 15).flatmap(lambda dice: anything if dice == 0 else right)

    def _right(self, schema: Mapping[str, Any], name: str, depth: int) -> st.SearchStrategy[Any]:
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return st.one_of(*(self.value(one, name, depth + 1) for one in schema[key]))
        if name in {"url", "source", "sub_source"} and schema.get("type") == "string":
            return st.sampled_from(ADDRESSES)
        if name in self._known:
            return st.sampled_from(self._known[name])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if schema.get("type") == "object":
            return self._object(schema, depth)
        if schema.get("type") == "array":
            return st.lists(self.value(schema.get("items", {}), name, depth + 1), max_size=4)
        return PLAIN.get(schema.get("type", ""), anything)

    def _object(self, schema: Mapping[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
        properties = schema.get("properties", {})
        if not properties:
            return st.dictionaries(st.text(max_size=8), anything, max_size=3)
        required = set(schema.get("required", ()))
        parts = {name: self.value(inner, name, depth + 1) for name, inner in properties.items()}
        few = st.lists(st.sampled_from(sorted(parts)), max_size=4, unique=True)
        return few.flatmap(
            lambda names: st.fixed_dictionaries({name: parts[name] for name in parts if name in {*names, *required}})
        )


def as_json(value: Any) -> bytes:
    """With NaN and lone surrogates, as sloppy clients send them."""
    return json.dumps(value).encode()
