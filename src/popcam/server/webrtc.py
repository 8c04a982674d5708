"""The WebRTC sessions that are open: how many, whose, and when they end. What speaks WebRTC is in `rtc`."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import structlog

from popcam.core.errors import LiveSessionNotFoundError, PopcamError, ViewerLimitError, WebrtcUnavailableError
from popcam.core.protocol import PreviewKind
from popcam.server.viewing import show, viewer_slot

if TYPE_CHECKING:
    from popcam.server.core_services import CoreServices
    from popcam.server.rtc import Peer

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 20.0
"""A viewer that got its answer but never connects is forgotten after this time."""


class WebrtcSessions:
    """All sessions of one server."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[str, Peer, asyncio.Task[None]]] = {}
        self._opening = 0

    def __len__(self) -> int:
        return len(self._sessions)

    async def open(
        self,
        services: "CoreServices",
        camera_id: str,
        offer: str,
        kind: PreviewKind,
        refused: Callable[[], Coroutine[Any, Any, None]],
    ) -> tuple[str, str]:
        """Answer an offer. Gives the session's id and the SDP answer. `refused()` returns once the viewer may not look
        any longer.

        Raises:
            WebrtcUnavailableError, ViewerLimitError, OfferRefusedError.
        """
        peer_class = await asyncio.to_thread(_peer_class)  # the first import takes a second or two
        if len(self._sessions) + self._opening >= services.options.max_webrtc_sessions:
            raise ViewerLimitError(f"{services.options.max_webrtc_sessions} WebRTC sessions")
        self._opening += 1
        peer = peer_class()
        try:
            answer = await peer.answer(offer)
        except BaseException:
            await peer.close()
            raise
        finally:
            self._opening -= 1
        session_id = secrets.token_urlsafe(16)
        task = asyncio.create_task(
            self._run(services, session_id, camera_id, peer, kind, refused), name=f"whep {camera_id}"
        )
        self._sessions[session_id] = (camera_id, peer, task)
        return session_id, answer

    async def close(self, camera_id: str, session_id: str) -> None:
        """End one session.

        Raises:
            LiveSessionNotFoundError: there is none of this id for this camera.
        """
        held = self._sessions.get(session_id)
        if held is None or held[0] != camera_id:
            raise LiveSessionNotFoundError(session_id)
        await _finish(held[2])

    async def close_all(self) -> None:
        """End all sessions."""
        for _, _, task in list(self._sessions.values()):
            await _finish(task)

    async def _run(
        self,
        services: "CoreServices",
        session_id: str,
        camera_id: str,
        peer: "Peer",
        kind: PreviewKind,
        refused: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await peer.connected()
            # Watching begins only now: the keyframe that it asks for would be lost before.
            with viewer_slot(services):
                await show(services, camera_id, kind, peer.send, peer.gone(), refused=refused())
        except TimeoutError:
            log.info("whep.never_connected", camera_id=camera_id)
        except PopcamError as error:
            log.warning("whep.ended", camera_id=camera_id, code=error.code)
        finally:
            self._sessions.pop(session_id, None)
            await peer.close()


async def _finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _peer_class() -> "type[Peer]":
    try:
        from popcam.server.rtc import Peer
    except ImportError as error:
        raise WebrtcUnavailableError(str(error)) from error
    return Peer
