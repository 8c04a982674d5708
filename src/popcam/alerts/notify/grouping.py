"""Which alerts are told together, to whom and when, in Alertmanager's terms. Pure: it has no clock and writes nothing.

A group is what alerts have in common (`alerts.group_by`), per channel. What begins a group leaves after `group_wait_s`;
what joins it after `group_interval_s` since it was told last; that the last of it is over leaves at once again, unless
the same was told to begin within that interval: what flaps is told once per interval. What goes on and on is told again
after `repeat_interval_s`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from popcam.alerts.notify.model import TOLD_STATES, Item, clip_in, facts_of, is_quiet, item_of, items_in
from popcam.core.alerts import Alert, AlertChange, AlertKey, ChannelSpec
from popcam.core.monitoring import SEVERITIES
from popcam.storage.notifications import NotificationRow

ALL_CHANNELS = "*"
MAX_ITEMS = 500
"""Alerts in one notification; more of them are told in several, which leave as one message."""
ChannelsOf = Callable[[AlertKey], Sequence[str]]


class GroupId(NamedTuple):
    """A group of one channel."""

    channel_id: str
    group_key: str


class Times(NamedTuple):
    """What the settings say: see `AlertsSettings`."""

    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    group_by: tuple[str, ...]


@dataclass(slots=True)
class Group:
    """What one channel knows of a group.

    Attributes:
        lasting: alerts that it was told of, or is about to be, and that go on.
        told_unix_s: when it was told last; None for never.
        planned_unix_s: when the newest notification was made, sent or not.
        begun_unix_s: when it was told of alerts that they fire.
    """

    lasting: set[AlertKey] = field(default_factory=set)
    told_unix_s: float | None = None
    planned_unix_s: float = 0.0
    begun_unix_s: dict[AlertKey, float] = field(default_factory=dict)


class Book:
    """What all channels know: made anew from the outbox at each start."""

    def __init__(self) -> None:
        self.read = False
        """Whether the outbox was read. Until then nobody is known to know nothing."""
        self.groups: dict[GroupId, Group] = {}
        self._group_of: dict[str, dict[AlertKey, GroupId]] = {}
        """By channel and alert, for what lasts."""

    def knows(self, channel_id: str, key: AlertKey) -> bool:
        """Whether a channel was told, or is about to be, that this alert fires."""
        return key in self._group_of.get(channel_id, ())

    def group_of(self, channel_id: str, key: AlertKey) -> GroupId | None:
        """The group in which it was told."""
        return self._group_of.get(channel_id, {}).get(key)

    def take(self, row: NotificationRow) -> None:
        """A notification was written, or was found at the start. Clips only follow what was told."""
        if clip_in(row.facts) is not None:
            return
        group_id = GroupId(row.channel_id, row.group_key)
        group = self.groups.setdefault(group_id, Group())
        group.planned_unix_s = max(group.planned_unix_s, row.made_unix_s)
        items = items_in(row.facts)
        for item in items:
            self.forget(row.channel_id, item.key)
            if not item.over:
                group.lasting.add(item.key)
                self._group_of.setdefault(row.channel_id, {})[item.key] = group_id
        if row.state == "sent" and row.ended_unix_s is not None:
            self.told(group_id, items, row.ended_unix_s)

    def told(self, group_id: GroupId, items: Iterable[Item], now_unix_s: float) -> None:
        """A message about a group arrived."""
        group = self.groups.setdefault(group_id, Group())
        group.told_unix_s = max(now_unix_s, group.told_unix_s or 0.0)
        group.begun_unix_s |= {item.key: now_unix_s for item in items if not item.over}

    def forget(self, channel_id: str, key: AlertKey) -> None:
        """An alert is over, whoever was told of it."""
        group_id = self._group_of.get(channel_id, {}).pop(key, None)
        if group_id is not None:
            self.groups[group_id].lasting.discard(key)

    def over(self, key: AlertKey) -> None:
        """An alert is over, and nobody is told."""
        for channel_id in self._group_of:
            self.forget(channel_id, key)

    def tidy(self, before_unix_s: float) -> None:
        """Forget groups in which nothing lasts and that were told longer ago."""
        for group_id, group in list(self.groups.items()):
            if not group.lasting and max(group.told_unix_s or 0.0, group.planned_unix_s) < before_unix_s:
                del self.groups[group_id]
            else:
                group.begun_unix_s = {key: at for key, at in group.begun_unix_s.items() if at >= before_unix_s}


def group_key(item: Item, group_by: Collection[str]) -> str:
    """What the item has in common with others, as one word."""
    parts = {"rule": item.rule_id, "camera": item.camera_id, "worker": item.worker_id, "severity": item.severity}
    return ",".join(f"{name}={parts[name]}" for name in group_by if name in parts)


def plan(
    changes: Sequence[AlertChange],
    now_unix_s: float,
    channels_of: ChannelsOf,
    *,
    channels: Mapping[str, ChannelSpec],
    times: Times,
    book: Book,
    firing: Iterable[Alert] = (),
) -> list[NotificationRow]:
    """Notifications to be written now.

    Args:
        changes: what happened since the last time.
        channels_of: the channels of an alert's rule; `*` is all.
        channels: the channels that there are.
        book: what they know; it is not changed.
        firing: all alerts that fire. What a channel does not know yet is told, such as after the end of a silence, and
            what it was told long ago is told again.
    """
    drafts: dict[GroupId, list[Item]] = {}
    planned: set[tuple[str, AlertKey]] = set()
    for change in changes:
        for channel_id in _told(change, channels_of(change.alert.key), channels, book):
            item = item_of(change)
            known = book.group_of(channel_id, item.key) if item.over else None
            group_id = known or GroupId(channel_id, group_key(item, times.group_by))
            drafts.setdefault(group_id, []).append(item)
            planned.add((channel_id, item.key))
    again: dict[GroupId, list[Item]] = {}
    if book.read:
        repeats = _repeats(book, times, now_unix_s)
        for channel_id, alert in _lasting(firing, planned, channels_of, channels):
            known = book.group_of(channel_id, alert.key)
            if known is not None and known not in repeats:
                continue  # nearly all of them, each second
            item = item_of(AlertChange(alert, "firing"))
            if known is None:
                drafts.setdefault(GroupId(channel_id, group_key(item, times.group_by)), []).append(item)
            else:
                again.setdefault(known, []).append(item)
    rows = [row for group_id, items in drafts.items() for row in _rows(group_id, items, now_unix_s, times, book)]
    for group_id, items in again.items():
        if group_id not in drafts:
            rows += _split(group_id, items, now_unix_s, now_unix_s, repeated=True)
    return rows


def _lasting(
    firing: Iterable[Alert],
    planned: Collection[tuple[str, AlertKey]],
    channels_of: ChannelsOf,
    channels: Mapping[str, ChannelSpec],
) -> Iterator[tuple[str, Alert]]:
    """What fires and no change tells of, with each channel that its rule names."""
    for alert in firing:
        if alert.state != "firing" or is_quiet(alert):
            continue
        for channel_id in _wanting(alert, channels_of(alert.key), channels):
            if (channel_id, alert.key) not in planned:
                yield channel_id, alert


def _told(change: AlertChange, wanted: Sequence[str], channels: Mapping[str, ChannelSpec], book: Book) -> list[str]:
    """Channels that are told of a change."""
    alert = change.alert
    if is_quiet(alert):
        return []
    if alert.state in TOLD_STATES:
        # The same again comes from the end of a silence, or of a gap in the figures: only who does not know is told.
        same = change.before in (alert.state, "no_data")
        return [one for one in _wanting(alert, wanted, channels) if not (same and book.knows(one, alert.key))]
    if alert.state == "resolved":
        # Whoever was told hears that it is over, also where the rule names other channels by now.
        knowing = [one for one in channels if book.knows(one, alert.key)]
        if not book.read and change.before in TOLD_STATES:
            knowing = _wanting(alert, wanted, channels)
        return [one for one in knowing if channels[one].enabled and channels[one].resolved]
    return []


def _wanting(alert: Alert, wanted: Sequence[str], channels: Mapping[str, ChannelSpec]) -> list[str]:
    ids = list(channels) if ALL_CHANNELS in wanted else [one for one in dict.fromkeys(wanted) if one in channels]
    rank = SEVERITIES.index(alert.severity)
    return [one for one in ids if channels[one].enabled and rank >= SEVERITIES.index(channels[one].min_severity)]


def _repeats(book: Book, times: Times, now_unix_s: float) -> set[GroupId]:
    """Groups that were told so long ago that they are told again."""
    before = now_unix_s - times.repeat_interval_s
    return {
        group_id
        for group_id, group in book.groups.items()
        if group.lasting and max(group.told_unix_s or 0.0, group.planned_unix_s) <= before
    }


def _rows(
    group_id: GroupId, items: Sequence[Item], now_unix_s: float, times: Times, book: Book
) -> list[NotificationRow]:
    due = _due_unix_s(book.groups.get(group_id, Group()), items, now_unix_s, times)
    return _split(group_id, items, now_unix_s, due)


def _due_unix_s(group: Group, items: Sequence[Item], now_unix_s: float, times: Times) -> float:
    soon = now_unix_s + times.group_wait_s
    gone = {item.key for item in items if item.over}
    begins = [item.key for item in items if not item.over]
    if not begins and gone >= group.lasting:
        return soon
    if group.lasting and group.told_unix_s is not None:
        return max(soon, group.told_unix_s + times.group_interval_s)
    # A group of its own again; what was told to begin a moment ago flaps.
    flaps = [group.begun_unix_s[key] + times.group_interval_s for key in begins if key in group.begun_unix_s]
    return max([soon, *flaps]) if len(flaps) == len(begins) else soon


def _split(
    group_id: GroupId, items: Sequence[Item], now_unix_s: float, due_unix_s: float, *, repeated: bool = False
) -> list[NotificationRow]:
    one = NotificationRow(
        channel_id=group_id.channel_id, group_key=group_id.group_key, made_unix_s=now_unix_s, due_unix_s=due_unix_s
    )
    parts = [items[first : first + MAX_ITEMS] for first in range(0, len(items), MAX_ITEMS)]
    return [replace(one, facts=facts_of(part, repeated=repeated)) for part in parts]
