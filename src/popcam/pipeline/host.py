"""What a pipeline needs of the process it runs in."""

from concurrent.futures import Executor
from pathlib import Path
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from popcam.core.clock import Clock
from popcam.core.interfaces import Engine


class PipelineHost(Protocol):
    """The worker, seen from one of its pipelines. Every method may be called from any thread."""

    @property
    def clock(self) -> Clock: ...

    @property
    def inference_pool(self) -> Executor:
        """Threads that run engines, shared by all cameras of the worker."""
        ...

    @property
    def recordings_dir(self) -> Path: ...

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        """The worker's one instance of this engine; loads it on first use.

        Raises:
            ModelError, InferenceError: it can't be loaded here.
        """
        ...

    def publish(self, topic: bytes, *parts: bytes) -> None:
        """Send facts or media to whoever subscribed; never waits."""
        ...

    def watched(self, topic: bytes) -> bool:
        """Whether anybody subscribed to the topic."""
        ...

    def logger(self, camera_id: str) -> FilteringBoundLogger:
        """The camera's own log."""
        ...
