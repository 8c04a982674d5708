"""Keeps the audit log readable: one viewing is one entry, and who knocks a thousand times fills no disk."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from popcam.core.access import AuditNote

BURST = 10
"""Refusals and failures of one kind, by one person from one address, that are noted one by one within a window."""
WINDOW_S = 60.0
VIEWING_GAP_S = 1800.0
"""Who looks at the same again within this time is still at the same viewing."""
MAX_KEYS = 2000
"""That are remembered at once; the oldest are forgotten first, and told."""
Key = tuple[str, ...]


@dataclass(slots=True)
class _Window:
    began_s: float
    seen: int = 0
    last: AuditNote | None = None
    held_back: int = 0


class Damper:
    """Lets the first few of a kind through; the rest of a minute are told by their number in one entry.

    Args:
        now_s: a clock that never jumps.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._windows: OrderedDict[Key, _Window] = OrderedDict()

    def pass_on(self, note: AuditNote) -> Iterator[AuditNote]:
        """What is to be written, now that this came: sums of what was held back before, and perhaps the note itself."""
        yield from self.due()
        key = (note.action, note.result, note.who.address, note.who.user_id, note.detail)
        window = self._windows.setdefault(key, _Window(self._now_s()))
        window.seen += 1
        if window.seen <= BURST:
            yield note
        else:
            window.held_back += 1
            window.last = note
        while len(self._windows) > MAX_KEYS:
            yield from _sum(self._windows.popitem(last=False)[1])

    def due(self) -> Iterator[AuditNote]:
        """Sums of windows that have ended."""
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if self._now_s() - window.began_s < WINDOW_S:
                return
            del self._windows[key]
            yield from _sum(window)

    def all(self) -> Iterator[AuditNote]:
        """Sums of everything that is held back now."""
        while self._windows:
            yield from _sum(self._windows.popitem(last=False)[1])

    @property
    def holds(self) -> bool:
        """Something is held back."""
        return any(window.held_back for window in self._windows.values())


class Viewings:
    """Knows who looks at what.

    Args:
        now_s: a clock that never jumps.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._seen: OrderedDict[Key, float] = OrderedDict()

    def begins(self, note: AuditNote) -> bool:
        """Whether a viewing begins with this; else it goes on."""
        who = note.who
        key = (who.via, who.user_id, who.credential_id, who.address, note.action, note.on, note.detail)
        last_s = self._seen.pop(key, None)
        self._seen[key] = now_s = self._now_s()
        if len(self._seen) > MAX_KEYS:
            self._seen.popitem(last=False)
        return last_s is None or now_s - last_s >= VIEWING_GAP_S


def _sum(window: _Window) -> Iterator[AuditNote]:
    if window.last is not None:
        yield window.last._replace(detail=f"{window.last.detail} ({window.held_back} more like this)".lstrip())
