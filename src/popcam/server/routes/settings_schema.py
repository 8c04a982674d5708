"""/api/v1/settings/schema: what can be set, for forms."""

from typing import Annotated, Any

from fastapi import Query, Response

from popcam.config.described import Part, described_schema
from popcam.core.access import Permission
from popcam.core.errors import RequestInvalidError
from popcam.server import examples
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.services import Reader

router = Router(prefix="/api/v1/settings", tags=["settings"])

_EXAMPLE: examples.Json = {
    "type": "object",
    "title": "Cameras",
    "properties": {
        "name": {
            "type": "string",
            "title": "Name",
            "description": "What people call it; the id when empty.",
            "default": "",
            "maxLength": 200,
            "x-level": "basic",
            "x-effect": "none",
        }
    },
}


@router.get(
    "/schema",
    dependencies=[needs(Permission.SELF)],
    summary="Describe the settings",
    responses={
        200: examples.of(_EXAMPLE, "A JSON Schema (2020-12) without references."),
        **responses(RequestInvalidError),
    },
)
async def settings_schema(
    language: Reader,
    response: Response,
    part: Annotated[Part, Query(description="`camera`: the settings of one camera; `all`: the whole file.")] = "all",
) -> dict[str, Any]:
    """What can be set, with titles and explanations in the reader's language, limits and defaults. Settings also carry
    `x-level` (`basic`, `advanced`), `x-unit`, `x-choices` (the label of each value), and `x-effect`: what a change does
    while popcam runs (`none`, `live`, `reopen` the stream, `stop` or start the camera, `restart` of popcam).
    `x-effect-with` says what it does where another setting of the same camera, the key, is set.
    """
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-cache"
    return described_schema(part, language)
