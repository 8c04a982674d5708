"""/api/v1/security/ca.pem: the machine's own certificate authority, for phones and desktops to trust."""

import asyncio

from fastapi import Response

from popcam.core.access import Permission
from popcam.core.errors import NotFoundError
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.services import Use

router = Router(prefix="/api/v1/security", tags=["security"])

MEDIA_TYPE = "application/x-x509-ca-cert"
"""What makes phones offer to install it."""


@router.get(
    "/ca.pem",
    dependencies=[needs(Permission.PUBLIC)],
    summary="Certificate authority of this machine",
    response_class=Response,
    responses={
        200: {
            "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
            "description": "A certificate in PEM. It holds no secret.",
        },
        **responses(NotFoundError),
    },
)
async def get_authority(services: Use) -> Response:
    """What a phone or desktop installs, once, to accept popcam's own certificate (`server.tls: auto`). It may speak for
    private names and addresses and for this machine alone, so it puts no other web site at risk."""
    file = services.options.data_dir / "tls" / "ca.pem"
    try:
        raw = await asyncio.to_thread(file.read_bytes)
    except FileNotFoundError:
        raise NotFoundError("there is no certificate authority here; `server.tls: auto` makes one") from None
    headers = {"Content-Disposition": 'attachment; filename="popcam-ca.pem"', "Cache-Control": "no-cache"}
    return Response(raw, media_type=MEDIA_TYPE, headers=headers)
