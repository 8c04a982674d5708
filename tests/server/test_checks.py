"""/api/v1/monitoring/health: who sees which checks, their history, one that is carried out now; and what pages hear."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.checks import Found, check
from tests.fakes.guarded_app import GuardedApp, guarded_app
from tests.server.conftest import Rig

from popcam.core.access import Scope
from popcam.core.facts import CameraState
from popcam.core.language import Text
from popcam.core.monitoring import CheckGroup, CheckState, Outcome
from popcam.monitoring.health import HealthService
from popcam.server.checks import health_of
from popcam.server.hub import News, Wish

HEALTH = "/api/v1/monitoring/health"


@pytest.fixture
async def health(rig: Rig) -> HealthService:
    return health_of(rig.services)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


def by_id(answer: Any) -> dict[str, Any]:
    return {one["check_id"]: one for one in answer["checks"]}


async def test_every_part_of_popcam_is_checked(rig: Rig) -> None:
    names = {one["name"] for one in (await rig.client.get(HEALTH)).json()["checks"]}
    assert names >= {
        "server.loop", "database.write", "disk.space", "disk.write", "disk.inodes", "recordings.growing",
        "workers.available", "camera.frames", "camera.frozen", "camera.dark", "camera.fps", "camera.clock",
        "engines.models", "engines.runtime", "engines.provider", "gpu.works", "time.sync", "packages.versions",
        "ports.held", "certificate.days", "security.exposure", "settings.file", "settings.cameras",
    }  # fmt: skip


async def test_a_failing_check_says_what_to_do_in_the_readers_language(rig: Rig, health: HealthService) -> None:
    rig.fleet.report("door", CameraState.RUNNING, frozen_s=14.0)
    await health.run_now("camera.frozen:door")
    answer = (await rig.client.get(HEALTH, headers={"Accept-Language": "zh"})).json()
    found = by_id(answer)["camera.frozen:door"]
    assert (answer["state"], found["state"], found["figure"]) == ("failed", "failed", 14.0)
    assert (found["title"], found["detail"]) == ("画面冻结", "画面已 14 秒完全不变")
    assert found["remedy"].startswith("请重启该摄像头的视频流")


async def test_a_check_without_trouble_needs_no_remedy(rig: Rig, health: HealthService) -> None:
    await health.run_now("camera.frames:door")
    found = by_id((await rig.client.get(HEALTH)).json())["camera.frames:door"]
    assert (found["state"], found["remedy"]) == ("ok", "")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("camera_id=door&state=failed", {"camera.frozen:door"}),
        ("group=workers", {"workers.available"}),
        ("state=failed&state=ok", {"camera.frozen:door"}),
        ("camera_id=nobody", set()),
    ],
)
async def test_a_list_can_be_narrowed(rig: Rig, health: HealthService, query: str, ids: set[str]) -> None:
    rig.fleet.report("door", CameraState.RUNNING, frozen_s=14.0)
    await health.run_now("camera.frozen:door")
    assert set(by_id((await rig.client.get(f"{HEALTH}?{query}")).json())) == ids


async def test_cameras_come_and_go_with_their_checks(rig: Rig) -> None:
    await rig.services.cameras.refresh()
    rig.store.offer({})
    await rig.services.cameras.refresh()
    assert not [one for one in health_of(rig.services).results() if one.startswith("camera.")]


async def test_a_change_of_one_camera_leaves_what_is_known_of_another(rig: Rig, health: HealthService) -> None:
    before = health.result("camera.frames:door").check
    rig.store.offer({"door": rig.services.cameras.spec("door")})
    await rig.services.cameras.refresh()
    assert health.result("camera.frames:door").check is before


async def test_a_check_is_carried_out_now(rig: Rig) -> None:
    told = (await rig.client.post(f"{HEALTH}/database.write/run")).json()
    assert told["check_id"] == "database.write"
    assert told["state"] in {"ok", "warning"}  # a warning where the disk is slow at this moment
    assert told["checked_unix_s"] > 0


async def test_an_id_may_hold_a_path(rig: Rig, health: HealthService) -> None:
    health.add(check(Found(), "disk.odd", subject="/data/with space"))
    answer = await rig.client.post(f"{HEALTH}/disk.odd%3A%2Fdata%2Fwith%20space/run")
    assert answer.json()["subject"] == "/data/with space"


@pytest.mark.parametrize(("method", "path"), [("GET", "no.such/changes"), ("POST", "no.such/run")])
async def test_an_unknown_check_is_named(rig: Rig, method: str, path: str) -> None:
    answer = await rig.client.request(method, f"{HEALTH}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "monitoring.check_unknown")


async def test_history_is_told_oldest_first(rig: Rig, health: HealthService) -> None:
    found = Found()
    health.add(check(found))
    for outcome in (Outcome("ok"), Outcome("failed", Text("bad", "坏"), code="storage.full"), Outcome("ok")):
        found.outcome = outcome
        await health.run_now("test.it")
    items = (await rig.client.get(f"{HEALTH}/test.it/changes", headers={"Accept-Language": "zh"})).json()["items"]
    assert [(one["before"], one["now"]) for one in items] == [("unknown", "ok"), ("ok", "failed"), ("failed", "ok")]
    assert (items[1]["code"], items[1]["detail"]) == ("storage.full", "坏")


async def test_history_is_bounded_and_begins_where_it_is_asked_for(rig: Rig, health: HealthService) -> None:
    found = Found()
    health.add(check(found))
    for number in range(6):
        found.outcome = Outcome("failed" if number % 2 else "ok")
        await health.run_now("test.it")
    assert len((await rig.client.get(f"{HEALTH}/test.it/changes?limit=2")).json()["items"]) == 2
    late = (await rig.client.get(f"{HEALTH}/test.it/changes?since=4000000000")).json()["items"]
    assert [one["now"] for one in late] == ["failed"]


async def test_who_is_limited_to_a_camera_sees_its_checks_alone(site: GuardedApp) -> None:
    user = await site.user("guest", "viewer", Scope(cameras=frozenset({"door"})))
    answer = await site.ask("GET", HEALTH, await site.session(user))
    assert {one["subject"] for one in answer.json["checks"]} == {"door"}
    status = (await site.ask("GET", "/status", await site.session(user))).json
    assert {one["name"] for one in status["checks"]} == {"database.write", "workers.available"}


async def test_what_is_exposed_is_for_administrators(site: GuardedApp) -> None:
    for role, sees in (("viewer", False), ("operator", False), ("admin", True)):
        user = await site.user(role, role)  # type: ignore[arg-type]
        session = await site.session(user)
        assert ("security.exposure" in by_id((await site.ask("GET", HEALTH, session)).json)) == sees
        told = await site.ask("GET", f"{HEALTH}/security.exposure/changes", session)
        assert told.status == (200 if sees else 404)


def news(rig: Rig, wish: Wish, since: int) -> News | None:
    with rig.services.hub.listen(wish, since) as listener:
        return rig.services.hub.news_for(listener)


async def test_pages_hear_of_changes_of_cameras_that_they_may_know_of(rig: Rig, health: HealthService) -> None:
    since = rig.services.hub.head
    rig.fleet.report("door", CameraState.RUNNING, frozen_s=14.0)
    await health.run_now("camera.frozen:door")
    health.add(check(Found("failed")))
    await health.run_now("test.it")
    everything = news(rig, Wish(frozenset({"health"})), since)
    assert everything is not None
    told = [json.loads(text)["item"] for _, text in everything.notes]
    assert [(one["check_id"], one["camera_id"], one["now"]) for one in told] == [
        ("camera.frozen:door", "door", "failed"),
        ("test.it", "", "failed"),
    ]
    assert told[0]["detail_zh"] == "画面已 14 秒完全不变"
    door = news(rig, Wish(frozenset({"health"}), sees=lambda camera_id: camera_id == "door"), since)
    assert door is not None
    assert len(door.notes) == 1
    assert news(rig, Wish(frozenset({"health"}), sees=lambda camera_id: camera_id == "yard"), since) is None


async def test_pages_do_not_hear_that_all_is_well_at_the_start(rig: Rig, health: HealthService) -> None:
    since = rig.services.hub.head
    await health.run_now("camera.frames:door")
    told = news(rig, Wish(frozenset({"health"})), since)
    assert told is None


async def test_what_is_exposed_is_not_told_to_all_pages(rig: Rig, health: HealthService) -> None:
    since = rig.services.hub.head
    health.add(check(Found("failed"), group=CheckGroup.SECURITY))
    found = health.result("test.it").check.look
    assert isinstance(found, Found)
    found.outcome = Outcome("failed", Text("the key is open", "密钥泄露"))
    await health.run_now("test.it")
    told = news(rig, Wish(frozenset({"health"})), since)
    assert told is not None
    assert "the key is open" not in told.notes[0][1]


# --- what changed of all checks ---


async def carried_out(health: HealthService, name: str, *states: CheckState, subject: str = "") -> None:
    """Let a check find one state after the other."""
    found = Found()
    health.add(made := check(found, name, subject=subject))
    for state in states:
        found.outcome = Outcome(state, Text(f"it is {state}", f"状态 {state}"))
        await health.run_now(made.check_id)


async def told_changes(rig: Rig, **query: Any) -> list[tuple[str, str, str]]:
    items = (await rig.client.get(f"{HEALTH}/changes", params=query)).json()["items"]
    return [(one["check_id"], one["before"], one["now"]) for one in items if one["name"].startswith("test.")]


async def test_what_got_bad_and_well_again_is_told_newest_first(rig: Rig, health: HealthService) -> None:
    await carried_out(health, "test.a", "ok", "failed", "ok")
    await carried_out(health, "test.b", "absent", "warning")
    assert await told_changes(rig) == [
        ("test.b", "absent", "warning"),
        ("test.a", "failed", "ok"),
        ("test.a", "ok", "failed"),
    ]


async def test_what_concerns_nobody_is_told_to_who_asks(rig: Rig, health: HealthService) -> None:
    await carried_out(health, "test.a", "ok", "absent")
    assert await told_changes(rig) == []
    assert await told_changes(rig, trivial=True) == [("test.a", "ok", "absent"), ("test.a", "unknown", "ok")]


async def test_changes_to_one_state_alone(rig: Rig, health: HealthService) -> None:
    await carried_out(health, "test.a", "failed", "warning", "ok")
    assert await told_changes(rig, state="warning") == [("test.a", "failed", "warning")]


async def test_changes_come_page_by_page(rig: Rig, health: HealthService) -> None:
    await carried_out(health, "test.a", "failed", "ok", "failed", "ok")
    seen: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        page = (await rig.client.get(f"{HEALTH}/changes", params={"limit": 3, **cursor})).json()
        seen += [one["change_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    whole = (await rig.client.get(f"{HEALTH}/changes", params={"limit": 200})).json()["items"]
    assert len(seen) >= 4
    assert seen == [one["change_id"] for one in whole]


async def test_changes_of_a_camera_are_in_the_readers_language(rig: Rig, health: HealthService) -> None:
    rig.fleet.report("door", CameraState.RUNNING, frozen_s=14.0)
    await health.run_now("camera.frozen:door")
    answer = await rig.client.get(f"{HEALTH}/changes", params={"camera_id": "door"}, headers={"Accept-Language": "zh"})
    [change] = [one for one in answer.json()["items"] if one["name"] == "camera.frozen"]
    assert (change["title"], change["detail"], change["camera_id"]) == ("画面冻结", "画面已 14 秒完全不变", "door")


async def test_who_is_limited_to_cameras_hears_of_changes_of_these_alone(site: GuardedApp) -> None:
    health = health_of(site.services)
    for camera_id in ("door", "yard"):
        site.fleet.report(camera_id, CameraState.RUNNING, frozen_s=14.0)
        await health.run_now(f"camera.frozen:{camera_id}")
    await carried_out(health, "test.a", "failed")
    limited = await site.user("Bob", "viewer", Scope(cameras=frozenset({"yard"})))
    answer = await site.ask("GET", f"{HEALTH}/changes", await site.session(limited))
    assert {one["camera_id"] for one in answer.json["items"]} == {"yard"}
