"""Faults caused for real, each told by the check that is for it, and over again once it is mended."""

import json
import os
import socket
import stat
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.rtsp_server import RtspServer, missing
from tests.fakes.small_disk import fill, small_disk_at

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(bool(missing()), reason=f"no RTSP server here: {missing()}"),
]

HEALTH = "/api/v1/monitoring/health"


@pytest.fixture(scope="module")
def camera() -> Iterator[RtspServer]:
    with RtspServer(width=320, height=240) as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, camera: RtspServer) -> Iterator[Site]:
    cameras = {
        "door": {
            "source": {"url": camera.url, "read_timeout_s": 2},
            "act": {"kind": "pass"},
            "record": {"mode": "continuous"},
        }
    }
    with running_site(tmp_path_factory.mktemp("health"), cameras, workers={"count": 1}) as site:
        site.wait_frames("door")
        yield site


def check(site: Site, check_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = site.get(HEALTH)["checks"]
    return next(one for one in found if one["check_id"] == check_id)


def until(site: Site, check_id: str, state: str, timeout_s: float = 60) -> dict[str, Any]:
    """The check once it is in this state."""
    site.wait_until(lambda: check(site, check_id)["state"] == state, timeout_s)
    return check(site, check_id)


def readiness(site: Site) -> tuple[int, Any]:
    """Status and body of `/ready`."""
    try:
        return 200, site.get("/ready")
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_camera_that_is_off_is_told_with_the_reason(site: Site, camera: RtspServer) -> None:
    until(site, "camera.recording:door", "ok")
    camera.stop()
    found = until(site, "camera.frames:door", "failed")
    assert found["code"].startswith("source.")
    assert found["remedy"]
    camera.start()
    until(site, "camera.frames:door", "ok")
    changes = site.get(f"{HEALTH}/camera.frames:door/changes")["items"]
    assert ("ok", "failed") in {(one["before"], one["now"]) for one in changes}


def test_a_killed_worker_is_told_and_comes_back(site: Site) -> None:
    worker_id = site.get("/status")["workers"][0]["worker_id"]
    name = f"worker.heartbeat:{worker_id}"
    until(site, name, "ok")
    psutil.Process(site.get("/status")["workers"][0]["pid"]).kill()

    def told() -> bool:
        items = site.get(f"{HEALTH}/{name}/changes")["items"]
        return [one["now"] for one in items][-2:] in (["failed", "ok"], ["unknown", "ok"])

    site.wait_until(told, 30.0)
    until(site, "camera.frames:door", "ok")


def test_the_command_tells_what_the_server_found(site: Site) -> None:
    until(site, "camera.frames:door", "ok")
    popcam = Path(sys.executable).with_name("popcam")
    command = [str(popcam), "doctor", "--json", "--config", str(site.settings_file)]
    told = json.loads(subprocess.run(command, capture_output=True, check=False, timeout=60).stdout)
    states = {one["check_id"]: one["state"] for one in told["checks"]}
    assert states["camera.frames:door"] == "ok"
    assert states["ports.held"] == "ok"


def test_a_full_disk_makes_the_server_not_ready(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "24m") as disk:
        data = disk / "data"
        with running_site(tmp_path, {}, data_dir=str(data)) as site:
            assert site.get("/ready")["ready"]
            fill(disk / "filler")
            site.wait_until(lambda: readiness(site)[0] == 503, 30.0)
            failing = [one for one in readiness(site)[1]["checks"] if not one["ok"]]
            assert [(one["name"], one["code"]) for one in failing] == [("database.write", "database.full")]
            until(site, f"disk.space:{data}", "failed")
            (disk / "filler").unlink()
            site.wait_until(lambda: readiness(site)[0] == 200, 30.0)
            until(site, f"disk.space:{data}", "ok")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root of Linux makes device files")
def test_a_device_that_may_not_be_opened_any_more_is_told_and_alerted(tmp_path: Path) -> None:
    device = tmp_path / "video7"
    os.mknod(device, stat.S_IFCHR, os.makedev(81, 7))
    os.chown(device, 65_534, 65_534)
    device.chmod(0o666)
    without_rights = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    cameras = {"cam": {"source": f"device:{device}"}}
    with running_site(tmp_path, cameras, through=without_rights, workers={"count": 1}) as site:
        until(site, "camera.device:cam", "ok")
        device.chmod(0o600)
        found = until(site, "camera.device:cam", "failed")
        assert found["code"] == "source.permission"
        assert "usermod" in found["remedy"]
        site.wait_until(lambda: "camera-device" in firing(site), 20.0)
        device.chmod(0o666)
        until(site, "camera.device:cam", "ok")
        site.wait_until(lambda: "camera-device" not in firing(site), 20.0)


def test_a_port_that_others_have_is_told_before_the_restart_that_would_fail(tmp_path: Path) -> None:
    with running_site(tmp_path, {}) as site, socket.create_server(("127.0.0.1", 0)) as others:
        taken = others.getsockname()[1]
        text = site.settings_file.read_text()
        site.settings_file.write_text(text.replace(f'"port": {site.port}', f'"port": {taken}'))
        site.wait_until(lambda: looked_now(site, "ports.held")["state"] == "failed", 20.0)
        found = check(site, "ports.held")
        assert found["code"] == "server.port_in_use"
        assert f"(process {os.getpid()})" in found["detail"]
        site.settings_file.write_text(text)
        site.wait_until(lambda: looked_now(site, "ports.held")["state"] == "ok", 20.0)


def looked_now(site: Site, check_id: str) -> dict[str, Any]:
    """The check, carried out at once."""
    found: dict[str, Any] = site.post(f"{HEALTH}/{check_id}/run")
    return found


def firing(site: Site) -> set[str]:
    """Rules of alerts that fire."""
    return {one["rule_id"] for one in site.get("/api/v1/alerts")["items"] if one["state"] == "firing"}
