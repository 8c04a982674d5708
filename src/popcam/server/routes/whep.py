"""WHEP: WebRTC viewing as standard clients do it. An offer by POST, an answer back, DELETE to leave."""

from typing import Annotated

from fastapi import Path, Request, Response

from popcam.core.access import Permission
from popcam.core.errors import (
    CameraNotFoundError,
    LiveSessionNotFoundError,
    LockedDownError,
    OfferRefusedError,
    ViewerLimitError,
    WebrtcUnavailableError,
)
from popcam.server import wire
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.routes.cameras import CameraId
from popcam.server.routes.mjpeg import Quality
from popcam.server.services import Use
from popcam.server.standing import until_refused
from popcam.server.viewing import check_pictures

router = Router(prefix="/api/v1/cameras", tags=["live"])

SDP = "application/sdp"
MAX_OFFER_BYTES = 64_000
SDP_CONTENT = {SDP: {"schema": {"type": "string"}, "example": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n..."}}


@router.post(
    "/{camera_id}/whep",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="live.view")],
    summary="Watch by WebRTC",
    status_code=201,
    response_class=Response,
    responses={
        201: {"content": SDP_CONTENT, "description": "The answer; `Location` is the session."},
        **responses(CameraNotFoundError, OfferRefusedError, ViewerLimitError, WebrtcUnavailableError, LockedDownError),
    },
    openapi_extra={"requestBody": {"required": True, "content": SDP_CONTENT}},
)
async def open_session(
    camera_id: CameraId,
    request: Request,
    services: Use,
    quality: Quality = "normal",
) -> Response:
    """Answer an SDP offer for one H.264 video. All candidates are in the answer; there is no trickle."""
    services.cameras.spec(camera_id)
    check_pictures(services)
    offer = await _offer(request)
    session_id, answer = await services.webrtc.open(
        services, camera_id, offer, wire.kind_of("h264", quality), lambda: until_refused(request)
    )
    headers = {"Location": f"/api/v1/cameras/{camera_id}/whep/{session_id}", "Cache-Control": "no-store"}
    return Response(answer, status_code=201, media_type=SDP, headers=headers)


@router.delete(
    "/{camera_id}/whep/{session_id}",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="live.leave")],
    summary="Stop watching by WebRTC",
    status_code=200,
    response_class=Response,
    responses=responses(LiveSessionNotFoundError),
)
async def close_session(
    camera_id: CameraId,
    session_id: Annotated[str, Path(description="Last part of the session's `Location`.")],
    services: Use,
) -> Response:
    """End a session."""
    await services.webrtc.close(camera_id, session_id)
    return Response()


async def _offer(request: Request) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise OfferRefusedError(f"the content type must be {SDP}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_OFFER_BYTES:
            raise OfferRefusedError(f"longer than {MAX_OFFER_BYTES} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise OfferRefusedError("not UTF-8") from error
