"""Once a second all figures, at the same time; what others ask about them (`MetricsReader`).

Samplers set what has to be looked up, then all values become one column of the last hour (`rings.py`), and once a
minute the kept ones go to the database (`minutes.py`). NumPy is loaded after the start, which it would lengthen.
"""

import asyncio
import importlib
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import structlog

from popcam.core.clock import Clock, until_beat_s
from popcam.core.language import Text
from popcam.core.monitoring import Aggregate, Labels, Metric, Points
from popcam.monitoring.points import joined
from popcam.monitoring.registry import Registry
from popcam.monitoring.samplers import Sample, Sampler

if TYPE_CHECKING:
    from popcam.monitoring.minutes import Minutes
    from popcam.monitoring.rings import Rings
    from popcam.storage import Database

log = structlog.get_logger(__name__)

TAKEN_EVERY_S = 1.0
FIRST_AFTER_S = 1.0
"""The server answers first."""
COST_WINDOW_S = 10.0
REFRESH_S = 0.09
"""Live figures are as new as this, however many look at them."""
RECENT_SLACK_S = 60.0
"""Who asks for the last hour asks for a moment more than there is in seconds."""
NO_POINTS = Points(1.0, (), (), (), ())
COST = Metric(
    name="popcam_figures_cost_ratio",
    kind="gauge",
    unit="ratio",
    help=Text("Share of one processor core that measuring itself takes", "测量自身占用的单核处理器比例"),
)


class Figures:
    """Takes figures once a second, and answers about them.

    Args:
        registry: where they are put.
        clock: `unix_s` is what history goes by.
        database: where one-minute points are kept; None keeps none.
        keep_days, max_history_mb: how long, and how much of them.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        database: "Database | None" = None,
        *,
        keep_days: float = 30.0,
        max_history_mb: float = 500.0,
    ) -> None:
        self.registry = registry
        self.keep_days = keep_days
        self.max_history_mb = max_history_mb
        self._clock = clock
        self._database = database
        self._cost = registry.declare(COST)
        self._rings: Rings | None = None
        self._minutes: Minutes | None = None
        self._samplers: list[Sampler] = []
        self._quick: list[Sampler] = []
        self._refreshed_s = 0.0
        self._listeners: list[Callable[[float], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._spent_s = 0.0
        self._told_s = 0.0
        self._told_spent_s = 0.0

    def sample_with(
        self,
        name: str,
        sample: Sample,
        *,
        every_s: float = 1.0,
        in_thread: bool = False,
        quick: bool = False,
        forget: Sample | None = None,
    ) -> None:
        """Have figures set before they are taken.

        Args:
            name: what the log calls it.
            sample: sets values of the registry. What it raises is logged, and it is called again.
            every_s: how often.
            in_thread: it may take its time (files, drivers); never twice at once. Otherwise it is called in the loop's
                thread and must be done within milliseconds.
            forget: takes back what was set, when a look in a thread hangs: what was then is not known to be so now.
            quick: called several times a second while somebody looks at live figures; it costs next to nothing.
        """
        sampler = Sampler(name, sample, every_s, in_thread=in_thread, forget=forget)
        self._samplers.append(sampler)
        if quick:
            self._quick.append(sampler)

    def spend(self, seconds: float) -> None:
        """Processor time that was spent on measuring elsewhere; it counts as measuring's cost."""
        self._spent_s += seconds

    def on_tick(self, listener: Callable[[float], None]) -> Callable[[], None]:
        """Call with the wall clock after each taking, in the loop's thread; call what is given back to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def start(self) -> None:
        """Begin soon, once a second."""
        self._task = asyncio.create_task(self._run(), name="figures")

    async def stop(self) -> None:
        """End, and keep the minute that has begun."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for sampler in self._samplers:
            sampler.stop()
        if self._minutes is not None and self._rings is not None:
            await self._minutes.stop(self._rings)

    async def prepare(self) -> None:
        """Load what is heavy; the first taking does it otherwise."""
        if self._rings is None:
            await asyncio.to_thread(importlib.import_module, "popcam.monitoring.minutes")
            from popcam.monitoring.minutes import Minutes
            from popcam.monitoring.rings import Rings

            self._rings = Rings(self.registry)
            if self._database is not None:
                self._minutes = Minutes(self._database, lambda: (self.keep_days, self.max_history_mb))

    def take(self) -> None:
        """Take all figures now, in the loop's thread, unless this second's are taken."""
        rings = self._rings
        if rings is None:
            return
        began_s = time.thread_time()
        monotonic_s, unix_s = self._clock.monotonic_s(), self._clock.unix_s()
        for sampler in self._samplers:
            sampler.run_when_due(monotonic_s)
        if (passed := rings.take(monotonic_s, unix_s)) and self._minutes is not None:
            self._minutes.passed(unix_s, passed, rings)
        self._spent_s += time.thread_time() - began_s
        self._tell_cost(monotonic_s)
        for listener in tuple(self._listeners):
            try:
                listener(unix_s)
            except Exception:  # one that listens must not deafen the others
                log.exception("figures.listener_failed")

    def refresh(self) -> None:
        """Bring up to date what can be between two takings; for those who look at live figures."""
        now_s = self._clock.monotonic_s()
        if now_s - self._refreshed_s < REFRESH_S:
            return
        self._refreshed_s = now_s
        began_s = time.thread_time()
        for sampler in self._quick:
            sampler.run(now_s)
        self._spent_s += time.thread_time() - began_s

    def metrics(self) -> Mapping[str, Metric]:
        return self.registry.metrics()

    def latest(self, name: str) -> Mapping[Labels, float]:
        return self.registry.family(name).latest()

    def over(self, name: str, aggregate: Aggregate, window_s: float) -> Mapping[Labels, float]:
        self.registry.family(name)
        return {} if self._rings is None else self._rings.over(name, aggregate, window_s)

    async def history(self, name: str, labels: Labels, since_unix_s: float, until_unix_s: float) -> Points:
        metric = self.registry.family(name).metric
        if self._rings is None:
            return NO_POINTS
        recent = since_unix_s >= self._clock.unix_s() - self._rings.span_s - RECENT_SLACK_S
        if recent or not metric.kept or self._minutes is None:
            return self._rings.seconds(name, labels, since_unix_s, until_unix_s)
        stored = await self._minutes.history(name, labels, since_unix_s, until_unix_s)
        newest_s = stored.unix_s[-1] + stored.step_s if stored.unix_s else since_unix_s
        return joined(stored, self._rings.seconds(name, labels, newest_s, until_unix_s))

    def memory_bytes(self) -> int:
        """What the last hour takes when it is full."""
        return 0 if self._rings is None else self._rings.size_bytes()

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_AFTER_S)
        await self.prepare()
        while True:
            # Shortly behind the full second of the wall clock, so that minutes are whole.
            await asyncio.sleep(until_beat_s(self._clock.unix_s(), TAKEN_EVERY_S))
            try:
                self.take()
            except Exception:  # the edge of what runs on and on: one bad second must not end all others
                log.exception("figures.failed")

    def _tell_cost(self, monotonic_s: float) -> None:
        passed_s = monotonic_s - self._told_s
        if passed_s < COST_WINDOW_S:
            return
        spent_s = self._spent_s + sum(sampler.spent_s for sampler in self._samplers)
        spent_s += 0.0 if self._minutes is None else self._minutes.spent_s
        if self._told_s:
            self._cost.set((), (spent_s - self._told_spent_s) / passed_s)
        self._told_s, self._told_spent_s = monotonic_s, spent_s
