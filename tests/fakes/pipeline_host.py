"""A worker that keeps what its pipelines publish."""

from concurrent.futures import Executor
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger
from tests.fakes.engines import ScriptedEngine

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import PopcamError
from popcam.core.interfaces import Engine


class FakeHost:
    """See `popcam.pipeline.host.PipelineHost`. Every engine is the scripted one; `topics` are watched."""

    def __init__(self, folder: Path, pool: Executor, engine: ScriptedEngine) -> None:
        self.clock: Clock = SystemClock()
        self.inference_pool: Executor = pool
        self.recordings_dir = folder
        self.scripted = engine
        self.real: Engine | None = None
        self.load_error: PopcamError | None = None
        self.loads = 0
        self.topics: set[bytes] = set()
        self.published: list[tuple[bytes, ...]] = []

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        self.loads += 1
        if self.load_error is not None:
            raise self.load_error
        return self.real or self.scripted

    def publish(self, topic: bytes, *parts: bytes) -> None:
        self.published.append((topic, *parts))

    def watched(self, topic: bytes) -> bool:
        return topic in self.topics

    def logger(self, camera_id: str) -> FilteringBoundLogger:
        log: FilteringBoundLogger = structlog.get_logger(camera=camera_id)
        return log
