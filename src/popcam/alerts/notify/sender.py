"""Sends one message through Apprise: in a thread of its own, with a time limit, and only where it may go."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import structlog

from popcam.alerts.notify.apprise_files import attached
from popcam.alerts.notify.apprise_service import hidden, plugin_of, said_here
from popcam.alerts.notify.reach import guarded
from popcam.alerts.notify.templates import Rendered
from popcam.core.errors import ChannelInvalidError, NotificationFailedError, PopcamError
from popcam.core.language import Text

if TYPE_CHECKING:
    from apprise import NotifyBase

log = structlog.get_logger(__name__)

SEND_TIMEOUT_S = 20.0
"""Longer than the limits of Apprise's services for a text and a picture: 4 s to connect and 4 s to answer, each."""
UPLOAD_TIMEOUT_S = 90.0
"""For a video: 8 MB take a minute over 1 Mbit/s."""
MAX_REASONS = 3
_LATE = Text("no answer within {seconds:g} s", "{seconds:g} 秒内没有应答")
_BUSY = Text("the try before has not ended yet", "上一次尝试尚未结束")


class Attachment(NamedTuple):
    """What goes with a message, where the service takes it."""

    data: bytes
    name: str
    media_type: str = "image/jpeg"

    @property
    def is_clip(self) -> bool:
        """Whether it is a video."""
        return self.media_type.startswith("video/")


class SendError(NamedTuple):
    """Why a message did not arrive, as far as known.

    Attributes:
        error: what went wrong.
        maybe: it could have arrived all the same, in part at least.
    """

    error: PopcamError
    maybe: bool = False


class Sender:
    """Sends to one place at a time. A thread can't be stopped: after the time limit it is left alone, and its place
    gets nothing more until it has ended. So there are never more threads than places."""

    def __init__(self, timeout_s: float = SEND_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._busy: set[str] = set()

    async def send(
        self, place: str, apprise_url: str, rendered: Rendered, attachment: Attachment | None = None
    ) -> SendError | None:
        """Send a message; gives why it did not arrive, or None.

        Args:
            place: the channel, or its clips.
            apprise_url: its address.
            rendered: what is told.
            attachment: goes with it where the service takes attachments.
        """
        if place in self._busy:
            return SendError(NotificationFailedError(_BUSY.en, _BUSY.zh))
        self._busy.add(place)
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[SendError | None] = loop.create_future()

        def ended(found: SendError | None) -> None:
            self._busy.discard(place)
            if not outcome.done():
                outcome.set_result(found)

        def work() -> None:
            found: SendError | None = SendError(NotificationFailedError("the thread broke", "线程出错"), maybe=True)
            try:
                found = _send(apprise_url, rendered, attachment)
            finally:
                _tell(loop, lambda: ended(found))

        threading.Thread(target=work, name=f"notify {place}", daemon=True).start()
        timeout_s = max(self._timeout_s, UPLOAD_TIMEOUT_S) if attachment and attachment.is_clip else self._timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await outcome
        except TimeoutError:
            detail = Text(*(text.format(seconds=timeout_s) for text in (_LATE.en, _LATE.zh)))
            return SendError(NotificationFailedError(detail.en, detail.zh), maybe=True)


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        log.debug("notify.late", reason="the server has ended meanwhile")


def _send(apprise_url: str, rendered: Rendered, attachment: Attachment | None) -> SendError | None:
    """In the thread. Whatever a library raises is a failure of this one message."""
    with guarded() as refused, said_here() as said:
        targets = 1
        try:
            plugin = plugin_of(apprise_url)
            targets = len(plugin)
            arrived = _notify(plugin, rendered, attachment)
        except PopcamError as error:
            return SendError(error)
        except Exception as error:  # noqa: BLE001 - a hundred services, each with errors of its own
            said.append(f"{type(error).__name__}: {error}")
            arrived = False
    if refused:
        problem = refused[0].problem
        return SendError(ChannelInvalidError(f"{refused[0].host}: {problem.en}", f"{refused[0].host}：{problem.zh}"))
    if arrived:
        return None
    reason = "; ".join(dict.fromkeys(said[-MAX_REASONS:])) or "the service refused it and gave no reason"
    return SendError(NotificationFailedError(hidden(reason, apprise_url)), maybe=targets > 1)


def _notify(plugin: "NotifyBase", rendered: Rendered, attachment: Attachment | None) -> bool:
    import apprise

    with ExitStack() as kept:
        attach = None
        if attachment is not None and plugin.attachment_support:
            attach = apprise.AppriseAttachment(kept.enter_context(attached(*attachment)))
            if attachment.is_clip:
                # It bounds all of an upload, from its first to its last byte.
                plugin.socket_connect_timeout = plugin.socket_read_timeout = UPLOAD_TIMEOUT_S / 2
        return bool(
            plugin.notify(
                body=rendered.body,
                title=rendered.title,
                notify_type=apprise.NotifyType(rendered.kind),
                body_format=apprise.NotifyFormat.TEXT,
                attach=attach,
            )
        )
