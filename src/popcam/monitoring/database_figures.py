"""How the database does: who works and waits, how long statements take, and which take the most."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.distribution import Distribution, Summary, tell
from popcam.monitoring.registry import Registry
from popcam.storage.meter import DatabaseMeter

MAX_STATEMENTS: Final = 200
"""Different ones that are kept; what took the least goes first."""
MAX_CHARS: Final = 400
IN_USE = Metric(
    name="popcam_database_pool_in_use",
    kind="gauge",
    unit="1",
    help=Text("Open transactions", "进行中的事务数"),
)
WAITING = Metric(
    name="popcam_database_waiting",
    kind="gauge",
    unit="1",
    help=Text("Work that waits for a thread of the database", "等待数据库线程的任务数"),
)
WAIT = Metric(
    name="popcam_database_wait_seconds",
    kind="gauge",
    unit="seconds",
    help=Text(
        "Time that 95 of 100 waited at most for a thread, over the last minute", "最近一分钟内等待数据库线程的 P95 时间"
    ),
    kept=True,
)
SECONDS = Metric(
    name="popcam_database_statement_seconds",
    kind="gauge",
    unit="seconds",
    labels=("quantile",),
    help=Text("Time that statements take, over the last minute", "最近一分钟内语句的执行时间"),
    kept=True,
)
_PLACES = re.compile(r"\((?:\?,\s*)+\?\)")
_ROWS = re.compile(r"(\(\?, \.\.\.\)|\(\?\))(?:,\s*(?:\(\?, \.\.\.\)|\(\?\)))+")


@dataclass(slots=True)
class StatementFigures:
    """One statement, since the start. Times in seconds."""

    text: str
    count: int = 0
    total_s: float = 0.0
    highest_s: float = 0.0

    @property
    def mean_s(self) -> float:
        """Of all."""
        return self.total_s / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """How the database does now. Times in seconds, of the last minute."""

    in_use: int
    waiting: int
    wait: Summary
    statements: Summary
    slowest: tuple[StatementFigures, ...]


@lru_cache(maxsize=1024)
def in_short(text: str) -> str:
    """A statement on one line; lists of values are one however long they are."""
    line = " ".join(text.split())
    line = _ROWS.sub(r"\1, ...", _PLACES.sub("(?, ...)", line))
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1] + "…"


class DatabaseFigures:
    """Sums up what a database tells.

    Args:
        registry: where figures go.
        meter: of the database.
        now_s: seconds that never jump.
    """

    def __init__(self, registry: Registry, meter: DatabaseMeter, now_s: Callable[[], float]) -> None:
        meter.take()  # what opened the database is of no interest any more
        self._meter = meter
        self._in_use = registry.declare(IN_USE)
        self._waiting = registry.declare(WAITING)
        self._wait = registry.declare(WAIT)
        self._seconds = registry.declare(SECONDS)
        self._times = Distribution(now_s=now_s)
        self._waits = Distribution(now_s=now_s)
        self._statements: dict[str, StatementFigures] = {}

    def sample(self) -> None:
        """Take what happened, and tell the registry how it stands; once a second."""
        statements, waits_s = self._meter.take()
        for waited_s in waits_s:
            self._waits.put(waited_s)
        for text, took_s in statements:
            self._times.put(took_s)
            self._note(in_short(text), took_s)
        self._in_use.set((), self._meter.in_use)
        self._waiting.set((), self._meter.waiting)
        self._wait.set((), self._waits.summary().p95)
        tell(self._seconds, (), self._times.summary())

    def state(self, slowest: int = 10) -> DatabaseState:
        """How it does now, with the statements that took the longest in all."""
        ranked = sorted(self._statements.values(), key=lambda one: -one.total_s)
        return DatabaseState(
            in_use=self._meter.in_use,
            waiting=self._meter.waiting,
            wait=self._waits.summary(),
            statements=self._times.summary(),
            slowest=tuple(ranked[:slowest]),
        )

    def _note(self, text: str, took_s: float) -> None:
        known = self._statements.get(text)
        if known is None:
            if len(self._statements) >= MAX_STATEMENTS:
                least = min(self._statements.values(), key=lambda one: one.total_s)
                del self._statements[least.text]
            known = self._statements[text] = StatementFigures(text)
        known.count += 1
        known.total_s += took_s
        known.highest_s = max(known.highest_s, took_s)
