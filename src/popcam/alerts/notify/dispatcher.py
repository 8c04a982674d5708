"""Decides what is told to whom and when, and keeps in mind what is known already."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from popcam.alerts.notify.detour import Detour
from popcam.alerts.notify.grouping import Book, ChannelsOf, GroupId, Times, plan
from popcam.alerts.notify.model import Item
from popcam.config.model import AlertsSettings
from popcam.core.alerts import Alert, AlertChange, ChannelSpec
from popcam.storage.notifications import NotificationRow


class Dispatcher:
    """Plans notifications. Whoever writes what `plan` gives calls `wake` once it is committed.

    Args:
        channels: those that there are, by id.
        settings: the section `alerts`, as it is now.
        on_wake: called when something was written: the sender looks at once.
    """

    def __init__(
        self,
        channels: Callable[[], Mapping[str, ChannelSpec]],
        settings: Callable[[], AlertsSettings],
        on_wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = channels
        self._settings = settings
        self._on_wake = on_wake
        self.detour: Detour | None = None
        """Takes what the database refuses; without it that waits for the database."""
        self._book = Book()
        self._early: list[NotificationRow] = []
        """What was planned before the outbox was read."""
        self._uncommitted: tuple[Sequence[AlertChange], Sequence[NotificationRow]] = ((), ())

    def plan(
        self,
        changes: Sequence[AlertChange],
        now_unix_s: float,
        channels_of: ChannelsOf,
        firing: Iterable[Alert] = (),
    ) -> list[NotificationRow]:
        """Notifications about these changes, to be written in the transaction that writes the changes.

        Nothing is remembered of them until `wake`; after a failed transaction the same changes are planned anew.

        Args:
            changes: what happened. Silenced, inhibited and acknowledged alerts are not told.
            now_unix_s: the time.
            channels_of: the channels that an alert's rule names; `*` is all.
            firing: all alerts that fire now, in any order: they are told again after `alerts.repeat_interval_s`, and
                once to channels that do not know of them, such as after the end of a silence.
        """
        rows = plan(
            changes,
            now_unix_s,
            channels_of,
            channels=self._channels(),
            times=self._times(),
            book=self._book,
            firing=firing,
        )
        if self.detour is not None:
            rows = [self.detour.as_written(row) for row in rows]
        self._uncommitted = (tuple(changes), rows)
        return rows

    def refused(self) -> None:
        """What `plan` gave last could not be written, and will be planned again: people are told all the same."""
        if self.detour is not None and self._book.read:
            self.detour.take(self._uncommitted[1])

    def arrived(self, row: NotificationRow) -> None:
        """People know of this row although it is not written."""
        self._book.take(row)

    def wake(self) -> None:
        """What `plan` gave last was committed."""
        (changes, rows), self._uncommitted = self._uncommitted, ((), ())
        if not self._book.read:
            self._early += rows
        for row in rows:
            self._book.take(row)
        if self.detour is not None:
            self.detour.written(rows)
        for change in changes:
            if change.alert.state == "resolved":
                self._book.over(change.alert.key)
        if rows:
            self._on_wake()

    def remember(self, rows: Iterable[NotificationRow]) -> None:
        """What the outbox holds, the oldest first; once, at the start."""
        book = Book()
        for row in (*rows, *self._early):
            book.take(row)
        book.read = True
        self._book = book
        self._early.clear()

    def told(self, channel_id: str, group_key: str, items: Iterable[Item], now_unix_s: float) -> None:
        """A message about a group arrived."""
        self._book.told(GroupId(channel_id, group_key), items, now_unix_s)

    def tidy(self, now_unix_s: float) -> None:
        """Forget what is long over; now and then."""
        times = self._times()
        self._book.tidy(now_unix_s - max(times.group_interval_s, times.repeat_interval_s))

    def _times(self) -> Times:
        settings = self._settings()
        return Times(
            settings.group_wait_s, settings.group_interval_s, settings.repeat_interval_s, tuple(settings.group_by)
        )
