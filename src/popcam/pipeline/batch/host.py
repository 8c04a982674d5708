"""What a batch task needs of the process it runs in."""

import time
from contextlib import AbstractContextManager
from typing import Protocol

from popcam.core.interfaces import Engine


class BatchHost(Protocol):
    """The worker, seen from one of its tasks."""

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        """The worker's one instance of this engine; loads it on first use.

        Raises:
            ModelError, InferenceError: it can't be loaded here.
        """
        ...


class TaskWatch(Protocol):
    """Who waits for one task. A task asks it between two frames."""

    def step(self, frames_done: int) -> None:
        """Tell how far it is; returns later while tasks are paused.

        Raises:
            JobCancelledError: the task is to stop now.
        """
        ...

    @property
    def preview_due(self) -> bool:
        """Whether a picture of the processed video is wanted now."""
        ...

    def preview(self, jpeg: bytes) -> None:
        """Show a picture. It must be processed already: nobody covers anything in it later."""
        ...


class StageSeconds:
    """How long each stage of one task took in all."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def measure(self, stage: str) -> AbstractContextManager[None]:
        """Add the block's time to a stage."""
        return _Measured(self.seconds, stage)

    def add(self, stage: str, seconds: float) -> None:
        """Add time that was measured elsewhere."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


class _Measured:
    """A class and not a generator: it stands around each stage of each frame."""

    __slots__ = ("_begun_s", "_seconds", "_stage")

    def __init__(self, seconds: dict[str, float], stage: str) -> None:
        self._seconds = seconds
        self._stage = stage

    def __enter__(self) -> None:
        self._begun_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took_s = time.perf_counter() - self._begun_s
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + took_s
