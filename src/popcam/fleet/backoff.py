"""How soon something that failed may be tried again, and how fast processes may start. Pure; time is an argument."""

from collections.abc import Callable
from dataclasses import dataclass, field

from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.timings import FleetTimings

WELL_RUN_S = 5.0
"""What ran for so long and fails for the first time is started again at once: cameras stand still meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """Back-off doubles from `first_s` to `most_s`; more than `budget` failures within `window_s` open the breaker, and
    after another `window_s` one attempt is made. A run of `stable_s` counts as success."""

    first_s: float
    most_s: float
    budget: int
    window_s: float
    stable_s: float

    @classmethod
    def of(cls, workers: WorkersSpec, timings: FleetTimings) -> "RetryRules":
        return cls(
            first_s=timings.first_backoff_s,
            most_s=timings.max_backoff_s,
            budget=workers.restart_budget,
            window_s=workers.restart_window_s,
            stable_s=timings.stable_after_s,
        )


@dataclass(slots=True)
class Retry:
    """The failures of one worker or camera, and when it may be tried next (`not_before_s`)."""

    failures_s: list[float] = field(default_factory=list)
    streak: int = 0
    not_before_s: float = float("-inf")
    tripped: bool = False
    """The breaker opened and no stable run has closed it since."""

    def failed(self, rules: RetryRules, *, ran_s: float, now_s: float, jitter: Callable[[], float]) -> None:
        """Count a failure after `ran_s` of running. `jitter` gives 0..1: workers that fail together retry apart."""
        if ran_s >= rules.stable_s:
            self.streak = 0
            self.tripped = False
        self.failures_s = [one for one in self.failures_s if now_s - one < rules.window_s] + [now_s]
        self.streak += 1
        if self.tripped or len(self.failures_s) > rules.budget:
            self.tripped = True
            self.not_before_s = now_s + rules.window_s
            return
        if self.streak == 1 and ran_s >= WELL_RUN_S:
            self.not_before_s = now_s
            return
        delay_s = min(rules.most_s, rules.first_s * 2.0 ** min(self.streak - 1, 30))
        self.not_before_s = now_s + delay_s * (0.75 + 0.5 * jitter())

    def waits(self, now_s: float) -> bool:
        return now_s < self.not_before_s

    def rests(self, now_s: float) -> bool:
        """The budget is used up: it waits for the window to pass, not just for a back-off."""
        return self.tripped and self.waits(now_s)


class TokenBucket:
    """At most `burst` at once and `per_s` on average."""

    def __init__(self, burst: int, per_s: float, now_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._tokens = float(burst)
        self._at_s = now_s

    def available(self, now_s: float) -> int:
        self._tokens = min(float(self._burst), self._tokens + max(0.0, now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return int(self._tokens)

    def take(self) -> None:
        self._tokens -= 1.0

    def next_s(self) -> float:
        """Seconds until the next one is there."""
        return max(0.0, 1.0 - self._tokens) / self._per_s
