"""/api/v1/alert-rules, /alerts and /silences: over a fake fleet, figures set by hand, and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.alert_house import HandFigures, metric
from tests.fakes.guarded_app import GuardedApp, guarded_app
from tests.server.conftest import Rig

from popcam.config import Settings
from popcam.config.model import AlertsSettings
from popcam.core.access import Scope
from popcam.core.alerts import AlertRuleSpec, ConditionSpec
from popcam.server.alerting import Alerting
from popcam.server.hub import Wish
from popcam.server.services import Services
from popcam.storage import Database

ASKED = "action=alert_rule.update"
SLOW = {
    "name": "Slow",
    "condition": {"metric": "popcam_camera_fps", "compare": "<", "threshold": 5.0},
    "cameras": ["door"],
}
FILED = AlertRuleSpec(name="Filed", condition=ConditionSpec(metric="popcam_host_load1"), no_data="ok")
DISK = AlertRuleSpec(
    name="Disk", condition=ConditionSpec(metric="popcam_disk_free_ratio", compare="<", threshold=0.1), no_data="ok"
)


@dataclass
class Watch:
    """Alerts of an app, with figures set by hand."""

    alerting: Alerting
    figures: HandFigures

    async def slow(self, *camera_ids: str, fps: float = 3.0) -> None:
        """These cameras have so many frames per second."""
        for camera_id in camera_ids:
            self.figures.set("popcam_camera_fps", (camera_id,), fps)
        await self.alerting.service.tick()


def watch(services: Services, database: Database, folder: Path) -> Watch:
    operating = services.operating
    assert operating is not None
    settings = Settings(
        data_dir=folder / "data",
        log_dir=folder / "log",
        runtime_dir=folder / "run",
        alerts=AlertsSettings(rules={"filed": FILED, "disk": DISK}),
    )
    figures = HandFigures(
        metric("popcam_camera_fps", "camera"), metric("popcam_host_load1"), metric("popcam_disk_free_ratio", "disk")
    )
    alerting = operating.alerts = Alerting(services, settings, database, operating.figures, operating.health)
    alerting.service.metrics = figures
    alerting.service.on_change(alerting._on_alert)
    return Watch(alerting, figures)


@pytest.fixture
async def alerts(rig: Rig, database: Database, tmp_path: Path) -> Watch:
    return watch(rig.services, database, tmp_path)


async def made(client: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await client.post("/api/v1/alert-rules", json={"id": "slow", "spec": {**SLOW, **more}})


async def standing(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/api/v1/alerts{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_rule_is_added_read_changed_and_deleted(rig: Rig, alerts: Watch) -> None:
    created = await made(rig.client)
    assert created.status_code == 201, created.text
    assert created.headers["location"] == "/api/v1/alert-rules/slow"
    found = (await rig.client.get("/api/v1/alert-rules/slow")).json()
    assert found == created.json()
    assert (found["origin"], found["version"], found["condition_text"]) == (
        "console",
        "1",
        "the mean of popcam_camera_fps over 30 s is < 5",
    )
    changed = await rig.client.put(
        "/api/v1/alert-rules/slow", json={**SLOW, "for_s": 9.0}, headers={"if-match": created.headers["etag"]}
    )
    assert (changed.status_code, changed.json()["spec"]["for_s"], changed.headers["etag"]) == (200, 9.0, '"2"')
    assert (await rig.client.delete("/api/v1/alert-rules/slow")).status_code == 204
    assert (await rig.client.get("/api/v1/alert-rules/slow")).json()["code"] == "alert.rule_not_found"


async def test_who_is_slower_is_refused(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    for answer in (
        await rig.client.put("/api/v1/alert-rules/slow", json=SLOW, headers={"if-match": '"9"'}),
        await rig.client.delete("/api/v1/alert-rules/slow", headers={"if-match": '"9"'}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (412, "alert.rule_changed")


async def test_a_rule_without_an_id_gets_one_of_its_name(rig: Rig, alerts: Watch) -> None:
    answer = await rig.client.post("/api/v1/alert-rules", json={"spec": {**SLOW, "name": "Very slow"}})
    assert answer.json()["id"] == "very-slow"


@pytest.mark.parametrize(
    ("spec", "status", "code"),
    [
        ({"condition": {"metric": "popcam_none"}}, 422, "alert.rule_invalid"),
        ({"severity": "loud"}, 422, "request.invalid"),
        ({"colour": "red"}, 422, "request.invalid"),
        ({"name": "a\u202eb"}, 422, "request.invalid"),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(
    rig: Rig, alerts: Watch, spec: dict[str, Any], status: int, code: str
) -> None:
    answer = await made(rig.client, **spec)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_rules_of_the_file_and_built_in_ones_are_listed_and_kept(rig: Rig, alerts: Watch) -> None:
    rules = {one["id"]: one for one in (await rig.client.get("/api/v1/alert-rules")).json()["items"]}
    assert rules["filed"]["origin"] == "file"
    assert rules["camera-offline"]["builtin"] is True
    refused = await rig.client.delete("/api/v1/alert-rules/filed")
    assert (refused.status_code, refused.json()["code"]) == (409, "alert.rule_fixed")
    refused = await rig.client.delete("/api/v1/alert-rules/camera-offline")
    assert (refused.status_code, refused.json()["code"]) == (409, "alert.rule_builtin")


async def test_built_in_rules_have_a_name_in_the_readers_language(rig: Rig, alerts: Watch) -> None:
    answer = await rig.client.get("/api/v1/alert-rules/camera-offline", headers={"accept-language": "zh-CN"})
    assert (answer.json()["name"], answer.json()["condition_text"]) == ("摄像头离线", "检查 camera.frames 失败")


async def test_what_stands_is_listed_with_its_rule_counted(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    await alerts.slow("door")
    alert = (await standing(rig.client))[0]
    assert (alert["rule_id"], alert["subject"], alert["camera_id"], alert["state"], alert["value"]) == (
        "slow",
        "door",
        "door",
        "firing",
        3.0,
    )
    assert (await rig.client.get("/api/v1/alert-rules/slow")).json()["firing"] == 1
    assert await standing(rig.client, "?state=pending") == []
    assert await standing(rig.client, "?camera_id=yard") == []
    assert len(await standing(rig.client, "?state=pending&state=firing&camera_id=door")) == 1


async def test_the_history_tells_what_happened_page_by_page(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    await alerts.slow("door")
    await alerts.slow("door", fps=30.0)
    first = (await rig.client.get("/api/v1/alerts/history?limit=1")).json()
    assert [(one["before"], one["now"], one["name"]) for one in first["items"]] == [("firing", "resolved", "Slow")]
    rest = (await rig.client.get(f"/api/v1/alerts/history?cursor={first['next_cursor']}&rule_id=slow")).json()
    assert [(one["before"], one["now"]) for one in rest["items"]] == [("none", "firing")]
    assert rest["next_cursor"] is None
    for query in ("camera_id=yard", "subject=yard", "until=1", "since=32503680000"):
        assert (await rig.client.get(f"/api/v1/alerts/history?{query}")).json()["items"] == []


async def test_an_alert_is_acknowledged_once_it_stands(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    assert (await rig.client.post("/api/v1/alerts/slow/door/acknowledge")).json()["code"] == "alert.not_found"
    await alerts.slow("door")
    answer = await rig.client.post("/api/v1/alerts/slow/door/acknowledge")
    assert (answer.status_code, answer.json()["acknowledged_by"]) == (200, "everybody")
    told = (await rig.client.get("/api/v1/alerts/history?limit=1")).json()["items"][0]
    assert (told["before"], told["now"], told["acknowledged_by"]) == ("firing", "firing", "everybody")


async def test_an_alert_about_a_folder_is_acknowledged_by_its_path(rig: Rig, alerts: Watch) -> None:
    alerts.figures.set("popcam_disk_free_ratio", ("/data",), 0.05)
    await alerts.slow()
    answer = await rig.client.post("/api/v1/alerts/disk/%2Fdata/acknowledge")
    assert (answer.status_code, answer.json()["subject"]) == (200, "/data")


async def test_an_alert_about_nothing_in_particular_is_acknowledged_too(rig: Rig, alerts: Watch) -> None:
    alerts.figures.set("popcam_host_load1", (), 9.0)
    await alerts.slow()
    assert (await rig.client.post("/api/v1/alerts/filed/-/acknowledge")).status_code == 200


async def test_a_silence_is_added_listed_and_ended(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    until_s = rig.services.clock.unix_s() + 3600
    wanted = {"matchers": [{"label": "camera", "value": "door"}], "reason": "paint", "ends_unix_s": until_s}
    silence = (await rig.client.post("/api/v1/silences", json=wanted)).json()
    assert (silence["author"], silence["state"], silence["matchers"][0]["negate"]) == ("everybody", "in_force", False)
    await alerts.slow("door")
    assert (await standing(rig.client))[0]["silenced_by"] == silence["id"]
    assert (await rig.client.delete(f"/api/v1/silences/{silence['id']}")).status_code == 204
    assert [one["state"] for one in (await rig.client.get("/api/v1/silences")).json()["items"]] == ["ended"]
    await alerts.slow("door")
    assert (await standing(rig.client))[0]["silenced_by"] == ""
    assert (await rig.client.delete("/api/v1/silences/none")).json()["code"] == "alert.silence_not_found"


@pytest.mark.parametrize("wrong", [{"ends_unix_s": 5.0}, {"ends_unix_s": 32e9}, {"matchers": []}, {"reason": ""}])
async def test_a_silence_needs_an_end_a_reason_and_matchers(rig: Rig, alerts: Watch, wrong: dict[str, Any]) -> None:
    until_s = rig.services.clock.unix_s() + 3600
    wanted = {"matchers": [{"label": "rule", "value": "slow"}], "reason": "paint", "ends_unix_s": until_s, **wrong}
    answer = await rig.client.post("/api/v1/silences", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


async def test_a_rule_is_tried_before_it_is_saved(rig: Rig, alerts: Watch) -> None:
    answer = await rig.client.post("/api/v1/alert-rules/try", json={"spec": SLOW})
    told = answer.json()
    assert (answer.status_code, told["fired"], told["summary"]) == (200, 0, "would not have fired in 1 day")
    assert [one["id"] for one in (await rig.client.get("/api/v1/alert-rules")).json()["items"]].count("slow") == 0
    for since_s, until_s in ((9.0, 8.0), (0.0, 32e9)):
        wrong = {"spec": SLOW, "since_unix_s": since_s, "until_unix_s": until_s}
        assert (await rig.client.post("/api/v1/alert-rules/try", json=wrong)).json()["code"] == "request.invalid"


async def test_open_pages_hear_of_alerts_in_both_languages(rig: Rig, alerts: Watch) -> None:
    await made(rig.client)
    wish = Wish(frozenset({"alerts"}), sees=lambda camera_id: camera_id == "door")
    blind = Wish(frozenset({"alerts"}), sees=lambda camera_id: camera_id == "yard")
    with rig.services.hub.listen(wish) as listener, rig.services.hub.listen(blind) as other:
        await alerts.slow("door")
        news = await listener.news()
        message = json.loads(news.notes[0][1])
        assert (message["type"], message["item"]["rule_id"], message["item"]["state"]) == ("alerts", "slow", "firing")
        assert message["item"]["detail_zh"] == "popcam_camera_fps 为 3（< 5）"
        assert rig.services.hub.news_for(other) is None


async def test_without_alerts_there_are_none(rig: Rig) -> None:
    assert rig.services.operating is not None
    rig.services.operating.alerts = None
    assert (await rig.client.get("/api/v1/alerts")).status_code == 404


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[tuple[GuardedApp, Watch]]:
    async with guarded_app(tmp_path) as site:
        database = Database(tmp_path / "data" / "popcam.db")
        found = watch(site.services, database, tmp_path)
        both = {**SLOW, "cameras": []}
        admin = await site.session(await site.user("root", "admin"))
        created = await site.ask("POST", "/api/v1/alert-rules", admin, {"id": "slow", "spec": both})
        assert created.status == 201, created.text
        found.figures.set("popcam_disk_free_ratio", ("/data",), 0.01)
        await found.slow("door", "yard")
        yield site, found
        database.close()


async def test_people_see_alerts_of_their_cameras_alone(guarded: tuple[GuardedApp, Watch]) -> None:
    site, _ = guarded
    yard = await site.session(await site.user("ben", "operator", Scope(cameras=frozenset({"yard"}))))
    told = (await site.ask("GET", "/api/v1/alerts", yard)).json["items"]
    assert [one["camera_id"] for one in told] == ["yard"]
    past = (await site.ask("GET", "/api/v1/alerts/history", yard)).json["items"]
    assert [one["camera_id"] for one in past] == ["yard"]


async def test_people_acknowledge_alerts_of_their_cameras_alone(guarded: tuple[GuardedApp, Watch]) -> None:
    site, found = guarded
    yard = await site.session(await site.user("ben", "operator", Scope(cameras=frozenset({"yard"}))))
    assert (await site.ask("POST", "/api/v1/alerts/slow/door/acknowledge", yard)).code == "alert.not_found"
    assert (await site.ask("POST", "/api/v1/alerts/disk//data/acknowledge", yard)).code == "alert.not_found"
    assert (await site.ask("POST", "/api/v1/alerts/slow/yard/acknowledge", yard)).status == 200
    seen = {alert.camera_id: alert.acknowledged_by for alert in found.alerting.service.alerts()}
    assert seen == {"door": "", "yard": "ben", "": ""}


async def test_people_silence_their_cameras_alone(guarded: tuple[GuardedApp, Watch]) -> None:
    site, _ = guarded
    yard = await site.session(await site.user("ben", "operator", Scope(cameras=frozenset({"yard"}))))
    all_of_it = await site.session(await site.user("eve", "operator"))
    wanted = {"reason": "paint", "ends_unix_s": site.services.clock.unix_s() + 60}
    everything = {**wanted, "matchers": [{"label": "rule", "value": "*"}]}
    own = {**wanted, "matchers": [{"label": "camera", "value": "yard"}, {"label": "rule", "value": "slow"}]}
    refused = await site.ask("POST", "/api/v1/silences", yard, everything)
    assert (refused.status, refused.code) == (403, "access.refused")
    assert (await site.ask("POST", "/api/v1/silences", yard, own)).status == 201
    foreign = (await site.ask("POST", "/api/v1/silences", all_of_it, everything)).json
    assert len((await site.ask("GET", "/api/v1/silences", yard)).json["items"]) == 1
    assert (await site.ask("DELETE", f"/api/v1/silences/{foreign['id']}", yard)).code == "alert.silence_not_found"


async def test_changes_of_rules_are_in_the_audit_log(guarded: tuple[GuardedApp, Watch]) -> None:
    site, _ = guarded
    admin = await site.session(await site.user("anna", "admin"))
    await site.ask("PUT", "/api/v1/alert-rules/slow", admin, {**SLOW, "for_s": 9.0})
    async with asyncio.timeout(60):
        while not (found := (await site.ask("GET", "/api/v1/audit", admin, query=ASKED)).json["items"]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # it is written behind the answer
    assert (found[0]["who"]["name"], found[0]["on"]) == ("anna", "alert_rule:slow")
    assert (found[0]["before"]["for_s"], found[0]["after"]["for_s"]) == (0.0, 9.0)
