"""Adding, changing and deleting cameras over HTTP, rightly and wrongly."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.fake_fleet import FakeFleet
from tests.server.conftest import Rig

from popcam.cameras.model import CameraChanges, Refreshed
from popcam.cameras.service import CamerasService
from popcam.cameras.sql_store import SqlCameraStore
from popcam.core.errors import DatabaseError
from popcam.security.vault import open_vault
from popcam.server.app import create_app
from popcam.server.services import Services
from popcam.storage import Database

API = "/api/v1/cameras"
DOOR = {"id": "door", "name": "Front door", "source": {"url": "rtsp://h/main", "username": "u", "password": "s3cret"}}
TRIANGLE = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]


@pytest.fixture
async def client(services: Services, fleet: FakeFleet, database: Database, tmp_path: Path) -> AsyncIterator[Any]:
    """The API over a store that takes changes."""
    store = SqlCameraStore(database, {}, tmp_path, services.clock.unix_s, open_vault(database, tmp_path, {}))
    await asyncio.to_thread(database.open)
    services.cameras = CamerasService(store, fleet, services.clock, tmp_path / "log", settle_s=0.2)
    await services.cameras.begin()
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client


async def added(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    answer = await client.post(API, json={**DOOR, **more})
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_new_camera_is_told_with_its_address_and_version(client: httpx.AsyncClient) -> None:
    answer = await added(client)
    assert answer.headers["Location"] == f"{API}/door"
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    assert (answer.json()["id"], answer.json()["wanted"]) == ("door", True)


async def test_a_camera_without_an_id_gets_one_from_its_name(client: httpx.AsyncClient) -> None:
    answer = await client.post(API, json={"name": "Back Yard", "source": "demo:"})
    assert answer.json()["id"] == "back-yard"


@pytest.mark.parametrize("name", ["前门", "📷🐈", "x" * 200, "<b>&\"'", "مدخل"])
async def test_names_of_all_kinds_stay_as_they_are(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post(API, json={"name": name, "source": "demo:"})
    assert (await client.get(answer.headers["Location"])).json()["name"] == name


async def test_settings_come_back_whole_and_without_secrets(client: httpx.AsyncClient) -> None:
    await added(client, zones=[{"name": "step", "points": TRIANGLE}])
    answer = await client.get(f"{API}/door")
    assert "s3cret" not in answer.text
    assert answer.json()["settings"]["source"]["password"] == "***"
    assert answer.json()["settings"]["zones"][0]["points"] == TRIANGLE


async def test_what_get_gave_can_be_put_back_and_changes_nothing(client: httpx.AsyncClient, services: Services) -> None:
    before = await added(client)
    answer = await client.put(f"{API}/door", json=before.json()["settings"])
    assert answer.headers["ETag"] == before.headers["ETag"]
    assert services.cameras.spec("door").source.password == "s3cret"


async def test_put_gives_defaults_to_what_it_leaves_out(client: httpx.AsyncClient) -> None:
    await added(client, act={"kind": "hide"})
    answer = await client.put(f"{API}/door", json={"source": "demo:"})
    assert (answer.json()["act"], answer.json()["name"]) == ("boxes", "door")


async def test_patch_changes_only_what_it_names(client: httpx.AsyncClient, services: Services) -> None:
    await added(client)
    answer = await client.patch(f"{API}/door", json={"act": {"kind": "hide"}})
    assert (answer.json()["act"], answer.json()["name"]) == ("hide", "Front door")
    assert services.cameras.spec("door").source.password == "s3cret"


async def test_the_second_of_two_editors_is_told_what_changed(client: httpx.AsyncClient) -> None:
    version = (await added(client)).headers["ETag"]
    await client.patch(f"{API}/door", json={"name": "First"}, headers={"If-Match": version})
    answer = await client.patch(f"{API}/door", json={"name": "Second"}, headers={"If-Match": version})
    assert (answer.status_code, answer.json()["code"]) == (412, "camera.conflict")
    assert answer.json()["changes"] == [{"key": "name", "before": "Front door", "now": "First"}]
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'
    assert (await client.get(f"{API}/door")).json()["name"] == "First"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
async def test_every_change_honours_if_match(client: httpx.AsyncClient, method: str) -> None:
    await added(client)
    body = None if method == "delete" else {"source": "demo:"}
    answer = await client.request(method, f"{API}/door", headers={"If-Match": '"old"'}, json=body)
    assert answer.status_code == 412


@pytest.mark.parametrize("tag", ["old", 'W/"old"', '"a", "b"', ""])
async def test_an_if_match_that_proves_nothing_is_refused(client: httpx.AsyncClient, tag: str) -> None:
    await added(client)
    answer = await client.patch(f"{API}/door", json={"name": "x"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


async def test_a_star_matches_any_version(client: httpx.AsyncClient) -> None:
    await added(client)
    assert (await client.patch(f"{API}/door", json={"name": "x"}, headers={"If-Match": "*"})).status_code == 200


async def test_a_deleted_camera_is_gone(client: httpx.AsyncClient, fleet: FakeFleet) -> None:
    await added(client)
    answer = await client.delete(f"{API}/door")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"{API}/door")).status_code == 404
    assert fleet.desired == {}


async def test_a_taken_id_is_refused(client: httpx.AsyncClient) -> None:
    await added(client)
    answer = await client.post(API, json=DOOR)
    assert (answer.status_code, answer.json()["code"]) == (409, "camera.exists")


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
async def test_unknown_cameras_are_404(client: httpx.AsyncClient, method: str) -> None:
    body = {"source": "demo:"} if method in {"put", "patch"} else None
    answer = await client.request(method, f"{API}/nobody", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "camera.not_found")


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"source": "nonsense://x"}, "source"),
        ({"source": {"adress": "demo:"}}, "source"),
        ({"source": {"url": ""}}, "source"),
        ({"source": {"url": "rtsp://h/", "transport": "carrier pigeon"}}, "source"),
        ({"zones": [{"name": "z", "points": [[0, 0], [1, 1]]}]}, "zones"),
        ({"zones": [{"name": "z", "points": [[0, 0], [1, 0], [1, 7]]}]}, "zones"),
        ({"zones": "everywhere"}, "zones"),
        ({"colour": "red"}, "colour"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"source": "/srv/a\0.mp4"}, "source"),
        ({"groups": ["a\x07"]}, "groups"),
        ({"a\0b": 1}, "a"),
        ({"id": "Über Uns"}, "id"),
        ({"id": "../../etc"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"active": "perhaps"}, "active"),
        ({"preview": {"max_fps": -1}}, "preview"),
        ({"preview": {"max_fps": float("1e400")}}, "preview"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_saved(
    client: httpx.AsyncClient, wrong: dict[str, Any], key: str
) -> None:
    body = json.dumps({"source": "demo:", **wrong}).encode()
    answer = await client.post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    if answer.json()["code"] == "camera.invalid":
        assert any(problem["key"].startswith(key) for problem in answer.json()["problems"]), answer.text
    assert (await client.get(API)).json()["items"] == []


async def test_all_mistakes_are_told_at_once_in_the_readers_language(client: httpx.AsyncClient) -> None:
    wrong = {"source": "demo:", "colour": "red", "act": {"kind": "fly"}}
    answer = await client.post(API, json=wrong, headers={"Accept-Language": "zh-CN"})
    assert {problem["key"] for problem in answer.json()["problems"]} == {"colour", "act.kind"}
    assert answer.json()["title"] == "摄像头配置无效"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b'{"source": "demo:"', b"null"])
async def test_what_is_no_camera_at_all_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(API, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


async def test_a_huge_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(API, json={"source": "demo:", "name": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")


async def test_a_deep_body_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"source":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = await client.post(API, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_five_hundred_cameras_come_in_one_write_or_not_at_all(client: httpx.AsyncClient) -> None:
    cameras = [{"name": f"Camera {number}", "source": "demo:", "auto_start": False} for number in range(500)]
    refused = await client.post(f"{API}/batch", json={"cameras": [*cameras, {"source": "nonsense://x"}]})
    assert refused.status_code == 422
    assert (await client.get(API)).json()["items"] == []
    answer = await client.post(f"{API}/batch", json={"cameras": cameras})
    assert (answer.status_code, len(answer.json()["items"])) == (201, 500)


async def test_a_failed_update_leaves_the_camera_as_it_was(client: httpx.AsyncClient) -> None:
    before = (await added(client)).json()
    assert (await client.patch(f"{API}/door", json={"name": "New", "act": {"kind": "fly"}})).status_code == 422
    after = (await client.get(f"{API}/door")).json()
    assert (after["settings"], after["version"]) == (before["settings"], before["version"])


# --- operations of the contract ---


async def test_deactivate_stops_and_activate_allows_to_start_again(client: httpx.AsyncClient) -> None:
    await added(client)
    answer = (await client.post(f"{API}/door/deactivate")).json()
    assert answer == {"ok": True, "camera_id": "door", "active": False, "stopped": True}
    settings = (await client.get(f"{API}/door")).json()["settings"]
    assert (settings["active"], settings["auto_start"]) == (False, False)
    assert (await client.post(f"{API}/door/start")).status_code == 400
    assert (await client.post(f"{API}/door/activate")).json() == {"ok": True, "camera_id": "door", "active": True}
    assert (await client.post(f"{API}/door/start")).json()["ok"]


async def test_auto_start_is_kept_and_stops_nothing(client: httpx.AsyncClient, fleet: FakeFleet) -> None:
    await added(client)
    answer = await client.put(f"{API}/door/auto-start?auto_start=false")
    assert answer.json() == {"ok": True, "camera_id": "door", "auto_start": False}
    assert "door" in fleet.desired


async def test_auto_start_of_an_inactive_camera_is_400(client: httpx.AsyncClient) -> None:
    await added(client, active=False)
    answer = await client.put(f"{API}/door/auto-start?auto_start=true")
    assert (answer.status_code, answer.json()["code"]) == (400, "camera.inactive")


@pytest.mark.parametrize("query", ["", "?auto_start=perhaps"])
async def test_auto_start_wants_a_bool(client: httpx.AsyncClient, query: str) -> None:
    await added(client)
    assert (await client.put(f"{API}/door/auto-start{query}")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("post", "activate"), ("post", "deactivate"), ("put", "auto-start?auto_start=1")]
)
async def test_operations_on_unknown_cameras_are_404(client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await client.request(method, f"{API}/nobody/{path}")).status_code == 404


async def test_refresh_says_what_changed(client: httpx.AsyncClient, database: Database) -> None:
    await added(client)
    same = (await client.post(f"{API}/refresh")).json()
    assert set(same) == {"status", "message", "timestamp"}
    assert (same["status"], same["message"]) == ("ok", "Nothing changed")


async def test_refresh_without_a_store_to_read_says_why(rig: Rig, services: Services) -> None:
    class Broken:
        async def refresh(self) -> Refreshed:
            return Refreshed(CameraChanges(), 1_700_000_000.0, DatabaseError("rtsp://u:s3cret@h"))

    services.cameras = Broken()  # type: ignore[assignment] # the one call that is made
    answer = (await rig.client.post(f"{API}/refresh")).json()
    assert (answer["status"], answer["timestamp"]) == ("error", "2023-11-14T22:13:20+00:00")
    assert "s3cret" not in answer["message"]


# --- groups ---


async def test_groups_follow_their_cameras(client: httpx.AsyncClient) -> None:
    await added(client, groups=["入口/A", "all"])
    await client.post(API, json={"id": "yard", "source": "demo:", "groups": ["all"]})
    assert (await client.get("/api/v1/groups")).json()["items"] == [
        {"name": "all", "camera_ids": ["door", "yard"]},
        {"name": "入口/A", "camera_ids": ["door"]},
    ]
    assert [camera["id"] for camera in (await client.get(f"{API}?group=入口/A")).json()["items"]] == ["door"]


async def test_a_group_can_be_renamed_and_deleted(client: httpx.AsyncClient) -> None:
    await added(client, groups=["入口/A"])
    renamed = await client.patch("/api/v1/groups/入口/A", json={"name": "entrance"})
    assert renamed.json() == {"name": "entrance", "camera_ids": ["door"]}
    assert (await client.delete("/api/v1/groups/entrance")).json() == {"camera_ids": ["door"]}
    assert (await client.get(f"{API}/door")).json()["groups"] == []


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_unknown_groups_are_404(client: httpx.AsyncClient, method: str) -> None:
    body = {"name": "x"} if method == "patch" else None
    answer = await client.request(method, "/api/v1/groups/nobody", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "group.not_found")


async def test_where_cameras_are_kept_is_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/camera-store")).json()["kind"] == "database"


@pytest.mark.parametrize("source", [7, 0, 1.5, True, "0", {"url": 7}])
async def test_a_number_is_no_address(client: httpx.AsyncClient, source: Any) -> None:
    answer = await client.post(API, json={"id": "desk", "source": source})
    assert (answer.status_code, answer.json()["code"]) == (422, "camera.invalid")
    assert "device:" in answer.json()["problems"][0]["reason"]
