"""/api/v1/diagnostics: what helps to find a fault, as one file that is safe to send."""

import asyncio
from datetime import UTC, datetime

from fastapi import Request, Response

from popcam.core.access import AuditNote, Permission
from popcam.server.diagnostics import bundle, machine_parts, running_parts
from popcam.server.needs import Router, Who, needs
from popcam.server.rates import rate
from popcam.server.services import Use

router = Router(prefix="/api/v1/diagnostics", tags=["server"])
ZIP = "application/zip"


@router.get(
    "",
    dependencies=[needs(Permission.ADMIN, action="diagnostics.export"), rate("diagnostics")],
    summary="Diagnostics",
    response_class=Response,
    responses={
        200: {
            "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
            "description": "Versions, masked settings, states, checks and the last lines of the logs. Passwords, keys"
            " and tokens are taken out; names and addresses of cameras are not.",
        }
    },
)
async def get_diagnostics(services: Use, who: Who, request: Request) -> Response:
    """A ZIP file for whoever looks for a fault."""
    if services.security is not None:
        request_id = request.scope.get("request_id", "")
        services.security.audit.note(AuditNote("diagnostics.export", "ok", who, "diagnostics", request_id=request_id))
    parts = await running_parts(services)
    settings = services.settings.started_with()
    packed = await asyncio.to_thread(lambda: bundle([*machine_parts(settings), *parts]))
    name = datetime.fromtimestamp(services.clock.unix_s(), UTC).strftime("popcam-diagnostics-%Y%m%dT%H%M%SZ.zip")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(packed, media_type=ZIP, headers=headers)
