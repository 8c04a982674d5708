"""Channels and notifications over HTTP: with a login, a database, a vault and a webhook that is really there."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.guarded_app import Answer, GuardedApp, guarded_app
from tests.fakes.hook_server import HookServer
from tests.fakes.told_alerts import fires

from popcam.alerts.notify.service import Notifier
from popcam.config import Settings
from popcam.config.model import AlertsSettings
from popcam.core.access import AuditNote, Role
from popcam.core.alerts import AlertRuleSpec, ChannelSpec, ConditionSpec
from popcam.core.protocol import ClipCut, CutClip
from popcam.server.alerting import Alerting
from popcam.server.notifying import notifier_of, sample_notifications
from popcam.storage import Database, notifications

T0 = 1_700_000_000.0
SECRET = "hunter2-the-secret"
CHANNELS, NOTIFICATIONS = "/api/v1/alert-channels", "/api/v1/notifications"


@dataclass
class Site:
    app: GuardedApp
    notifier: Notifier
    database: Database
    hook: HookServer
    headers: dict[str, str]

    @property
    def url(self) -> str:
        return f"json://anna:{SECRET}@127.0.0.1:{self.hook.port}/in"

    async def ask(self, method: str, path: str, body: Any = None, query: str = "", **headers: str) -> Answer:
        return await self.app.ask(method, path, {**self.headers, **headers}, body, query)

    async def signed_in(self, name: str, role: Role) -> dict[str, str]:
        return await self.app.session(await self.app.user(name, role))

    def dead(self) -> int:
        """A notification that was given up."""
        rows = self.notifier.dispatcher.plan([fires("door")], time.time(), lambda _: ["file"])
        self.notifier.dispatcher.wake()

        def work(connection: Any) -> int:
            notifications.add(connection, rows)
            newest = notifications.page(connection, limit=1)[0].notification_id
            notifications.mark_dead(connection, [newest], time.time(), "alert.notification_failed", "error=500")
            return newest

        return self.database.run_sync(work)


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


@pytest.fixture
async def site(tmp_path: Path, hook: HookServer) -> AsyncIterator[Site]:
    rule = AlertRuleSpec(name="Somebody", condition=ConditionSpec(kind="event"), channels=("phone",))
    alerts = AlertsSettings(
        channels={"file": ChannelSpec(apprise_url=f"json://127.0.0.1:{hook.port}/file")}, rules={"somebody": rule}
    )
    async with guarded_app(tmp_path) as app:
        settings = Settings(data_dir=tmp_path / "data", alerts=alerts)
        database = app.security.vault.database
        operating = app.services.operating
        assert operating is not None
        notifier = operating.notifier = notifier_of(app.services, settings, database, app.security.vault)
        operating.alerts = Alerting(app.services, settings, database, operating.figures, operating.health, notifier)
        headers = await app.session(await app.user("Ann", "admin"))
        yield Site(app, notifier, database, hook, headers)


async def made(site: Site, **more: Any) -> dict[str, Any]:
    answer = await site.ask("POST", CHANNELS, {"id": "phone", "apprise_url": site.url, **more})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


async def test_a_channel_is_made_and_its_address_is_never_shown(site: Site) -> None:
    channel = await made(site, name="Anna's phone", min_severity="warning")
    assert (channel["scheme"], channel["service"], channel["takes_pictures"]) == ("json", "JSON", True)
    listed = await site.ask("GET", CHANNELS)
    assert [one["id"] for one in listed.json["items"]] == ["file", "phone"]
    assert SECRET not in listed.text + json.dumps(channel)


async def test_a_channel_takes_clips_of_a_size(site: Site) -> None:
    channel = await made(site, clip=True, clip_max_mb=2.5)
    assert (channel["clip"], channel["clip_max_mb"], channel["takes_clips"]) == (True, 2.5, True)
    assert site.notifier.channels.specs()["phone"].clip
    refused = await site.ask("POST", CHANNELS, {"id": "huge", "apprise_url": site.url, "clip_max_mb": 500})
    assert refused.status == 422


async def test_a_worker_is_asked_for_the_clip_of_a_recording(site: Site, tmp_path: Path) -> None:
    recordings = site.app.services.options.recordings_dir / "door"
    recordings.mkdir(parents=True)
    site.app.fleet.answers.append(ClipCut(mp4=b"a video", started_unix_s=T0, duration_s=10.0))
    await made(site, clip=True)
    alert = fires("door", active_unix_s=time.time() - 60)
    rows = site.notifier.dispatcher.plan([alert], time.time(), lambda _: ["phone"])
    site.database.run_sync(lambda connection: notifications.add(connection, rows))
    site.notifier.dispatcher.wake()
    await site.notifier.outbox.start()
    async with asyncio.timeout(60):
        while len(site.hook.posts) < 2:  # noqa: ASYNC110 - a server in a thread
            await asyncio.sleep(0.02)
    await site.notifier.outbox.stop()
    (question, _), *others = site.app.fleet.questions
    assert isinstance(question, CutClip)
    assert (question.folder, question.at_unix_s, others) == (str(recordings), alert.alert.active_unix_s, [])
    page = await site.ask("GET", NOTIFICATIONS)
    assert [(one["clip"], one["title"]) for one in page.json["items"]] == [
        (True, "Clip: Camera offline - Front door"),
        (False, "Critical: Camera offline - Front door"),
    ]


async def test_the_rules_that_name_it_are_told_and_keep_it(site: Site) -> None:
    assert (await made(site))["used_by"] == ["somebody"]
    refused = await site.ask("DELETE", f"{CHANNELS}/phone")
    assert (refused.status, refused.code, "somebody" in refused.text) == (409, "alert.channel_in_use", True)


async def test_a_channel_that_nobody_names_is_deleted(site: Site) -> None:
    await made(site, id="spare")
    assert (await site.ask("DELETE", f"{CHANNELS}/spare")).status == 204
    assert (await site.ask("DELETE", f"{CHANNELS}/spare")).code == "alert.channel_not_found"


async def test_a_change_keeps_the_address_and_names_its_version(site: Site) -> None:
    await made(site)
    path = f"{CHANNELS}/phone"
    changed = await site.ask("PUT", path, {"name": "Bob", "enabled": False}, **{"if-match": '"1"'})
    assert (changed.json["name"], changed.json["enabled"], changed.headers["etag"]) == ("Bob", False, '"2"')
    assert site.notifier.channels.specs()["phone"].apprise_url == site.url
    late = await site.ask("PUT", path, {"name": "Eve"}, **{"if-match": '"1"'})
    assert (late.status, late.code) == (412, "alert.channel_changed")
    assert (await site.ask("PUT", path, {"name": "Eve"}, **{"if-match": '"nobodys"'})).status == 412


async def test_the_same_id_twice_is_refused(site: Site) -> None:
    await made(site)
    again = await site.ask("POST", CHANNELS, {"id": "phone", "apprise_url": site.url})
    assert (again.status, again.code) == (409, "alert.channel_exists")


@pytest.mark.parametrize("url", ["nonsense://x", "json://169.254.169.254/", "plain words"])
async def test_an_address_that_cannot_be_used_is_refused(site: Site, url: str) -> None:
    answer = await site.ask("POST", CHANNELS, {"id": "phone", "apprise_url": url})
    assert (answer.status, answer.code) == (422, "alert.channel_invalid")


async def test_what_stands_in_the_settings_file_is_not_changed_here(site: Site) -> None:
    assert (await site.ask("PUT", f"{CHANNELS}/file", {"name": "x"})).code == "alert.channel_fixed"
    assert (await site.ask("DELETE", f"{CHANNELS}/file")).code == "alert.channel_fixed"


async def test_the_test_button_sends_and_says_why_not(site: Site) -> None:
    await made(site)
    tested = await site.ask("POST", f"{CHANNELS}/phone/test")
    assert (tested.status, tested.json["ok"], len(site.hook.posts)) == (200, True, 1)
    site.hook.status = 500
    failed = await site.ask("POST", f"{CHANNELS}/phone/test")
    assert (failed.status, failed.code, "500" in failed.json["detail"]) == (502, "alert.notification_failed", True)
    assert SECRET not in failed.text


async def test_the_audit_log_has_the_change_without_the_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[AuditNote] = []
    monkeypatch.setattr(site.app.security.audit, "note", notes.append)
    await made(site)
    await site.ask("PUT", f"{CHANNELS}/phone", {"name": "Bob"})
    changes = [note for note in notes if note.action.startswith("alert_channel.")]
    assert [(note.action, note.result) for note in changes] == [
        ("alert_channel.create", "ok"),
        ("alert_channel.update", "ok"),
    ]
    assert changes[1].after is not None
    assert SECRET not in repr(notes)


async def test_what_did_not_arrive_is_listed_in_the_readers_language(site: Site) -> None:
    number = site.dead()
    found = (await site.ask("GET", NOTIFICATIONS, query="state=dead", **{"accept-language": "zh-CN"})).json
    (one,) = found["items"]
    assert (one["id"], one["title"], one["alerts"][0]["name"]) == (
        number,
        "严重: 摄像头离线 - Front door",
        "摄像头离线",
    )
    assert (one["problem"]["code"], one["problem"]["detail"]) == ("alert.notification_failed", "error=500")
    assert (found["counts"]["dead"], found["next_cursor"]) == (1, None)


async def test_notifications_come_page_by_page(site: Site) -> None:
    first, second = site.dead(), site.dead()
    page = (await site.ask("GET", NOTIFICATIONS, query="limit=1")).json
    assert ([one["id"] for one in page["items"]], page["next_cursor"]) == ([second], str(second))
    page = (await site.ask("GET", NOTIFICATIONS, query=f"limit=1&cursor={second}")).json
    assert ([one["id"] for one in page["items"]], page["next_cursor"]) == ([first], None)
    assert (await site.ask("GET", NOTIFICATIONS, query="channel_id=other")).json["items"] == []


async def test_one_that_was_given_up_is_sent_again_by_an_operator(site: Site) -> None:
    number = site.dead()
    site.headers = await site.signed_in("Olga", "operator")
    again = await site.ask("POST", f"{NOTIFICATIONS}/{number}/retry")
    assert (again.status, again.json["state"], again.json["attempts"]) == (200, "waiting", 0)
    assert (await site.ask("POST", f"{NOTIFICATIONS}/{number + 1}/retry")).code == "alert.notification_not_found"


async def test_the_name_of_a_camera_stands_in_the_title(site: Site) -> None:
    assert site.notifier.name_of("door") == "Front door"
    assert site.notifier.name_of("gone") == "gone"


async def test_how_many_there_are_in_each_state_is_a_figure(site: Site) -> None:
    operating = site.app.services.operating
    assert operating is not None
    sample_notifications(site.notifier, operating.figures)
    await operating.figures.prepare()
    operating.figures.take()
    assert set(operating.registry.family("popcam_notifications").latest()) == {
        (state,) for state in notifications.STATES
    }


async def test_a_server_that_tells_nobody_says_so(site: Site) -> None:
    operating = site.app.services.operating
    assert operating is not None
    operating.notifier = None
    assert (await site.ask("GET", CHANNELS)).status == 404
