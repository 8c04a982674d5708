"""Notification channels: those of the settings file and those that were made in the console."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from popcam.alerts.notify.apprise_service import Service, secrets_of, service_of
from popcam.core.alerts import ChannelSpec, RuleOrigin
from popcam.core.clock import Clock
from popcam.core.errors import (
    ChannelChangedError,
    ChannelExistsError,
    ChannelFixedError,
    ChannelInvalidError,
    ChannelNotFoundError,
    PopcamError,
    SecretKeyError,
)
from popcam.core.known_secrets import KNOWN
from popcam.storage import Database, alert_channels
from popcam.storage.alert_channels import ChannelRow

log = structlog.get_logger(__name__)

SEALED = "sealed"
_SPEC = TypeAdapter(ChannelSpec)


class Sealing(Protocol):
    """What channels want of the vault. All of it may block."""

    def ready(self) -> None:
        """Have the keys; before a transaction, since making them writes.

        Raises:
            SecretKeyError, DatabaseError.
        """
        ...

    def seal(self, text: str, purpose: str) -> str:
        """Text that only `open` with the same purpose reads."""
        ...

    def open(self, sealed: str, purpose: str) -> str:
        """What was sealed.

        Raises:
            SecretKeyError: it was changed, or its key is gone.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel, as it is now.

    Attributes:
        spec: None where its address does not open any more; `problem` says why.
        version: grows with each change; 0 for those of the settings file.
        problem: why nothing can be sent.
    """

    channel_id: str
    origin: RuleOrigin
    spec: ChannelSpec | None
    version: int = 0
    changed_unix_s: float | None = None
    problem: PopcamError | None = field(default=None, compare=False)


class Channels:
    """All channels. Read by `load`; changed by one caller at a time in the loop.

    Args:
        database: where those of the console are.
        sealing: seals their addresses.
        clock: the time.
        in_file: the channels of the settings file, as it is now.
    """

    def __init__(
        self,
        database: Database,
        sealing: Sealing,
        clock: Clock,
        in_file: Callable[[], Mapping[str, ChannelSpec]],
    ) -> None:
        self._database = database
        self._sealing = sealing
        self._clock = clock
        self._in_file = in_file
        self._in_console: dict[str, Channel] = {}
        self._services: dict[str, Service] = {}
        self._of_file: tuple[Mapping[str, ChannelSpec], dict[str, Channel]] = ({}, {})

    async def load(self) -> None:
        """Read those of the database.

        Raises:
            DatabaseError, SecretKeyError: the keys can't be read. A single one that does not open is no failure.
        """
        rows = await self._database.run(alert_channels.rows)
        if rows:
            await self._database.in_thread(self._sealing.ready)
        found = [await self._database.in_thread(lambda row=row: self._opened(row)) for row in rows]  # type: ignore[misc]
        self._in_console = {channel.channel_id: channel for channel in found}

    def all(self) -> tuple[Channel, ...]:
        """Every channel in the order of ids. One of the settings file hides one of the console with the same id."""
        return tuple(channel for _, channel in sorted((self._in_console | self._from_file()).items()))

    def get(self, channel_id: str) -> Channel:
        """One channel.

        Raises:
            ChannelNotFoundError.
        """
        found = self._from_file().get(channel_id) or self._in_console.get(channel_id)
        if found is None:
            raise ChannelNotFoundError(channel_id)
        return found

    def specs(self) -> dict[str, ChannelSpec]:
        """All by id. One that does not open is among them, without its address: what is told to it is seen to fail."""
        both = self._in_console | self._from_file()
        return {channel_id: channel.spec or ChannelSpec(apprise_url="") for channel_id, channel in both.items()}

    async def service(self, channel: Channel) -> Service:
        """What a channel's address stands for.

        Raises:
            ChannelInvalidError: nothing can be sent to it.
            SecretKeyError: it does not open any more.
        """
        if channel.spec is None:
            raise channel.problem or ChannelInvalidError(channel.channel_id)
        url = channel.spec.apprise_url
        if url not in self._services:
            self._services[url] = await self._database.in_thread(lambda: service_of(url))
        return self._services[url]

    async def create(self, channel_id: str, spec: ChannelSpec) -> Channel:
        """Make one.

        Raises:
            ChannelExistsError: there is one of this id.
            ChannelInvalidError: nothing can be sent to its address.
            DatabaseError, SecretKeyError.
        """
        if channel_id in self._from_file():
            raise ChannelExistsError(channel_id)
        return await self._write(channel_id, spec, None)

    async def change(self, channel_id: str, spec: ChannelSpec, expected: int | None = None) -> Channel:
        """Change one.

        Args:
            spec: all of it; without an address (`apprise_url` is empty) the one that is saved stays.
            expected: the version that the change is based on; None for any.

        Raises:
            ChannelNotFoundError, ChannelFixedError: it stands in the settings file.
            ChannelChangedError: it is not the version that is expected.
            ChannelInvalidError, DatabaseError, SecretKeyError.
        """
        before = self._in_reach(channel_id)
        if not spec.apprise_url:
            if before.spec is None:
                raise ChannelInvalidError(
                    "give the address anew: the saved one does not open", "请重新填写地址：已保存的地址无法解密"
                )
            spec = replace(spec, apprise_url=before.spec.apprise_url)
        return await self._write(channel_id, spec, before.version if expected is None else expected)

    async def remove(self, channel_id: str, expected: int | None = None) -> None:
        """Delete one. Who asks has made sure that no rule names it.

        Raises:
            ChannelNotFoundError, ChannelFixedError, DatabaseError.
            ChannelChangedError: it is not the version that is expected; None for any.
        """
        if expected not in (None, self._in_reach(channel_id).version):
            raise ChannelChangedError(channel_id)
        await self._database.run(lambda connection: alert_channels.remove(connection, channel_id))
        self._in_console.pop(channel_id, None)

    def _in_reach(self, channel_id: str) -> Channel:
        found = self.get(channel_id)
        if found.origin == "file":
            raise ChannelFixedError(channel_id)
        return found

    async def _write(self, channel_id: str, spec: ChannelSpec, expected: int | None) -> Channel:
        """`expected` is None for a new one."""
        await self._database.in_thread(lambda: service_of(spec.apprise_url))
        KNOWN.keep(f"channel:{channel_id}", secrets_of(spec.apprise_url))
        sealed = await self._database.in_thread(lambda: self._sealed(channel_id, spec))
        now = self._clock.unix_s()

        def work(connection: Connection) -> ChannelRow:
            known = alert_channels.get(connection, channel_id)
            if expected is None and known is not None:
                raise ChannelExistsError(channel_id)
            if expected is not None and known is None:
                raise ChannelNotFoundError(channel_id)
            if known is not None and known.version != expected:
                raise ChannelChangedError(channel_id)
            version = 1 if known is None else known.version + 1
            row = ChannelRow(channel_id=channel_id, spec=sealed, version=version, changed_unix_s=now)
            (alert_channels.add if known is None else alert_channels.put)(connection, row)
            return row

        row = await self._database.run(work)
        channel = Channel(
            channel_id=channel_id,
            origin="console",
            spec=spec,
            version=row.version,
            changed_unix_s=row.changed_unix_s,
        )
        self._in_console[channel_id] = channel
        return channel

    def _sealed(self, channel_id: str, spec: ChannelSpec) -> dict[str, Any]:
        self._sealing.ready()
        return {**asdict(spec), "apprise_url": {SEALED: self._sealing.seal(spec.apprise_url, purpose(channel_id))}}

    def _opened(self, row: ChannelRow) -> Channel:
        channel = Channel(
            channel_id=row.channel_id,
            origin="console",
            spec=None,
            version=row.version,
            changed_unix_s=row.changed_unix_s,
        )
        try:
            url = self._sealing.open(str(row.spec["apprise_url"][SEALED]), purpose(row.channel_id))
            spec = _SPEC.validate_python({**row.spec, "apprise_url": url})
        except (KeyError, TypeError, ValidationError) as error:
            problem: PopcamError = ChannelInvalidError(f"what is stored is no channel: {type(error).__name__}")
        except SecretKeyError as error:
            problem = error
        else:
            KNOWN.keep(f"channel:{row.channel_id}", secrets_of(url))
            return replace(channel, spec=spec)
        log.error("channel.unusable", channel=row.channel_id, code=problem.code, detail=problem.detail)
        return replace(channel, problem=problem)

    def _from_file(self) -> dict[str, Channel]:
        given = self._in_file()
        if self._of_file[0] is not given:
            for channel_id, spec in given.items():
                KNOWN.keep(f"channel:{channel_id}", secrets_of(spec.apprise_url))
            channels = {
                channel_id: Channel(channel_id=channel_id, origin="file", spec=spec)
                for channel_id, spec in given.items()
            }
            self._of_file = (given, channels)
        return self._of_file[1]


def purpose(channel_id: str) -> str:
    """What the address of a channel is sealed for: it opens in no other row."""
    return f"alert_channels.spec:{channel_id}"
