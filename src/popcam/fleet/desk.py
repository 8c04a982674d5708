"""The worker that answers questions about no camera: what a source is, which devices there are.

A foreign stream is opened where nothing can be hurt by it: in a process of its own, started when somebody asks and
ended when nobody asked for a while.
"""

import asyncio
from collections.abc import Callable

from popcam.core.clock import Clock
from popcam.core.errors import WorkerUnavailableError
from popcam.core.protocol import Question, Reply
from popcam.fleet.crew import Crew
from popcam.fleet.link import WorkerLink
from popcam.fleet.plan import Phase

DESK = "desk"
"""Slot of this worker. It never runs a camera."""
POLL_S = 0.02
STARTS = 2
"""An ending worker is waited for and a new one started; more failures than that are told."""


class QuestionDesk:
    """Puts questions to the desk's worker.

    Args:
        crew: gives the crew once the fleet has started, None before.
        clock: the machine's.
        start_timeout_s: longest wait for the worker to be ready.
        linger_s: the worker is kept this long after the last question.
    """

    def __init__(
        self, crew: Callable[[], Crew | None], clock: Clock, *, start_timeout_s: float, linger_s: float
    ) -> None:
        self._crew = crew
        self._clock = clock
        self._start_timeout_s = start_timeout_s
        self._linger_s = linger_s
        self._asking = 0
        self._last_s = -linger_s

    @property
    def needed(self) -> bool:
        """Whether its worker shall be kept."""
        return self._asking > 0 or self._clock.monotonic_s() - self._last_s < self._linger_s

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        """See `Fleet.ask`."""
        self._asking += 1
        try:
            link = await self._ready()
            return await link.request(question, timeout_s)
        finally:
            self._asking -= 1
            self._last_s = self._clock.monotonic_s()

    async def _ready(self) -> WorkerLink:
        deadline_s = self._clock.monotonic_s() + self._start_timeout_s
        starts = 0
        while self._clock.monotonic_s() < deadline_s:
            crew = self._crew()
            if crew is None:
                break
            link = crew.link(DESK)
            if link is not None and link.phase is Phase.READY:
                return link
            if link is None and not crew.begun(DESK):
                starts += 1
                if starts > STARTS:
                    break
                crew.spawn(DESK)
            await asyncio.sleep(POLL_S)
        raise WorkerUnavailableError("the worker for questions does not start")
