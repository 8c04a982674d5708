"""Everything that tells people of alerts, put together."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from popcam.alerts.notify.apprise_loading import load
from popcam.alerts.notify.apprise_service import scheme_of
from popcam.alerts.notify.channels import Channels, Sealing
from popcam.alerts.notify.clips import ClipOf, ClipSender, Records
from popcam.alerts.notify.detour import Detour
from popcam.alerts.notify.dispatcher import Dispatcher
from popcam.alerts.notify.model import Message
from popcam.alerts.notify.outbox import Outbox
from popcam.alerts.notify.sender import Attachment, Sender, SendError
from popcam.alerts.notify.templates import NameOf, camera_of, render
from popcam.config.model import AlertsSettings
from popcam.core.alerts import ChannelSpec
from popcam.core.clock import Clock
from popcam.core.errors import PopcamError
from popcam.storage import Database

log = structlog.get_logger(__name__)

PictureOf = Callable[[str], Awaitable[bytes]]
"""A JPEG of a camera's newest processed frame; raises a PopcamError when there is none."""
PICTURE_TIMEOUT_S = 0.4
"""What is told matters more than its picture: all of it leaves within a second of firing."""
LOAD_WAIT_S = 2.0
WARM_UP_AFTER_S = 3.0
"""The first message shall not wait for Apprise to be imported, and cameras come first when popcam starts."""


class Notifier:
    """Channels, dispatcher and outbox.

    Args:
        database: where channels and notifications are.
        sealing: seals addresses.
        clock: the time.
        settings: the section `alerts`; put anew when it changes.
        name_of: a camera's name.
        picture_of: a camera's picture.
        records: whether a camera has recordings.
        clip_of: a clip of a camera's recordings; without it no clips are sent.
    """

    def __init__(
        self,
        database: Database,
        sealing: Sealing,
        clock: Clock,
        settings: AlertsSettings,
        *,
        name_of: NameOf,
        picture_of: PictureOf,
        records: Records = lambda _: False,
        clip_of: ClipOf | None = None,
        sender: Sender | None = None,
    ) -> None:
        self.settings = settings
        self.channels = Channels(database, sealing, clock, lambda: self.settings.channels)
        self.dispatcher = Dispatcher(self.channels.specs, lambda: self.settings, self._wake)
        self._sender = sender or Sender()
        clips = None
        if clip_of is not None:
            clips = ClipSender(self.channels, clock, self._sender, name_of=name_of, records=records, clip_of=clip_of)
        self.outbox = Outbox(database, clock, self.dispatcher, self.channels.specs, self._deliver, clips)
        self._detour = Detour(clock, self.channels.specs, self._deliver, self.dispatcher.arrived)
        self.dispatcher.detour = self._detour
        self._clock = clock
        self.name_of = name_of
        self._picture_of = picture_of
        self._starting: asyncio.Task[None] | None = None
        self._warming: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, as soon as the database can be read; returns at once."""
        self._starting = asyncio.create_task(self._start(), name="notification channels")

    async def stop(self) -> None:
        """Send nothing more."""
        tasks = [task for task in (self._starting, self._warming) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._detour.stop()
        await self.outbox.stop()

    async def test(self, channel_id: str) -> None:
        """Send a test message now, by nobody's outbox.

        Raises:
            ChannelNotFoundError.
            ChannelInvalidError, NotificationFailedError, SecretKeyError: it did not arrive; the detail says why.
        """
        self.channels.get(channel_id)
        failure = await self._deliver(channel_id, self.channels.specs()[channel_id], Message(items=(), test=True))
        if failure is not None:
            raise failure.error

    async def _start(self) -> None:
        told = False
        while True:
            try:
                await self.channels.load()
                break
            except PopcamError as error:
                if not told:
                    log.warning("channels.wait", code=error.code, detail=error.detail)
                told = True
                await asyncio.sleep(LOAD_WAIT_S)
        await self.outbox.start()
        await asyncio.sleep(WARM_UP_AFTER_S)
        await self._warm_up()

    async def _warm_up(self) -> None:
        schemes = {scheme_of(spec.apprise_url) for spec in self.channels.specs().values() if spec.apprise_url}
        for scheme in sorted(schemes):
            await asyncio.to_thread(load, scheme)

    def _wake(self) -> None:
        """Something is to be told soon: what sends it is loaded while it waits for others of its group."""
        if self._warming is None:
            self._warming = asyncio.create_task(self._warm_up(), name="notification services")
        self.outbox.wake()

    async def _deliver(self, channel_id: str, spec: ChannelSpec, message: Message) -> SendError | None:
        problem = self.channels.get(channel_id).problem
        if problem is not None:
            return SendError(problem)
        rendered = render(message, spec.language, self.name_of, self._clock.unix_s())
        picture = await self._picture(message) if spec.picture else b""
        attachment = Attachment(picture, rendered.picture_name) if picture else None
        return await self._sender.send(channel_id, spec.apprise_url, rendered, attachment)

    async def _picture(self, message: Message) -> bytes:
        camera_id = camera_of(message)
        if not camera_id:
            return b""
        try:
            async with asyncio.timeout(PICTURE_TIMEOUT_S):
                return await self._picture_of(camera_id)
        except (PopcamError, TimeoutError) as error:
            log.debug("notification.no_picture", camera_id=camera_id, reason=str(error) or "no answer in time")
            return b""
