"""Services that Apprise knows, by their addresses.

Apprise is imported by the first use, and of its services those that are used (`apprise_loading`).
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from popcam.alerts.notify.apprise_loading import load
from popcam.core.addresses import url_problem
from popcam.core.errors import ChannelInvalidError
from popcam.core.known_secrets import KNOWN, secrets_of_address
from popcam.core.redact import redact

if TYPE_CHECKING:
    from apprise import NotifyBase

SHORTEST_SECRET = 6
"""Shorter parts of an address, such as `/api`, are no secrets."""
PICTURES_ONLY = frozenset({"pushover", "pushsafer", "smseagle", "groupme", "twitter", "bluesky"})
"""Modules of services that take attachments, but no videos."""
_said = threading.local()


class Service(NamedTuple):
    """What an address stands for, without anything secret.

    Attributes:
        scheme: `ntfy`, `mailto`, ...
        name: what the service calls itself.
        pictures: it takes pictures.
        clips: it takes videos.
        targets: how many it tells at once.
    """

    scheme: str
    name: str
    pictures: bool
    clips: bool
    targets: int


def service_of(apprise_url: str) -> Service:
    """What an address stands for.

    Raises:
        ChannelInvalidError: no service knows it, it is not complete, or nothing may connect there.
    """
    plugin = plugin_of(apprise_url)
    pictures = bool(plugin.attachment_support)
    clips = pictures and type(plugin).__module__.split(".")[2] not in PICTURES_ONLY
    return Service(scheme_of(apprise_url), str(plugin.service_name), pictures, clips, len(plugin))


def plugin_of(apprise_url: str) -> "NotifyBase":
    """What sends to an address. One message each: it remembers when it sent and would make the next one wait.

    Raises:
        ChannelInvalidError: as `service_of`.
    """
    problem = url_problem(apprise_url)
    if problem is not None:
        raise ChannelInvalidError(problem.en, problem.zh)
    load(scheme_of(apprise_url))
    import apprise

    with said_here() as said:
        plugin = apprise.Apprise.instantiate(apprise_url, asset=_asset(), suppress_exceptions=True)
    if plugin is None or isinstance(plugin, (dict, list)):
        reason = next(iter(said), f"{scheme_of(apprise_url) or '?'}:// is unknown, or its address is not complete")
        raise ChannelInvalidError(hidden(reason, apprise_url))
    if not len(plugin):
        raise ChannelInvalidError("the address names nobody who is told", "地址中没有任何接收者")
    plugin.request_rate_per_sec = 0.0  # it would wait between a text and its picture
    plugin.retry = 0  # the outbox tries again, and survives the end of this process
    return plugin


def scheme_of(apprise_url: str) -> str:
    """Its kind of address; empty for what is none."""
    return apprise_url.partition("://")[0].lower()[:40] if "://" in apprise_url else ""


def secrets_of(apprise_url: str) -> Iterator[str]:
    """What must not be shown of an address: services have their keys anywhere in it."""
    yield from secrets_of_address(apprise_url)
    parts = urlsplit(apprise_url)
    pieces = [*parts.netloc.replace("@", ":").split(":"), *parts.path.split("/"), *_values(parts.query)]
    if parts.hostname and "." in parts.hostname:
        pieces = [piece for piece in pieces if piece.lower() != parts.hostname]
    yield from (piece for piece in pieces if len(unquote(piece)) >= SHORTEST_SECRET)
    yield apprise_url


def hidden(text: str, apprise_url: str) -> str:
    """A text of a library, which may repeat parts of the address, without them."""
    for secret in sorted(set(secrets_of(apprise_url)), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***").replace(unquote(secret), "***")
    return KNOWN.mask(redact(text))


@contextmanager
def said_here() -> Iterator[list[str]]:
    """What Apprise logs in this thread meanwhile: its only way to say why something did not work."""
    _listen()
    outer: list[str] | None = getattr(_said, "lines", None)
    lines: list[str] = []
    _said.lines = lines
    try:
        yield lines
    finally:
        _said.lines = outer


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines: list[str] | None = getattr(_said, "lines", None)
        if lines is not None and len(lines) < 100:
            lines.append(record.getMessage())


def _listen() -> None:
    """Hear all that Apprise says, whatever was set for logs of this process: it is how a library answers here."""
    logger = logging.getLogger("apprise")
    if not any(isinstance(handler, _Listener) for handler in logger.handlers):
        logger.addHandler(_Listener(logging.WARNING))
        logger.setLevel(logging.WARNING)  # not that of a server whose log is quieter
        logger.propagate = False  # its lines hold addresses
        logger.manager = logging.Manager(logger)  # type: ignore[arg-type] # `logging.disable` is for the other one
    logger.disabled = False  # `fileConfig` and `dictConfig` switch off whatever they do not name


def _asset() -> Any:
    """How popcam shows itself. No picture of Apprise's own server is linked, and nothing is kept on disk."""
    import apprise

    return apprise.AppriseAsset(
        app_id="popcam",
        app_desc="popcam",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        plugin_paths=[],
    )


def _values(query: str) -> list[str]:
    return [value for name, value in parse_qsl(query) if name.lower() not in _OPEN_VALUES]


_OPEN_VALUES = frozenset({"format", "overflow", "verify", "priority", "mode", "method", "image", "auth", "cto", "rto"})
