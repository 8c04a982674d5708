"""What was seen lately, in memory: the same thing again within a while is counted, not repeated. Bounded, by kind."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from popcam.core.clock import Clock
from popcam.core.security import SecurityEvent, SecurityKind
from popcam.security.watch_rules import plain

MAX_PER_KIND = 200
"""Whoever floods one kind pushes out nothing of the others."""
SAME_WITHIN_S = 600.0
Listener = Callable[[SecurityEvent], None]
_Sameness = tuple[SecurityKind, str, str]


class EventBook:
    """Newest events of each kind.

    Args:
        clock: for the times of events.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_id = 1
        self._events: dict[SecurityKind, OrderedDict[int, SecurityEvent]] = {
            kind: OrderedDict() for kind in SecurityKind
        }
        self._open: OrderedDict[_Sameness, int] = OrderedDict()
        self._listeners: list[Listener] = []
        self._dirty: set[int] = set()

    def on_event(self, listener: Listener) -> None:
        """Hear each new event, and again when its count doubles."""
        self._listeners.append(listener)

    def load(self, events: Iterable[SecurityEvent]) -> None:
        """Take over what was kept, oldest first. What was seen meanwhile gets new numbers behind it."""
        meanwhile = sorted(self._all(), key=lambda event: event.event_id)
        self._events = {kind: OrderedDict() for kind in SecurityKind}
        self._open.clear()
        self._dirty.clear()
        for event in events:
            self._keep(event)
            self._next_id = max(self._next_id, event.event_id + 1)
        for event in meanwhile:
            self._keep(replace(event, event_id=self._next_id))
            self._dirty.add(self._next_id)
            self._next_id += 1

    def tell(
        self, kind: SecurityKind, *, address: str = "", account: str = "", path: str = "", detail: str = ""
    ) -> SecurityEvent:
        """Something was seen; texts may come from strangers."""
        now_s = self._clock.unix_s()
        address, account, path = plain(address, 64), plain(account, 80), plain(path, 200)
        same = (kind, address, account)
        before = self._recent(same, now_s)
        if before is None:
            event = SecurityEvent(
                event_id=self._next_id,
                kind=kind,
                first_unix_s=now_s,
                last_unix_s=now_s,
                address=address,
                account=account,
                path=path,
                detail=plain(detail, 400),
            )
            self._next_id += 1
        else:
            event = replace(
                before, last_unix_s=now_s, count=before.count + 1, path=path, detail=plain(detail, 400) or before.detail
            )
        self._keep(event)
        self._open[same] = event.event_id
        self._open.move_to_end(same)
        if len(self._open) > MAX_PER_KIND:
            self._open.popitem(last=False)
        self._dirty.add(event.event_id)
        if event.count & (event.count - 1) == 0:
            for listener in self._listeners:
                listener(event)
        return event

    def newest(
        self, *, kinds: Iterable[SecurityKind] = (), before_id: int | None = None, limit: int = 50
    ) -> list[SecurityEvent]:
        """Events from the newest to the oldest, those before an id."""
        wanted = tuple(kinds) or tuple(SecurityKind)
        found = (event for kind in wanted for event in self._events[kind].values())
        older = [event for event in found if before_id is None or event.event_id < before_id]
        return sorted(older, key=lambda event: -event.event_id)[:limit]

    def take_changes(self) -> list[SecurityEvent]:
        """What was not yet written, oldest first; it counts as written."""
        ids, self._dirty = self._dirty, set()
        return sorted((event for event in self._all() if event.event_id in ids), key=lambda event: event.event_id)

    def write_again(self, events: Iterable[SecurityEvent]) -> None:
        """These could not be written."""
        self._dirty.update(event.event_id for event in events)

    def ids(self) -> frozenset[int]:
        """Ids of all events that are known."""
        return frozenset(event.event_id for event in self._all())

    def _all(self) -> Iterator[SecurityEvent]:
        for events in self._events.values():
            yield from events.values()

    def _recent(self, same: _Sameness, now_s: float) -> SecurityEvent | None:
        found = self._events[same[0]].get(self._open.get(same, 0))
        # A clock that was set back must not keep one event open for ever.
        return found if found is not None and 0 <= now_s - found.last_unix_s <= SAME_WITHIN_S else None

    def _keep(self, event: SecurityEvent) -> None:
        kept = self._events[event.kind]
        kept[event.event_id] = event
        if len(kept) > MAX_PER_KIND:
            kept.popitem(last=False)
