"""How long each stage takes per frame, and how many frames went in and came out."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import numpy as np
import numpy.typing as npt

from popcam.core.facts import STAGES, StageTime
from popcam.core.frame import Chunk, DecodeMode
from popcam.core.interfaces import Source

MAX_SAMPLES = 512
"""Most samples of one stage between two reports; enough for 240 frames per second and a late report."""
PERCENTILES_S: Final = 10.0
"""A second has too few frames for a 99th percentile."""
READING: Final = frozenset({"decode", "scale"})
"""Stages of the thread that reads; all others run in the one that processes."""
Samples = npt.NDArray[np.float64]
_NOTHING = nullcontext()


class StageFlow:
    """Frames that went into a stage and came out of it, since the pipeline started. One thread counts."""

    __slots__ = ("came", "deepest", "went")

    def __init__(self) -> None:
        self.came = 0
        self.went = 0
        self.deepest = 0
        """Most that waited for it at a time since the last report."""

    def passed(self, went: int = 1) -> None:
        """One came, and so many went on."""
        self.came += 1
        self.went += went


class StageTimes:
    """Collects durations from the pipeline's threads; `report` sums them up.

    Args:
        clock_s: monotonic time.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._samples_s: dict[str, list[float]] = defaultdict(list)
        self._earlier: dict[str, deque[tuple[float, Samples]]] = defaultdict(deque)
        self._flows: dict[str, StageFlow] = {}
        self._lock = threading.Lock()
        self.inside = _Inside()

    def flow(self, stage: str) -> StageFlow:
        """The counters of a stage."""
        with self._lock:
            return self._flows.setdefault(stage, StageFlow())

    def measure(self, stage: str) -> AbstractContextManager[None]:
        """Time the block as one frame's share of the stage; stages inside it are not counted twice."""
        return _Measured(self, stage)

    def reading(self, source: Source, mode: DecodeMode, linger_s: float) -> Chunk:
        """Read from a source; the time that frames were made in counts as the stage `decode`."""
        chunk = source.read(mode, linger_s=linger_s)
        if chunk.frames:
            self.add("decode", chunk.decode_s)
        return chunk

    def around(self, _stage: str) -> AbstractContextManager[None]:
        """Stands around all stages of a frame in one thread; a profile tells what lies between them."""
        return _NOTHING

    def add(self, stage: str, seconds: float) -> None:
        """Add one frame's time."""
        with self._lock:
            samples = self._samples_s[stage]
            if len(samples) < MAX_SAMPLES:
                samples.append(seconds)

    def report(self) -> tuple[StageTime, ...]:
        """Figures of each stage since the last report, the most expensive first."""
        now_s = self._clock_s()
        with self._lock:
            samples_s, self._samples_s = self._samples_s, defaultdict(list)
            names = dict.fromkeys((*self._flows, *self._earlier, *samples_s))
            stages = [self._stage(name, samples_s.get(name, []), now_s) for name in names]
        return tuple(sorted(stages, key=lambda stage: (-stage.mean_ms * stage.frames, _place(stage.stage))))

    def _stage(self, name: str, values_s: list[float], now_s: float) -> StageTime:
        earlier = self._earlier[name]
        if values_s:
            earlier.append((now_s, np.array(values_s)))
        while earlier and earlier[0][0] <= now_s - PERCENTILES_S:
            earlier.popleft()
        p50_s, p95_s, p99_s = _percentiles([values for _, values in earlier])
        flow = self._flows.get(name) or StageFlow()
        deepest, flow.deepest = flow.deepest, 0
        return StageTime(
            stage=name,
            frames=len(values_s),
            mean_ms=1000 * sum(values_s) / len(values_s) if values_s else 0.0,
            max_ms=1000 * max(values_s, default=0.0),
            p50_ms=1000 * p50_s,
            p95_ms=1000 * p95_s,
            p99_ms=1000 * p99_s,
            frames_in=flow.came,
            frames_out=flow.went,
            queue_depth=deepest,
        )


def bottleneck(stages: tuple[StageTime, ...]) -> str:
    """The stage that bounds the rate: the most expensive one of the busier of the two threads; empty without frames."""

    def cost(stage: StageTime) -> float:
        return stage.mean_ms * stage.frames

    threads = [[one for one in stages if one.frames and (one.stage in READING) is reading] for reading in (True, False)]
    busier = max(threads, key=lambda thread: sum(map(cost, thread)))
    return max(busier, key=cost).stage if busier else ""


def _percentiles(values_s: list[Samples]) -> tuple[float, float, float]:
    """The values below which half, 95 % and 99 % of all lie; 0 without any. NumPy sorts in a tenth of a list's time."""
    if not values_s:
        return 0.0, 0.0, 0.0
    ordered = np.sort(np.concatenate(values_s))
    last = ordered.size - 1
    half, most, nearly_all = (float(ordered[min(last, int(share * ordered.size))]) for share in (0.5, 0.95, 0.99))
    return half, most, nearly_all


def _place(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


class _Inside(threading.local):
    """Time that this thread has spent in stages that have ended: how an outer stage knows of those inside it."""

    seconds = 0.0


class _Measured:
    """A class and not a generator: this stands around every stage of every frame, and costs a quarter so."""

    __slots__ = ("_begun_s", "_inside_s", "_stage", "_times")

    def __init__(self, times: StageTimes, stage: str) -> None:
        self._times = times
        self._stage = stage

    def __enter__(self) -> None:
        self._inside_s = self._times.inside.seconds
        self._begun_s = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took_s = time.perf_counter() - self._begun_s
        inside = self._times.inside
        self._times.add(self._stage, took_s - (inside.seconds - self._inside_s))
        inside.seconds = self._inside_s + took_s
