"""Who is to blame when workers end: back-off and breaker per worker, probation and isolation per camera.

A worker that failed twice within the window with cameras in it puts all of them on probation, each in a worker of its
own. There the guilty one shows: its next failure isolates it; the others return to shared workers. Pure; time is an
argument.
"""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.backoff import Retry, RetryRules
from popcam.fleet.plan import SOLO, Standing, solo_slot
from popcam.fleet.timings import FleetTimings

_SUSPICIOUS_FAILURES = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """One worker's unwanted end.

    `cameras` were in it; `suspect` is the one that is known to be the cause, or empty; `ran_s` is how long the worker
    had been ready, 0 when it never was.
    """

    slot: str
    how: str
    ran_s: float
    cameras: Collection[str] = ()
    suspect: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A camera's standing changed."""

    camera_id: str
    standing: Standing
    why: str = ""


class Judge:
    """Remembers failures and decides who waits and who runs apart."""

    def __init__(
        self, workers: WorkersSpec, timings: FleetTimings, jitter: Callable[[], float] = random.random
    ) -> None:
        self._rules = RetryRules.of(workers, timings)
        self._probation_s = timings.probation_s
        self._jitter = jitter
        self._slots: dict[str, Retry] = {}
        self._cameras: dict[str, Retry] = {}
        self._shared_failures_s: dict[str, list[float]] = {}
        self._rounds: dict[str, int] = {}
        self._whys: dict[str, str] = {}
        self.standings: dict[str, Standing] = {}

    def standing(self, camera_id: str) -> Standing:
        return self.standings.get(camera_id, Standing.SHARED)

    def why(self, camera_id: str) -> str:
        """What the camera is suspected of or isolated for."""
        return self._whys.get(camera_id, "")

    def worker_failed(self, failure: Failure, now_s: float) -> list[Verdict]:
        """Count it against the worker's slot and say whose standing changes."""
        retry = self._slots.setdefault(failure.slot, Retry())
        retry.failed(self._rules, ran_s=failure.ran_s, now_s=now_s, jitter=self._jitter)
        if failure.slot.startswith(SOLO):
            guilty = failure.cameras
        elif failure.suspect:
            guilty = [failure.suspect]
        else:
            guilty = self._suspects(failure, now_s)
        verdicts = [self._condemn(camera_id, failure.how) for camera_id in sorted(guilty)]
        return [verdict for verdict in verdicts if verdict is not None]

    def start_refused(self, camera_id: str, now_s: float) -> None:
        """The worker would not take the camera as it is: ask again later."""
        self._cameras.setdefault(camera_id, Retry()).failed(self._rules, ran_s=0.0, now_s=now_s, jitter=self._jitter)

    def start_accepted(self, camera_id: str) -> None:
        self._cameras.pop(camera_id, None)

    def ran_alone(self, camera_id: str, ran_s: float) -> Verdict | None:
        """Tell how long a camera has run well in a worker of its own; it may have proved itself."""
        if self.standing(camera_id) is not Standing.PROBATION or ran_s < self.probation_s(camera_id):
            return None
        del self.standings[camera_id]
        self._slots.pop(solo_slot(camera_id), None)
        return Verdict(camera_id, Standing.SHARED)

    def probation_s(self, camera_id: str) -> float:
        """How long it must run well alone; doubled each time it comes back, up to the window."""
        repeats = max(0, self._rounds.get(camera_id, 1) - 1)
        return min(self._probation_s * 2.0 ** min(repeats, 30), max(self._probation_s, self._rules.window_s))

    def put_apart(self, camera_id: str) -> None:
        """An earlier server ran it in a worker of its own: it still has to prove itself."""
        self.standings.setdefault(camera_id, Standing.PROBATION)

    def forgive(self, camera_id: str, home: str = "") -> None:
        """Start afresh: no back-off, no open breaker. One that was isolated must still prove itself alone first."""
        for slot in (solo_slot(camera_id), home):
            self._slots.pop(slot, None)
        self._cameras.pop(camera_id, None)
        self._rounds.pop(camera_id, None)
        self._whys.pop(camera_id, None)
        if self.standing(camera_id) is Standing.ISOLATED:
            self.standings[camera_id] = Standing.PROBATION

    def forgive_slot(self, slot: str) -> None:
        """Somebody wants the slot's worker anew: no back-off, no open breaker."""
        self._slots.pop(slot, None)

    def forget(self, camera_id: str) -> None:
        """The camera is not wanted any more."""
        self.forgive(camera_id)
        self.standings.pop(camera_id, None)

    def rests(self, slot: str, now_s: float) -> bool:
        """Whether the slot's breaker is open."""
        return slot in self._slots and self._slots[slot].rests(now_s)

    def slot_waits(self, now_s: float) -> frozenset[str]:
        return frozenset(slot for slot, retry in self._slots.items() if retry.waits(now_s))

    def camera_waits(self, now_s: float) -> frozenset[str]:
        return frozenset(camera_id for camera_id, retry in self._cameras.items() if retry.waits(now_s))

    def next_s(self, now_s: float) -> float | None:
        """Seconds until somebody need not wait any more."""
        waits = [one.not_before_s - now_s for one in (*self._slots.values(), *self._cameras.values())]
        return min((wait_s for wait_s in waits if wait_s > 0.0), default=None)

    def _suspects(self, failure: Failure, now_s: float) -> Collection[str]:
        if not failure.cameras:
            return ()  # it failed on its own account: no camera had been started in it
        before = self._shared_failures_s.get(failure.slot, [])
        recent = [one for one in before if now_s - one < self._rules.window_s] + [now_s]
        self._shared_failures_s[failure.slot] = recent
        if len(recent) < _SUSPICIOUS_FAILURES:
            return ()
        del self._shared_failures_s[failure.slot]
        return failure.cameras

    def _condemn(self, camera_id: str, how: str) -> Verdict | None:
        self._whys[camera_id] = how
        if self.standing(camera_id) is Standing.SHARED:
            self._rounds[camera_id] = self._rounds.get(camera_id, 0) + 1
            self.standings[camera_id] = Standing.PROBATION
        elif self.standing(camera_id) is Standing.PROBATION:
            self.standings[camera_id] = Standing.ISOLATED
        else:
            return None
        return Verdict(camera_id, self.standings[camera_id], how)
