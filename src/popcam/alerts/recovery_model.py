"""When something is done about an alert, and when not: budgets, pauses, the breaker. Pure; time is an argument.

Limits hold for one action on one camera or worker, whichever rule asked for it: two rules together don't restart a
camera more often than one of them may.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from popcam.core.alerts import AlertKey, RecoveryKind, RecoveryOutcome, RecoveryRun, RecoverySpec

MAX_PAUSE_S = 21_600.0
"""Pauses and rests double up to six hours."""
MAX_JITTER = 0.5
"""A pause is longer by up to this share, so that what failed together is not tried together."""
BREAKER_AFTER = 5
"""So many runs in a row without help open the breaker."""
REST_S = 900.0
"""It stays open so long at first; then one run is made, and helps, or the rest doubles."""
KEPT_RUNS = 1000
"""The largest budget (`RecoverySpec.max_runs`)."""
NOTHING_DONE: frozenset[RecoveryOutcome] = frozenset({"budget_spent", "resting", "off"})
"""Outcomes of runs in which nothing was done: they count for no limit."""
BY_HAND = "manual"
"""Rule id of runs that a person asked for."""

CUT_OFF = "popcam ended before the outcome was known"
"""What is said of a run that the end of the server cut off."""

Verdict = Literal["go", "wait", "budget_spent", "resting"]


class Order(NamedTuple):
    """What is to be done.

    Attributes:
        action: which action.
        target: address of a webhook, name of a command.
        camera_id, worker_id: of the alert, as far as it has them.
        key: the alert that it is about.
    """

    action: RecoveryKind
    target: str = ""
    camera_id: str = ""
    worker_id: str = ""
    key: AlertKey = AlertKey(BY_HAND)


class Actions(Protocol):
    """What can be done, and whether it helped. Implemented by the server."""

    def subject_of(self, order: Order) -> str:
        """The camera or worker on which an order acts.

        Raises:
            RecoveryRefusedError: there is none that it could act on.
        """

    async def carry_out(self, order: Order) -> str:
        """Do it, within a time of its own. Gives what was done, for people, in English.

        Raises:
            RecoveryRefusedError: it does not fit.
            PopcamError: it went wrong.
        """

    def is_well(self, order: Order, since_unix_s: float) -> bool:
        """Whether what it acted on works again: its camera has had frames, its worker answered, since that time. True
        for what is neither."""


@dataclass(slots=True)
class Past:
    """What was done to one subject, as far as limits need it."""

    runs: deque[RecoveryRun] = field(default_factory=lambda: deque(maxlen=KEPT_RUNS))
    fails: int = 0
    """In a row, without help."""
    ended_unix_s: float | None = None
    """End of the last run."""
    chance: float = 0.0
    """Makes the pause after it longer; from 0 to 1."""

    @property
    def resting(self) -> bool:
        """The breaker is open, or lets one run through."""
        return self.fails >= BREAKER_AFTER

    def ended(self, run: RecoveryRun, chance: float) -> None:
        """Count a run that ended; `chance` is from 0 to 1."""
        self.ended_unix_s = run.started_unix_s if run.ended_unix_s is None else run.ended_unix_s
        self.chance = chance
        self.fails = 0 if run.outcome == "recovered" else self.fails + 1

    def not_before_unix_s(self, backoff_s: float) -> float:
        """The end of the pause, or of the rest, after the last run.

        Args:
            backoff_s: the shortest pause, of the rule that asks.
        """
        if self.ended_unix_s is None:
            return 0.0
        shortest_s = (
            REST_S * 2.0 ** min(self.fails - BREAKER_AFTER, 10)
            if self.resting
            else backoff_s * 2.0 ** min(max(self.fails - 1, 0), 20)
        )
        jitter = MAX_JITTER * self.chance if self.fails else 0.0
        return self.ended_unix_s + min(shortest_s, MAX_PAUSE_S) * (1.0 + jitter)

    def forgive(self, spec: RecoverySpec, now_unix_s: float) -> None:
        """Forget failures once the last one is a whole window, and the pause after it, ago."""
        last_s = self.runs[-1].started_unix_s if self.runs else 0.0
        if self.fails and now_unix_s >= max(last_s + spec.window_s, self.not_before_unix_s(spec.backoff_s) + REST_S):
            self.fails = 0


def verdict(past: Past | None, spec: RecoverySpec, now_unix_s: float) -> Verdict:
    """Whether the action may be carried out now."""
    if past is None:
        return "go"
    past.forgive(spec, now_unix_s)
    recent = sum(run.started_unix_s > now_unix_s - spec.window_s for run in past.runs)
    if recent >= spec.max_runs:
        return "budget_spent"
    if now_unix_s < past.not_before_unix_s(spec.backoff_s):
        return "resting" if past.resting else "wait"
    return "go"


def choose(after_s: Sequence[float], tried: Sequence[int], verdicts: Sequence[Verdict], lasted_s: float) -> int | None:
    """Which of a rule's actions is next for an alert that has lasted so long; None while each has to wait for its time.

    It is the one that was tried least, in the rule's order, of those that may still run; where none may, the first one
    says why.

    Args:
        after_s: for each action, how long the alert has to last first.
        tried: how often each was tried for this alert.
        verdicts: whether each may be carried out now.
        lasted_s: age of the alert.
    """
    due = [index for index, least_s in enumerate(after_s) if lasted_s >= least_s]
    left = [index for index in due if verdicts[index] in {"go", "wait"}]
    if left:
        return min(left, key=lambda index: tried[index])
    return due[0] if due else None


def is_idle(run: RecoveryRun) -> bool:
    """Whether it only tells that nothing was done."""
    return run.outcome in NOTHING_DONE or run.ended_unix_s == run.started_unix_s


def mean_times_s(runs: Iterable[RecoveryRun]) -> Mapping[str, float]:
    """Mean time from the fault to its recovery, by camera or worker that alerts were about (MTTR)."""
    times: dict[str, list[float]] = {}
    for run in runs:
        if run.outcome == "recovered" and run.active_unix_s is not None and run.ended_unix_s is not None:
            times.setdefault(run.key.subject, []).append(run.ended_unix_s - run.active_unix_s)
    return {subject: sum(found) / len(found) for subject, found in times.items()}
