"""The cameras' routes."""

from pathlib import Path

import pytest
from tests.server.conftest import Rig

from popcam.core.facts import CameraState, FaultReport

API = "/api/v1/cameras"


async def test_list_names_all_cameras_in_the_order_of_the_settings(rig: Rig) -> None:
    answer = await rig.client.get(API)
    assert [camera["id"] for camera in answer.json()["items"]] == ["door", "yard", "attic"]


async def test_no_answer_holds_a_camera_password(rig: Rig) -> None:
    answer = await rig.client.get(f"{API}/door")
    assert "s3cret" not in answer.text
    assert answer.json()["source"]["kind"] == "rtsp"


async def test_status_has_the_keys_of_the_contract(rig: Rig) -> None:
    answer = await rig.client.get(f"{API}/door/status")
    assert set(answer.json()) == {
        "running", "pid", "log", "state", "fps", "latency_ms", "bottleneck", "drops", "restarts", "last_error",
    }  # fmt: skip


async def test_only_auto_start_cameras_run_at_first(rig: Rig) -> None:
    items = (await rig.client.get(API)).json()["items"]
    assert {camera["id"]: camera["status"]["running"] for camera in items} == {
        "door": True,
        "yard": False,
        "attic": False,
    }


async def test_start_runs_a_camera_and_says_its_worker(rig: Rig) -> None:
    answer = (await rig.client.post(f"{API}/yard/start")).json()
    assert answer["ok"]
    assert answer["pid"] == rig.fleet.workers()[0].pid
    assert answer["log"].endswith("yard.log")
    assert "yard" in rig.fleet.desired


async def test_stop_ends_a_camera(rig: Rig) -> None:
    answer = (await rig.client.post(f"{API}/door/stop")).json()
    assert answer == {"ok": True, "pid": None, "log": answer["log"], "error": ""}
    assert rig.fleet.desired == {}


async def test_restart_of_a_running_camera_reaches_the_fleet(rig: Rig) -> None:
    await rig.client.post(f"{API}/door/restart")
    assert rig.fleet.restarted == ["door"]


async def test_restart_of_a_stopped_camera_starts_it(rig: Rig) -> None:
    await rig.client.post(f"{API}/yard/restart")
    assert "yard" in rig.fleet.desired


@pytest.mark.parametrize("call", ["start", "stop", "restart"])
async def test_unknown_camera_is_404(rig: Rig, call: str) -> None:
    answer = await rig.client.post(f"{API}/nobody/{call}")
    assert (answer.status_code, answer.json()["code"]) == (404, "camera.not_found")


async def test_inactive_camera_can_not_start(rig: Rig) -> None:
    answer = await rig.client.post(f"{API}/attic/start")
    assert (answer.status_code, answer.json()["code"]) == (400, "camera.inactive")


async def test_a_fault_is_told_in_the_readers_language(rig: Rig) -> None:
    rig.fleet.report(
        "door", CameraState.RECONNECTING, FaultReport(code="source.unreachable", detail="rtsp://a:b@c/d", count=3)
    )
    answer = await rig.client.get(f"{API}/door/status", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    error = answer.json()["last_error"]
    assert error["title"] == "无法连接视频源"
    assert error["detail"] == "rtsp://***@c/d"
    assert error["count"] == 3


async def test_batch_status_of_unknown_ids_gives_an_entry_each(rig: Rig) -> None:
    answer = await rig.client.post(f"{API}/batch-status", json={"camera_ids": ["door", "nobody"]})
    assert answer.json()["door"]["running"] is True
    assert answer.json()["nobody"]["code"] == "camera.not_found"


async def test_batch_status_without_a_body_gives_all(rig: Rig) -> None:
    assert set((await rig.client.post(f"{API}/batch-status")).json()) == {"door", "yard", "attic"}


async def test_preview_is_one_jpeg(rig: Rig) -> None:
    rig.fleet.snapshots["door"] = b"\xff\xd8picture"
    answer = await rig.client.get(f"{API}/door/preview")
    assert (answer.headers["content-type"], answer.content) == ("image/jpeg", b"\xff\xd8picture")


@pytest.mark.parametrize(("camera_id", "status"), [("nobody", 404), ("yard", 409), ("door", 502)])
async def test_preview_that_can_not_be_says_why(rig: Rig, camera_id: str, status: int) -> None:
    assert (await rig.client.get(f"{API}/{camera_id}/preview")).status_code == status


def write_log(rig: Rig, text: str) -> Path:
    path = rig.services.cameras.log_file("door")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


async def test_logs_are_the_last_lines(rig: Rig) -> None:
    path = write_log(rig, "".join(f"line {number}\n" for number in range(10)))
    answer = (await rig.client.get(f"{API}/door/logs?lines=2")).json()
    assert answer == {"camera_id": "door", "log_file": str(path), "total_lines": 10, "lines": ["line 8", "line 9"]}


async def test_logs_of_a_camera_that_never_ran_are_empty(rig: Rig) -> None:
    answer = (await rig.client.get(f"{API}/yard/logs")).json()
    assert (answer["total_lines"], answer["lines"]) == (0, [])
