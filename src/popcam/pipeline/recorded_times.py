"""Stage times for a profile: every span with its thread, its processor time and what it copied."""

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from popcam.core.copies import Copied, copied
from popcam.core.frame import Chunk, DecodeMode
from popcam.core.interfaces import Source
from popcam.core.protocol import ProfiledStage, ProfiledThread
from popcam.pipeline.stage_times import StageTimes

WAIT = "wait"
"""Name of the spans in which a thread waits for the next packet. They count as idle."""


class Span(NamedTuple):
    """One stage of one frame."""

    stage: str
    thread: str
    begun_s: float
    wall_s: float
    cpu_s: float


class _Cost(NamedTuple):
    wall_s: float = 0.0
    cpu_s: float = 0.0
    copies: int = 0
    copied_bytes: int = 0

    def plus(self, other: "_Cost") -> "_Cost":
        return _Cost(
            self.wall_s + other.wall_s,
            self.cpu_s + other.cpu_s,
            self.copies + other.copies,
            self.copied_bytes + other.copied_bytes,
        )

    def less(self, other: "_Cost") -> "_Cost":
        return _Cost(
            self.wall_s - other.wall_s,
            self.cpu_s - other.cpu_s,
            self.copies - other.copies,
            self.copied_bytes - other.copied_bytes,
        )


_FREE = _Cost()


@dataclass(slots=True)
class _Total:
    calls: int = 0
    own: _Cost = _FREE


class RecordedTimes(StageTimes):
    """Records spans while it is told to. A stage within another takes its cost off the outer one's.

    Args:
        most_spans: spans beyond these are counted in the sums, but not kept.
    """

    def __init__(self, most_spans: int) -> None:
        super().__init__()
        self._most_spans = most_spans
        self._since_s = float("inf")
        self._inside = threading.local()
        self._sums = threading.Lock()
        self._totals: dict[tuple[str, str], _Total] = {}
        self._busy_s: dict[str, float] = {}
        self.spans: list[Span] = []
        self.left_out = 0

    def begin(self) -> None:
        """Record what begins from now on."""
        self._since_s = time.perf_counter()

    def end(self) -> None:
        """Record no more."""
        self._since_s = float("inf")

    def measure(self, stage: str) -> AbstractContextManager[None]:
        return _Recorded(self, stage)

    def around(self, stage: str) -> AbstractContextManager[None]:
        return _Recorded(self, stage)

    def reading(self, source: Source, mode: DecodeMode, linger_s: float) -> Chunk:
        """What the reading thread computes is put down to decoding: there is little else."""
        begun_s, cpu_before_s = time.perf_counter(), time.thread_time()
        chunk = source.read(mode, linger_s=linger_s)
        ended_s, cpu_s = time.perf_counter(), time.thread_time() - cpu_before_s
        waited_s = ended_s - begun_s - chunk.decode_s
        thread = thread_name()
        self._keep(Span(WAIT, thread, begun_s, waited_s, 0.0))
        if chunk.packet is not None or chunk.frames:
            decoding = Span("decode", thread, begun_s + waited_s, chunk.decode_s, min(cpu_s, chunk.decode_s))
            self.finished(decoding, _Cost(decoding.wall_s, decoding.cpu_s), outermost=True)
        return chunk

    def stages(self) -> tuple[ProfiledStage, ...]:
        """All stages, the most expensive first."""
        with self._sums:
            found = [
                ProfiledStage(stage=stage, thread=thread, calls=total.calls, **total.own._asdict())
                for (stage, thread), total in self._totals.items()
            ]
        return tuple(sorted(found, key=lambda stage: -stage.wall_s))

    def threads(self, seconds: float) -> tuple[ProfiledThread, ...]:
        """The threads that worked, the busiest first."""
        with self._sums:
            busy = sorted(self._busy_s.items(), key=lambda item: -item[1])
        return tuple(
            ProfiledThread(thread=thread, busy_s=busy_s, idle_s=max(0.0, seconds - busy_s)) for thread, busy_s in busy
        )

    def finished(self, span: Span, own: _Cost, *, outermost: bool) -> None:
        """Take in a span that has ended; `own` is its cost without the stages inside it."""
        self.add(span.stage, span.wall_s)
        if span.begun_s < self._since_s:
            return
        with self._sums:
            total = self._totals.setdefault((span.stage, span.thread), _Total())
            total.calls += 1
            total.own = total.own.plus(own)
            if outermost:
                self._busy_s[span.thread] = self._busy_s.get(span.thread, 0.0) + span.wall_s
        self._keep(span)

    def children(self) -> list[_Cost]:
        """The costs of the stages inside each open span of this thread, outermost first."""
        stack: list[_Cost] | None = getattr(self._inside, "stack", None)
        if stack is None:
            stack = self._inside.stack = []
        return stack

    def _keep(self, span: Span) -> None:
        if span.begun_s < self._since_s:
            return
        if len(self.spans) < self._most_spans:
            self.spans.append(span)
        else:
            self.left_out += 1


class _Recorded:
    """One open span."""

    __slots__ = ("_begun_s", "_copied", "_cpu_s", "_stage", "_times")

    def __init__(self, times: RecordedTimes, stage: str) -> None:
        self._times = times
        self._stage = stage

    def __enter__(self) -> None:
        self._times.children().append(_FREE)
        self._copied: Copied = copied()
        self._begun_s = time.perf_counter()
        self._cpu_s = time.thread_time()

    def __exit__(self, *_: object) -> None:
        cpu_s = time.thread_time() - self._cpu_s
        wall_s = time.perf_counter() - self._begun_s
        cost = _Cost(wall_s, cpu_s, *copied().since(self._copied))
        stack = self._times.children()
        own = cost.less(stack.pop())
        if stack:
            stack[-1] = stack[-1].plus(cost)
        span = Span(self._stage, thread_name(), self._begun_s, wall_s, cpu_s)
        self._times.finished(span, own, outermost=not stack)


def thread_name() -> str:
    """What kind of thread this is: `read`, `process` or `infer`; the name before the first sign that is no letter."""
    return threading.current_thread().name.replace("_", "-").partition("-")[0]


def trace_json(spans: list[Span]) -> bytes:
    """The spans in Chrome's trace event format: complete events, times in microseconds from the first one on.

    Source: "Trace Event Format" of Chromium's catapult project, which Perfetto reads.
    """
    threads = {name: number for number, name in enumerate(dict.fromkeys(span.thread for span in spans), 1)}
    zero_s = min((span.begun_s for span in spans), default=0.0)
    names = [_named("process_name", 0, "popcam"), *(_named("thread_name", tid, name) for name, tid in threads.items())]
    events = [
        {
            "ph": "X",
            "name": span.stage,
            "cat": "frame",
            "pid": 1,
            "tid": threads[span.thread],
            "ts": round((span.begun_s - zero_s) * 1e6, 1),
            "dur": round(span.wall_s * 1e6, 1),
            "args": {"cpu_us": round(span.cpu_s * 1e6, 1)},
        }
        for span in spans
    ]
    return msgspec.json.encode({"displayTimeUnit": "ms", "traceEvents": [*names, *events]})


def _named(kind: str, tid: int, name: str) -> dict[str, object]:
    return {"ph": "M", "name": kind, "pid": 1, "tid": tid, "args": {"name": name}}
