"""How soon a fault is noticed and told, and how soon all is well again.

    python -m benchmarks.recovery_times [--runs 20] [--only worker,server,frozen,disk,device,port,cpu] [--quick]

Of cameras, with real workers of a real fleet and real RTSP cameras (GStreamer's server, H.264, 15 pictures per second,
a keyframe every two seconds) of a scene in which nothing moves but sensor noise; somebody watches:

- `worker`: the worker of two cameras gets SIGKILL. Noticed: the camera's state says so. Well again: pictures of both
  come. Each run has a fleet of its own, because a second failure puts cameras apart, and the worker has run long
  enough for a process to wait in advance (5 seconds here, to save time).
- `server`: the camera's RTSP server is killed, and begins again after 2 to 12 seconds. Well again: the time from when
  it listens again to the first picture.
- `frozen`: the camera sends the same picture from now on while its encoder works on. Noticed: the status says that it
  has been the same for as long as the health check allows by default.
  Well again: the time from when the picture lives again until the status says so.

Of the machine, with a real `popcam serve` and a webhook; noticed: its health check, as a page reads it, has failed:

- `disk`: the disk of the database and the recordings is full at once, and has space again. Recording goes on by itself.
- `device`: the server may not open a video device any more, and again.
- `port`: popcam is started where another program has its port, and again when that has ended. It names who has the port
  and which one is free, and ends: noticed. Well again: the time that the next start takes until it answers.
- `cpu`: two dozen busy processes for each core. Noticed: the processor is named as what limits. Well again: they have
  ended, and the camera has its usual rate.

Cameras encode with constant quality, as those with a variable bit rate do in a still scene. `--kbps 2000` lets them
encode with a constant bit rate: a frozen picture is noticed once their rate control has settled.
About 30 minutes with defaults. `disk` and `device` need root.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.lib.faults import Bench, Times
from benchmarks.lib.faults_access import revoked_device, taken_port
from benchmarks.lib.faults_cameras import frozen_picture, killed_worker, lost_server
from benchmarks.lib.faults_cpu import starved_processor
from benchmarks.lib.faults_disk import full_disk
from benchmarks.lib.table import show

FAULTS: dict[str, Callable[[Bench], Times]] = {
    "worker": lambda bench: asyncio.run(killed_worker(bench)),
    "server": lambda bench: asyncio.run(lost_server(bench)),
    "frozen": lambda bench: asyncio.run(frozen_picture(bench)),
    "disk": full_disk,
    "device": revoked_device,
    "port": taken_port,
    "cpu": starved_processor,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--kbps", type=int, default=0, help="constant bit rate of the cameras")
    parser.add_argument("--only", default=",".join(FAULTS))
    parser.add_argument("--quick", action="store_true", help="3 runs")
    chosen = parser.parse_args()
    wanted = chosen.only.split(",")
    if unknown := set(wanted) - FAULTS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="popcam-faults-") as folder:
        bench = Bench(Path(folder), 3 if chosen.quick else chosen.runs, chosen.kbps)
        for fault in wanted:
            show(f"Faults: {fault}", FAULTS[fault](bench).figures(fault))


if __name__ == "__main__":
    main()
