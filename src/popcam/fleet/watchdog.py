"""Finds workers and cameras that have fallen silent."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from popcam.core.facts import CameraState
from popcam.fleet.link import WorkerLink
from popcam.fleet.plan import Phase

_FINAL = (CameraState.ENDED, CameraState.FAILED)
"""A pipeline that has ended need not report every second."""
_PATIENCE_WITH_COMMANDS = 3.0
"""A worker may need a while for a command while its heart goes on beating."""
_PATIENCE_WITH_LOADING_S = 30.0
"""While a runtime loads a model the worker can't even beat."""


class Silence(NamedTuple):
    """A worker to be replaced; `camera_id` names the camera that hangs when the worker itself does not."""

    link: WorkerLink
    reason: str
    camera_id: str = ""


class Watchdog:
    """Looks at ages once a tick. A pause of the server itself is not held against its workers, nor is what they said
    and the server had no time to read."""

    def __init__(self, timeout_s: float, tick_s: float, now_s: float) -> None:
        self._timeout_s = timeout_s
        self._tick_s = tick_s
        self._last_look_s = now_s

    def look(self, links: Iterable[WorkerLink], now_s: float) -> list[Silence]:
        """The workers that must be replaced now, each once."""
        away_s = now_s - self._last_look_s - self._tick_s
        self._last_look_s = now_s
        silences = []
        for link in links:
            if link.phase is not Phase.READY:
                continue
            if away_s > self._tick_s:
                link.excuse(away_s)
            found = next(self._silences(link, now_s), None)
            if found is not None and not link.unread:
                silences.append(found)
        return silences

    def _silences(self, link: WorkerLink, now_s: float) -> Iterator[Silence]:
        loading = link.status is not None and bool(link.status.loading)
        timeout_s = max(self._timeout_s, _PATIENCE_WITH_LOADING_S) if loading else self._timeout_s
        if link.silence_s(now_s) > timeout_s:
            yield Silence(link, f"no heartbeat for {link.silence_s(now_s):.1f} s")
        if link.command_silence_s(now_s) > timeout_s * _PATIENCE_WITH_COMMANDS:
            yield Silence(link, f"no answer to any command for {link.command_silence_s(now_s):.1f} s")
        for camera_id, placement in link.placements.items():
            silent_s = now_s - placement.seen_s
            expected = placement.confirmed and not placement.busy and placement.state not in _FINAL
            if expected and silent_s > timeout_s:
                yield Silence(link, f"no status of camera {camera_id} for {silent_s:.1f} s", camera_id)
