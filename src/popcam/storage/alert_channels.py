"""Notification channels that were made in the console, as rows. Their addresses are sealed by who calls."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from popcam.storage.tables import alert_channels


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One channel. `version` grows by one with each change."""

    channel_id: str
    spec: dict[str, Any]
    version: int
    changed_unix_s: float


def rows(connection: Connection) -> list[ChannelRow]:
    """All channels by their ids, in order."""
    query = select(alert_channels).order_by(alert_channels.c.channel_id)
    return [_row(row) for row in connection.execute(query).mappings()]


def get(connection: Connection, channel_id: str) -> ChannelRow | None:
    """One channel, or None."""
    query = select(alert_channels).where(alert_channels.c.channel_id == channel_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _row(row)


def add(connection: Connection, row: ChannelRow) -> None:
    """Write a new channel; there must be none of this id."""
    values = {"channel_id": row.channel_id, "spec": row.spec, "version": row.version}
    connection.execute(insert(alert_channels).values(**values, changed_unix_s=row.changed_unix_s))


def put(connection: Connection, row: ChannelRow) -> None:
    """Write over a channel."""
    of = alert_channels.c
    values = {"spec": row.spec, "version": row.version, "changed_unix_s": row.changed_unix_s}
    connection.execute(update(alert_channels).where(of.channel_id == row.channel_id).values(**values))


def remove(connection: Connection, channel_id: str) -> None:
    """Delete a channel."""
    connection.execute(delete(alert_channels).where(alert_channels.c.channel_id == channel_id))


def _row(row: RowMapping) -> ChannelRow:
    return ChannelRow(**row)
