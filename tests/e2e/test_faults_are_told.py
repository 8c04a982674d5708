"""Faults caused for real: each is seen, told to a webhook, mended within its bound, and shown.

One server, a camera at a real RTSP server, a channel that posts to a real HTTP server.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fakes.hook_server import HookServer
from tests.fakes.noisy_scene import write_noisy_scene
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.rtsp_server import RtspServer, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.skipif(bool(missing()), reason=missing() or "the RTSP server is there"),
]

MENDED_S = 3.0
"""Worker killed, or server back: frames again."""
FROZEN_S = 10.0
TOLD_S = 1.0
SPIN_S = 25.0
SPINNERS = 6
MARGIN_S = 10.0
"""What a busy machine may add; benchmarks/recovery_times.py has the figures themselves."""


@dataclass
class House:
    """Everything that takes part."""

    site: Site
    camera: RtspServer
    hook: HookServer

    def alert(self, rule_id: str, state: str) -> dict[str, Any] | None:
        """The camera's alert of this rule, while it stands so."""
        items = self.site.get("/api/v1/alerts")["items"]
        return next((one for one in items if one["rule_id"] == rule_id and one["state"] == state), None)

    def check(self, check_id: str) -> dict[str, Any]:
        checks = self.site.get("/api/v1/monitoring/health")["checks"]
        found: dict[str, Any] = next(one for one in checks if one["check_id"] == check_id)
        return found

    def told(self, words: str, since_unix_s: float = 0.0) -> float | None:
        """When the webhook first heard these words after that time."""
        heard = (post.unix_s for post in self.hook.posts if words in post.body.decode() and post.unix_s > since_unix_s)
        return next(heard, None)

    def has_another_worker(self, pid: int) -> bool:
        return self.site.status("cam")["pid"] not in {None, pid}

    def counts_anew(self, frames: int) -> bool:
        return 0 < self.frames() != frames

    def runs(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.site.get("/api/v1/recovery?camera_id=cam")["items"]
        return items

    def frames(self) -> int:
        pipeline = self.site.camera("cam")["pipeline"]
        return pipeline["frames"] if pipeline else 0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("house")
    scene = write_noisy_scene(folder / "scene.raw", 640, 360)
    camera = RtspServer(raw=str(scene), quantizer=20, gop=15)
    source = {"url": "", "read_timeout_s": 2, "open_timeout_s": 2}
    with camera, HookServer() as hook:
        source["url"] = camera.url
        channel = {"apprise_url": f"json://127.0.0.1:{hook.port}/", "picture": False}
        cameras = {"cam": {"source": source, "gate": {"enabled": False}}}
        with running_site(folder, cameras, alerts={"channels": {"hook": channel}}) as site:
            site.wait_frames("cam", 30)
            yield House(site, camera, hook)


def test_a_camera_that_is_gone_is_told_and_its_return_too(house: House) -> None:
    site = house.site
    house.camera.stop()
    began_unix_s = time.time()
    site.wait_until(lambda: house.alert("camera-offline", "firing"), 30)
    fired = house.alert("camera-offline", "firing")
    assert fired is not None
    assert fired["camera_id"] == "cam"
    assert fired["severity"] == "critical"
    assert fired["fired_unix_s"] is not None
    site.wait_until(lambda: house.told("Camera offline", began_unix_s), 60)
    told_unix_s = house.told("Camera offline", began_unix_s)
    assert told_unix_s is not None
    assert told_unix_s - fired["fired_unix_s"] < TOLD_S + MARGIN_S
    assert house.check("camera.frames:cam")["state"] == "failed"
    assert house.check("camera.frames:cam")["remedy"]

    frames, back_unix_s = house.frames(), time.time()
    house.camera.start()
    assert site.wait_until(lambda: house.frames() > frames, 30) < MENDED_S + MARGIN_S
    site.wait_until(lambda: house.alert("camera-offline", "firing") is None, 30)
    site.wait_until(lambda: house.told("Camera offline", back_unix_s), 60)
    history = site.get("/api/v1/alerts/history")["items"]
    ways = [(one["before"], one["now"]) for one in history if one["rule_id"] == "camera-offline"]
    assert ways[0] == ("firing", "resolved")  # the newest comes first
    assert ("pending", "firing") in ways


def test_a_frozen_picture_is_told_and_its_stream_is_opened_again(house: House) -> None:
    site = house.site
    site.wait_until(lambda: house.check("camera.frozen:cam")["state"] == "ok", 60)  # how it looks alive is learned
    began_unix_s = time.time()
    house.camera.freeze()
    try:
        took_s = site.wait_until(lambda: house.check("camera.frozen:cam")["state"] == "failed", 40)
        assert took_s < FROZEN_S + MARGIN_S
        site.wait_until(lambda: house.told("Camera picture frozen", began_unix_s), 60)
        site.wait_until(lambda: any(run["action"] == "restart_stream" for run in house.runs()), 60)
        assert house.frames() > 0  # the process and the stream are as alive as can be
    finally:
        house.camera.live()
    site.wait_until(lambda: house.alert("camera-frozen", "firing") is None, 40)
    site.wait_until(lambda: all(run["outcome"] != "running" for run in house.runs()), 40)
    run = next(run for run in house.runs() if run["action"] == "restart_stream")
    assert run["outcome"] == "recovered"
    assert run["rule_id"] == "camera-frozen"
    assert site.get("/api/v1/recovery?camera_id=cam")["mean_recovery_s"]["cam"] > 0


def test_a_covered_lens_is_seen(house: House) -> None:
    house.camera.cover()
    try:
        house.site.wait_until(lambda: house.check("camera.dark:cam")["state"] == "failed", 30)
    finally:
        house.camera.live()
    house.site.wait_until(lambda: house.check("camera.dark:cam")["state"] == "ok", 30)


def test_a_killed_worker_is_replaced_and_twice_is_told(house: House) -> None:
    site = house.site
    began_unix_s = time.time()
    for _ in range(2):
        frames = house.frames()
        pid = site.status("cam")["pid"]
        assert pid in [worker.pid for worker in site.workers()]
        os.kill(pid, signal.SIGKILL)
        site.wait_until(partial(house.has_another_worker, pid), 60)
        took_s = site.wait_until(partial(house.counts_anew, frames), 60)
        assert took_s < MENDED_S + MARGIN_S
        time.sleep(1.5)  # so that both are counted
    site.wait_until(lambda: house.told("Worker keeps restarting", began_unix_s), 60)


def test_a_starved_processor_is_named_as_what_limits(house: House) -> None:
    site = house.site
    # Each ends by itself should the test be killed. No shell and no `timeout` around it: what they start would live on.
    spin = f"import time\nend = time.monotonic() + {SPIN_S}\nwhile time.monotonic() < end: pass"
    spinners = [psutil.Popen([sys.executable, "-c", spin]) for _ in range(SPINNERS)]
    try:

        def named() -> bool:
            items = site.get("/api/performance/bottlenecks")["items"]
            return any(one["kind"] == "machine_cpu" for one in items)

        site.wait_until(named, SPIN_S)
        assert site.get("/api/v1/monitoring/metrics?name=popcam_host_cpu_ratio")["metrics"]
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
