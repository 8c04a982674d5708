"""How late the server's loop is: what it does at a time keeps everybody else waiting."""

import asyncio
import math
import time
from collections.abc import Callable

from popcam.core.clock import until_beat_s
from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.distribution import Distribution, Summary
from popcam.monitoring.registry import Registry

CLOSELY_EVERY_S = 0.1
LATE_S = 0.05
CLOSELY_FOR_S = 30.0
LAG = Metric(
    name="popcam_loop_lag_seconds",
    kind="gauge",
    unit="seconds",
    help=Text("The most that the server's loop was late within the last second", "最近一秒内服务器事件循环的最大延迟"),
    kept=True,
)


class LoopLag:
    """Wakes with each beat and sees how late it is. Once it was late it looks more closely for a while: what is shorter
    than the time between two looks may be missed, and of what is longer the part before the look is.

    Args:
        registry: where the figure goes.
        now_s: seconds that never jump.
    """

    def __init__(self, registry: Registry, now_s: Callable[[], float]) -> None:
        self._family = registry.declare(LAG)
        self._now_s = now_s
        self._times = Distribution(now_s=now_s)
        self._highest_s = math.nan
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="loop lag")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def put(self, lag_s: float) -> None:
        """It was so late."""
        self._times.put(lag_s)
        self._highest_s = lag_s if math.isnan(self._highest_s) else max(self._highest_s, lag_s)

    def sample(self) -> None:
        """Tell the registry the most since this was told last."""
        self._family.set((), self._highest_s)
        self._highest_s = math.nan

    def summary(self) -> Summary:
        """Of the last minute."""
        return self._times.summary()

    async def _run(self) -> None:
        closely_until_s = self._now_s() + CLOSELY_FOR_S
        while True:
            wait_s = CLOSELY_EVERY_S if self._now_s() < closely_until_s else until_beat_s(time.time())
            due_s = self._now_s() + wait_s
            await asyncio.sleep(wait_s)
            lag_s = max(0.0, self._now_s() - due_s)
            self.put(lag_s)
            if lag_s > LATE_S:
                closely_until_s = due_s + CLOSELY_FOR_S
