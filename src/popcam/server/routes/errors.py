"""/api/v1/errors: every failure that popcam names, in the reader's language. Problem details point here."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from popcam.core.access import Permission
from popcam.core.errors import NotFoundError, PopcamError, all_errors
from popcam.core.language import Language
from popcam.server import examples
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.services import Reader

router = Router(prefix="/api/v1/errors", tags=["server"])


class ErrorOut(BaseModel):
    """One kind of failure."""

    code: str
    title: str
    hint: str
    http_status: int
    exit_code: int
    retryable: bool


class ErrorList(BaseModel):
    """All kinds of failures."""

    items: list[ErrorOut]


def error_out(error: type[PopcamError], language: Language) -> ErrorOut:
    """One error class for readers."""
    return ErrorOut(
        code=error.code,
        title=error.title.in_language(language),
        hint=error.hint.in_language(language),
        http_status=error.http_status,
        exit_code=error.exit_code,
        retryable=error.retryable,
    )


@router.get(
    "",
    dependencies=[needs(Permission.PUBLIC)],
    summary="All kinds of failures",
    responses={200: examples.of({"items": [examples.ERROR]})},
)
async def list_errors(language: Reader) -> ErrorList:
    """Every failure with its stable code and what to do about it."""
    return ErrorList(items=[error_out(error, language) for error in all_errors()])


@router.get(
    "/{code}",
    dependencies=[needs(Permission.PUBLIC)],
    summary="One kind of failure",
    responses={200: examples.of(examples.ERROR), **responses(NotFoundError)},
)
async def get_error(
    code: Annotated[str, Path(description="For example `camera.not_found`.")], language: Reader
) -> ErrorOut:
    """What a failure's code means."""
    error = next((error for error in all_errors() if error.code == code), None)
    if error is None:
        raise NotFoundError(code)
    return error_out(error, language)
