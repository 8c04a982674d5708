"""What is done once a tick: signs of life in both directions, the end of probations, the size of logs."""

import asyncio
import itertools
from collections.abc import Callable
from typing import assert_never

import structlog

from popcam.core.clock import BEAT_S, Clock, until_beat_s
from popcam.fleet.crew import Crew
from popcam.fleet.judge import Judge, Verdict
from popcam.fleet.plan import SOLO, Phase, Standing
from popcam.fleet.watchdog import Watchdog

log = structlog.get_logger(__name__)

_LOGS_EVERY_TICKS = 30


class Upkeep:
    """Looks after the crew every `tick_s`; `wake` lets the reconciler compare afterwards."""

    def __init__(
        self, crew: Crew, watchdog: Watchdog, judge: Judge, clock: Clock, tick_s: float, wake: Callable[[], None]
    ) -> None:
        self._crew = crew
        self._watchdog = watchdog
        self._judge = judge
        self._clock = clock
        self._tick_s = tick_s
        self._wake = wake

    async def run(self) -> None:
        """Go on until cancelled."""
        for number in itertools.count(1):
            try:
                self.tick()
                await self._crew.keep_spare()
                if number % _LOGS_EVERY_TICKS == 0:
                    await self._crew.keep_logs_small()
            except Exception:
                # The edge of the supervision: a defect in one tick must not end all that follow.
                log.exception("fleet.tick_failed")
            await asyncio.sleep(until_beat_s(self._clock.unix_s(), self._tick_s, after_s=BEAT_S))

    def tick(self) -> None:
        """One round."""
        for link in self._crew:
            if link.phase is Phase.READY:
                link.ping()
        now_s = self._clock.monotonic_s()
        for silence in self._watchdog.look(self._crew, now_s):
            self._crew.replace(silence.link, silence.reason, silence.camera_id)
        self._acquit(now_s)
        self._wake()

    def _acquit(self, now_s: float) -> None:
        for link in self._crew:
            if link.slot.startswith(SOLO) and link.ready_s is not None and link.phase is Phase.READY:
                for camera_id in link.placements:
                    verdict = self._judge.ran_alone(camera_id, now_s - link.ready_s)
                    if verdict is not None:
                        log_verdict(verdict)


def log_verdict(verdict: Verdict) -> None:
    """Say once that a camera's standing changed."""
    match verdict.standing:
        case Standing.SHARED:
            log.info("camera.acquitted", camera_id=verdict.camera_id)
        case Standing.PROBATION:
            log.warning("camera.suspected", camera_id=verdict.camera_id, why=verdict.why)
        case Standing.ISOLATED:
            log.error("camera.isolated", camera_id=verdict.camera_id, why=verdict.why)
        case _:
            assert_never(verdict.standing)
