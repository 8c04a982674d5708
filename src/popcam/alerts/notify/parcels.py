"""Notifications that are due, as the messages in which they leave. Pure."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from popcam.alerts.notify.model import Message, merged
from popcam.alerts.notify.sender import SendError
from popcam.core.alerts import ChannelSpec
from popcam.storage.notifications import NotificationRow

Deliver = Callable[[str, ChannelSpec, Message], Awaitable[SendError | None]]
"""Sends a message to a channel; gives why it did not arrive."""
MOST_MESSAGES = 5
"""More groups than these that are due at once for a channel leave as one message: nobody reads a hundred."""


class Parcel(NamedTuple):
    """Rows of one channel that leave as one message."""

    rows: tuple[NotificationRow, ...]
    message: Message

    @property
    def ids(self) -> list[int]:
        """Of the rows."""
        return [row.notification_id for row in self.rows]


def parcels(rows: Sequence[NotificationRow]) -> list[Parcel]:
    """Rows of one channel as the messages in which they leave, the first that was due first."""
    groups: dict[str, list[NotificationRow]] = {}
    for row in sorted(rows, key=lambda row: row.notification_id):
        groups.setdefault(row.group_key, []).append(row)
    if len(groups) > MOST_MESSAGES:
        return [_parcel([row for group in groups.values() for row in group])]
    return [_parcel(group) for group in groups.values()]


def one_each(rows: Sequence[NotificationRow]) -> list[Parcel]:
    """Each row as a message of its own, the oldest first."""
    return [_parcel([row]) for row in sorted(rows, key=lambda row: row.notification_id)]


def _parcel(rows: Sequence[NotificationRow]) -> Parcel:
    ordered = sorted(rows, key=lambda row: row.notification_id)
    maybe = any(row.maybe_repeated for row in ordered)
    return Parcel(tuple(ordered), merged((row.facts for row in ordered), maybe_repeated=maybe))
