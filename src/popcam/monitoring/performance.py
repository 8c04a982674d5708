"""How popcam performs: requests, database, loop, memory and frames, put together; and what limits it.

It begins with the server and takes its figures with all others, once a second (`figures.py`).
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Final, Literal

from popcam.core.clock import Clock
from popcam.core.facts import CameraStatus
from popcam.core.language import Text
from popcam.core.monitoring import Labels, Metric, Points
from popcam.monitoring import leak_watch
from popcam.monitoring.allocations import Allocations
from popcam.monitoring.bottlenecks import Bottleneck, ranked
from popcam.monitoring.database_figures import DatabaseFigures
from popcam.monitoring.figures import Figures
from popcam.monitoring.http_figures import HttpFigures
from popcam.monitoring.leak_watch import LeakWatch
from popcam.monitoring.limits import Machine, Server, of_machine, of_server
from popcam.monitoring.loop_lag import LoopLag
from popcam.monitoring.registry import Registry
from popcam.storage.meter import DatabaseMeter

FPS = Metric(
    name="popcam_all_fps",
    kind="gauge",
    unit="frames",
    help=Text("Processed frames per second, of all cameras", "所有摄像头每秒处理的帧数"),
    kept=True,
)
LATENCY = Metric(
    name="popcam_all_latency_seconds",
    kind="gauge",
    unit="seconds",
    help=Text(
        "From capture to published: 95 of 100 cameras are not slower", "从采集到发布的延迟：95% 的摄像头不超过此值"
    ),
    kept=True,
)
FigureName = Literal[
    "response_p50", "response_p95", "response_p99", "requests_per_s", "errors_ratio", "loop_lag", "database_wait",
    "fps", "latency", "cpu_ratio", "memory_available_ratio",
]  # fmt: skip
FIGURES: Final[Mapping[FigureName, tuple[str, Labels]]] = {
    "response_p50": ("popcam_http_all_seconds", ("0.5",)),
    "response_p95": ("popcam_http_all_seconds", ("0.95",)),
    "response_p99": ("popcam_http_all_seconds", ("0.99",)),
    "requests_per_s": ("popcam_http_all_per_second", ()),
    "errors_ratio": ("popcam_http_all_errors_ratio", ()),
    "loop_lag": ("popcam_loop_lag_seconds", ()),
    "database_wait": ("popcam_database_wait_seconds", ()),
    "fps": (FPS.name, ()),
    "latency": (LATENCY.name, ()),
    "cpu_ratio": ("popcam_host_cpu_ratio", ()),
    "memory_available_ratio": ("popcam_host_memory_available_ratio", ()),
}
"""What the page draws, by its own names: metric and labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """One process as it was measured last; NaN for what is not known."""

    process: str
    cpu_ratio: float = math.nan
    rss_bytes: float = math.nan
    rss_slope_bytes_per_hour: float = math.nan
    open_files: float = math.nan
    threads: float = math.nan
    uptime_seconds: float = math.nan


class Performance:
    """All parts.

    Args:
        registry: of all figures.
        figures: takes them.
        meter: of the database.
        statuses: newest states of all cameras.
        clock: the time.
    """

    def __init__(
        self,
        registry: Registry,
        figures: Figures,
        meter: DatabaseMeter,
        statuses: Callable[[], Mapping[str, CameraStatus]],
        clock: Clock,
    ) -> None:
        self.registry = registry
        self.figures = figures
        self.http = HttpFigures(registry, clock.monotonic_s)
        self.database = DatabaseFigures(registry, meter, clock.monotonic_s)
        self.loop = LoopLag(registry, clock.monotonic_s)
        self.leaks = LeakWatch(registry, clock.monotonic_s)
        self.allocations = Allocations(clock.unix_s)
        self.statuses = statuses
        self._fps = registry.declare(FPS)
        self._latency = registry.declare(LATENCY)

    async def start(self) -> None:
        """Begin to look."""
        self.figures.sample_with("requests", self.http.sample)
        self.figures.sample_with("database", self.database.sample)
        self.figures.sample_with("loop", self.loop.sample)
        self.figures.sample_with("cameras together", self.sample_cameras)
        self.figures.sample_with("memory growth", self.leaks.sample, every_s=leak_watch.EVERY_S)
        await self.loop.start()

    async def stop(self) -> None:
        """End."""
        await self.loop.stop()
        await self.allocations.end()

    def sample_cameras(self) -> None:
        """Tell how all cameras do together."""
        statuses = self.statuses().values()
        self._fps.set((), sum(status.fps for status in statuses))
        late_ms = sorted(status.latency_ms for status in statuses if status.latency_ms is not None)
        highest_ms = quantiles(late_ms, n=20, method="inclusive")[-1] if len(late_ms) > 1 else sum(late_ms)
        self._latency.set((), highest_ms / 1000 if late_ms else math.nan)

    def status(self, camera_id: str) -> CameraStatus | None:
        """How a camera does."""
        return self.statuses().get(camera_id)

    def bottlenecks(self) -> list[Bottleneck]:
        """What limits, what costs most first."""
        server = Server(loop=self.loop.summary(), database=self.database.state(0), routes=tuple(self.http.routes()))
        return ranked(self.statuses().values(), [*of_machine(self.machine()), *of_server(server)])

    def machine(self) -> Machine:
        """How the machine does."""
        processes = self._latest("popcam_process_cpu_ratio")
        return Machine(
            cores=os.cpu_count() or 1,
            cpu_ratio=self._latest("popcam_host_cpu_ratio").get(()),
            memory_available_ratio=self._latest("popcam_host_memory_available_ratio").get(()),
            gpu_use={labels[0]: use for labels, use in self._latest("popcam_gpu_use_ratio").items()},
            worker_cpu={labels[0]: cores for labels, cores in processes.items() if labels[0] != "server"},
        )

    def processes(self) -> list[ProcessFigures]:
        """All processes of popcam, the server first."""
        found: dict[str, dict[str, float]] = {}
        for name in ProcessFigures.__dataclass_fields__:
            for labels, value in self._latest(f"popcam_process_{name}").items():
                found.setdefault(labels[0], {})[name] = value
        told = [ProcessFigures(process=process, **values) for process, values in found.items()]
        return sorted(told, key=lambda one: (one.process != "server", one.process))

    async def history(self, figure: FigureName, since_unix_s: float, until_unix_s: float) -> Points:
        """How one of `FIGURES` went.

        Raises:
            MetricUnknownError, DatabaseError.
        """
        name, labels = FIGURES[figure]
        return await self.figures.history(name, labels, since_unix_s, until_unix_s)

    def unit(self, figure: FigureName) -> str:
        """In what one of `FIGURES` is.

        Raises:
            MetricUnknownError.
        """
        return self.registry.family(FIGURES[figure][0]).metric.unit

    def _latest(self, name: str) -> Mapping[Labels, float]:
        return self.registry.family(name).latest() if name in self.registry.metrics() else {}
