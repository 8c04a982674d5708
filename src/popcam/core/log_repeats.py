"""Sums up what is said again and again: one line when it starts, a count now and then, and one when it ends. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

SUMMED = frozenset({"warning", "error", "critical", "exception"})
"""Levels that are summed up: what goes wrong repeats itself, what happens does not."""
APART = frozenset({"timestamp", "request_id", "exception", "exc_info", "stack_info"})
"""Fields that differ each time, and tell nothing apart."""
COUNT_EVERY_S = 60.0
ENDED_AFTER_S = 30.0
"""What was not said for so long has ended."""
MAX_KINDS = 1000
"""Beyond so many at a time lines go through as they are."""
_DIGITS = re.compile(r"\d+")

Event = Mapping[str, Any]


@dataclass(slots=True)
class _Kind:
    event: dict[str, Any]
    began_s: float
    last_s: float
    counted_s: float
    waiting: int = 0
    """Said since the last line of it."""
    total: int = 0
    """Said since the first one, without that."""


@dataclass(slots=True)
class Repeats:
    """What was said lately, by what it is about: its fields, numbers left out."""

    _kinds: dict[tuple[object, ...], _Kind] = field(default_factory=dict)

    def takes(self, event: Event, now_s: float) -> bool:
        """Whether a line only repeats an earlier one and is counted, instead of written."""
        if event.get("level") not in SUMMED:
            return False
        key = _key(event)
        kind = self._kinds.get(key)
        if kind is None or now_s - kind.last_s >= ENDED_AFTER_S:
            if kind is not None or len(self._kinds) < MAX_KINDS:
                # The end of an older one of this kind is told by `due` before; here it is too late for it.
                self._kinds[key] = _Kind(dict(event), now_s, now_s, now_s)
            return False
        kind.event, kind.last_s = dict(event), now_s
        kind.waiting += 1
        kind.total += 1
        return True

    def due(self, now_s: float) -> Iterator[dict[str, Any]]:
        """Lines that sum up: counts of what goes on, and the last ones of what has ended."""
        for key, kind in list(self._kinds.items()):
            if now_s - kind.last_s >= ENDED_AFTER_S:
                del self._kinds[key]
                if kind.total:
                    yield _summed(kind, kind.total, kind.last_s - kind.began_s, ended=True)
            elif kind.waiting and now_s - kind.counted_s >= COUNT_EVERY_S:
                count, over_s = kind.waiting, now_s - kind.counted_s
                kind.waiting, kind.counted_s = 0, now_s
                yield _summed(kind, count, over_s, ended=False)

    def rest(self) -> Iterator[dict[str, Any]]:
        """The last lines of all, when the process ends."""
        for kind in self._kinds.values():
            if kind.total:
                yield _summed(kind, kind.total, kind.last_s - kind.began_s, ended=True)
        self._kinds.clear()


def _summed(kind: _Kind, count: int, over_s: float, *, ended: bool) -> dict[str, Any]:
    line = {name: value for name, value in kind.event.items() if name not in APART}
    return {**line, "repeated": count, "over_s": round(over_s, 1), "repeats_ended": ended}


def _key(event: Event) -> tuple[object, ...]:
    return tuple(
        (name, _DIGITS.sub("#", value))
        for name, value in sorted(event.items())
        if isinstance(value, str) and name not in APART
    )
