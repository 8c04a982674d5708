"""From the database to people: by a real webhook, over failures, restarts and a database that refuses."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hook_server import HookServer
from tests.fakes.told_alerts import fires, over

from popcam.alerts.notify import outbox as outbox_module
from popcam.alerts.notify.backoff import MAX_ATTEMPTS, delay_s
from popcam.alerts.notify.sender import Sender
from popcam.alerts.notify.service import Notifier
from popcam.config.model import AlertsSettings
from popcam.core.alerts import AlertChange, ChannelSpec
from popcam.core.clock import SystemClock
from popcam.core.errors import (
    CameraNoFrameError,
    ChannelNotFoundError,
    NotificationFailedError,
    NotificationNotFoundError,
)
from popcam.security.vault import open_vault
from popcam.storage import Database, notifications
from popcam.storage.notifications import NotificationRow

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"
QUICK: dict[str, Any] = {"group_wait_s": 0.05}


@dataclass
class Site:
    """A notifier over a real database, with one channel to a webhook."""

    folder: Path
    hook: HookServer
    notifier: Notifier
    database: Database
    pictures: dict[str, bytes] = field(default_factory=dict)

    def tell(self, *changes: AlertChange, wanted: Sequence[str] = ("hook",)) -> None:
        """What the alerts' service does: plan, write, wake."""
        rows = self.notifier.dispatcher.plan(changes, time.time(), lambda _: wanted)
        self.database.run_sync(lambda connection: notifications.add(connection, rows))
        self.notifier.dispatcher.wake()

    def rows(self) -> list[NotificationRow]:
        return self.database.run_sync(lambda connection: notifications.since(connection, 0))

    def states(self) -> list[str]:
        return [row.state for row in self.rows()]


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with HookServer() as server:
        yield server


@asynccontextmanager
async def running(folder: Path, hook: HookServer, sender: Sender | None = None, **settings: Any) -> AsyncIterator[Site]:
    database = Database(folder / "popcam.db")
    pictures: dict[str, bytes] = {}

    async def picture_of(camera_id: str) -> bytes:
        if camera_id not in pictures:
            raise CameraNoFrameError(camera_id)
        return pictures[camera_id]

    channel = ChannelSpec(apprise_url=f"json://127.0.0.1:{hook.port}/in")
    given: dict[str, Any] = QUICK | {"channels": {"hook": channel}} | settings
    notifier = Notifier(
        database,
        open_vault(database, folder, {}),
        SystemClock(),
        AlertsSettings(**given),
        name_of=str.title,
        picture_of=picture_of,
        sender=sender,
    )
    await notifier.start()
    try:
        yield Site(folder, hook, notifier, database, pictures)
    finally:
        await notifier.stop()
        database.close()


@pytest.fixture
async def site(tmp_path: Path, hook: HookServer) -> AsyncIterator[Site]:
    async with running(tmp_path, hook) as site:
        yield site


async def until(true: Callable[[], bool], within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for is a file and another thread
            await asyncio.sleep(0.01)


async def test_what_fires_is_sent_at_once(site: Site) -> None:
    await asyncio.to_thread(outbox_load)
    began_s = time.time()
    site.tell(fires())
    await until(lambda: bool(site.hook.posts))
    # Not with the next look. How soon exactly: benchmarks/notify_times.py.
    assert site.hook.posts[0].unix_s - began_s < outbox_module.LONGEST_SLEEP_S / 2
    assert site.hook.posts[0].json["title"] == "Critical: Camera offline - Front"
    await until(lambda: site.states() == ["sent"])


def outbox_load() -> None:
    from popcam.alerts.notify.apprise_loading import load

    load("json")


async def test_the_cameras_picture_goes_with_it(site: Site) -> None:
    site.pictures["front"] = JPEG
    site.tell(fires())
    await until(lambda: bool(site.hook.posts))
    assert site.hook.posts[0].json["attachments"][0]["filename"] == "front.jpg"


async def test_without_a_picture_the_text_leaves_alone(site: Site) -> None:
    site.tell(fires())
    await until(lambda: bool(site.hook.posts))
    assert site.hook.posts[0].json["attachments"] == []


async def test_two_that_begin_within_the_group_wait_are_one_message(site: Site) -> None:
    site.tell(fires("front"))
    site.tell(fires("back"))
    await until(lambda: site.states() == ["sent", "sent"])
    (post,) = site.hook.posts
    assert post.json["title"] == "2 alerts: Camera offline"


async def test_hundreds_of_groups_are_one_message(tmp_path: Path, hook: HookServer) -> None:
    async with running(tmp_path, hook, group_by=("camera",)) as site:
        site.tell(*[fires(f"cam-{number}") for number in range(300)])
        await until(lambda: set(site.states()) == {"sent"})
        (post,) = hook.posts
    assert "and 280 more" in post.json["message"]


async def test_what_was_refused_is_tried_again_with_its_reason(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.alerts.notify.backoff.FIRST_S", 0.05)
    site.hook.status = 500
    site.tell(fires())
    await until(lambda: any(row.attempts >= 2 for row in site.rows()))
    (row,) = site.rows()
    assert (row.code, "500" in row.detail, row.maybe_repeated) == ("alert.notification_failed", True, False)
    site.hook.status = 200
    await until(lambda: site.states() == ["sent"])
    assert site.rows()[0].code == ""


async def test_what_fails_for_good_is_a_dead_letter_and_is_sent_by_hand(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popcam.alerts.notify.backoff.MAX_ATTEMPTS", 2)
    monkeypatch.setattr("popcam.alerts.notify.backoff.FIRST_S", 0.01)
    site.hook.status = 500
    site.tell(fires())
    await until(lambda: site.states() == ["dead"])
    site.hook.status = 200
    (row,) = site.rows()
    assert (await site.notifier.outbox.retry(row.notification_id)).state == "waiting"
    await until(lambda: site.states() == ["sent"])
    with pytest.raises(NotificationNotFoundError):
        await site.notifier.outbox.retry(row.notification_id)


async def test_a_place_that_is_forbidden_is_given_up_at_once(tmp_path: Path, hook: HookServer) -> None:
    channel = ChannelSpec(apprise_url="json://169.254.169.254/latest")
    async with running(tmp_path, hook, channels={"hook": channel}) as site:
        site.tell(fires())
        await until(lambda: site.states() == ["dead"])
        assert site.rows()[0].code == "alert.channel_invalid"


async def test_a_channel_that_is_gone_leaves_a_dead_letter(site: Site) -> None:
    site.tell(fires())
    site.notifier.settings = replace(site.notifier.settings, channels={})
    await until(lambda: site.states() == ["dead"])
    assert site.rows()[0].code == "alert.channel_not_found"


async def test_a_slow_channel_holds_up_no_other(tmp_path: Path, hook: HookServer) -> None:
    with HookServer() as slow:
        slow.silent.set()
        channels = {
            "slow": ChannelSpec(apprise_url=f"json://127.0.0.1:{slow.port}"),
            "hook": ChannelSpec(apprise_url=f"json://127.0.0.1:{hook.port}"),
        }
        async with running(tmp_path, hook, Sender(timeout_s=120.0), channels=channels) as site:
            site.tell(fires(), wanted=("slow", "hook"))
            await until(lambda: bool(slow.posts) and bool(hook.posts))
            await until(lambda: sorted(site.states()) == ["sending", "sent"])
            slow.silent.clear()
            await until(lambda: site.states() == ["sent", "sent"])


async def test_a_channel_that_never_answers_may_have_got_it(tmp_path: Path, hook: HookServer) -> None:
    hook.silent.set()
    async with running(tmp_path, hook, Sender(timeout_s=0.3)) as site:
        site.tell(fires())
        await until(lambda: any(row.maybe_repeated for row in site.rows()))
        hook.silent.clear()


async def test_what_was_on_its_way_when_the_server_ended_is_sent_again_and_says_so(
    tmp_path: Path, hook: HookServer
) -> None:
    async with running(tmp_path, hook) as site:
        site.tell(fires())
        await until(lambda: site.states() == ["sent"])
    with sqlite3.connect(tmp_path / "popcam.db") as connection:  # as SIGKILL between the two writes leaves it
        connection.execute("UPDATE notifications SET state = 'sending', ended_unix_s = NULL")
    connection.close()
    async with running(tmp_path, hook) as site:
        await until(lambda: site.states() == ["sent"])
    assert ["You may have got this before" in post.json["message"] for post in hook.posts] == [False, True]


async def test_after_a_restart_it_is_known_who_was_told(tmp_path: Path, hook: HookServer) -> None:
    async with running(tmp_path, hook) as site:
        site.tell(fires())
        await until(lambda: site.states() == ["sent"])
    async with running(tmp_path, hook) as site:
        await until(lambda: site.notifier.dispatcher._book.read)
        site.tell(over())
        await until(lambda: site.states() == ["sent", "sent"])
    assert hook.posts[1].json["title"] == "Over: Camera offline - Front"


async def test_a_database_that_refuses_for_a_while_loses_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "DATABASE_WAIT_S", 0.05)
    monkeypatch.setattr("popcam.storage.database.BUSY_TIMEOUT_MS", 50)
    site.database.run_sync(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 50"))
    site.hook.silent.set()
    site.tell(fires())
    await until(lambda: bool(site.hook.posts))
    other = sqlite3.connect(site.folder / "popcam.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    site.hook.silent.clear()
    await asyncio.sleep(0.3)
    other.execute("COMMIT")
    other.close()
    await until(lambda: site.states() == ["sent"], 20)
    assert len(site.hook.posts) == 1


async def test_counts_are_those_of_the_last_look(site: Site) -> None:
    site.tell(fires())
    await until(lambda: site.notifier.outbox.counts["sent"] == 1)


async def test_the_test_button_sends_at_once_and_says_why_not(site: Site) -> None:
    await site.notifier.test("hook")
    assert "test" in site.hook.posts[0].json["title"].lower()
    site.hook.status = 404
    with pytest.raises(NotificationFailedError, match="404"):
        await site.notifier.test("hook")
    with pytest.raises(ChannelNotFoundError):
        await site.notifier.test("nobody")
    assert site.rows() == []


def test_waits_grow_up_to_a_bound_and_end() -> None:
    waits = [delay_s(attempt, 0.5) for attempt in range(1, MAX_ATTEMPTS + 1)]
    assert waits == [5, 15, 45, 135, 405, 1215, 1800, 1800, 1800, None]


def test_waits_differ_by_chance() -> None:
    assert (delay_s(1, 0.0), delay_s(1, 1.0)) == (3.75, 6.25)


async def test_what_is_long_over_is_deleted_now_and_then(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.tell(fires())
    await until(lambda: site.states() == ["sent"])
    monkeypatch.setattr(outbox_module, "PRUNE_EVERY_S", 0.0)
    monkeypatch.setattr(outbox_module, "KEEP_S", -60.0)
    site.notifier.outbox.wake()
    await until(lambda: site.states() == [])


async def test_a_defect_in_one_message_is_a_failure_like_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.alerts.notify.backoff.FIRST_S", 0.5)
    with monkeypatch.context() as broken:
        broken.setattr("popcam.alerts.notify.service.render", lambda *_: 1 / 0)
        site.tell(fires())
        await until(lambda: site.rows()[0].attempts == 1 and site.states() == ["waiting"])
    assert "ZeroDivisionError" in site.rows()[0].detail
    await until(lambda: site.states() == ["sent"])


async def test_it_begins_as_soon_as_the_database_can_be_read(
    tmp_path: Path, hook: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("popcam.alerts.notify.service.LOAD_WAIT_S", 0.05)
    monkeypatch.setattr("popcam.storage.database.REOPEN_AFTER_S", 0.05)
    monkeypatch.setattr("popcam.alerts.notify.service.WARM_UP_AFTER_S", 0.0)
    (tmp_path / "popcam.db").write_bytes(b"this is no database" * 100)
    async with running(tmp_path, hook) as site:
        await asyncio.sleep(0.2)
        (tmp_path / "popcam.db").unlink()
        await until(lambda: site.notifier.dispatcher._book.read)
        site.tell(fires())
        await until(lambda: site.states() == ["sent"])


async def test_the_first_message_finds_its_service_loaded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What sends it is loaded while the message waits for others of its group."""
    loaded: list[str] = []
    monkeypatch.setattr("popcam.alerts.notify.service.load", loaded.append)
    site.tell(fires())
    site.tell(fires("back"))
    await until(lambda: bool(site.hook.posts))
    assert loaded == ["json"]
