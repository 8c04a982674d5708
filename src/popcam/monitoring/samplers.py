"""What looks something up before figures are taken, at its own pace, and never twice at once."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

Sample = Callable[[], None]
LATE_AFTER_S = 10.0
"""A look that takes longer is told: a disk that hangs, a driver that does not answer."""
STOP_TIMEOUT_S = 1.0


class Sampler:
    """One look; see `Figures.sample_with`.

    Those in threads have a thread of their own, which never keeps the process from ending: the look may hang for good.
    """

    def __init__(
        self, name: str, sample: Sample, every_s: float, *, in_thread: bool, forget: Sample | None = None
    ) -> None:
        self.name = name
        self.spent_s = 0.0
        """Processor time of looks in a thread so far."""
        self._sample = sample
        self._every_s = every_s
        self._in_thread = in_thread
        self._forget = forget
        self._thread: threading.Thread | None = None
        self._go = threading.Semaphore(0)
        self._ending = False
        self._looking = False
        self._due_s = 0.0
        self._begun_s = 0.0
        self._late = False
        self._failing = ""

    def run_when_due(self, now_s: float) -> None:
        """Look now, unless it is too early or the look before has not ended."""
        if self._looking:
            if not self._late and now_s - self._begun_s > LATE_AFTER_S:
                self._late = True
                log.warning("figures.sampler_late", sampler=self.name, after_s=LATE_AFTER_S)
                if self._forget is not None:
                    self._forget()
            return
        if now_s < self._due_s:
            return
        # A little early is in time: takings come a second apart, give or take some milliseconds.
        self._due_s = now_s + self._every_s - 0.1
        self.run(now_s)

    def run(self, now_s: float) -> None:
        """Look now, unless the look before has not ended."""
        if self._looking:
            return
        if not self._in_thread:
            self._look()
            return
        self._begun_s, self._late, self._looking = now_s, False, True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"figures {self.name}", daemon=True)
            self._thread.start()
        self._go.release()

    def stop(self) -> None:
        """Look no more. A look that has begun gets a moment to end."""
        self._ending = True
        self._go.release()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        while self._go.acquire() and not self._ending:
            began_s = time.thread_time()
            self._look()
            self.spent_s += time.thread_time() - began_s
            self._looking = False

    def _look(self) -> None:
        try:
            self._sample()
        except Exception as error:  # noqa: BLE001 a driver may raise anything; the other figures go on
            if self._failing != repr(error):
                self._failing = repr(error)
                log.warning("figures.sampler_failed", sampler=self.name, error=self._failing)
        else:
            self._failing = ""
