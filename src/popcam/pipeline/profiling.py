"""Runs one camera for a while, apart from everything else, and says where its time goes."""

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from popcam.core.clock import Clock, SystemClock
from popcam.core.errors import SourceTimeoutError, error_of_code
from popcam.core.facts import CameraState, CameraStatus, Detection
from popcam.core.frame import Frame
from popcam.core.interfaces import Engine
from popcam.core.protocol import ProfileCamera, Profiled, ProfiledStage, ProfiledThread, topic
from popcam.core.redact import redact
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline.camera import CameraPipeline
from popcam.pipeline.recorded_times import RecordedTimes, trace_json
from popcam.pipeline.shared_engines import SharedEngines

STATUS_INTERVAL_S = 1.0
"""As in a worker: a status is also when load is judged."""
POLL_S = 0.05
FIRST_FRAMES = 3
OVER = frozenset({CameraState.ENDED, CameraState.FAILED})


def profile(question: ProfileCamera, inference: InferenceSpec) -> Profiled:
    """Run the camera and measure.

    Raises:
        SourceError: its source can't be opened, or no frames come in time.
        ModelError, InferenceError: its engines can't be loaded.
    """
    deadline_s = time.monotonic() + question.timeout_s
    times = RecordedTimes(question.max_spans)
    with tempfile.TemporaryDirectory(prefix="popcam-profile-") as folder:
        host = ProfileHost(question, inference, Path(folder), times)
        camera = CameraPipeline(replace(question.spec, restream=()), 0, host, times)
        camera.start()
        try:
            _wait_for_frames(camera, deadline_s)
            return _measured(camera, times, min(question.seconds, max(0.1, deadline_s - time.monotonic())))
        finally:
            camera.stop()
            host.close()


def _wait_for_frames(camera: CameraPipeline, deadline_s: float) -> None:
    """Wait until frames go through.

    Raises:
        PopcamError: what the camera says is wrong with it.
        SourceTimeoutError: nothing comes.
    """
    while True:
        status = camera.status()
        if status.frames >= FIRST_FRAMES or status.state is CameraState.ENDED:
            _raise_fault(status)
            return
        if status.state in (CameraState.FAILED, CameraState.RECONNECTING):
            _raise_fault(status)
        if time.monotonic() >= deadline_s:
            raise SourceTimeoutError(f"{redact(camera.spec.source.url)}: no frames came in time")
        time.sleep(POLL_S)


def _raise_fault(status: CameraStatus) -> None:
    for fault in status.faults:
        raise error_of_code(fault.code)(fault.detail)


def _measured(camera: CameraPipeline, times: RecordedTimes, seconds: float) -> Profiled:
    before = camera.status()
    begun_s, cpu_before_s = time.perf_counter(), time.process_time()
    times.begin()
    status, elapsed_s = before, 0.0
    while elapsed_s < seconds and status.state not in OVER:
        time.sleep(min(STATUS_INTERVAL_S, seconds - elapsed_s))
        status = camera.status()
        elapsed_s = time.perf_counter() - begun_s
    times.end()
    cpu_s = time.process_time() - cpu_before_s
    stages, threads = times.stages(), times.threads(elapsed_s)
    frames = status.frames - before.frames
    return Profiled(
        codec=status.codec,
        width_px=status.width_px,
        height_px=status.height_px,
        source_fps=status.source_fps,
        decoder=status.decoder,
        decoding=status.decoding,
        provider=status.provider,
        seconds=elapsed_s,
        frames=frames,
        dropped=sum(status.drops.values()) - sum(before.drops.values()),
        cpu_s=cpu_s,
        stages=stages,
        threads=threads,
        bottleneck=bottleneck(stages, threads),
        limit_fps=frames / threads[0].busy_s if threads and threads[0].busy_s > 0 else 0.0,
        trace=trace_json(times.spans),
        spans_left_out=times.left_out,
    )


def bottleneck(stages: Sequence[ProfiledStage], threads: Sequence[ProfiledThread]) -> str:
    """The stage that bounds the rate: the most expensive one of the busiest thread. Threads work side by side, so
    whatever another one does costs processor time, but no rate."""
    if not threads:
        return ""
    busiest = max(threads, key=lambda thread: thread.busy_s)
    own = [stage for stage in stages if stage.thread == busiest.thread]
    return max(own, key=lambda stage: stage.wall_s).stage if own else ""


class ProfileHost:
    """What the camera sees of its worker: engines of its own, and viewers that take everything at once."""

    def __init__(
        self, question: ProfileCamera, inference: InferenceSpec, recordings_dir: Path, times: RecordedTimes
    ) -> None:
        self.clock: Clock = SystemClock()
        self.recordings_dir = recordings_dir
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="infer")
        self.inference_pool: Executor = self._pool
        self._engines = SharedEngines(inference)
        self._times = times
        watched = {topic(question.spec.id, kind) for kind in question.watch}
        self._watched = frozenset(watched | {topic(question.spec.id, "facts")} if watched else ())

    def engine(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        return _TimedEngine(self._engines.get(name, input_width_px=input_width_px, min_score=min_score), self._times)

    def publish(self, topic: bytes, *parts: bytes) -> None:
        """Nobody is there: what sending would cost is not in the profile."""

    def watched(self, topic: bytes) -> bool:
        return topic in self._watched

    def logger(self, camera_id: str) -> FilteringBoundLogger:
        log: FilteringBoundLogger = structlog.get_logger(camera=camera_id)
        return log

    def close(self) -> None:
        """Give the engines' memory back."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._engines.close()


class _TimedEngine:
    """An engine whose inferences are a stage of their own, in whichever thread they run."""

    def __init__(self, engine: Engine, times: RecordedTimes) -> None:
        self._engine = engine
        self._times = times

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def labels(self) -> tuple[str, ...]:
        return self._engine.labels

    @property
    def provider(self) -> str:
        return self._engine.provider

    @property
    def provider_fallback(self) -> str:
        return self._engine.provider_fallback

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        with self._times.measure("infer"):
            return self._engine.infer(frame)

    def close(self) -> None:
        self._engine.close()
