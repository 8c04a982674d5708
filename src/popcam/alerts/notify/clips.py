"""Short clips that follow a message about a camera.

The message does not wait: it leaves at once, with a picture. What happens after the moment is recorded first, then the
clip leaves as a message of its own, which the outbox keeps, tries again and gives up as any other. A camera that does
not record has none, and nobody is told of what is not there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from popcam.alerts.notify.channels import Channels
from popcam.alerts.notify.model import ClipWanted, Message, clip_facts
from popcam.alerts.notify.parcels import Parcel
from popcam.alerts.notify.sender import Attachment, Sender, SendError
from popcam.alerts.notify.templates import NameOf, render_clip
from popcam.core.alerts import ChannelSpec
from popcam.core.clock import Clock
from popcam.core.errors import PopcamError
from popcam.storage.notifications import CLIP_GROUP, NotificationRow

log = structlog.get_logger(__name__)

BEFORE_S = 5.0
AFTER_S = 5.0
WRITTEN_AFTER_S = 2.5
"""Until then the recorder has handed its newest pictures to the disk: it does so once a second."""
OLDEST_S = 3600.0
"""A moment further back is history: nobody waits for a clip of it."""


class Clip(NamedTuple):
    """A short MP4. `reason` says why there is none where it is empty."""

    mp4: bytes
    started_unix_s: float = 0.0
    duration_s: float = 0.0
    reason: str = ""


class Unneeded(NamedTuple):
    """There is nothing to send, and why."""

    reason: str


ClipOf = Callable[[ClipWanted, int], Awaitable[Clip]]
"""A clip of a camera's recordings around a time, no larger than so many bytes; raises a PopcamError when nobody can say
whether there is one."""
Records = Callable[[str], bool]
"""Whether there are recordings of a camera; it may look at the disk."""


class ClipSender:
    """Which messages a clip follows, and the sending of it.

    Args:
        channels: of which some take videos.
        clock: the time.
        sender: sends.
        name_of: a camera's name.
        records: whether a camera has recordings.
        clip_of: makes a clip.
    """

    def __init__(
        self, channels: Channels, clock: Clock, sender: Sender, *, name_of: NameOf, records: Records, clip_of: ClipOf
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._sender = sender
        self._name_of = name_of
        self._records = records
        self._clip_of = clip_of

    async def after(self, channel_id: str, spec: ChannelSpec, parcel: Parcel) -> NotificationRow | None:
        """The clip that follows a message which arrived; None for none."""
        now = self._clock.unix_s()
        wanted = None if parcel.message.repeated or not spec.clip else wanted_clip(parcel.message)
        if wanted is None or now - wanted.at_unix_s > OLDEST_S or not await self._is_possible(channel_id, wanted):
            return None
        return NotificationRow(
            channel_id=channel_id,
            group_key=f"{CLIP_GROUP}{parcel.ids[0]}",
            made_unix_s=now,
            due_unix_s=max(now, wanted.at_unix_s + AFTER_S + WRITTEN_AFTER_S),
            facts=clip_facts([item for item in parcel.message.items if item.camera_id == wanted.camera_id], wanted),
        )

    async def deliver(self, channel_id: str, spec: ChannelSpec, message: Message) -> SendError | Unneeded | None:
        """Send a clip; gives why it did not arrive."""
        assert message.clip is not None  # noqa: S101 - for the types: that is what a clip's message is
        if not spec.clip:
            return Unneeded("the channel wants no clips any more")
        problem = self._channels.get(channel_id).problem
        if problem is not None:
            return SendError(problem)
        try:
            clip = await self._clip_of(message.clip, round(spec.clip_max_mb * 1e6))
        except PopcamError as error:
            return SendError(error)
        if not clip.mp4:
            return Unneeded(clip.reason)
        rendered = render_clip(
            message, spec.language, self._name_of, self._clock.unix_s(), clip.started_unix_s, clip.duration_s
        )
        attachment = Attachment(clip.mp4, f"{message.clip.camera_id}.mp4", "video/mp4")
        return await self._sender.send(f"{channel_id} (clips)", spec.apprise_url, rendered, attachment)

    async def _is_possible(self, channel_id: str, wanted: ClipWanted) -> bool:
        try:
            service = await self._channels.service(self._channels.get(channel_id))
            return service.clips and await asyncio.to_thread(self._records, wanted.camera_id)
        except (PopcamError, OSError) as error:
            # The channel was removed or changed a moment ago, or recordings are out of reach; the message left already.
            log.warning("notification.no_clip", channel=channel_id, camera_id=wanted.camera_id, error=str(error))
            return False


def wanted_clip(message: Message) -> ClipWanted | None:
    """The clip for a message: of the worst that lasts and is about a camera, around the time when it began."""
    for item in message.items:
        if item.camera_id and not item.over:
            at = item.active_unix_s or item.fired_unix_s or item.since_unix_s
            return ClipWanted(item.camera_id, at) if at else None
    return None
