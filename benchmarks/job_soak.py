"""Live cameras and batch jobs side by side for 20 minutes: does memory grow, do handles leak, do cameras starve.

    python -m benchmarks.job_soak [--minutes 20] [--quick]

A running server with four cameras of 640x360@15 (two with hidden faces and a viewer each, one with boxes that records,
one idle), and always one video and one photo job by its API, next ones as soon as these end, removed afterwards. Every
few seconds memory (USS: what processes have for themselves), open handles and threads of the server, the camera workers
and the batch workers are noted. Slopes are by least squares over everything after the first quarter, in which caches
fill; handles are medians of the last and of the second quarter. `--quick`: 3 minutes.
"""

import argparse
import contextlib
import json
import shutil
import statistics
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psutil
from benchmarks.lib.clips import active_clip, idle_clip
from benchmarks.lib.live import whole_family
from benchmarks.lib.photo_set import photo_set
from benchmarks.lib.scenes import scene
from benchmarks.lib.server import RunningServer, running_server
from benchmarks.lib.slope import slope_per_hour
from benchmarks.lib.table import Figure, Wanted, show

EVERY_S: Final = 3.0
ROLES: Final = ("server", "camera workers", "batch workers")
ENDED: Final = {"succeeded", "partial", "failed", "cancelled"}


@dataclass(slots=True)
class Noted:
    """Everything that was seen, one value per sample."""

    times_s: list[float] = field(default_factory=list)
    uss_mib: dict[str, list[float]] = field(default_factory=lambda: {role: [] for role in ROLES})
    handles: dict[str, list[float]] = field(default_factory=lambda: {role: [] for role in ROLES})
    threads: dict[str, list[float]] = field(default_factory=lambda: {role: [] for role in ROLES})
    fps: dict[str, list[float]] = field(default_factory=dict)
    job_states: list[str] = field(default_factory=list)
    job_frames: int = 0
    bare_frames: int = 0
    whole_covers: int = 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--quick", action="store_true", help="3 minutes")
    chosen = parser.parse_args()
    minutes = 3.0 if chosen.quick else chosen.minutes
    video, photos = scene(1280, 720, 12.0).path, photo_set(40).folder
    active, idle = str(active_clip(640, 360)), str(idle_clip(640, 360))
    hide, boxes = {"source": active, "act": {"kind": "hide"}}, {"source": active, "act": {"kind": "boxes"}}
    cameras = {"hide-a": hide, "hide-b": hide, "boxes": {**boxes, "record": {"mode": "continuous"}}}
    cameras["idle"] = {"source": idle, "act": {"kind": "boxes"}}
    with TemporaryDirectory(prefix="popcam-soak-") as output:
        roots = [str(video.parent), str(photos), output]
        with running_server(cameras, jobs={"roots": roots}) as server:
            for camera in ("hide-a", "hide-b"):
                server.watch(camera)
            for camera in cameras:
                server.site.wait_frames(camera)
            noted = soak(server, (str(video), str(photos)), Path(output), 60 * minutes)
    show(f"Soak of {minutes:g} minutes: four live cameras and batch jobs", figures(noted))


def soak(server: RunningServer, inputs: Sequence[str], output: Path, seconds: float) -> Noted:
    """Keep one job of each input going and note what is seen."""
    noted, began_s, number = Noted(), time.monotonic(), 0
    running: dict[str, tuple[str, Path]] = {}
    while (time_s := time.monotonic() - began_s) < seconds:
        for path in inputs:
            if path not in running:
                number += 1
                results = output / str(number)
                running[path] = start_job(server, path, results), results
        note(server, noted, time_s)
        for path, (job_id, results) in list(running.items()):
            job = server.site.get(f"/api/v1/jobs/{job_id}")
            if job["state"] in ENDED:
                noted.job_states.append(job["state"])
                noted.job_frames += job["frames_done"]
                ask(server, "DELETE", f"/api/v1/jobs/{job_id}")
                shutil.rmtree(results, ignore_errors=True)  # a soak needs no more disk than two jobs
                del running[path]
        time.sleep(EVERY_S)
    for job_id, _ in running.values():
        with contextlib.suppress(OSError):
            ask(server, "POST", f"/api/v1/jobs/{job_id}/cancel")
    for camera in ("hide-a", "hide-b"):
        pipeline = server.site.camera(camera)["pipeline"]
        noted.bare_frames += pipeline["uncovered_frames"]
        noted.whole_covers += pipeline["whole_covers"]
    return noted


def start_job(server: RunningServer, path: str, output: Path) -> str:
    """The id of a new job; everything is encoded, so that each round is the same work."""
    spec = {"kind": "hide_faces", "inputs": [path], "output_dir": str(output), "encode": {"copy_untouched": False}}
    job_id: str = ask(server, "POST", "/api/v1/jobs", spec)["job_id"]
    return job_id


def ask(server: RunningServer, method: str, path: str, body: Any = None) -> Any:
    """The JSON of a request, None where there is none."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(server.site.url + path, data=data, method=method, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        text = answer.read()
    return json.loads(text) if text else None


def note(server: RunningServer, noted: Noted, time_s: float) -> None:
    """One sample."""
    sums = {role: [0.0, 0.0, 0.0] for role in ROLES}
    for process in whole_family(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            found = sums[role_of(process)]
            found[0] += process.memory_full_info().uss / 2**20
            found[1] += handles_of(process)
            found[2] += process.num_threads()
    noted.times_s.append(time_s)
    for role, (uss_mib, handles, threads) in sums.items():
        noted.uss_mib[role].append(uss_mib)
        noted.handles[role].append(handles)
        noted.threads[role].append(threads)
    for camera in ("hide-a", "hide-b", "boxes"):
        noted.fps.setdefault(camera, []).append(float(server.status(camera).get("fps") or 0.0))


def handles_of(process: psutil.Process) -> int:
    """Open files and sockets, or what Windows counts."""
    count = getattr(process, "num_fds", None) or getattr(process, "num_handles")  # noqa: B009 - one per system
    handles: int = count()
    return handles


def role_of(process: psutil.Process) -> str:
    """What a process of popcam does, by its command."""
    command = " ".join(process.cmdline())
    if "popcam.worker.batch" in command:
        return "batch workers"
    return "camera workers" if "popcam.worker" in command else "server"


def figures(noted: Noted) -> list[Figure]:
    """The table. Samples of the first quarter are left out of slopes."""
    start = len(noted.times_s) // 4
    hours = [time_s / 3600 for time_s in noted.times_s]
    rows = []
    for role in ROLES:
        uss = noted.uss_mib[role]
        rows.append(Figure(f"{role}: memory", "MiB", tuple(uss)))
        # Batch workers come and go with jobs: of them only samples in which they are there say something.
        there = [index for index in range(start, len(hours)) if uss[index] > 0]
        slope = slope_per_hour([hours[index] for index in there], [uss[index] for index in there])
        limit = Wanted(30, 10, most=True) if role != "batch workers" else ""
        rows.append(Figure(f"{role}: slope of memory", "MiB/h", (slope,), limit))
        rows.append(Figure(f"{role}: more handles at the end", "handles", (growth(noted.handles[role]),), "0"))
        rows.append(Figure(f"{role}: more threads at the end", "threads", (growth(noted.threads[role]),), "0"))
    rows += [Figure(f"camera {name}", "frames/s", tuple(values[start:])) for name, values in noted.fps.items()]
    ended = len(noted.job_states)
    good = noted.job_states.count("succeeded")
    return [
        *rows,
        Figure("jobs that ended", "jobs", (float(ended),)),
        Figure("jobs that succeeded", "share", (good / ended if ended else 0.0,), "1.0"),
        Figure("frames and photos of jobs", "frames", (float(noted.job_frames),)),
        Figure("bare frames of hidden cameras", "frames", (float(noted.bare_frames),), "0"),
        Figure("wholly covered frames of hidden cameras", "frames", (float(noted.whole_covers),)),
    ]


def growth(values: Sequence[float]) -> float:
    """Median of the last quarter less that of the second."""
    quarter = max(1, len(values) // 4)
    return statistics.median(values[-quarter:]) - statistics.median(values[quarter : 2 * quarter] or values)


if __name__ == "__main__":
    main()
