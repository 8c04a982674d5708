"""What is left when the server goes, gracefully or not: no orphans, no sockets, whole recordings."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import av
import psutil
import pytest
from tests.fakes.popcam_site import Site, running_site, start_site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CAMERAS = {
    "a": {"source": "synthetic:?width=320&height=180&fps=15", "record": {"mode": "continuous", "segment_s": 600}},
    "b": {"source": "demo:", "act": {"kind": "hide"}},
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with running_site(tmp_path, CAMERAS) as site:
        for camera_id in CAMERAS:
            site.wait_frames(camera_id, more_than=20)
        yield site


def ended(processes: list[psutil.Process], timeout_s: float) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    return not alive


def recorded_frames(site: Site) -> int:
    files = [path for path in (site.folder / "data" / "recordings").rglob("*") if path.is_file()]
    frames = 0
    for file in files:
        with av.open(str(file)) as container:
            frames += sum(1 for _ in container.decode(video=0))
    return frames


def test_graceful_end_leaves_nothing_running_and_finishes_recordings(site: Site) -> None:
    workers = site.workers()
    assert workers
    assert site.close() == 0
    assert ended(workers, 1)
    files = [path for path in (site.folder / "data" / "recordings").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".mp4"}
    assert recorded_frames(site) > 10
    assert list((site.folder / "run").rglob("*.ipc")) == []


def test_sigkill_of_the_server_leaves_no_orphans(site: Site) -> None:
    workers = site.workers()
    site.process.kill()
    site.process.wait()
    assert ended(workers, 20)
    assert recorded_frames(site) > 10


def test_workers_go_on_without_their_server_and_the_next_one_takes_them_over(tmp_path: Path) -> None:
    first = start_site(tmp_path, CAMERAS, workers={"on_server_loss": "continue", "server_loss_s": 1})
    second: Site | None = None
    workers: list[psutil.Process] = []
    try:
        for camera_id in CAMERAS:
            first.wait_frames(camera_id, more_than=5)
        workers = first.workers()
        first.process.kill()
        first.process.wait()
        time.sleep(3)
        assert all(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
        second = start_site(tmp_path, CAMERAS, workers={"on_server_loss": "continue", "server_loss_s": 1})
        second.wait_frames("a", more_than=5)
        second.wait_until(lambda: second.status("a")["pid"] is not None)
        assert second.status("a")["pid"] in {worker.pid for worker in workers}
        assert second.close() == 0
        assert ended(workers, 10)
    finally:
        for worker in workers:
            if worker.is_running():
                worker.kill()
        for site in filter(None, (first, second)):
            if site.process.poll() is None:
                site.process.kill()
                site.process.wait()


def test_killed_worker_heals_within_seconds_and_the_other_one_never_stops(site: Site) -> None:
    victim, other = site.status("a")["pid"], site.status("b")["pid"]
    assert victim != other
    frames = site.camera("b")["pipeline"]["frames"]
    os.kill(victim, signal.SIGKILL)
    site.wait_until(lambda: site.status("a")["pid"] not in {None, victim})
    site.wait_until(lambda: site.status("a")["state"] == "running")
    assert site.status("b")["pid"] == other
    site.wait_frames("b", more_than=frames)
    assert site.status("a")["restarts"] == 1


def fill(path: Path) -> None:
    """Take all the space there is."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_full_disk_is_named_and_live_goes_on(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=3m tmpfs {disk}") != 0:
        pytest.skip("this system does not let us mount a small disk")
    try:
        camera = {**CAMERAS["a"], "record": {"mode": "continuous", "segment_s": 5}}
        with running_site(tmp_path, {"a": camera}, data_dir=str(disk)) as site:
            site.wait_frames("a")
            fill(disk / "filler")
            site.wait_until(
                lambda: "storage.full" in [fault["code"] for fault in site.camera("a")["pipeline"]["faults"]]
            )
            frames = site.camera("a")["pipeline"]["frames"]
            site.wait_frames("a", more_than=frames + 10)
    finally:
        os.system(f"umount -l {disk}")
