"""How often something happened within the last seconds: video events by rule and camera, security events by rule.

Memory is bounded: of events that a rule counts to n, only the newest n matter.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from popcam.core.alerts import ConditionSpec
from popcam.core.facts import Event
from popcam.core.security import SecurityEvent

MAX_KNOWN_EVENTS = 20_000
"""Ids of events that are remembered: an event is told again when it ends, and counts once."""
MAX_EARLY_EVENTS = 2000
MAX_INCREMENTS = 10_000


class Happened(NamedTuple):
    """What a counting rule sees of one subject: how many times, and the newest of them."""

    times: int
    newest_unix_s: float


class EventCounts:
    """Counts video events of cameras for rules. Until `open` they wait: rules, and what happened before, come first."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[ConditionSpec, frozenset[str] | None]] = {}
        self._by_kind: dict[str, list[str]] = {}
        self._times: dict[str, dict[str, deque[float]]] = {}
        self._known: OrderedDict[str, None] = OrderedDict()
        self._early: deque[Event] | None = deque(maxlen=MAX_EARLY_EVENTS)

    def open(self) -> None:
        """All rules are known, and what happened before: count what came meanwhile, and all that comes."""
        early, self._early = self._early or (), None
        for event in early:
            self.offer(event)

    def watch(self, rules: Mapping[str, tuple[ConditionSpec, frozenset[str] | None]]) -> None:
        """Count for these rules from now on, each with the cameras that it is for; None for all. What was counted for
        a condition that stays is kept."""
        times = {}
        by_kind: dict[str, list[str]] = {}
        for rule_id, (condition, _) in rules.items():
            same = rule_id in self._rules and self._rules[rule_id][0] == condition
            times[rule_id] = self._times[rule_id] if same else {}
            by_kind.setdefault(condition.event or "", []).append(rule_id)
        self._rules, self._times, self._by_kind = dict(rules), times, by_kind

    def offer(self, event: Event) -> None:
        """An event began, or was told again."""
        if self._early is not None:
            self._early.append(event)
            return
        if event.event_id in self._known:
            return
        self._known[event.event_id] = None
        if len(self._known) > MAX_KNOWN_EVENTS:
            self._known.popitem(last=False)
        self.count(event.camera_id, event.kind, event.label, event.place, event.started_unix_s)

    def again(self, *, event_id: str, camera_id: str, kind: str, label: str, place: str, started_unix_s: float) -> None:
        """An event of an earlier life of the server, from what is stored; oldest first."""
        if event_id not in self._known:
            self._known[event_id] = None
            self.count(camera_id, kind, label, place, started_unix_s)

    def count(self, camera_id: str, kind: str, label: str, place: str, at_unix_s: float) -> None:
        """Count one event for all rules that it is for."""
        for rule_id in (*self._by_kind.get(kind, ()), *self._by_kind.get("", ())):
            condition, cameras = self._rules[rule_id]
            if cameras is not None and camera_id not in cameras:
                continue
            if not matches(condition, label, place):
                continue
            times = self._times[rule_id].get(camera_id)
            if times is None:
                times = self._times[rule_id][camera_id] = deque(maxlen=condition.at_least)
            times.append(at_unix_s)

    def happened(self, rule_id: str, now_unix_s: float) -> dict[str, Happened]:
        """What happened within the rule's window, by camera; none of cameras without any."""
        found = {}
        condition, _ = self._rules[rule_id]
        since_s = now_unix_s - condition.window_s
        for camera_id, times in list(self._times[rule_id].items()):
            while times and times[0] <= since_s:
                times.popleft()
            if times:
                found[camera_id] = Happened(len(times), times[-1])
            else:
                del self._times[rule_id][camera_id]
        return found


class SecurityCounts:
    """Counts security events for rules. An event that happens again tells a larger count of itself."""

    def __init__(self) -> None:
        self._rules: dict[str, ConditionSpec] = {}
        self._increments: deque[tuple[float, str, int]] = deque(maxlen=MAX_INCREMENTS)
        self._counted: OrderedDict[int, int] = OrderedDict()

    def watch(self, rules: Mapping[str, ConditionSpec]) -> None:
        """Count for these rules."""
        self._rules = dict(rules)

    @property
    def wanted(self) -> bool:
        """Whether any rule counts them."""
        return bool(self._rules)

    def offer(self, event: SecurityEvent) -> None:
        """An event as it stands now."""
        before = self._counted.get(event.event_id, 0)
        if event.count <= before:
            return
        self._counted[event.event_id] = event.count
        if len(self._counted) > MAX_KNOWN_EVENTS:
            self._counted.popitem(last=False)
        self._increments.append((event.last_unix_s, event.kind, event.count - before))

    def look(self, events: Iterable[SecurityEvent]) -> None:
        """Take over how all events stand."""
        for event in events:
            self.offer(event)

    def happened(self, rule_id: str, now_unix_s: float) -> Happened:
        """What happened within the rule's window."""
        condition = self._rules[rule_id]
        since_s = now_unix_s - condition.window_s
        count, newest_s = 0, 0.0
        for at_s, kind, more in self._increments:
            if at_s > since_s and (not condition.security or kind in condition.security):
                count += more
                newest_s = max(newest_s, at_s)
        return Happened(count, newest_s)


def matches(condition: ConditionSpec, label: str, place: str) -> bool:
    """Whether an event of this label and place is meant."""
    return (not condition.label or condition.label == label) and (not condition.place or condition.place == place)
