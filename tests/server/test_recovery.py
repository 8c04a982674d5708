"""/api/v1/recovery over a fake fleet and a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.conftest import Rig, until

from popcam.alerts import recovery_doing
from popcam.config import Settings
from popcam.config.model import AlertsSettings
from popcam.core.access import ITSELF, AuditNote, Principal, Scope
from popcam.core.alerts import Alert, AlertKey, AlertRuleSpec, CommandSpec, RecoverySpec
from popcam.core.facts import CameraState
from popcam.server.hub import Wish
from popcam.server.recovering import Recovering
from popcam.server.sight import limit_for
from popcam.storage import Database

URL = "/api/v1/recovery"


@pytest.fixture
async def recovering(
    rig: Rig, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recovering]:
    monkeypatch.setattr(recovery_doing, "LOOK_EVERY_S", 0.01)
    operating = rig.services.operating
    assert operating is not None
    settings = Settings(data_dir=tmp_path / "data", log_dir=tmp_path / "log", runtime_dir=tmp_path / "run")
    recovering = operating.recovery = Recovering(rig.services, settings, database, operating.figures)
    await recovering.start()
    await until(lambda: recovering.service.ready)
    rig.fleet.report("door", CameraState.RUNNING, received_fps=15.0)
    yield recovering
    await recovering.stop()


async def asked(rig: Rig, query: str = "") -> dict[str, Any]:
    answer = await rig.client.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ended(rig: Rig, count: int = 1) -> list[dict[str, Any]]:
    """Runs that have ended; the camera goes on having frames meanwhile."""
    async with asyncio.timeout(60):
        while True:
            rig.fleet.report("door", CameraState.RUNNING, received_fps=15.0)
            items: list[dict[str, Any]] = (await asked(rig))["items"]
            if len(items) >= count and all(one["ended_unix_s"] for one in items):
                return items
            await asyncio.sleep(0.02)


def offline(rig: Rig, camera_id: str = "door") -> Alert:
    return Alert(
        key=AlertKey("camera-offline", camera_id),
        name="Camera offline",
        severity="critical",
        state="firing",
        since_unix_s=rig.services.clock.unix_s() - 20.0,
        active_unix_s=rig.services.clock.unix_s() - 20.0,
        camera_id=camera_id,
    )


async def test_a_camera_is_restarted_by_hand(rig: Rig, recovering: Recovering) -> None:
    answer = await rig.client.post(URL, json={"action": "restart_camera", "camera_id": "door"})
    assert (answer.status_code, answer.json()["outcome"]) == (202, "running")
    (run,) = await ended(rig)
    assert (run["outcome"], run["rule_id"], run["subject"]) == ("recovered", "manual", "door")
    assert rig.fleet.restarted == ["door"]


async def test_what_a_rule_did_is_in_the_history_with_the_mean_time(rig: Rig, recovering: Recovering) -> None:
    rule = AlertRuleSpec(name="offline", recovery=(RecoverySpec(action="restart_stream"),))
    now_s = rig.services.clock.unix_s()
    recovering.service.consider([(offline(rig), rule)], now_s)
    await asyncio.sleep(0.05)
    recovering.service.consider([], now_s)
    (run,) = await ended(rig)
    assert (run["rule_id"], run["about"], run["outcome"]) == ("camera-offline", "door", "recovered")
    found = await asked(rig, "?camera_id=door")
    assert found["mean_recovery_s"]["door"] == pytest.approx(20.0, abs=2.0)


async def test_figures_and_open_pages_hear_of_it(rig: Rig, recovering: Recovering) -> None:
    with rig.services.hub.listen(Wish(topics=frozenset({"recovery"}))) as listener:
        await rig.client.post(URL, json={"action": "restart_stream", "camera_id": "door"})
        await ended(rig)
        notes = [json.loads(text) for _, text in (await listener.news()).notes]
    assert [note["item"]["outcome"] for note in notes] == ["running", "recovered"]
    assert rig.services.operating is not None
    counts = rig.services.operating.registry.family("popcam_recovery_runs_total").latest()
    assert counts == {("restart_stream", "recovered"): 1.0}


async def test_who_may_not_know_of_the_camera_hears_nothing(rig: Rig, recovering: Recovering) -> None:
    wish = Wish(topics=frozenset({"recovery"}), sees=lambda camera_id: camera_id == "yard")
    with rig.services.hub.listen(wish) as listener:
        await rig.client.post(URL, json={"action": "restart_stream", "camera_id": "door"})
        await ended(rig)
        rig.services.hub.announce("recovery", "{}", "yard")
        assert [text for _, text in (await listener.news()).notes if '"door"' in text] == []


async def test_the_history_holds_only_what_lies_within_ones_limit(rig: Rig, recovering: Recovering) -> None:
    await rig.client.post(URL, json={"action": "restart_stream", "camera_id": "door"})
    await ended(rig)
    door, yard = (Principal(role="viewer", scope=Scope(cameras=frozenset({name}))) for name in ("door", "yard"))
    cameras = rig.services.cameras
    assert len(await recovering.service.runs(within=limit_for(cameras, door))) == 1
    assert len(await recovering.service.runs(within=limit_for(cameras, yard))) == 0


async def test_the_history_goes_on_page_by_page(rig: Rig, recovering: Recovering) -> None:
    for count, action in enumerate(("restart_stream", "restart_camera", "move_camera"), start=1):
        await rig.client.post(URL, json={"action": action, "camera_id": "door"})
        await ended(rig, count)
    first = await asked(rig, "?limit=2")
    second = await asked(rig, f"?limit=2&cursor={first['next_cursor']}")
    assert [run["action"] for run in first["items"] + second["items"]] == [
        "move_camera",
        "restart_camera",
        "restart_stream",
    ]
    assert second["next_cursor"] is None


async def test_the_history_of_another_camera_is_empty(rig: Rig, recovering: Recovering) -> None:
    await rig.client.post(URL, json={"action": "restart_stream", "camera_id": "door"})
    await ended(rig)
    assert (await asked(rig, "?camera_id=yard"))["items"] == []
    assert (await asked(rig, f"?since={rig.services.clock.unix_s() + 10}"))["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"action": "restart_camera", "camera_id": "nobody"}, 404, "camera.not_found"),
        ({"action": "restart_camera"}, 422, "request.invalid"),
        ({"action": "restart_camera", "worker_id": "fake-1"}, 422, "request.invalid"),
        ({"action": "command", "camera_id": "door"}, 422, "request.invalid"),
        ({"action": "restart_camera", "camera_id": "door", "target": "/bin/sh"}, 422, "request.invalid"),
        ({"action": "use_sub_stream", "camera_id": "yard"}, 202, ""),
    ],
)
async def test_what_does_not_fit(rig: Rig, recovering: Recovering, body: Any, status: int, code: str) -> None:
    answer = await rig.client.post(URL, json=body)
    assert (answer.status_code, answer.json().get("code", "")) == (status, code)


async def test_twice_at_once_is_refused_with_a_reason(rig: Rig, recovering: Recovering) -> None:
    rig.fleet.report("door", CameraState.RECONNECTING)
    await rig.client.post(URL, json={"action": "restart_camera", "camera_id": "door"})
    answer = await rig.client.post(URL, json={"action": "restart_stream", "camera_id": "door"})
    assert (answer.status_code, answer.json()["code"]) == (409, "recovery.refused")


async def test_a_cursor_that_is_none_is_refused(rig: Rig, recovering: Recovering) -> None:
    assert (await rig.client.get(f"{URL}?cursor=x")).status_code == 422


async def test_a_server_that_mends_nothing_says_so(rig: Rig) -> None:
    assert rig.services.operating is not None
    rig.services.operating.recovery = None
    assert (await rig.client.get(URL)).status_code == 404


async def test_changed_settings_are_taken_over(recovering: Recovering, tmp_path: Path) -> None:
    alerts = AlertsSettings(recovery=False, commands={"plug": CommandSpec(argv=("plug", "off"))})
    recovering.settings_changed(Settings(data_dir=tmp_path, log_dir=tmp_path, runtime_dir=tmp_path, alerts=alerts))
    assert not recovering.service.enabled
    assert set(recovering.actions.commands) == {"plug"}


async def test_what_was_done_is_in_the_audit_log(
    rig: Rig, recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[AuditNote] = []
    monkeypatch.setattr(rig.services, "security", SimpleNamespace(audit=SimpleNamespace(note=notes.append)))
    await recovering.service.run_now("restart_camera", camera_id="door", by="anna")
    rig.fleet.report("door", CameraState.RUNNING, received_fps=15.0)
    async with asyncio.timeout(60):
        while not notes:
            rig.fleet.report("door", CameraState.RUNNING, received_fps=15.0)
            await asyncio.sleep(0.02)
    (note,) = notes
    assert (note.action, note.result, note.on, note.who) == ("recovery.restart_camera", "ok", "camera:door", ITSELF)
    assert isinstance(note.after, dict)
    assert note.after["outcome"] == "recovered"
