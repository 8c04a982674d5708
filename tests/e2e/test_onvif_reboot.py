"""A camera whose stream hangs is asked over ONVIF to start anew, comes back, and that is seen and written down.

A real server with a real worker, a real RTSP camera, and an ONVIF service that checks its logins for real.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fakes.api_client import ask
from tests.fakes.onvif_camera import OnvifDevice
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.ports import free_port
from tests.fakes.rtsp_server import RtspServer, missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(150),
    pytest.mark.skipif(bool(missing()), reason=missing() or "the RTSP server is there"),
]

AWAY_S = 2.0
"""So long the camera takes to start anew."""
USER, PASSWORD = "viewer", "s3cret/pa:ss"
LOGIN = {"username": USER, "password": PASSWORD}


@dataclass
class House:
    """Cameras: `door` has an RTSP stream and a right login, `gate` a wrong password, a reboot does not help `barn`, and
    `yard` is in no network."""

    site: Site
    stream: RtspServer
    door: OnvifDevice
    barn: OnvifDevice

    def runs(self, camera_id: str) -> list[dict[str, Any]]:
        """What was done about a camera, the newest first."""
        items: list[dict[str, Any]] = self.site.get(f"/api/v1/recovery?camera_id={camera_id}")["items"]
        return items

    def outcomes(self, camera_id: str) -> list[str]:
        return [run["outcome"] for run in self.runs(camera_id)]


def rule(camera_id: str, device: OnvifDevice, **limits: Any) -> dict[str, Any]:
    return {
        "name": f"Reboot {camera_id}",
        "condition": {"kind": "check", "check": "camera.frames"},
        "cameras": [camera_id],
        "no_data": "ok",
        "recovery": [{"action": "onvif_reboot", "target": str(device.port), "verify_s": 30, **limits}],
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with (
        RtspServer(width=320, height=240, auth="digest", username=USER, password=PASSWORD) as stream,
        OnvifDevice(username=USER, password=PASSWORD, answers_probes=False, clock_offset_s=-3600.0) as door,
        OnvifDevice(username=USER, password=PASSWORD, answers_probes=False) as barn,
    ):
        nowhere = f"rtsp://127.0.0.1:{free_port()}/cam"
        times = {"read_timeout_s": 2, "open_timeout_s": 2}
        cameras = {
            "door": {"source": {"url": stream.url_without_credentials, **LOGIN, **times}},
            "gate": {"source": {"url": nowhere, "username": "viewer", "password": "wrong", **times}},
            "barn": {"source": {"url": nowhere, **LOGIN, **times}},
            "yard": {"source": "synthetic:?width=160&height=90&fps=5"},
        }
        rules = {
            "reboot-door": rule("door", door),
            "reboot-gate": rule("gate", door, max_runs=1),
            "reboot-barn": rule("barn", barn, max_runs=1, verify_s=2, backoff_s=1),
        }
        with running_site(
            tmp_path_factory.mktemp("onvif"), cameras, workers={"count": 1}, alerts={"rules": rules}
        ) as site:
            yield House(site, stream, door, barn)


def test_a_camera_that_hangs_is_started_anew_and_comes_back(house: House) -> None:
    site = house.site
    site.wait_frames("door")
    site.wait_until(lambda: site.status("door")["state"] in {"running", "idle"})
    back = threading.Timer(AWAY_S, house.stream.start)
    house.door.on_reboot = back.start
    house.stream.stop()
    site.wait_until(lambda: house.outcomes("door") == ["recovered"], 60)
    back.join()

    assert house.door.reboots == 1
    (run,) = house.runs("door")
    assert (run["rule_id"], run["action"], run["attempt"]) == ("reboot-door", "onvif_reboot", 1)
    assert run["ended_unix_s"] - run["started_unix_s"] >= AWAY_S  # it is not believed before pictures come
    assert site.get("/api/v1/recovery?camera_id=door")["mean_recovery_s"]["door"] > AWAY_S
    assert site.status("door")["state"] in {"running", "idle"}


def test_its_password_is_sent_as_a_digest_by_the_cameras_clock(house: House) -> None:
    """The camera's clock is an hour behind; it takes nothing that is older than ten seconds."""
    house.site.wait_until(lambda: house.outcomes("door") == ["recovered"], 60)
    body = next(body for name, body in zip(house.door.asked, house.door.bodies, strict=True) if name == "SystemReboot")
    assert "#PasswordDigest" in body
    assert LOGIN["password"] not in body


def test_it_stands_in_the_audit_log(house: House) -> None:
    def entries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = house.site.get("/api/v1/audit?action=recovery.onvif_reboot")["items"]
        return [entry for entry in found if entry["on"] == "camera:door"]

    house.site.wait_until(lambda: bool(entries()), 60)
    (entry,) = entries()
    assert entry["result"] == "ok"
    assert entry["after"]["outcome"] == "recovered"
    assert entry["after"]["rule"] == "reboot-door"


def test_a_wrong_password_is_named_and_nothing_is_started_anew(house: House) -> None:
    house.site.wait_until(lambda: "failed" in house.outcomes("gate"), 60)
    run = next(run for run in house.runs("gate") if run["outcome"] == "failed")
    assert run["code"] == "source.unauthorized"
    assert house.door.reboots <= 1
    assert "wrong" not in json.dumps(house.runs("gate"))


def test_a_reboot_that_does_not_help_is_told_and_not_repeated_beyond_its_budget(house: House) -> None:
    house.site.wait_until(lambda: "budget_spent" in house.outcomes("barn"), 60)
    assert house.outcomes("barn") == ["budget_spent", "not_recovered"]
    assert house.barn.reboots == 1


def test_by_hand_it_is_refused_once_the_budget_is_spent(house: House) -> None:
    house.site.wait_until(lambda: "budget_spent" in house.outcomes("barn"), 60)
    wanted = {"action": "onvif_reboot", "camera_id": "barn"}
    answer = ask(house.site.port, "POST", "/api/v1/recovery", wanted)
    for _ in range(2):  # three an hour, one of which is spent
        if answer.status != 202:
            break
        house.site.wait_until(lambda: "running" not in house.outcomes("barn"), 30)
        answer = ask(house.site.port, "POST", "/api/v1/recovery", wanted)
    assert (answer.status, answer.json["code"]) == (409, "recovery.refused")


def test_a_camera_in_no_network_has_nobody_to_ask(house: House) -> None:
    answer = ask(house.site.port, "POST", "/api/v1/recovery", {"action": "onvif_reboot", "camera_id": "yard"})
    assert answer.status == 202
    house.site.wait_until(lambda: house.outcomes("yard") == ["failed"], 30)
    (run,) = house.runs("yard")
    assert run["code"] == "recovery.refused"
    assert "no camera in a network" in run["detail"]
