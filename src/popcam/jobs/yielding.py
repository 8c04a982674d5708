"""Live cameras first: how many batch workers may work while cameras lose or delay pictures. Pure: time is an argument.

Trouble takes half of the workers away, down to none; they come back one by one after a good while, and later
each time that this was too early. So a machine that carries both finds its balance instead of swinging. Cameras that
suffer on when no worker has worked for minutes do not suffer from jobs: one worker goes on then, or jobs would stand
for ever on a machine that is too weak for its cameras.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from popcam.core.facts import CameraState, CameraStatus

LATE_MS = 1000.0
"""A picture that takes longer than this from camera to screen is late for whoever watches live."""
LOST_SHARE = 0.05
"""Lost frames in a camera's frames that count as trouble. A frame or two at a start or a reconnect do not."""
MIN_LOST = 2
FALL_EVERY_S = 3.0
"""Fewer workers take a moment to show."""
FIRST_CALM_S = 10.0
MAX_CALM_S = 120.0
SETTLED_S = 60.0
"""Workers that came back and did no harm for so long make the next return quick again."""
BLAMELESS_S = 120.0
"""Without any worker for so long, and cameras no better: jobs are not the cause."""
STARVED_REASONS = ("processing_slow", "load")
"""The reasons of lost frames that a busy processor is to blame for: those that came too late, and those that a camera
leaves out because of them. Others are the network's or the viewers'."""


@dataclass(slots=True)
class _Seen:
    frames: int
    lost: int
    epoch: int
    bad_seconds: int = 0


class YieldPolicy:
    """Decides from the cameras' newest statuses. Ask about once a second.

    Args:
        workers: all that there are.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self.allowed = workers
        self._seen: dict[str, _Seen] = {}
        self._changed_s = float("-inf")
        self._rose = False
        self._blameless = False
        self._good_since_s: float | None = None
        self._calm_s = FIRST_CALM_S
        self.reason = ""
        """The camera that suffered last, and how."""

    def step(self, statuses: Mapping[str, CameraStatus], now_s: float) -> int:
        """How many workers may work from now on."""
        trouble = self._trouble(statuses)
        if trouble:
            self._fall(trouble, now_s)
        else:
            self._rise(now_s)
        return self.allowed

    def _fall(self, trouble: str, now_s: float) -> None:
        self._good_since_s = None
        if self.allowed == 0:
            if now_s - self._changed_s >= BLAMELESS_S:
                self.allowed, self._changed_s, self._rose, self._blameless = 1, now_s, False, True
            return
        if self._blameless or now_s - self._changed_s < FALL_EVERY_S:
            return
        too_early = self._rose and now_s - self._changed_s < SETTLED_S
        if too_early:
            self._calm_s = min(self._calm_s * 2, MAX_CALM_S)
        self.reason = trouble
        # The one that has just come back was too much; otherwise nobody knows how much is.
        self.allowed = self.allowed - 1 if too_early else self.allowed // 2
        self._changed_s, self._rose = now_s, False

    def _rise(self, now_s: float) -> None:
        if self._good_since_s is None:
            self._good_since_s = now_s
        calm_s = now_s - max(self._good_since_s, self._changed_s)
        if calm_s >= self._calm_s:
            self._blameless = False
        if self.allowed == self._workers:
            if self.reason and now_s - self._changed_s >= SETTLED_S:
                self.reason, self._calm_s = "", FIRST_CALM_S
            return
        if calm_s >= self._calm_s:
            self.allowed += 1
            self._changed_s, self._rose = now_s, True

    def _trouble(self, statuses: Mapping[str, CameraStatus]) -> str:
        found = ""
        for camera_id in self._seen.keys() - statuses.keys():
            del self._seen[camera_id]
        for camera_id, status in statuses.items():
            found = self._judge(camera_id, status) or found
        return found

    def _judge(self, camera_id: str, status: CameraStatus) -> str:
        # A frame that was covered wholly, because its faces were not found in time, is lost to whoever watches.
        so_far = sum(status.drops.get(reason, 0) for reason in STARVED_REASONS) + status.whole_covers
        seen = self._seen.get(camera_id)
        self._seen[camera_id] = now = _Seen(status.frames, so_far, status.epoch)
        if seen is None or seen.epoch != status.epoch or status.state is not CameraState.RUNNING:
            return ""
        lost, shown = so_far - seen.lost, status.frames - seen.frames
        late = status.latency_ms is not None and status.latency_ms > LATE_MS
        if lost >= MIN_LOST and lost > LOST_SHARE * (lost + shown):
            return f"{camera_id} lost {lost} frames"
        if late:
            # One slow second may be the network's; a second one in a row is ours.
            now.bad_seconds = seen.bad_seconds + 1
            if now.bad_seconds >= 2:
                return f"{camera_id} is {status.latency_ms:.0f} ms late"
        return ""
