"""What waits to be published to the MQTT broker, bounded. Filled by the server's loop, emptied by the link's thread.

Of a state only the newest counts, and it is published again to a broker that was away. Events are kept in order up to a
bound, and counted beyond it.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

MAX_EVENTS = 1000
"""Events that wait for a broker that is away."""
MAX_PASSING = 64
"""Pictures that wait; older ones are forgotten: the next event brings another."""


class Outgoing(NamedTuple):
    """One message. `number` tells it from an equal one that came later."""

    topic: str
    payload: bytes
    retain: bool
    qos: int
    number: int


class Feed:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self.lost = 0
        """Events that nobody got."""
        self._states: dict[str, tuple[bytes, int]] = {}
        self._waiting: OrderedDict[str, Outgoing] = OrderedDict()
        """States that changed, and what passes, by topic."""
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._events: deque[Outgoing] = deque()
        self._number = 0
        self._changing = threading.Lock()
        self._wake: Callable[[], None] = lambda: None

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call, in whatever thread, when there is something new."""
        self._wake = wake

    def state(self, topic: str, payload: bytes, *, qos: int = 1) -> None:
        """The newest value of a topic; the broker keeps it. Nothing happens when it is as it was."""
        with self._changing:
            if self._states.get(topic, (b"", 0))[0] == payload:
                return
            self._states[topic] = (payload, qos)
            self._put(topic, payload, qos)
        self._wake()

    def passing(self, topic: str, payload: bytes) -> None:
        """As `state`, for what is large: it is forgotten here once it was sent."""
        with self._changing:
            self._put(topic, payload, 0)
            self._passing.pop(topic, None)
            self._passing[topic] = None
            while len(self._passing) > MAX_PASSING:
                self._waiting.pop(self._passing.popitem(last=False)[0], None)
        self._wake()

    def event(self, topic: str, payload: bytes) -> None:
        """Something happened; nobody keeps it."""
        with self._changing:
            self._events.append(self._outgoing(topic, payload, retain=False, qos=1))
            if len(self._events) > MAX_EVENTS:
                self._events.popleft()
                self.lost += 1
        self._wake()

    def clear(self, topic: str) -> None:
        """There is no such state any more."""
        with self._changing:
            self._states.pop(topic, None)
            self._put(topic, b"", 1)
        self._wake()

    def clear_below(self, prefix: str) -> None:
        """There is no state any more whose topic begins so."""
        with self._changing:
            topics = [topic for topic in self._states if topic.startswith(prefix)]
        for topic in topics:
            self.clear(topic)

    def knows(self, topic: str) -> bool:
        """Whether there is such a state."""
        with self._changing:
            return topic in self._states

    def all_again(self) -> None:
        """Publish all states once more: another broker may have taken the place of the old one."""
        with self._changing:
            for topic, (payload, qos) in self._states.items():
                if topic not in self._waiting:
                    self._put(topic, payload, qos)
        self._wake()

    def next(self) -> Outgoing | None:
        """What goes first; it stays until `done`."""
        with self._changing:
            if self._events:
                return self._events[0]
            return next(iter(self._waiting.values()), None)

    def done(self, sent: Outgoing) -> None:
        """The broker has it."""
        with self._changing:
            if self._events and self._events[0].number == sent.number:
                self._events.popleft()
                return
            waiting = self._waiting.get(sent.topic)
            if waiting is not None and waiting.number == sent.number:
                del self._waiting[sent.topic]
                self._passing.pop(sent.topic, None)

    def _put(self, topic: str, payload: bytes, qos: int) -> None:
        fresh = self._outgoing(topic, payload, retain=True, qos=qos)
        self._waiting[topic] = fresh  # in the place of an older one: it does not go to the end

    def _outgoing(self, topic: str, payload: bytes, *, retain: bool, qos: int) -> Outgoing:
        self._number += 1
        return Outgoing(topic, payload, retain, qos, self._number)
