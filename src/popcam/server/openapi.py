"""The OpenAPI document: FastAPI's own, with our problem details in the place of its validation error."""

import asyncio
import threading
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from popcam.core.errors import (
    CameraConflictError,
    ConfigChangedError,
    ConfigError,
    ConfigProblem,
    FieldChange,
    PopcamError,
    RequestInvalidError,
    all_errors,
)
from popcam.core.field_docs import describe, describe_fields
from popcam.core.language import Text
from popcam.core.spec import CameraSpec
from popcam.server.camera_schemas import NAMED_SCHEMA
from popcam.server.openapi_access import describe_access
from popcam.server.openapi_kept import describe_kept
from popcam.server.problem_model import Problem
from popcam.server.problems import problem_of, responses

REF = "#/components/schemas/"
DESCRIPTION = """The HTTP API of popcam.

Failures are problem details (RFC 9457): see `Problem`. Every answer carries `X-Request-ID`.

Two WebSockets belong to it: `/api/v1/cameras/{camera_id}/live` (live pictures) and `/api/v1/live` (states and events).
"""


def install(app: FastAPI) -> None:
    """Let the app describe itself our way."""
    alone = threading.Lock()

    def describe() -> dict[str, Any]:
        with alone:
            if app.openapi_schema is None:
                app.openapi_schema = _document(app)
            return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


async def document_of(app: FastAPI) -> dict[str, Any]:
    """What the app says of itself. The first time it is put together in a thread: that takes a second, in which live
    pictures go on."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    return await asyncio.to_thread(app.openapi)


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    ours = {
        "Problem": Problem.model_json_schema(ref_template=REF + "{model}", mode="serialization"),
        "CameraSettings": TypeAdapter(CameraSpec).json_schema(ref_template=REF + "{model}"),
    }
    for name, whole in ours.items():
        for part, schema in whole.pop("$defs", {}).items():
            schemas.setdefault(part, schema)
        schemas[name] = whole
    describe(schemas["CameraSettings"], CameraSpec)
    describe_fields(schemas)
    document["components"]["examples"] = {error.code: problem_example(error) for error in all_errors()}
    describe_access(app, document)
    describe_kept(document)
    _loosen(schemas["CameraSettings"])
    _link(document)
    invalid = responses(RequestInvalidError)[422]
    for operations in document["paths"].values():
        for operation in operations.values():
            if "422" in operation["responses"]:
                operation["responses"]["422"] = invalid
    return document


def problem_example(error: type[PopcamError]) -> dict[str, Any]:
    """A failure of this kind as a client gets it, in English."""
    problem = problem_of(_failure(error), instance="/api/v1/cameras", language="en", request_id="5f2c8a90d41e7b36")
    return {"summary": error.title.en, "value": problem.model_dump(mode="json", exclude_none=True)}


def _failure(error: type[PopcamError]) -> PopcamError:
    if issubclass(error, CameraConflictError | ConfigChangedError):
        return error("door", changes=(FieldChange("name", "Front door", "Back door"),), version="5f2c8a90")
    if issubclass(error, ConfigError):
        reason = Text("must be 'boxes', 'hide' or 'pass'", "必须是 'boxes'、'hide' 或 'pass'")
        return error(problems=(ConfigProblem(reason, "act.kind"),))
    return error()


def _loosen(camera: dict[str, Any]) -> None:
    """What clients may write shorter than settings are: no id, and a source as a plain address."""
    camera["description"] = "All settings of one camera. A source may be a plain address; `***` stands for a secret."
    camera["required"] = ["source"]
    for name in ("source", "sub_source"):
        schema = camera["properties"][name]
        schema["anyOf"] = [{"type": "string"}, *schema.pop("anyOf", [{"$ref": schema.pop("$ref", "")}])]


def _link(node: Any) -> None:
    """Put references where a model only names its schema, because it is no model of ours."""
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(value, dict) and (name := value.get(NAMED_SCHEMA)):
            description = value.get("description")
            value.clear()
            value["$ref"] = REF + name
            if description:
                value["description"] = description
        else:
            _link(value)
