"""WebSocket /api/v1/cameras/{id}/live: live pictures of one camera, with what is known about each of them."""

from typing import Annotated, Literal

import msgspec
from fastapi import Query, WebSocket

from popcam.core.access import Permission
from popcam.core.errors import CameraNotFoundError, LockedDownError, PopcamError, ViewerLimitError
from popcam.core.interfaces import PreviewPicture
from popcam.core.language import Language
from popcam.server import live_schemas, wire
from popcam.server.hub import Wish
from popcam.server.needs import Router, needs
from popcam.server.services import Reader, Services, Use
from popcam.server.standing import until_refused
from popcam.server.viewing import ViewingEnd, show, viewer_slot

router = Router(prefix="/api/v1/cameras", tags=["live"])

CLOSE_CODES = {
    ViewingEnd.REMOVED: 4404,
    ViewingEnd.REFUSED: 4401,
    ViewingEnd.CLOSING: 1012,
    ViewingEnd.FLEET: 1011,
    ViewingEnd.VIEWER: 1000,
}
"""WebSocket close codes; those from 4000 on are the HTTP status of the failure plus 4000."""


@router.websocket("/{camera_id}/live", dependencies=[needs(Permission.VIEW, camera="camera_id", action="live.view")])
async def live(
    websocket: WebSocket,
    camera_id: str,
    services: Use,
    language: Reader,
    codec: Annotated[Literal["jpeg", "h264"], Query()] = "jpeg",
    quality: Annotated[Literal["normal", "full"], Query()] = "normal",
) -> None:
    """Binary messages are pictures (see `popcam.server.wire`), text messages are JSON with a `type`.

    The server sends `{"type": "status", ...}` at the start and at each change; a client may send `{"type": "ping"}` and
    gets `{"type": "pong"}` with the same `id`. Close codes: 4401 the login ended or may not see this camera any longer,
    4403 incident mode stopped live pictures, 4404 no such camera or removed, 4503 too many viewers, 1012 the server
    closes.
    """
    await websocket.accept()
    viewing = Viewing(websocket, services, camera_id, language)
    try:
        services.cameras.spec(camera_id)
        with viewer_slot(services):
            end = await show(
                services,
                camera_id,
                wire.kind_of(codec, quality),
                viewing.send_picture,
                viewing.read(),
                viewing.tell_states(),
                refused=until_refused(websocket),
            )
    except (CameraNotFoundError, ViewerLimitError, LockedDownError) as error:
        await websocket.close(4000 + error.http_status, error.code)
    except PopcamError as error:
        await websocket.close(1011, error.code)
    else:
        if viewing.refused:
            await websocket.close(1007, "request.invalid")
        elif end is not ViewingEnd.VIEWER:
            await websocket.close(CLOSE_CODES[end], end.value)
    finally:
        services.framer.forget(camera_id)


class Ping(msgspec.Struct, tag="ping", tag_field="type"):
    """A client's question whether we are still there."""

    id: int = 0


_decode_ping = msgspec.json.Decoder(Ping).decode


class Viewing:
    """One viewer's connection."""

    def __init__(self, websocket: WebSocket, services: Services, camera_id: str, language: Language) -> None:
        self._websocket = websocket
        self._services = services
        self._camera_id = camera_id
        self._language = language
        self._seq = 0
        self.refused = False
        """The client sent what is none of our messages."""

    async def send_picture(self, picture: PreviewPicture) -> None:
        """Waits while the connection's buffer is full."""
        await self._websocket.send_bytes(self._services.framer.message(picture))

    async def read(self) -> None:
        """Answer pings until the client leaves, or sends what is none of our messages."""
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            try:
                ping = _decode_ping(message.get("text") or b"")
            except msgspec.DecodeError:
                self.refused = True  # closed once nobody is in the middle of sending
                return
            await self._websocket.send_text(f'{{"type":"pong","id":{ping.id}}}')

    async def tell_states(self) -> None:
        """Tell the camera's state now and at each change."""
        wish = Wish(frozenset({"status"}), frozenset({self._camera_id}))
        with self._services.hub.listen(wish) as listener:
            while True:
                await self._websocket.send_text(self._state())
                await listener.news()

    def _state(self) -> str:
        self._seq += 1
        view = self._services.cameras.view(self._camera_id)
        return live_schemas.status_message_of(view, self._seq, self._language).model_dump_json()
