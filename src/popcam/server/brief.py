"""What of a camera's reports is news to somebody who looks at many: changes of state at once, figures now and then.

A camera reports some 2 kB once a second. Of that a wall shows a word and two numbers, and the word rarely changes. One
that is started, or gets another name, is told anew alone: with 200 of them all are 90 kB.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from popcam.core.facts import CameraStatus

NOTICEABLE = 0.05
"""Share by which a figure has to differ from what was told last."""


@dataclass(slots=True)
class _Noted:
    key: tuple[object, ...]
    fps: float
    latency_ms: float | None
    whole_seq: int = 0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class BriefNews:
    """News of one camera. `whole`: more than its figures changed; `seq` is the newest change."""

    camera_id: str
    seq: int
    whole: bool


@dataclass(frozen=True, slots=True)
class BriefCameras:
    """Cameras that are told anew. `came_or_went`: which cameras there are is told, too."""

    camera_ids: tuple[str, ...] = ()
    came_or_went: bool = False

    def __bool__(self) -> bool:
        return bool(self.camera_ids) or self.came_or_went


NO_CAMERAS = BriefCameras()


class BriefBook:
    """Per camera: what was told last, and when in the sequence its state, its figures and its settings changed."""

    def __init__(self) -> None:
        self._came_or_went_seq = 0
        self._edited: dict[str, int] = {}  # in the order of their numbers
        self._noted: dict[str, _Noted] = {}  # the order is that of the changes
        self._waiting: dict[str, CameraStatus] = {}

    @property
    def waiting(self) -> bool:
        """There are figures that were not told yet."""
        return bool(self._waiting)

    def take(self, status: CameraStatus, has_worker: bool, seq: int) -> bool:
        """Note a report; True when it has to be told at once, as `seq`. New figures wait for `tell_figures`."""
        camera_id = status.camera_id
        key = _key(status, has_worker)
        noted = self._noted.get(camera_id)
        if noted is None or noted.key != key:
            self._noted.pop(camera_id, None)
            self._noted[camera_id] = _Noted(key, status.fps, status.latency_ms, seq, seq)
            self._waiting.pop(camera_id, None)
            return True
        if differs(noted.fps, status.fps) or differs(noted.latency_ms, status.latency_ms):
            self._waiting[camera_id] = status
        else:
            self._waiting.pop(camera_id, None)
        return False

    def tell_figures(self, seq: int) -> None:
        """All figures that wait are told now, as `seq`."""
        for camera_id, status in self._waiting.items():
            noted = self._noted.pop(camera_id)
            noted.fps, noted.latency_ms, noted.seq = status.fps, status.latency_ms, seq
            self._noted[camera_id] = noted
        self._waiting.clear()

    def since(self, seq: int) -> Iterator[BriefNews]:
        """What changed after that number, newest first."""
        for camera_id, noted in reversed(self._noted.items()):
            if noted.seq <= seq:
                return
            yield BriefNews(camera_id, noted.seq, whole=noted.whole_seq > seq)

    def edit(self, camera_ids: Iterable[str], seq: int, *, came_or_went: bool) -> None:
        """These cameras are new, got other settings, or something else is wanted of them; this is told as `seq`."""
        for camera_id in camera_ids:
            self._edited.pop(camera_id, None)
            self._edited[camera_id] = seq
        if came_or_went:
            self._came_or_went_seq = seq

    def edited_since(self, seq: int) -> BriefCameras:
        """Which cameras are to be told anew to who heard everything up to that number."""
        camera_ids = tuple(camera_id for _, camera_id in newest(self._edited, seq))
        return BriefCameras(camera_ids, came_or_went=self._came_or_went_seq > seq)

    def forget(self, camera_ids: Collection[str]) -> None:
        """These cameras are gone."""
        for camera_id in camera_ids:
            self._edited.pop(camera_id, None)
            self._noted.pop(camera_id, None)
            self._waiting.pop(camera_id, None)


def differs(old: float | None, new: float | None) -> bool:
    """Whether a reader should hear of the new figure. Nothing and something always differ."""
    if not old or not new:
        return old != new
    return abs(new - old) > NOTICEABLE * abs(old)


def newest(states: dict[str, int], since: int) -> Iterable[tuple[int, str]]:
    """Numbers and ids after `since`, oldest first, of a dict that is in the order of its numbers."""
    found = []
    for camera_id, seq in reversed(states.items()):
        if seq <= since:
            break
        found.append((seq, camera_id))
    return reversed(found)


def _key(status: CameraStatus, has_worker: bool) -> tuple[object, ...]:
    fault = status.faults[0] if status.faults else None
    wrong = (fault.code, fault.detail, fault.count) if fault else None
    return has_worker, status.state, status.recording, wrong
