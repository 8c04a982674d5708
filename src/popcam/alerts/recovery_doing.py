"""Carries actions out, each in a task of its own, and sees whether they helped."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog

from popcam.alerts.recovery_model import BY_HAND, CUT_OFF, Actions, Order
from popcam.alerts.recovery_past import RecoveryPast
from popcam.core.alerts import AlertKey, RecoveryOutcome, RecoveryRun, RecoverySpec
from popcam.core.clock import Clock
from popcam.core.errors import PopcamError, RecoveryFailedError

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""So many actions are carried out at a time; seeing whether they helped is not counted. A switch that fails takes a
hundred cameras with it, and restarting all of them at the same moment helps none."""
LOOK_EVERY_S = 0.25
WRITE_WAIT_S = 1.0
"""A run stands in the database before anything is done, unless that takes longer than this."""

Tell = Callable[[RecoveryRun], asyncio.Task[None]]


class Doing:
    """The runs that go on now: one for each camera or worker at most.

    Args:
        actions, clock: what can be done, and the time.
        past: counts the runs.
        tell: writes down how a run stands, and says it to who listens.
        over: whether an alert is over, as far as was seen since the look of this number.
        chance: gives 0..1.
    """

    def __init__(
        self,
        actions: Actions,
        clock: Clock,
        past: RecoveryPast,
        tell: Tell,
        over: Callable[[AlertKey, int], bool],
        chance: Callable[[], float],
    ) -> None:
        self.looks = 0
        """How often alerts were looked at."""
        self._actions = actions
        self._clock = clock
        self._past = past
        self._tell = tell
        self._over = over
        self._chance = chance
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._runs: dict[str, RecoveryRun] = {}
        self._carrying = 0

    def is_free(self, subject: str) -> bool:
        """Whether a run may begin now for this camera or worker."""
        return subject not in self._tasks and self._carrying < AT_ONCE

    def begin(
        self,
        order: Order,
        subject: str,
        spec: RecoverySpec,
        *,
        attempt: int = 1,
        active_unix_s: float | None = None,
        detail: str = "",
    ) -> RecoveryRun:
        """Begin a run; it goes on by itself."""
        run = RecoveryRun(
            run_id=uuid.uuid4().hex,
            key=order.key,
            action=order.action,
            subject=subject,
            started_unix_s=self._clock.unix_s(),
            outcome="running",
            attempt=attempt,
            active_unix_s=active_unix_s,
            detail=detail,
        )
        self._past.began(run)
        self._runs[subject] = run
        self._carrying += 1
        task = asyncio.create_task(self._run(run, order, spec, self._tell(run)), name=f"recovery {subject}")
        self._tasks[subject] = task
        task.add_done_callback(lambda _: self._tasks.pop(subject, None))
        return run

    async def stop(self) -> None:
        """End all; they are written down as cut off."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in list(self._runs.values()):
            self._end(run, "failed", CUT_OFF, RecoveryFailedError.code)

    async def _run(self, run: RecoveryRun, order: Order, spec: RecoverySpec, written: asyncio.Task[None]) -> None:
        fields = {"action": run.action, "subject": run.subject, "alert": run.key.rule_id, "attempt": run.attempt}
        log.info("recovery.begins", **fields)
        try:
            done = await self._carry_out(order, written)
            outcome: RecoveryOutcome = "recovered" if await self._helped(order, spec) else "not_recovered"
            self._end(run, outcome, done)
        except PopcamError as error:
            self._end(run, "failed", error.detail or error.title.en, error.code)
        except Exception as error:
            log.exception("recovery.broke", **fields)
            self._end(run, "failed", repr(error), RecoveryFailedError.code)

    async def _carry_out(self, order: Order, written: asyncio.Task[None]) -> str:
        try:
            await asyncio.wait({written}, timeout=WRITE_WAIT_S)
            return await self._actions.carry_out(order)
        finally:
            self._carrying -= 1

    async def _helped(self, order: Order, spec: RecoverySpec) -> bool:
        """Wait until the alert is over and its camera has frames again; False when that takes too long."""
        began_s, began_unix_s, looks = self._clock.monotonic_s(), self._clock.unix_s(), self.looks
        while self._clock.monotonic_s() - began_s < spec.verify_s:
            over = order.key.rule_id == BY_HAND or self._over(order.key, looks)
            if over and self._actions.is_well(order, began_unix_s):
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return False

    def _end(self, run: RecoveryRun, outcome: RecoveryOutcome, detail: str, code: str = "") -> None:
        whole = "; ".join(text for text in (run.detail, detail) if text)[:400]
        ended = replace(run, outcome=outcome, ended_unix_s=self._clock.unix_s(), code=code, detail=whole)
        self._runs.pop(run.subject, None)
        self._past.ended(ended, self._chance())
        say = log.info if outcome == "recovered" else log.warning
        say("recovery.ended", action=run.action, subject=run.subject, outcome=outcome, code=code, detail=whole)
        self._tell(ended)
