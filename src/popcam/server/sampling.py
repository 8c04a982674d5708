"""What is looked at for figures in this server: its cameras, workers, jobs, folders and the machine."""

import time
from pathlib import Path

from popcam.cameras.model import CameraChanges
from popcam.config import Settings
from popcam.core.facts import CameraStatus
from popcam.monitoring.cameras import CameraFigures
from popcam.monitoring.figures import Figures
from popcam.monitoring.gpu import GpuFigures
from popcam.monitoring.host import DiskFigures, HostFigures, TemperatureFigures
from popcam.monitoring.network import NetworkFigures
from popcam.monitoring.workers import OwnProcesses, WorkerFigures
from popcam.server.core_services import CoreServices

SLOW_S = 10.0
"""What changes slowly, or costs more to look at, is looked at this often."""
GPU_S = 2.0


def sample_all(services: CoreServices, settings: Settings, figures: Figures) -> None:
    """Have all figures set before they are taken."""
    registry, fleet, jobs = figures.registry, services.fleet, services.jobs
    registry.worker_of = lambda camera_id: _worker_of(services, camera_id)
    cameras = CameraFigures(registry, fleet.statuses, services.clock)

    def follow(changes: CameraChanges) -> None:
        views = services.cameras.views()
        ids = [view.spec.id for view in views]
        cameras.set_cameras(ids, [view.spec.id for view in views if view.wanted], changes.changed)

    follow(CameraChanges())
    services.cameras.on_change(follow)

    def take(status: CameraStatus) -> None:
        began_s = time.thread_time()
        cameras.take(status)
        figures.spend(time.thread_time() - began_s)

    fleet.on_status(take)
    figures.sample_with("cameras", cameras.sample)
    figures.sample_with(
        "workers", WorkerFigures(registry, fleet.workers, fleet.worker_slots, fleet.workers_lost).sample
    )
    own = OwnProcesses(registry, services.clock)

    def follow_jobs() -> None:
        own.job_pids = () if jobs is None else jobs.worker_pids

    figures.sample_with("jobs", follow_jobs)
    host, network = HostFigures(registry), NetworkFigures(registry)

    def look_at_machine() -> None:
        own.sample()
        host.sample()
        network.sample()

    figures.sample_with("machine", look_at_machine, in_thread=True, quick=True)
    gpu, warmth = GpuFigures(registry), TemperatureFigures(registry)
    disks = DiskFigures(registry, lambda: folders_of(settings))
    figures.sample_with("gpu", gpu.sample, every_s=GPU_S, in_thread=True, forget=gpu.forget)
    figures.sample_with("temperatures", warmth.sample, every_s=SLOW_S, in_thread=True, forget=warmth.forget)
    figures.sample_with("disks", disks.sample, every_s=SLOW_S, in_thread=True, forget=disks.forget)


def folders_of(settings: Settings) -> tuple[Path, ...]:
    """Folders of popcam whose disks matter."""
    return settings.data_dir, settings.log_dir, settings.runtime_dir


def _worker_of(services: CoreServices, camera_id: str) -> str:
    status = services.fleet.status(camera_id)
    return "" if status is None else status.worker_id
