"""What the API's description says about who may ask: taken from what the routes declare, so it is never forgotten."""

import re
from typing import Any

from fastapi import FastAPI

from popcam.core.access import Permission
from popcam.core.errors import (
    AccessRefusedError,
    AddressBlockedError,
    CameraNotFoundError,
    CsrfRefusedError,
    LockedDownError,
    LoginNeededError,
    PopcamError,
    TooManyRequestsError,
)
from popcam.server.cookies import PLAIN_NAME
from popcam.server.needs import Declared, declared
from popcam.server.problems import responses
from popcam.server.rates import Rate

SCHEMES = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": PLAIN_NAME,
        "description": "A browser's session; `__Host-popcam_session` under TLS. Changes need `X-Popcam-Csrf: 1`, too.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
}
EITHER: list[dict[str, list[str]]] = [{"session": []}, {"token": []}]
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

_CONVERTER = re.compile(r":\w+(?=})")
"""`{name:path}` of a route is `{name}` in the document."""


def describe_access(app: FastAPI, document: dict[str, Any]) -> None:
    """Add to each operation how it can be refused, and by what one is known."""
    document["components"]["securitySchemes"] = SCHEMES
    for route in declared(app):
        for method in route.methods:
            operation = document["paths"].get(_CONVERTER.sub("", route.path), {}).get(method.lower())
            if operation is not None:
                _describe(operation, route, changes=method in CHANGES)


def _describe(operation: dict[str, Any], route: Declared, *, changes: bool) -> None:
    need = route.needs[-1]
    operation["x-permission"] = need.permission
    errors: list[type[PopcamError]] = [AddressBlockedError]
    if any(isinstance(gate, Rate) for gate in route.gates):
        errors.append(TooManyRequestsError)
    if need.permission is not Permission.PUBLIC:
        operation["security"] = EITHER
        errors += [LoginNeededError, AccessRefusedError, LockedDownError]
        errors += [CameraNotFoundError] if need.camera and need.missing is None else []
    if changes:
        errors.append(CsrfRefusedError)
    for status, answer in responses(*errors).items():
        _merge(operation["responses"], str(status), answer)


def _merge(answers: dict[str, Any], status: str, more: dict[str, Any]) -> None:
    held = answers.get(status)
    if held is None:
        answers[status] = more
        return
    for media_type, content in more["content"].items():
        known = held.setdefault("content", {}).setdefault(media_type, content)
        new = {code: one for code, one in content["examples"].items() if code not in known.setdefault("examples", {})}
        known["examples"] |= new
        told = [part for part in more["description"].split("; ") if part.split(":")[0].strip("`") in new]
        held["description"] = "; ".join([held["description"], *told])
