"""How fast a job goes and how long it will take. Pure: time is an argument."""

from collections import deque

SPEED_WINDOW_S = 10.0
LEFT_WINDOW_S = 60.0
"""Time left is told from a longer stretch: it would jump with every easy scene otherwise."""
MIN_SPAN_S = 2.0
SAMPLE_S = 0.5


class Pace:
    """Remembers how far a job was over the last minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, float]] = deque()

    def note(self, now_s: float, frames_done: int, fraction: float) -> None:
        """Tell how far it is now."""
        if self._samples and now_s - self._samples[-1][0] < SAMPLE_S:
            return
        self._samples.append((now_s, frames_done, fraction))
        while now_s - self._samples[0][0] > LEFT_WINDOW_S:
            self._samples.popleft()

    def rest(self) -> None:
        """The job waits: what was before says nothing of what comes after."""
        self._samples.clear()

    def speed_fps(self, now_s: float) -> float:
        """Frames per second over the last seconds; 0 while unknown."""
        first = next((sample for sample in self._samples if now_s - sample[0] <= SPEED_WINDOW_S), None)
        if first is None or self._samples[-1][0] - first[0] < MIN_SPAN_S:
            return 0.0
        return max(0, self._samples[-1][1] - first[1]) / (self._samples[-1][0] - first[0])

    def left_s(self, now_s: float) -> float | None:
        """Seconds until the end; None while unknown."""
        if not self._samples or self._samples[-1][0] - self._samples[0][0] < MIN_SPAN_S:
            return None
        (first_s, _, before), (last_s, _, fraction) = self._samples[0], self._samples[-1]
        gained = fraction - before
        if gained <= 0:
            return None
        return max(0.0, (1.0 - fraction) * (last_s - first_s) / gained - (now_s - last_s))
