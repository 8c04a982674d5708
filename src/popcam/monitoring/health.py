"""All health checks: what was found last, since when, and who hears of changes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType

import structlog

from popcam.core.clock import Clock
from popcam.core.errors import CheckUnknownError
from popcam.core.monitoring import Check, CheckChange, CheckGroup, CheckResult, CheckState, Outcome
from popcam.monitoring.health_runner import HealthRunner
from popcam.monitoring.health_store import ChangeKeeper
from popcam.storage.check_changes import Page, Standing

log = structlog.get_logger(__name__)

MAX_CHANGES = 2000
"""Of one check, in one answer."""
NOT_YET = Outcome("unknown")
Listener = Callable[[CheckChange], None]


class HealthService:
    """Runs checks and knows how they stand; the promise of `core.monitoring.HealthReader`. Used from one loop.

    Args:
        clock: the time.
        keeper: keeps changes over restarts; None keeps none.
    """

    def __init__(self, clock: Clock, keeper: ChangeKeeper | None = None) -> None:
        self._clock = clock
        self._keeper = keeper
        self._runner = HealthRunner(clock, self._take)
        self._results: dict[str, CheckResult] = {}
        self._before: Mapping[str, Standing] = {}
        """How checks stood in an earlier life."""
        self._sets: dict[str, frozenset[str]] = {}
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to look, soon."""
        self._tasks.append(asyncio.create_task(self._run(), name="health"))
        if self._keeper is not None:
            self._tasks.append(asyncio.create_task(self._keeper.run(), name="health changes"))

    async def stop(self) -> None:
        """End all looks, and write what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._runner.stop()
        if self._keeper is not None:
            await self._keeper.flush()

    def add(self, check: Check) -> None:
        """Take a check, or another version of one that is there."""
        known = self._results.get(check.check_id)
        now_unix_s = self._clock.unix_s()
        self._results[check.check_id] = (
            CheckResult(check=check, outcome=NOT_YET, since_unix_s=now_unix_s)
            if known is None
            else CheckResult(
                check=check,
                outcome=known.outcome,
                since_unix_s=known.since_unix_s,
                checked_unix_s=known.checked_unix_s,
                took_s=known.took_s,
            )
        )
        self._runner.put(check)

    def remove(self, check_id: str) -> None:
        """Forget a check; its history stays until it is too old."""
        self._results.pop(check_id, None)
        self._runner.drop(check_id)

    def set_subject_checks(self, name: str, checks: Iterable[Check]) -> None:
        """Have exactly these checks of a set, such as those of all cameras. Those that stay keep their state.

        Args:
            name: of the set.
            checks: all of them.
        """
        wanted = {check.check_id: check for check in checks}
        for check_id in self._sets.get(name, frozenset()) - wanted.keys():
            self.remove(check_id)
        self._sets[name] = frozenset(wanted)
        for check_id, check in wanted.items():
            known = self._results.get(check_id)
            if known is None or known.check is not check:
                self.add(check)

    def results(self) -> Mapping[str, CheckResult]:
        """How all checks stand, by their ids."""
        return MappingProxyType(self._results)

    def result(self, check_id: str) -> CheckResult:
        """How one stands.

        Raises:
            CheckUnknownError.
        """
        try:
            return self._results[check_id]
        except KeyError:
            raise CheckUnknownError(check_id) from None

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Hear of each change of state, in the loop's thread; call what is given back to stop."""
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    async def run_now(self, check_id: str) -> CheckResult:
        """Carry a check out now, whether it is due or not.

        Raises:
            CheckUnknownError: there is none, or it went away meanwhile.
        """
        self.result(check_id)
        await self._runner.run_now(check_id)
        return self.result(check_id)

    async def readiness(self, max_age_s: float = 1.0) -> list[CheckResult]:
        """What the server can't do without, looked at now where that was longer ago."""
        needed = [result.check.check_id for result in self._results.values() if result.check.ready]
        oldest_unix_s = self._clock.unix_s() - max_age_s
        stale = [check_id for check_id in needed if self._results[check_id].checked_unix_s < oldest_unix_s]
        looks: list[Awaitable[CheckResult]] = [self.run_now(check_id) for check_id in stale]
        await asyncio.gather(*looks)
        return [self._results[check_id] for check_id in needed if check_id in self._results]

    async def changes(self, check_id: str, since_unix_s: float, limit: int = MAX_CHANGES) -> list[CheckChange]:
        """Changes of a check, oldest first; the first of them may be the one before `since_unix_s`, which tells how it
        stood then. Also of a check that is gone.

        Raises:
            DatabaseError: they can't be read.
        """
        return [] if self._keeper is None else await self._keeper.since(check_id, since_unix_s, limit)

    async def page(
        self, since_unix_s: float, before_id: int | None, limit: int, keep: Callable[[CheckChange], bool]
    ) -> Page:
        """Changes of all checks that `keep` takes, newest first. It is called in another thread.

        Raises:
            DatabaseError: they can't be read.
        """
        return Page([], None) if self._keeper is None else await self._keeper.page(since_unix_s, before_id, limit, keep)

    async def _run(self) -> None:
        if self._keeper is not None:
            self._before = await self._keeper.standings()
        await self._runner.run()

    def _take(self, check: Check, outcome: Outcome, took_s: float) -> None:
        known = self._results.get(check.check_id)
        if known is None:  # it went away while it was looked at
            return
        now_unix_s = self._clock.unix_s()
        before, since_unix_s = known.outcome.state, known.since_unix_s
        if not known.checked_unix_s and (earlier := self._before.get(check.check_id)) is not None:
            before, since_unix_s = earlier
        changed = before != outcome.state
        self._results[check.check_id] = CheckResult(
            check=check,
            outcome=outcome,
            since_unix_s=now_unix_s if changed else since_unix_s,
            checked_unix_s=now_unix_s,
            took_s=took_s,
        )
        if changed:
            self._tell(check, before, outcome, now_unix_s)

    def _tell(self, check: Check, before: CheckState, outcome: Outcome, now_unix_s: float) -> None:
        change = CheckChange(check.check_id, now_unix_s, before, outcome.state, outcome.code, outcome.detail)
        if self._keeper is not None:
            self._keeper.put(change)
        if outcome.state in {"warning", "failed"} or before in {"warning", "failed"}:
            write = log.warning if outcome.state in {"warning", "failed"} else log.info
            write("health.changed", check=check.check_id, before=before, now=outcome.state, **_fields(check, outcome))
        for listener in tuple(self._listeners):
            try:
                listener(change)
            except Exception:  # one who hears must not keep the others from hearing
                log.exception("health.listener_broke", check=check.check_id)


def camera_of(check: Check) -> str:
    """The camera that a check is about; empty for none."""
    return check.subject if check.group is CheckGroup.CAMERAS else ""


def _fields(check: Check, outcome: Outcome) -> dict[str, str]:
    fields = {"code": outcome.code, "detail": outcome.detail.en, "camera_id": camera_of(check)}
    return {name: value for name, value in fields.items() if value}
