"""What live cameras of a running server cost, by frames that really went through."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import psutil
from benchmarks.lib.server import RunningServer


class Window(NamedTuple):
    """What happened within a window of time: per camera in the order asked for."""

    seconds: float
    frames: tuple[int, ...]
    looked_at: tuple[int, ...]
    """Frames that the detector saw."""
    worker_cpu_s: float
    server_cpu_s: float

    @property
    def fps(self) -> tuple[float, ...]:
        """Frames per second of each camera."""
        return tuple(frames / self.seconds for frames in self.frames)

    @property
    def cpu_ms_per_frame(self) -> float:
        """Processor time of everything that popcam runs, by frames."""
        return 1000 * (self.worker_cpu_s + self.server_cpu_s) / max(1, sum(self.frames))

    @property
    def cpu_ms_per_look(self) -> float:
        """The same by frames that a detector looked at: under load fewer are, and that is no efficiency."""
        return 1000 * (self.worker_cpu_s + self.server_cpu_s) / max(1, sum(self.looked_at))

    @property
    def looks_per_s(self) -> float:
        """Frames that a detector looked at, of all cameras together."""
        return sum(self.looked_at) / self.seconds

    @property
    def core_percent_per_camera(self) -> float:
        """Processor time of everything, each camera's share; 100 is one core."""
        return 100 * (self.worker_cpu_s + self.server_cpu_s) / self.seconds / len(self.frames)


def look(server: RunningServer, cameras: Sequence[str], seconds: float) -> Window:
    """Watch the counters for that long. Asking costs the server a few milliseconds of the window."""
    frames, began_s = [_frames(server, camera) for camera in cameras], time.monotonic()
    workers_s, server_s = server.worker_cpu_s(), server.server_cpu_s()
    shares: list[list[float]] = [[] for _ in cameras]
    while (left_s := began_s + seconds - time.monotonic()) > 0:
        time.sleep(min(5.0, left_s))
        for found, camera in zip(shares, cameras, strict=True):
            found.append(_share_looked_at(server, camera))
    workers_s, server_s = server.worker_cpu_s() - workers_s, server.server_cpu_s() - server_s
    taken_s = time.monotonic() - began_s
    done = tuple(_frames(server, camera) - before for camera, before in zip(cameras, frames, strict=True))
    looked_at = tuple(round(sum(found) / len(found) * count) for found, count in zip(shares, done, strict=True))
    return Window(taken_s, done, looked_at, workers_s, server_s)


def _frames(server: RunningServer, camera: str) -> int:
    frames: int = server.site.camera(camera)["pipeline"]["frames"]
    return frames


def _share_looked_at(server: RunningServer, camera: str) -> float:
    """Share of the frames of the last second that a detector's result was had for."""
    stages = {row["stage"]: row["frames"] for row in server.site.camera(camera)["pipeline"]["stages"]}
    return min(1.0, stages.get("track", 0) / stages["decode"]) if stages.get("decode") else 0.0


def start_up(server: RunningServer, cameras: Sequence[str], warm_up_s: float) -> None:
    """Wait until all cameras run, then until models are loaded and caches are warm."""
    for camera in cameras:
        server.site.wait_frames(camera)
    time.sleep(warm_up_s)


class Memory(NamedTuple):
    """Memory of processes together, MiB: resident (shared pages counted in each), and what they have for themselves."""

    rss_mib: float
    uss_mib: float


def worker_memory(server: RunningServer) -> Memory:
    """Memory of the workers."""
    facts = [worker.memory_full_info() for worker in server.site.workers()]
    return Memory(sum(one.rss for one in facts) / 2**20, sum(one.uss for one in facts) / 2**20)


def whole_family(server: RunningServer) -> list[psutil.Process]:
    """The server and everything it started."""
    return [psutil.Process(server.site.process.pid), *server.site.workers()]
