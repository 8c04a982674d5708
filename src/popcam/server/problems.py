"""Failures as RFC 9457 problem details, in the reader's language."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import JsonValue, TypeAdapter
from starlette.exceptions import HTTPException

from popcam.core.clean import clean
from popcam.core.errors import (
    CameraConflictError,
    ConfigChangedError,
    ConfigError,
    ConfigProblem,
    LoginNeededError,
    MethodNotAllowedError,
    NotFoundError,
    PopcamError,
    RequestInvalidError,
    TooManyRequestsError,
)
from popcam.core.language import Language, Text, language_of
from popcam.server.problem_model import FieldChangeOut, FieldProblem, Problem
from popcam.server.problem_page import problem_page, wants_page
from popcam.server.validation_words import validation_detail

log = structlog.get_logger(__name__)

PROBLEM_MEDIA_TYPE = "application/problem+json"
_any = TypeAdapter[object](object)


def request_language(request: Request) -> Language:
    """The reader's language, from `Accept-Language`; the parameter of routes whose answers hold sentences."""
    return language_of(request.headers.get("accept-language"))


def problem_of(error: PopcamError, *, instance: str, language: Language, request_id: str) -> Problem:
    """Problem details of one failure."""
    return Problem(
        type=f"/api/v1/errors/{error.code}",
        title=error.title.in_language(language),
        status=error.http_status,
        detail=clean(Text(error.detail, error.detail_zh).in_language(language)),
        instance=instance,
        code=error.code,
        hint=error.hint.in_language(language),
        retryable=error.retryable,
        request_id=request_id,
        problems=field_problems(error, language),
        changes=_changes(error),
        version=error.version if isinstance(error, CameraConflictError | ConfigChangedError) else None,
    )


def field_problems(error: PopcamError, language: Language) -> list[FieldProblem] | None:
    """What exactly is wrong with settings, in the reader's language; None for other failures."""
    if not isinstance(error, ConfigError) or not error.problems:
        return None
    return problem_fields(error.problems, language)


def problem_fields(problems: Iterable[ConfigProblem], language: Language) -> list[FieldProblem]:
    """Findings in the reader's language."""
    return [
        FieldProblem(
            key=problem.key,
            reason=clean(problem.reason.in_language(language)),
            origin=problem.origin,
            line=problem.line,
            column=problem.column,
        )
        for problem in problems
    ]


def _changes(error: PopcamError) -> list[FieldChangeOut] | None:
    if not isinstance(error, CameraConflictError | ConfigChangedError):
        return None
    return [
        FieldChangeOut(key=change.key, before=_as_json(change.before), now=_as_json(change.now))
        for change in error.changes
    ]


def _as_json(value: object) -> JsonValue:
    return _any.dump_python(value, mode="json")  # type: ignore[no-any-return] # JSON values by `mode`


def problem_response(request: Request, error: PopcamError, headers: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer of one failure; its code is left at the request for the audit log."""
    request.scope.setdefault("state", {})["problem"] = error.code
    language = request_language(request)
    problem = problem_of(
        error,
        instance=request.url.path,
        language=language,
        request_id=request.scope.get("request_id", ""),
    )
    extra = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language, Sec-Fetch-Mode", **(headers or {})}
    if problem.version:
        extra["ETag"] = f'"{problem.version}"'
    if isinstance(error, TooManyRequestsError):
        extra["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, LoginNeededError):
        extra["WWW-Authenticate"] = 'Bearer realm="popcam"'
    if wants_page(request):
        page = problem_page(problem, language)
        return Response(page, status_code=error.http_status, media_type="text/html", headers=extra)
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=error.http_status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=extra,
    )


def responses(*errors: type[PopcamError]) -> dict[int | str, dict[str, Any]]:
    """The failures that a route declares, for its OpenAPI description, grouped by status."""
    by_status: dict[int | str, list[type[PopcamError]]] = {}
    for error in errors:
        by_status.setdefault(error.http_status, []).append(error)
    return {
        status: {
            "description": "; ".join(f"`{error.code}`: {error.title.en}" for error in group),
            "content": {
                PROBLEM_MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {error.code: {"$ref": f"#/components/examples/{error.code}"} for error in group},
                }
            },
        }
        for status, group in by_status.items()
    }


def install(app: FastAPI) -> None:
    """Answer every foreseen failure with problem details."""

    @app.exception_handler(PopcamError)
    async def on_popcam_error(request: Request, error: PopcamError) -> Response:
        if error.http_status >= 500:
            log.warning("request.failed", code=error.code, detail=clean(error.detail), path=request.url.path)
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        detail = validation_detail(error.errors())
        return problem_response(request, RequestInvalidError(detail.en, detail.zh))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, PopcamError):  # what reading the body led to; FastAPI makes it its own
            return problem_response(request, error.__cause__)
        named = {404: NotFoundError, 405: MethodNotAllowedError, 400: RequestInvalidError}.get(error.status_code)
        if named is None:
            return Response(status_code=error.status_code, headers=error.headers)
        detail = f"{request.method} {request.url.path}" if error.status_code != 400 else str(error.detail)
        return problem_response(request, named(detail), error.headers)
