"""Who is limited to some cameras hears of these alone: in lists, feeds, figures and searches."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.guarded_app import GuardedApp, guarded_app
from tests.server.conftest import listening
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from popcam.core.access import Scope
from popcam.core.facts import CameraState, Event
from popcam.core.recordings import recording_path

DOOR = Scope(cameras=frozenset({"door"}))
GARDEN = Scope(groups=frozenset({"garden"}))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


async def limited(site: GuardedApp, scope: Scope = DOOR) -> dict[str, str]:
    return await site.session(await site.user("Vic", "viewer", scope))


def event(event_id: str, camera_id: str) -> Event:
    return Event(
        event_id=event_id, camera_id=camera_id, kind="motion_started", started_unix_s=1.0, snapshot_jpeg=b"jpeg"
    )


async def test_lists_hold_the_cameras_of_the_limit_alone(site: GuardedApp) -> None:
    for scope, expected in ((DOOR, ["door"]), (GARDEN, ["yard"]), (Scope(cameras=frozenset()), [])):
        headers = await site.session(await site.user(f"V{expected}", "viewer", scope))
        listed = (await site.ask("GET", "/api/v1/cameras", headers)).json
        assert [camera["id"] for camera in listed["items"]] == expected
        assert list((await site.ask("POST", "/api/v1/cameras/batch-status", headers)).json) == expected


async def test_a_hidden_camera_answers_as_one_that_does_not_exist(site: GuardedApp) -> None:
    headers = await limited(site)
    answer = (await site.ask("POST", "/api/v1/cameras/batch-status", headers, {"camera_ids": ["yard", "none"]})).json
    assert answer["yard"] == answer["none"]
    for path in ("", "/status", "/preview", "/mjpeg"):
        hidden, unknown = [
            await site.ask("GET", f"/api/v1/cameras/{camera_id}{path}", headers) for camera_id in ("yard", "none")
        ]
        assert hidden.status == unknown.status == 404
        same = {key: value for key, value in hidden.json.items() if key not in {"instance", "request_id", "detail"}}
        assert same.items() <= unknown.json.items()


async def test_groups_hold_the_cameras_of_the_limit_alone(site: GuardedApp) -> None:
    groups = (await site.ask("GET", "/api/v1/groups", await limited(site))).json["items"]
    assert groups == [{"name": "entrance", "camera_ids": ["door"]}]


async def test_figures_of_the_server_count_the_cameras_of_the_limit_alone(site: GuardedApp) -> None:
    status = (await site.ask("GET", "/status", await limited(site))).json
    assert status["cameras"]["total"] == 1
    assert [worker["camera_ids"] for worker in status["workers"]] == [["door"]]


async def test_events_are_those_of_the_limit(site: GuardedApp) -> None:
    site.services.events.put([event("of-door", "door"), event("of-yard", "yard"), event("of-past", "gone")])
    headers = await limited(site)
    items = (await site.ask("GET", "/api/v1/events", headers)).json["items"]
    assert [item["id"] for item in items] == ["of-door"]
    assert (await site.ask("GET", "/api/v1/events", headers, query="camera=yard")).json["items"] == []
    for path in ("of-yard", "of-yard/snapshot", "of-past", "of-past/snapshot"):
        assert (await site.ask("GET", f"/api/v1/events/{path}", headers)).code == "event.not_found"


async def test_a_picture_that_was_just_told_is_hidden_as_well(site: GuardedApp) -> None:
    site.fleet.happen(event("of-yard", "yard"))
    site.fleet.happen(event("of-door", "door"))
    headers = await limited(site)
    assert (await site.ask("GET", "/api/v1/events/of-yard/snapshot", headers)).code == "event.not_found"
    assert (await site.ask("GET", "/api/v1/events/of-door/snapshot", headers)).status == 200


async def test_recordings_are_those_of_the_limit_also_of_cameras_that_are_gone(site: GuardedApp) -> None:
    for camera_id in ("door", "yard", "gone"):
        file = recording_path(site.services.options.recordings_dir / camera_id, 1_700_000_000.0, "mp4")
        file.parent.mkdir(parents=True)
        file.write_bytes(b"film")
    scope = Scope(cameras=frozenset({"door", "gone"}))
    headers = await limited(site, scope)
    items = (await site.ask("GET", "/api/v1/recordings", headers)).json["items"]
    assert {item["camera_id"] for item in items} == {"door", "gone"}
    days = (await site.ask("GET", "/api/v1/recordings/days", headers)).json["items"]
    assert [day["count"] for day in days] == [2]
    answer = await site.ask("GET", "/api/v1/recordings", headers, query="camera_id=yard")
    assert answer.code == "camera.not_found"


async def test_a_session_of_another_camera_cant_be_ended(site: GuardedApp) -> None:
    headers = await limited(site)
    answer = await site.ask("DELETE", "/api/v1/cameras/door/whep/of-another-camera", headers)
    assert answer.code == "live.session_not_found"
    answer = await site.ask("DELETE", "/api/v1/cameras/yard/whep/of-another-camera", headers)
    assert answer.code == "camera.not_found"


async def message(socket: ClientConnection) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 60))
    return decoded


async def test_the_feed_tells_of_the_limit_alone_whatever_is_asked_for(site: GuardedApp) -> None:
    headers = await limited(site)
    async with listening(site.services) as port:
        url = f"ws://127.0.0.1:{port}/api/v1/live"
        async with connect(f"{url}?camera_id=yard&camera_id=door", additional_headers=headers) as feed:
            assert [camera["id"] for camera in (await message(feed))["cameras"]] == ["door"]
            site.fleet.report("yard", CameraState.IDLE)
            site.fleet.happen(event("of-yard", "yard"))
            await feed.send('{"type":"detail","camera_ids":["yard"]}')
            await feed.send('{"type":"ping","id":7}')
            assert (await message(feed)) == {"type": "pong", "id": 7}
            site.fleet.happen(event("of-door", "door"))
            assert (await message(feed))["event"]["id"] == "of-door"


async def test_states_in_brief_are_those_of_the_limit_and_a_camera_that_leaves_it_goes(site: GuardedApp) -> None:
    headers = await limited(site, Scope(groups=frozenset({"entrance"})))
    async with (
        listening(site.services) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/live?topics=brief", additional_headers=headers) as feed,
    ):
        assert [camera["id"] for camera in (await message(feed))["cameras"]] == ["door"]
        site.fleet.report("yard", CameraState.FAILED)
        await site.services.cameras.stop("yard")
        told = await message(feed)
        assert (told["type"], told["ids"], told["cameras"]) == ("brief_changes", ["door"], [])


async def test_jobs_and_the_audit_log_are_not_told_to_who_may_not_hear_of_them(site: GuardedApp) -> None:
    callers = {
        "jobs": await limited(site),
        "audit": await site.session(await site.user("Olga", "operator")),
    }
    async with listening(site.services) as port:
        for topic, headers in callers.items():
            url = f"ws://127.0.0.1:{port}/api/v1/live"
            async with connect(f"{url}?topics={topic}", additional_headers=headers) as feed:
                with pytest.raises(ConnectionClosed):
                    await message(feed)
                assert (feed.close_code, feed.close_reason) == (1008, "access.refused")
            async with connect(f"{url}?topics=events", additional_headers=headers) as feed:
                await feed.send(json.dumps({"type": "subscribe", "topics": [topic]}))
                with pytest.raises(ConnectionClosed):
                    await message(feed)
                assert feed.close_code == 1008


async def test_an_administrator_hears_of_the_audit_log_and_of_security(site: GuardedApp) -> None:
    headers = await site.session(await site.user("Ann", "admin"))
    async with (
        listening(site.services) as port,
        connect(f"ws://127.0.0.1:{port}/api/v1/live?topics=audit,security", additional_headers=headers) as feed,
    ):
        site.services.hub.announce("audit", '{"seq": 1}')
        site.security.watch.audit_broken("entry 5")
        told = {(await message(feed))["type"] for _ in range(2)}
    assert "audit" in told
