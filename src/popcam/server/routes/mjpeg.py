"""GET /api/v1/cameras/{id}/mjpeg: live pictures under a plain URL, for embedding in pages that can do no better."""

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from popcam.core.access import Permission
from popcam.core.errors import CameraNotFoundError, LockedDownError, ViewerLimitError
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind
from popcam.server import wire
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.routes.cameras import CameraId
from popcam.server.services import Services, Use
from popcam.server.standing import until_refused
from popcam.server.viewing import check_pictures, show, viewer_slot

router = Router(prefix="/api/v1/cameras", tags=["live"])

Quality = Annotated[
    Literal["normal", "full"],
    Query(description="`normal`: at most `preview.width_px` wide; `full`: the picture's own size."),
]
BOUNDARY = "popcam-picture"
HEADERS = {
    "Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}",
    "Cache-Control": "no-store",
    # The purpose of this address: an <img> in another site's page may show it. Its scripts still can't read the pixels.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Accel-Buffering": "no",
}


@router.get(
    "/{camera_id}/mjpeg",
    dependencies=[needs(Permission.VIEW, camera="camera_id", action="live.view")],
    summary="Live pictures as multipart JPEG",
    response_class=Response,
    responses={
        200: {"content": {"multipart/x-mixed-replace": {}}, "description": "JPEG pictures without end."},
        **responses(CameraNotFoundError, ViewerLimitError, LockedDownError),
    },
)
async def mjpeg(camera_id: CameraId, request: Request, services: Use, quality: Quality = "normal") -> Response:
    """An endless answer. Browsers open at most six connections to a server, so use it for one picture on a page."""
    services.cameras.spec(camera_id)
    check_pictures(services)
    if services.viewers >= services.options.max_viewers:
        raise ViewerLimitError(f"{services.viewers} of {services.options.max_viewers}")
    return MjpegResponse(
        services, camera_id, wire.kind_of("jpeg", quality), request, eager="image/" in request.headers.get("accept", "")
    )


class MjpegResponse(Response):
    """Sends each picture as one part; a slow reader gets fewer of them.

    Browsers draw a picture when they have read the head of the next part, which costs them one frame interval. So for
    them (`eager`) that head follows each picture at once, without a length, which nobody knows yet. All other readers
    get heads with the length and the time of capture, and each part is closed by its boundary.
    """

    def __init__(self, services: Services, camera_id: str, kind: PreviewKind, request: Request, *, eager: bool) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._services = services
        self._camera_id = camera_id
        self._kind = kind
        self._request = request
        self._eager = eager

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        async def deliver(picture: PreviewPicture) -> None:
            body = picture.payload + EAGER_HEAD if self._eager else part(picture)
            await send({"type": "http.response.body", "body": body, "more_body": True})

        async def left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        with viewer_slot(self._services):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            # The first part's beginning opens the body, so that a reader knows at once that it is connected.
            opening = EAGER_HEAD.lstrip() if self._eager else f"--{BOUNDARY}\r\n".encode()
            await send({"type": "http.response.body", "body": opening, "more_body": True})
            refused = until_refused(self._request)
            await show(self._services, self._camera_id, self._kind, deliver, left(), refused=refused)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


EAGER_HEAD = f"\r\n--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n".encode()
"""Closes one part and opens the next."""


def part(picture: PreviewPicture) -> bytes:
    """One picture with its head, closed by the boundary."""
    head = (
        f"Content-Type: image/jpeg\r\nContent-Length: {len(picture.payload)}\r\n"
        f"X-Captured-Unix-S: {picture.header.captured_unix_s:.6f}\r\n\r\n"
    )
    return b"".join((head.encode(), picture.payload, f"\r\n--{BOUNDARY}\r\n".encode()))
