"""The line to a camera in the network: how long a connection takes, and whether it can be made again."""

import random
import threading
from typing import Final

from popcam.core.clock import Clock
from popcam.core.errors import SourceError, SourceTimeoutError, SourceUnreachableError
from popcam.core.spec import SourceSpec, source_kind
from popcam.media.reach import connect_s

RTT_INTERVAL_S: Final = 60.0
RTT_TIMEOUT_S: Final = 3.0
KNOCK_TIMEOUT_S: Final = 1.0
KNOCK_INTERVAL_S: Final = 0.5
CALM_KNOCK_INTERVAL_S: Final = 1.0
CALM_AFTER_S: Final = 60.0
"""A camera that restarts is back within a minute mostly; after that a second's delay matters less than the noise."""
IN_THE_NETWORK: Final = frozenset({"rtsp", "http"})


class Line:
    """Looks at the way to one source, seldom and without sending anything. Sources on this machine have no line.

    Args:
        spec: the source.
        clock: the machine's.
    """

    def __init__(self, spec: SourceSpec, clock: Clock) -> None:
        self._url = spec.url
        self._clock = clock
        self._there = source_kind(spec.url) in IN_THE_NETWORK
        self._due_s = clock.monotonic_s() + random.uniform(1.0, 5.0)
        self._looking = False
        self._away = False  # nobody listened when it was looked at last; known from one wait to the next
        self.rtt_s: float | None = None

    def look(self) -> None:
        """Measure again when it is time to, in a thread of its own: names and hosts may take seconds to answer."""
        if self._there and not self._looking and self._clock.monotonic_s() >= self._due_s:
            self._looking = True
            self._due_s = self._clock.monotonic_s() + RTT_INTERVAL_S
            threading.Thread(target=self._measure, name="line", daemon=True).start()

    def _measure(self) -> None:
        try:
            self.rtt_s = connect_s(self._url, RTT_TIMEOUT_S)
        except (SourceError, ValueError):
            self.rtt_s = None
        finally:
            self._looking = False

    def opened(self) -> None:
        """The source was opened."""
        self._away = False

    def wait(self, error: SourceError, wait_s: float, nudged: threading.Event) -> bool:
        """Wait before the next attempt to open a lost source; True when it ended early because the camera is back.

        While nobody listens at the camera's port it is asked again and again whether somebody does: that costs a
        camera that starts up nothing, and the stream is back as soon as it can be. One that takes connections but
        gives no stream is left alone.

        Args:
            error: why the source was lost.
            wait_s: the longest wait.
            nudged: ends the wait.
        """
        begun_s = self._clock.monotonic_s()
        knocks = self._there and isinstance(error, SourceUnreachableError | SourceTimeoutError)
        while True:
            waited_s = self._clock.monotonic_s() - begun_s
            pause_s = wait_s - waited_s
            if knocks:
                pause_s = min(pause_s, KNOCK_INTERVAL_S if waited_s < CALM_AFTER_S else CALM_KNOCK_INTERVAL_S)
            if nudged.wait(max(0.0, pause_s)) or self._clock.monotonic_s() - begun_s >= wait_s:
                return False
            if not knocks:
                continue
            answers = self._answers()
            before, self._away = self._away, not answers
            if answers and before:
                return True
            knocks = not answers

    def _answers(self) -> bool:
        try:
            connect_s(self._url, KNOCK_TIMEOUT_S)
        except (SourceError, ValueError):
            return False
        return True
