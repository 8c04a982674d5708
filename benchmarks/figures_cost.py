"""What measuring costs: all figures of 50 and of 1,000 cameras, taken once a second and kept as minutes.

The product's own parts over a fleet without workers: each camera reports once a second with seven stages and moving
figures, the machine is looked at for real, minutes go into a real database. Seconds are simulated one after the other
as fast as they go, so what is told is processor time of the whole process per simulated second, without the time that
it took to make the reports up. "Held up" is how long the event loop was busy with a single taking. Then Prometheus
scrapes once.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.lib.table import Figure, Wanted, percentile, show
from prometheus_client import generate_latest
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.hand_clock import HandClock

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.config import LogSettings, Settings
from popcam.core.facts import CameraState, StageTime
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.monitoring.figures import Figures
from popcam.monitoring.registry import Registry
from popcam.server import logs
from popcam.server.options import ServerOptions
from popcam.server.sampling import sample_all
from popcam.server.services import Services
from popcam.storage import Database, EventStore

STAGES = ("decode", "gate", "detect", "track", "act", "encode", "publish")
SHARE = Wanted(2.0, 1.0, " %", most=True)
QUESTIONS = (
    ("popcam_camera_fps", "mean", 60.0),
    ("popcam_camera_fps", "p95", 300.0),
    ("popcam_camera_up", "min", 10.0),
)


@dataclass
class Costs:
    """Of one run, in seconds of processor time, and counts."""

    seconds: int
    used_s: float = 0.0
    made_s: float = 0.0
    takings_s: list[float] = field(default_factory=list)
    questions_s: list[float] = field(default_factory=list)
    scrape_s: float = 0.0
    series: int = 0
    memory_bytes: int = 0
    stored_bytes: int = 0

    @property
    def share_percent(self) -> float:
        """Of one core."""
        return (self.used_s - self.made_s) / self.seconds * 100


async def measure(cameras: int, seconds: int, folder: Path) -> Costs:
    """Let so many seconds go by."""
    clock, fleet = HandClock(), FakeFleet()
    specs = {
        name: CameraSpec(id=name, source=SourceSpec(url="demo:")) for name in (f"camera-{n}" for n in range(cameras))
    }
    service = CamerasService(SettingsCameraStore(specs), fleet, clock, folder)
    await service.begin()
    database = Database(folder / "popcam.db")
    await asyncio.to_thread(database.open)
    services = Services(
        options=ServerOptions(data_dir=folder, log_dir=folder),
        clock=clock,
        fleet=fleet,
        cameras=service,
        events=EventStore(database),
        started_monotonic_s=clock.monotonic_s(),
    )
    figures = Figures(Registry(), clock, database)
    sample_all(services, Settings(data_dir=folder, log_dir=folder, runtime_dir=folder), figures)
    await figures.prepare()
    costs = await _run(figures, fleet, clock, list(specs), Costs(seconds))
    await figures.stop()
    await service.close()
    database.close()
    costs.stored_bytes = (folder / "popcam.db").stat().st_size
    return costs


async def _run(figures: Figures, fleet: FakeFleet, clock: HandClock, cameras: list[str], costs: Costs) -> Costs:
    figures.take()  # everything is declared and made room for once
    began_s = time.process_time()
    for second in range(costs.seconds):
        clock.pass_s(1.0)
        for camera_id in cameras:
            _report(fleet, clock, camera_id, second, costs)
        with _timed(costs.takings_s):
            figures.take()
        with _timed(costs.questions_s):
            for name, aggregate, window_s in QUESTIONS:
                figures.over(name, aggregate, window_s)  # type: ignore[arg-type]  # they are of the Literal
        await asyncio.sleep(0.001)
    costs.used_s = time.process_time() - began_s
    began_s = time.process_time()
    generate_latest(figures.registry.prometheus)
    costs.scrape_s = time.process_time() - began_s
    costs.series = sum(len(family.rows()) for family in figures.registry.families())
    costs.memory_bytes = figures.memory_bytes()
    return costs


def _report(fleet: FakeFleet, clock: HandClock, camera_id: str, second: int, costs: Costs) -> None:
    """One camera reports. Making the report up is no cost of measuring; taking it is."""
    made: list[float] = []
    with _timed(made):
        stages = tuple(_stage(name, second) for name in STAGES)
        fields = {
            "at_unix_s": clock.unix_s(),
            "fps": random.uniform(24.5, 25.5),
            "received_fps": random.uniform(24.5, 25.5),
            "source_fps": 25.0,
            "latency_ms": random.uniform(25, 45),
            "bitrate_bps": random.uniform(3.9e6, 4.1e6),
            "frames": second * 25,
            "every_frame": True,
            "frozen_s": 0.0,
            "dark": False,
            "jitter_s": random.uniform(0.0005, 0.002),
            "rtt_s": 0.002,
            "drops": {"late": second // 7, "queue_full": second // 11},
            "stages": stages,
            "worker_id": "w1",
        }
    fleet.report(camera_id, CameraState.RUNNING, **fields)
    costs.made_s += made[0]


def _stage(name: str, second: int) -> StageTime:
    mean_ms = random.uniform(1.0, 1.4)
    return StageTime(
        stage=name,
        frames=25,
        mean_ms=mean_ms,
        p50_ms=mean_ms,
        p95_ms=mean_ms * 2,
        p99_ms=mean_ms * 3,
        max_ms=mean_ms * 4,
        frames_in=second * 25,
        frames_out=second * 25,
    )


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    began_s = time.thread_time()
    yield
    into.append(time.thread_time() - began_s)


def figures_of(cameras: int, runs: list[Costs]) -> list[Figure]:
    """The rows of one number of cameras."""
    name = f"{cameras} cameras: "
    last = runs[-1]
    return [
        Figure(
            f"{name}taking and keeping, share of one core",
            "%",
            tuple(run.share_percent for run in runs),
            SHARE if cameras == 50 else "",
        ),
        Figure(
            f"{name}loop held up by one taking, P95", "ms", tuple(percentile(run.takings_s, 0.95) * 1e3 for run in runs)
        ),
        Figure(f"{name}loop held up by one taking, longest", "ms", tuple(max(run.takings_s) * 1e3 for run in runs)),
        Figure(
            f"{name}three questions over all cameras",
            "ms",
            tuple(percentile(run.questions_s, 0.5) * 1e3 for run in runs),
        ),
        Figure(f"{name}one scrape by Prometheus", "ms", tuple(run.scrape_s * 1e3 for run in runs)),
        Figure(f"{name}series", "", (float(last.series),)),
        Figure(f"{name}memory of the last hour, full", "MB", (last.memory_bytes / 1e6,)),
        Figure(f"{name}database after {last.seconds // 60} minutes", "MB", (last.stored_bytes / 1e6,)),
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer seconds, one run")
    quick = parser.parse_args().quick
    logs.configure(LogSettings(level="warning"))
    rows: list[Figure] = []
    for cameras, seconds in ((50, 180 if quick else 600), (1000, 130)):
        runs = []
        for _ in range(1 if quick else 3):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(asyncio.run(measure(cameras, seconds, Path(folder))))
        rows += figures_of(cameras, runs)
    show("What measuring costs", rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
