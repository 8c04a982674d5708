"""Puts together what tells people of alerts: notification channels with this server's cameras, vault and database."""

from pathlib import Path
from typing import TYPE_CHECKING

from popcam.alerts.notify.clips import AFTER_S, BEFORE_S, Clip
from popcam.alerts.notify.model import ClipWanted
from popcam.alerts.notify.service import Notifier
from popcam.core.errors import CameraNotFoundError, WorkerUnavailableError
from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.core.protocol import ClipCut, CutClip
from popcam.monitoring.figures import Figures
from popcam.server.core_services import CoreServices

if TYPE_CHECKING:
    from popcam.alerts.notify.channels import Sealing
    from popcam.config import Settings
    from popcam.storage import Database

COUNT = Metric(
    name="popcam_notifications",
    kind="gauge",
    unit="1",
    labels=("state",),
    help=Text("Notifications, by state; `dead` were given up", "按状态统计的通知数；`dead` 为已放弃发送"),
    kept=True,
)
PICTURE_WIDTH_PX = 1280
"""Enough to see who is at the door; mail and chat services limit what they take."""
CUT_TIMEOUT_S = 30.0
"""Reading goes on in a worker of its own; a slow disk takes its time."""


def notifier_of(services: CoreServices, settings: "Settings", database: "Database", sealing: "Sealing") -> Notifier:
    """What tells people of this server's alerts. Nothing is started."""

    def name_of(camera_id: str) -> str:
        try:
            return services.cameras.spec(camera_id).name or camera_id
        except CameraNotFoundError:
            return camera_id

    async def picture_of(camera_id: str) -> bytes:
        return (await services.fleet.snapshot(camera_id, PICTURE_WIDTH_PX)).jpeg

    def recordings_of(camera_id: str) -> Path:
        return services.options.recordings_dir / camera_id

    async def clip_of(wanted: ClipWanted, max_bytes: int) -> Clip:
        question = CutClip(
            folder=str(recordings_of(wanted.camera_id)),
            at_unix_s=wanted.at_unix_s,
            before_s=BEFORE_S,
            after_s=AFTER_S,
            max_bytes=max_bytes,
        )
        reply = await services.fleet.ask(question, CUT_TIMEOUT_S)
        if not isinstance(reply, ClipCut):
            raise WorkerUnavailableError(f"unexpected answer: {type(reply).__name__}")
        return Clip(reply.mp4, reply.started_unix_s, reply.duration_s, reply.reason)

    return Notifier(
        database,
        sealing,
        services.clock,
        settings.alerts,
        name_of=name_of,
        picture_of=picture_of,
        records=lambda camera_id: recordings_of(camera_id).is_dir(),
        clip_of=clip_of,
    )


def sample_notifications(notifier: Notifier, figures: Figures) -> None:
    """Have the number of notifications in each state measured."""
    family = figures.registry.declare(COUNT)

    def sample() -> None:
        for state, number in notifier.outbox.counts.items():
            family.set((state,), float(number))

    figures.sample_with("notifications", sample)
