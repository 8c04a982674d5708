"""What all live transports share: the bound on viewers, the pump from the fleet to one viewer, and why it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

from popcam.cameras.model import CameraChanges
from popcam.core.errors import LockedDownError, ViewerLimitError
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PreviewKind

if TYPE_CHECKING:
    from popcam.server.core_services import CoreServices


class ViewingEnd(Enum):
    """Why a viewing ended."""

    REMOVED = "camera removed"
    REFUSED = "not allowed any longer"
    CLOSING = "server closes"
    FLEET = "the fleet has no more pictures"
    VIEWER = "the viewer left"


def check_pictures(services: "CoreServices") -> None:
    """Let live pictures be watched.

    Raises:
        LockedDownError: incident mode stopped them.
    """
    if "preview" in services.quiet:
        raise LockedDownError


@contextmanager
def viewer_slot(services: "CoreServices") -> Iterator[None]:
    """Counts one open picture.

    Raises:
        ViewerLimitError: there are as many as allowed.
        LockedDownError: incident mode stopped live pictures.
    """
    check_pictures(services)
    if services.viewers >= services.options.max_viewers:
        raise ViewerLimitError(f"{services.viewers} of {services.options.max_viewers}")
    services.viewers += 1
    try:
        yield
    finally:
        services.viewers -= 1


async def show(
    services: "CoreServices",
    camera_id: str,
    kind: PreviewKind,
    deliver: Callable[[PreviewPicture], Awaitable[None]],
    *companions: Coroutine[Any, Any, None],
    refused: Coroutine[Any, Any, None],
) -> ViewingEnd:
    """Hand a camera's live pictures to one viewer until the camera, the server or the viewer ends.

    `deliver` may take its time: the fleet drops the oldest pictures meanwhile. The companions run beside it (reading
    what the viewer sends, telling states); when one of them returns, the viewer has left. `refused` returns
    once the viewer may not look any longer. What one raises comes out here.
    """
    with _removal(services, camera_id) as removed:
        ends: dict[asyncio.Task[Any], ViewingEnd] = {
            asyncio.create_task(_pump(services, camera_id, kind, deliver)): ViewingEnd.FLEET,
            asyncio.create_task(removed.wait()): ViewingEnd.REMOVED,
            asyncio.create_task(refused): ViewingEnd.REFUSED,
            asyncio.create_task(services.closing.wait()): ViewingEnd.CLOSING,
            **{asyncio.create_task(companion): ViewingEnd.VIEWER for companion in companions},
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
    reasons = []
    for task in done:
        task.result()
        reasons.append(ends[task])
    return next(reason for reason in ViewingEnd if reason in reasons)


async def _pump(
    services: "CoreServices", camera_id: str, kind: PreviewKind, deliver: Callable[[PreviewPicture], Awaitable[None]]
) -> None:
    begun = False
    async with services.fleet.watch(camera_id, kind) as pictures:
        async for picture in pictures:
            # A decoder can begin only at a keyframe; what comes before would show as rubbish.
            begun = begun or picture.header.keyframe
            if begun:
                await deliver(picture)


@contextmanager
def _removal(services: "CoreServices", camera_id: str) -> Iterator[asyncio.Event]:
    removed = asyncio.Event()

    def on_change(difference: CameraChanges) -> None:
        if camera_id in difference.removed:
            removed.set()

    unsubscribe = services.cameras.on_change(on_change)
    try:
        yield removed
    finally:
        unsubscribe()
