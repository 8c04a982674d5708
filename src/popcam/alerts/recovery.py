"""Does something about alerts, within limits, and sees whether it helped.

`consider` is called each second with what fires. It is level-triggered: what is due begins, once for each camera or
worker at a time; what was due and is no longer is forgotten.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import structlog

from popcam.alerts.recovery_doing import Doing
from popcam.alerts.recovery_model import BY_HAND, Actions, Order, choose, is_idle
from popcam.alerts.recovery_past import RecoveryPast
from popcam.alerts.recovery_store import RecoveryStore
from popcam.core.alerts import Alert, AlertKey, AlertRuleSpec, RecoveryKind, RecoveryOutcome, RecoveryRun, RecoverySpec
from popcam.core.clock import Clock
from popcam.core.errors import DatabaseError, RecoveryRefusedError
from popcam.storage.database import Database
from popcam.storage.recovery import RunFilter

log = structlog.get_logger(__name__)

LOAD_AGAIN_S = 10.0
BY_HAND_KINDS: tuple[RecoveryKind, ...] = (
    "restart_stream",
    "restart_camera",
    "move_camera",
    "restart_worker",
    "use_sub_stream",
    "onvif_reboot",
)
"""What people may ask for. Webhooks and commands are run by rules alone."""

Firing = Sequence[tuple[Alert, AlertRuleSpec]]


class RecoveryService:
    """Recovery of all cameras and workers.

    Args:
        database: where runs are kept.
        actions: what can be done.
        clock: the time.
        enabled: carry actions out, or only tell what would have been done. May be set while running.
        chance: gives 0..1.
    """

    def __init__(
        self,
        database: Database,
        actions: Actions,
        clock: Clock,
        *,
        enabled: bool = True,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.enabled = enabled
        self.ready = False
        """What was done before is known, or the database has refused to tell it."""
        self._actions = actions
        self._clock = clock
        self._chance = chance
        self._store = RecoveryStore(database)
        self._past = RecoveryPast()
        self._doing = Doing(actions, clock, self._past, self._tell, self._is_over, chance)
        self._told: dict[tuple[AlertKey, RecoveryKind, str], float] = {}
        """What was said of alerts for which nothing was done, with the beginning of their fault."""
        self._firing: frozenset[AlertKey] = frozenset()
        self._loading: asyncio.Task[None] | None = None
        self._writing: set[asyncio.Task[None]] = set()
        self._listeners: list[Callable[[RecoveryRun], object]] = []

    async def start(self) -> None:
        """Begin: what was done before counts. Returns at once; nothing is done before the past is known, or the
        database has refused to tell it."""
        self._loading = asyncio.create_task(self._load(), name="recovery past")

    async def stop(self) -> None:
        """End; what runs is written down as cut off."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        await self._doing.stop()
        await asyncio.gather(*self._writing, return_exceptions=True)

    def on_run(self, listener: Callable[[RecoveryRun], object]) -> Callable[[], None]:
        """Call when a run begins, when it has ended, and when nothing is done for a reason. Gives what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def consider(self, firing: Firing, now_unix_s: float) -> None:
        """Begin what is due.

        Args:
            firing: alerts that fire and whose condition holds, with their rules.
            now_unix_s: the time.
        """
        self._firing = frozenset(alert.key for alert, _ in firing)
        self._doing.looks += 1
        if not self.ready:
            return
        if self._told:
            self._told = {told: active_s for told, active_s in self._told.items() if told[0] in self._firing}
        for alert, rule in firing:
            # What an inhibited alert is about is mended where its cause is.
            if rule.recovery and alert.state == "firing" and not alert.inhibited_by:
                self._consider(alert, rule.recovery, now_unix_s)

    async def run_now(
        self, action: RecoveryKind, *, camera_id: str = "", worker_id: str = "", target: str = "", by: str = ""
    ) -> RecoveryRun:
        """Begin an action that a person asked for, within the limits that rules have. Gives the run that began.

        Args:
            action: what is done, one of `BY_HAND_KINDS`.
            camera_id, worker_id: to what.
            target: as in `RecoverySpec`.
            by: who asked.

        Raises:
            RecoveryRefusedError: it does not fit, something is done already, or the limits forbid it now.
        """
        if action not in BY_HAND_KINDS:
            raise RecoveryRefusedError("only rules run webhooks and commands", "网络回调和命令只能由规则运行")
        order = Order(action, target, camera_id, worker_id, AlertKey(BY_HAND, camera_id or worker_id))
        subject = self._actions.subject_of(order)
        if not self._doing.is_free(subject):
            raise RecoveryRefusedError("another recovery is going on", "另一项恢复操作正在进行")
        spec = RecoverySpec(action=action)
        self._check_limits(spec, subject, self._clock.unix_s())
        return self._doing.begin(order, subject, spec, detail=f"asked for by {by}" if by else "")

    async def runs(
        self,
        *,
        subject: str = "",
        within: Collection[str] | None = None,
        since_unix_s: float | None = None,
        before: tuple[float, str] | None = None,
        limit: int = 100,
    ) -> Sequence[RecoveryRun]:
        """What was done, newest first, about one camera or worker or about all.

        Args:
            subject: only about this camera or worker.
            within: only about one of these; None for no limit.
            since_unix_s: begun at this time or later.
            before: start and id of the last run of the page above.
            limit: most of them.

        Raises:
            DatabaseError.
        """
        return await self._store.page(RunFilter(subject, within, since_unix_s, before), limit)

    def mean_times_s(self) -> Mapping[str, float]:
        """Mean time from the fault to its recovery over the last thirty days, by camera or worker (MTTR)."""
        return self._past.mean_times_s()

    def _consider(self, alert: Alert, specs: Sequence[RecoverySpec], now_s: float) -> None:
        plans = [plan for spec in specs if (plan := self._plan(alert, spec, now_s)) is not None]
        tries = [self._past.tries(plan.spec.action, plan.subject, alert) for plan in plans]
        fired_s = alert.active_unix_s if alert.fired_unix_s is None else alert.fired_unix_s
        verdicts = [self._past.verdict(plan.spec, plan.subject, now_s) for plan in plans]
        chosen = choose([plan.spec.after_s for plan in plans], tries, verdicts, now_s - fired_s)
        if chosen is None:
            return
        plan, verdict = plans[chosen], verdicts[chosen]
        if verdict == "wait":
            return
        if verdict != "go":
            self._say(alert, plan.spec, verdict, now_s, plan.subject)
        elif not self.enabled:
            self._say(alert, plan.spec, "off", now_s, plan.subject)
        elif self._doing.is_free(plan.subject):
            self._doing.begin(
                plan.order,
                plan.subject,
                plan.spec,
                attempt=1 + sum(tries),
                active_unix_s=alert.active_unix_s,
            )

    def _plan(self, alert: Alert, spec: RecoverySpec, now_s: float) -> "_Plan | None":
        """What an action of a rule would act on; None where there is nothing, which is said once."""
        order = Order(spec.action, spec.target, alert.camera_id, alert.worker_id, alert.key)
        try:
            return _Plan(spec, order, self._actions.subject_of(order))
        except RecoveryRefusedError as error:
            subject = alert.camera_id or alert.worker_id or alert.key.subject
            self._say(alert, spec, "failed", now_s, subject, error)
            return None

    def _check_limits(self, spec: RecoverySpec, subject: str, now_s: float) -> None:
        verdict = self._past.verdict(spec, subject, now_s)
        if verdict == "budget_spent":
            raise RecoveryRefusedError(
                f"{spec.action} ran {spec.max_runs} times within {spec.window_s:g} s for {subject}",
                f"{subject} 在 {spec.window_s:g} 秒内已执行 {spec.max_runs} 次 {spec.action}",
            )
        if verdict != "go":
            wait_s = self._past.wait_s(spec, subject, now_s)
            raise RecoveryRefusedError(f"it may run again in {wait_s:.0f} s", f"{wait_s:.0f} 秒后才能再次执行")

    def _say(
        self,
        alert: Alert,
        spec: RecoverySpec,
        outcome: RecoveryOutcome,
        now_s: float,
        subject: str,
        error: RecoveryRefusedError | None = None,
    ) -> None:
        """Write down, once for an alert, that nothing was done, and why."""
        told = (alert.key, spec.action, outcome)
        if self._told.get(told) == alert.active_unix_s:
            return
        self._told[told] = alert.active_unix_s
        run = RecoveryRun(
            run_id=uuid.uuid4().hex,
            key=alert.key,
            action=spec.action,
            subject=subject,
            started_unix_s=now_s,
            ended_unix_s=now_s,
            outcome=outcome,
            code="" if error is None else error.code,
            detail="" if error is None else error.detail,
            active_unix_s=alert.active_unix_s,
        )
        log.warning("recovery.nothing_done", action=run.action, subject=subject, outcome=outcome, detail=run.detail)
        self._tell(run)

    def _is_over(self, key: AlertKey, looks: int) -> bool:
        return self._doing.looks > looks and key not in self._firing

    def _tell(self, run: RecoveryRun) -> asyncio.Task[None]:
        for listener in tuple(self._listeners):
            listener(run)
        writing = asyncio.create_task(self._store.write(run), name="recovery write")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return writing

    async def _load(self) -> None:
        while True:
            try:
                runs = await self._store.begin(self._clock.unix_s())
            except DatabaseError as error:
                log.warning("recovery.past_unknown", code=error.code, detail=error.detail)
                self.ready = True
                await asyncio.sleep(LOAD_AGAIN_S)
            else:
                self._take_up(runs)
                self.ready = True
                return

    def _take_up(self, runs: Sequence[RecoveryRun]) -> None:
        nothing_done = [run for run in runs if is_idle(run)]
        for run in nothing_done:
            self._told[run.key, run.action, run.outcome] = run.active_unix_s or 0.0
        self._past.take_up([run for run in runs if not is_idle(run)], self._chance())


class _Plan(NamedTuple):
    spec: RecoverySpec
    order: Order
    subject: str
