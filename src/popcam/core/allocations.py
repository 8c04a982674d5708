"""Where the memory of a process goes: the lines of code that hold more than when the recording began.

Recording costs: every allocation becomes slower and takes memory of its own. So somebody begins it, it is bounded in
time, and one alone runs at a time in each process. What native libraries take is not seen here; CONTRIBUTING.md says
how memray finds it.
"""

import linecache
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from popcam.core.errors import SnapshotBusyError

MAX_S: Final = 1800.0
FRAMES: Final = 1
"""Lines are compared, so the newest of each allocation is enough; more make each look stop the process for longer."""
TOP: Final = 25
PACKAGE_ROOT: Final = Path(__file__).parents[2]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of code that holds memory.

    `file` begins at the folder that Python packages lie in, `code` is empty where there is no source. `size_bytes` and
    `count` are what it holds now, `grown_bytes` and `grown_count` how much more that is than when the recording began.
    """

    file: str
    line: int
    code: str
    size_bytes: int
    count: int
    grown_bytes: int
    grown_count: int


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """How recording stands, and what was found last.

    `began_unix_s` is None when none runs; `until_unix_s` is when it ends by itself.
    """

    running: bool = False
    began_unix_s: float | None = None
    until_unix_s: float | None = None
    took_s: float = 0.0
    traced_bytes: int = 0
    overhead_bytes: int = 0
    lines: tuple[Line, ...] = ()


class AllocationRecorder:
    """Records allocations of this process on demand. Each call may take a second: not for a loop's thread.

    Args:
        unix_s: the time.
    """

    def __init__(self, unix_s: Callable[[], float]) -> None:
        self._unix_s = unix_s
        self._before: tracemalloc.Snapshot | None = None
        self._began_unix_s = 0.0
        self._until_unix_s = 0.0
        self._last = Recording()
        self._lock = threading.Lock()

    @property
    def running(self) -> bool:
        """It is recorded now."""
        return self._before is not None

    @property
    def due(self) -> bool:
        """It is recorded now, and its time is over: somebody should call `end`."""
        return self._before is not None and self._unix_s() >= self._until_unix_s

    def begin(self, for_s: float) -> Recording:
        """Record from now on, for so many seconds at most.

        Raises:
            SnapshotBusyError: it is done already, by this or by somebody else.
        """
        with self._lock:
            if self._before is not None or tracemalloc.is_tracing():
                raise SnapshotBusyError
            tracemalloc.start(FRAMES)
            self._began_unix_s = self._unix_s()
            self._until_unix_s = self._began_unix_s + min(for_s, MAX_S)
            self._before = tracemalloc.take_snapshot()
            self._last = self._compared(self._before, running=True)
            return self._last

    def look(self) -> Recording:
        """What has grown since it began, or what was found by the recording before."""
        with self._lock:
            if self._before is not None:
                self._last = self._compared(self._before, running=True)
            return self._last

    def end(self) -> Recording:
        """Look once more, and record no longer. Nothing happens when nothing is recorded."""
        with self._lock:
            if self._before is not None:
                try:
                    self._last = self._compared(self._before, running=False)
                finally:
                    self._before = None
                    tracemalloc.stop()
            return self._last

    def _compared(self, before: tracemalloc.Snapshot, *, running: bool) -> Recording:
        lines = _grown(before)
        traced_bytes, _ = tracemalloc.get_traced_memory()
        return Recording(
            running=running,
            began_unix_s=self._began_unix_s if running else None,
            until_unix_s=self._until_unix_s if running else None,
            took_s=self._unix_s() - self._began_unix_s,
            traced_bytes=traced_bytes,
            overhead_bytes=tracemalloc.get_tracemalloc_memory(),
            lines=lines,
        )


def _grown(before: tracemalloc.Snapshot) -> tuple[Line, ...]:
    """The lines that grew most."""
    ours = (tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__),)
    now = tracemalloc.take_snapshot().filter_traces(ours)
    found = now.compare_to(before.filter_traces(ours), "lineno")
    found.sort(key=lambda one: -one.size_diff)
    return tuple(_line(one) for one in found[:TOP] if one.size_diff > 0)


def _line(found: tracemalloc.StatisticDiff) -> Line:
    frame = found.traceback[-1]
    return Line(
        file=short_path(frame.filename),
        line=frame.lineno,
        code=linecache.getline(frame.filename, frame.lineno).strip()[:200],
        size_bytes=found.size,
        count=found.count,
        grown_bytes=found.size_diff,
        grown_count=found.count_diff,
    )


def short_path(filename: str) -> str:
    """A file's path from the folder of packages on: where popcam lies on this machine is nobody's business."""
    path = Path(filename)
    if path.is_relative_to(PACKAGE_ROOT):
        return path.relative_to(PACKAGE_ROOT).as_posix()
    parts = path.parts
    for folder in ("site-packages", "dist-packages"):
        if folder in parts:
            return "/".join(parts[parts.index(folder) + 1 :])
    return "/".join(parts[-2:])
