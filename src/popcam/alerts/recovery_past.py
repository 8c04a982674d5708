"""What was done about alerts before: by action and by the camera or worker that it was done to."""

from collections.abc import Mapping, Sequence

from popcam.alerts.recovery_model import KEPT_RUNS, Past, Verdict, mean_times_s, verdict
from popcam.core.alerts import Alert, RecoveryKind, RecoveryRun, RecoverySpec


class RecoveryPast:
    """Runs as far as limits and mean times need them."""

    def __init__(self) -> None:
        self._pasts: dict[tuple[RecoveryKind, str], Past] = {}
        self._helped: list[RecoveryRun] = []
        self._times: Mapping[str, float] | None = None

    def verdict(self, spec: RecoverySpec, subject: str, now_unix_s: float) -> Verdict:
        """Whether an action may be carried out now."""
        return verdict(self._pasts.get((spec.action, subject)), spec, now_unix_s)

    def wait_s(self, spec: RecoverySpec, subject: str, now_unix_s: float) -> float:
        """How long its pause or rest still lasts."""
        past = self._pasts.get((spec.action, subject))
        return 0.0 if past is None else max(0.0, past.not_before_unix_s(spec.backoff_s) - now_unix_s)

    def tries(self, action: RecoveryKind, subject: str, alert: Alert) -> int:
        """How often an action was tried for an alert since its fault began."""
        past = self._pasts.get((action, subject))
        if past is None:
            return 0
        return sum(run.key == alert.key and run.started_unix_s >= alert.active_unix_s for run in past.runs)

    def began(self, run: RecoveryRun) -> None:
        """Count a run from its beginning on."""
        self._past(run).runs.append(run)

    def ended(self, run: RecoveryRun, chance: float) -> None:
        """Take note of how a run that was counted ended; `chance` is from 0 to 1."""
        past = self._past(run)
        for index, one in enumerate(past.runs):
            if one.run_id == run.run_id:
                past.runs[index] = run
        past.ended(run, chance)
        if run.outcome == "recovered":
            self._helped.append(run)
            del self._helped[:-KEPT_RUNS]
            self._times = None

    def take_up(self, runs: Sequence[RecoveryRun], chance: float) -> None:
        """Count what was done before the server started, oldest first; what is counted already stays."""
        known = {run.run_id for past in self._pasts.values() for run in past.runs}
        since, self._pasts = self._pasts, {}
        for run in runs:
            if run.run_id not in known:
                self.began(run)
                self.ended(run, chance)
        for subject, past in since.items():
            older = self._pasts.get(subject)
            if older is not None:
                past.runs.extendleft(reversed(older.runs))
            self._pasts[subject] = past

    def mean_times_s(self) -> Mapping[str, float]:
        """Mean time from the fault to its recovery, by camera or worker (MTTR)."""
        if self._times is None:
            self._times = mean_times_s(self._helped)
        return self._times

    def _past(self, run: RecoveryRun) -> Past:
        return self._pasts.setdefault((run.action, run.subject), Past())
