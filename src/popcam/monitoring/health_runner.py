"""Carries out looks: each at its own pace, with its time limit, never two of one check at once, spread over time."""

import asyncio
import heapq
import sys
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from popcam.core.clean import clean
from popcam.core.clock import Clock, until_beat_s
from popcam.core.errors import PopcamError
from popcam.core.language import Text
from popcam.core.monitoring import Check, Outcome

log = structlog.get_logger(__name__)

MAX_AT_ONCE = 4
"""Looks that wait for something, at the same time. All others wait for these: checks never load the machine."""
FIRST_WITHIN_S = 10.0
"""Every check is carried out for the first time within its pace, and within this time."""
GLANCES_AT_ONCE = 200
"""So many are taken before others get the loop: a few milliseconds."""
Done = Callable[[Check, Outcome, float], None]
"""Takes what was found, and how long it took in seconds."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A look at what is in memory, which waits for nothing: thousands are carried out each second."""

    look: Callable[[], Outcome]

    async def __call__(self) -> Outcome:
        return self.look()


class InThread:
    """A look that may block, such as on a disk that hangs: in a thread of its own, which nobody waits for at the end.

    While an earlier look still hangs no other is begun.
    """

    def __init__(self, look: Callable[[], Outcome]) -> None:
        self._look = look
        self._thread: threading.Thread | None = None

    async def __call__(self) -> Outcome:
        if self._thread is not None and self._thread.is_alive():
            return HANGS
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Outcome] = loop.create_future()

        def settle(outcome: Outcome | None, failure: Exception | None) -> None:
            if answer.done():  # nobody waits any more
                return
            if failure is not None:
                answer.set_exception(failure)
            elif outcome is not None:
                answer.set_result(outcome)

        def work() -> None:
            outcome, failure = None, None
            try:
                outcome = self._look()
            except Exception as error:  # noqa: BLE001 - handed to who waits
                failure = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, outcome, failure)

        self._thread = threading.Thread(target=work, name="health look", daemon=True)
        self._thread.start()
        return await answer


HANGS = Outcome(
    "failed",
    Text("an earlier look still waits for an answer", "上一次检查仍在等待响应"),
    code="monitoring.trouble",
)


@dataclass(slots=True)
class _Planned:
    """One check, and when it is due. `turn` tells the newest entry of the heap from older ones."""

    check: Check
    turn: int = 0
    task: asyncio.Task[None] | None = field(default=None)


class HealthRunner:
    """Runs checks when they are due, and tells what they found."""

    def __init__(self, clock: Clock, done: Done) -> None:
        self._clock = clock
        self._done = done
        self._planned: dict[str, _Planned] = {}
        self._due: list[tuple[float, int, str]] = []
        self._turns = 0
        self._free = asyncio.Semaphore(MAX_AT_ONCE)

    def put(self, check: Check) -> None:
        """Take a check, or another version of one that is there: that keeps its turn."""
        known = self._planned.get(check.check_id)
        if known is not None:
            known.check = check
            return
        self._planned[check.check_id] = _Planned(check)
        self._plan(check.check_id, _share(check.check_id) * min(check.every_s, FIRST_WITHIN_S))

    def drop(self, check_id: str) -> None:
        """Forget a check; what it finds now is not told."""
        planned = self._planned.pop(check_id, None)
        if planned is not None and planned.task is not None:
            planned.task.cancel()

    async def run(self) -> None:
        """Carry out what is due, until it is cancelled."""
        while True:
            more = self.tick(GLANCES_AT_ONCE)
            await asyncio.sleep(0.0 if more else until_beat_s(self._clock.unix_s()))

    def tick(self, at_most: int = sys.maxsize) -> bool:
        """Begin what is due now, at most so many. Gives whether there may be more."""
        now_s = self._clock.monotonic_s()
        begun = 0
        while self._due and self._due[0][0] <= now_s and begun < at_most:
            due_s, turn, check_id = heapq.heappop(self._due)
            planned = self._planned.get(check_id)
            if planned is None or planned.turn != turn:
                continue
            self._begin(planned)
            begun += 1
            if check_id in self._planned:  # who hears of what was found may remove it
                # From when it was due, not from now: a beat later is no reason to look less often.
                every_s = planned.check.every_s
                self._plan(check_id, every_s if due_s + every_s <= now_s else due_s + every_s - now_s)
        return begun == at_most

    async def run_now(self, check_id: str) -> None:
        """Carry a check out now, or wait for the one that is under way; then it is due a whole pace later.

        Raises:
            KeyError: there is none.
        """
        planned = self._planned[check_id]
        self._begin(planned)
        if check_id in self._planned:
            self._plan(check_id, planned.check.every_s)
        if planned.task is not None:
            await asyncio.wait((planned.task,))

    async def stop(self) -> None:
        """End what is under way."""
        tasks = [planned.task for planned in self._planned.values() if planned.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _plan(self, check_id: str, in_s: float) -> None:
        self._turns += 1
        self._planned[check_id].turn = self._turns
        heapq.heappush(self._due, (self._clock.monotonic_s() + in_s, self._turns, check_id))

    def _begin(self, planned: _Planned) -> None:
        check = planned.check
        if isinstance(check.look, Glance):
            began_s = self._clock.monotonic_s()
            try:
                outcome = check.look.look()
            except Exception as error:  # noqa: BLE001 - a check is a worker of its own: its failure is told as its state
                outcome = outcome_of(error, check)
            self._done(check, outcome, self._clock.monotonic_s() - began_s)
        elif planned.task is None or planned.task.done():
            planned.task = asyncio.create_task(self._look(check), name=f"check {check.check_id}")

    async def _look(self, check: Check) -> None:
        async with self._free:
            began_s = self._clock.monotonic_s()
            limit = asyncio.timeout(check.timeout_s)
            try:
                async with limit:
                    outcome = await check.look()
            except TimeoutError as error:
                outcome = late(check.timeout_s) if limit.expired() else outcome_of(error, check)
            except Exception as error:  # noqa: BLE001 - as above
                outcome = outcome_of(error, check)
        known = self._planned.get(check.check_id)
        if known is not None:
            self._done(known.check, outcome, self._clock.monotonic_s() - began_s)


def late(after_s: float) -> Outcome:
    """Nothing is known, because the look took too long."""
    return Outcome(
        "unknown", Text(f"no answer within {after_s:g} s", f"{after_s:g} 秒内没有回答"), code="monitoring.trouble"
    )


def outcome_of(error: Exception, check: Check) -> Outcome:
    """What a look that raised something tells."""
    if isinstance(error, PopcamError):
        detail = Text(clean(error.message("en")), clean(error.message("zh")))
        return Outcome("failed", detail, code=error.code, remedy=error.hint)
    log.warning("health.check_broke", check=check.check_id, error=clean(repr(error)))
    told = clean(f"{type(error).__name__}: {error}")
    return Outcome("unknown", Text(f"the look failed: {told}", f"检查未能完成：{told}"), code="monitoring.trouble")


def _share(check_id: str) -> float:
    """0 to 1, always the same for a check: so checks of one pace are spread evenly over it."""
    return zlib.crc32(check_id.encode()) / 2**32
