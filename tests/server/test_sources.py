"""Trying sources and finding cameras: what the routes ask the fleet, and what they make of its answers."""

from pathlib import Path

import msgspec
import pytest
from tests.server.conftest import CAMERAS, Rig

from popcam.cameras.model import StoreState
from popcam.core import protocol
from popcam.core.spec import ActSpec, CameraSpec, SourceSpec
from popcam.server.routes.sources import as_saved

TRY = "/api/v1/sources/test"
TESTED = protocol.SourceTested(codec="h264", width_px=640, height_px=360, fps=15.0, jpeg=b"\xff\xd8")


def asked(rig: Rig) -> protocol.TestSource:
    question, _ = rig.fleet.questions[-1]
    assert isinstance(question, protocol.TestSource)
    return question


async def test_a_source_is_described_with_its_picture(rig: Rig) -> None:
    rig.fleet.answers.append(TESTED)
    answer = (await rig.client.post(TRY, json={"url": "rtsp://h/x"})).json()
    assert (answer["codec"], answer["width_px"], answer["fps"]) == ("h264", 640, 15.0)
    assert answer["snapshot"] == "data:image/jpeg;base64,/9g="


async def test_the_time_of_a_test_is_bounded(rig: Rig) -> None:
    rig.fleet.answers.append(TESTED)
    await rig.client.post(TRY, json={"url": "demo:", "open_timeout_s": 80_000})
    assert rig.fleet.questions[-1][1] <= 20.0


async def test_a_failure_keeps_name_and_hint_and_no_password(rig: Rig) -> None:
    rig.fleet.answers.append(protocol.Refused(code="source.unauthorized", detail="rtsp://admin:s3cret@h/x"))
    answer = await rig.client.post(TRY, json={"url": "rtsp://admin:s3cret@h/x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "source.unauthorized")
    assert answer.json()["hint"]
    assert "s3cret" not in answer.text


async def test_masks_stand_for_the_secrets_of_the_named_camera(rig: Rig) -> None:
    rig.fleet.answers.append(TESTED)
    await rig.client.post(f"{TRY}?camera_id=door", json={"url": "rtsp://***@10.0.0.5/main"})
    assert asked(rig).source == SourceSpec(url="rtsp://admin:s3cret@10.0.0.5/main")


async def test_a_mask_without_a_saved_secret_is_refused(rig: Rig) -> None:
    answer = await rig.client.post(f"{TRY}?camera_id=yard", json={"url": "rtsp://h/", "password": "***"})
    assert (answer.status_code, answer.json()["code"]) == (422, "camera.invalid")
    assert rig.fleet.questions == []


async def test_no_bare_face_of_a_camera_that_hides_them(rig: Rig) -> None:
    hidden = CameraSpec(id="hidden", source=SourceSpec(url="demo:"), act=ActSpec(kind="hide"))
    rig.store.replace({**CAMERAS, "hidden": hidden})
    await rig.services.cameras.refresh()
    rig.fleet.answers.append(msgspec.structs.replace(TESTED, jpeg=b""))
    answer = (await rig.client.post(f"{TRY}?camera_id=hidden", json={"url": "demo:"})).json()
    assert (asked(rig).max_width_px, answer["snapshot"]) == (0, None)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"url": ""}, 422),
        ({"url": "x" * 5000}, 422),
        ({"url": "demo:", "pasword": "s3cret"}, 422),
        ({"url": 7}, 422),
        ({"url": "/srv/a\0b.mp4"}, 422),
        ({"url": "rtsp://h/", "username": "a\r\nb"}, 422),
        (["demo:"], 422),
        ("demo:", 422),
    ],
)
async def test_what_is_no_source_is_refused_before_anybody_is_asked(rig: Rig, body: object, status: int) -> None:
    answer = await rig.client.post(TRY, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, "request.invalid")
    assert "s3cret" not in answer.text
    assert rig.fleet.questions == []


@pytest.mark.parametrize("url", ["nonsense://x", "rtsp://", "rtsp://h:99999/", "http://[::1"])
async def test_an_impossible_address_is_refused_as_saving_it_would_be(rig: Rig, url: str) -> None:
    answer = await rig.client.post(TRY, json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "camera.invalid")
    assert answer.json()["problems"][0]["key"].startswith("source")
    assert rig.fleet.questions == []


async def test_a_relative_path_means_the_file_that_the_camera_would_play(tmp_path: Path) -> None:
    state = StoreState("file", str(tmp_path / "popcam.yaml"))
    assert as_saved(SourceSpec(url="yard.mp4"), state).url == str(tmp_path / "yard.mp4")


async def test_an_unknown_camera_is_404(rig: Rig) -> None:
    assert (await rig.client.post(f"{TRY}?camera_id=nobody", json={"url": "demo:"})).status_code == 404


async def test_a_worker_that_gives_no_answer_is_told(rig: Rig) -> None:
    answer = await rig.client.post(TRY, json={"url": "demo:"})
    assert (answer.status_code, answer.json()["code"]) == (503, "worker.unavailable")


async def test_devices_say_what_they_deliver_or_why_not(rig: Rig) -> None:
    mode = protocol.DeviceMode(pixel_format="MJPG", sizes=((640, 480),), max_fps=(30.0,))
    rig.fleet.answers.append(
        protocol.DevicesFound(
            devices=(
                protocol.FoundDevice(url="device:/dev/video0", name="Cam", modes=(mode,)),
                protocol.FoundDevice(url="device:/dev/video2", name="Locked", code="source.permission", detail="no"),
            )
        )
    )
    first, second = (await rig.client.get("/api/v1/discovery/devices", headers={"Accept-Language": "zh"})).json()[
        "items"
    ]
    assert (first["readable"], first["error"]) == (True, None)
    assert first["modes"][0]["sizes"] == [{"width_px": 640, "height_px": 480, "max_fps": 30.0}]
    assert (second["readable"], second["error"]["code"]) == (False, "source.permission")
    assert "video" in second["error"]["hint"]
    assert second["error"]["title"] == "没有读取该源的权限"


async def test_onvif_cameras_say_their_streams_and_who_uses_them(rig: Rig) -> None:
    stream = protocol.OnvifStream(profile="main", name="Main", url="rtsp://10.0.0.5/main", codec="h264")
    camera = protocol.OnvifCamera(address="http://10.0.0.5/onvif", host="10.0.0.5", streams=(stream,))
    rig.fleet.answers.append(protocol.OnvifFound(cameras=(camera,)))
    answer = await rig.client.post("/api/v1/discovery/onvif", json={"timeout_s": 1, "password": "s3cret"})
    (found,) = answer.json()["items"]
    assert (found["streams"][0]["url"], found["camera_ids"]) == ("rtsp://10.0.0.5/main", ["door"])
    assert "s3cret" not in answer.text


async def test_onvif_needs_no_body(rig: Rig) -> None:
    rig.fleet.answers.append(protocol.OnvifFound(cameras=()))
    assert (await rig.client.post("/api/v1/discovery/onvif")).json() == {"items": []}


@pytest.mark.parametrize("body", [{"timeout_s": 1e9}, {"timeout_s": 0}, {"addresses": ["h"] * 99}, {"user": "x"}, []])
async def test_onvif_bounds_what_it_is_asked(rig: Rig, body: object) -> None:
    answer = await rig.client.post("/api/v1/discovery/onvif", json=body)
    assert (answer.status_code, rig.fleet.questions) == (422, [])
