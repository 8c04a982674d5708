"""People are told although the database refuses: a real one on a real disk that is full."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hook_server import HookServer
from tests.fakes.small_disk import fill, small_disk_at
from tests.fakes.told_alerts import fires, over

from popcam.alerts.journal import Journal
from popcam.alerts.model import Look, Standing
from popcam.alerts.notify.service import Notifier
from popcam.alerts.store import AlertStore
from popcam.config.model import AlertsSettings
from popcam.core.alerts import AlertChange, ChannelSpec
from popcam.core.clock import SystemClock
from popcam.core.errors import CameraNoFrameError, DatabaseError, DatabaseFullError
from popcam.security.vault import open_vault
from popcam.storage import Database, notifications
from popcam.storage.alerts import ChangeFilter
from popcam.storage.notifications import NotificationRow

BLOCK = 4096


@dataclass
class Site:
    """A journal of alerts and a notifier over one database, whose disk may be full."""

    disk: Path
    hook: HookServer
    database: Database
    notifier: Notifier
    journal: Journal
    store: AlertStore

    async def happen(self, *changes: AlertChange) -> bool:
        """These changes are found and written; whether the database took them."""
        look = Look(time.time(), changes=list(changes))
        for change in changes:
            look.changed[change.alert.key] = None if change.alert.state == "resolved" else Standing(alert=change.alert)
        self.journal.take(look)
        return await self.write()

    async def write(self) -> bool:
        """As each second."""
        return await self.journal.write(time.time(), [])

    async def fill(self) -> None:
        """Until the database can't write, either."""
        fill(self.disk / "filler")
        with suppress(DatabaseError):
            while True:  # what it has in reserve in its own files
                await self.database.run(lambda c: notifications.add(c, [_ballast()]))
        with pytest.raises(DatabaseFullError):
            await self.database.run(lambda c: notifications.add(c, [_ballast()]))

    def free(self) -> None:
        (self.disk / "filler").unlink()

    def titles(self) -> list[str]:
        return [post.json["title"] for post in self.hook.posts]

    def rows(self) -> list[NotificationRow]:
        rows = self.database.run_sync(lambda connection: notifications.since(connection, 1.0))
        return [row for row in rows if row.channel_id == "hook"]


def _ballast() -> NotificationRow:
    facts = {"x": os.urandom(BLOCK).hex()}
    return NotificationRow(
        channel_id="nobody", group_key="", made_unix_s=0.0, due_unix_s=0.0, state="dead", ended_unix_s=0.0, facts=facts
    )


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk_at(tmp_path / "disk", "4m") as disk:
        yield disk


@pytest.fixture
async def site(disk: Path) -> AsyncIterator[Site]:
    async def picture_of(camera_id: str) -> bytes:
        raise CameraNoFrameError(camera_id)

    database = fresh_database(disk / "popcam.db")
    with HookServer() as hook:
        channel = ChannelSpec(apprise_url=f"json://127.0.0.1:{hook.port}/in")
        notifier = Notifier(
            database,
            open_vault(database, disk, {}),
            SystemClock(),
            AlertsSettings(group_wait_s=0.05, channels={"hook": channel}),
            name_of=str.title,
            picture_of=picture_of,
        )
        store = AlertStore(database)
        journal = Journal(store, lambda _key: ("hook",))
        journal.dispatcher = notifier.dispatcher
        await notifier.start()
        try:
            site = Site(disk, hook, database, notifier, journal, store)
            assert await site.happen(fires("attic"), over("attic"))  # so that the outbox is known to be read
            await until(lambda: "sent" in {row.state for row in site.rows()})
            hook.posts.clear()
            yield site
        finally:
            await notifier.stop()
            database.close()


async def until(true: Callable[[], bool], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for is another thread
            await asyncio.sleep(0.01)


async def test_a_full_disk_keeps_nobody_from_hearing_of_it(site: Site) -> None:
    await site.fill()
    assert not await site.happen(fires("front"))
    await until(lambda: site.titles() == ["Critical: Camera offline - Front"])


async def test_it_is_told_once_and_stands_as_sent_when_the_database_writes_again(site: Site) -> None:
    await site.fill()
    await site.happen(fires("front"))
    await until(lambda: len(site.titles()) == 1)
    for _ in range(3):
        assert not await site.write()
    site.free()
    assert await site.write()
    row = next(row for row in site.rows() if "front" in str(row.facts))
    assert (row.state, row.maybe_repeated) == ("sent", False)
    assert [change.now for change in await site.store.changes(ChangeFilter()) if change.subject == "front"] == [
        "firing"
    ]
    assert await site.happen(over("front"))
    await until(lambda: len(site.titles()) == 2)
    assert site.titles()[1].startswith("Over")


async def test_what_is_on_its_way_while_the_database_writes_again_may_be_repeated(site: Site) -> None:
    await site.fill()
    site.hook.silent.set()
    await site.happen(fires("front"))
    await until(lambda: len(site.hook.posts) == 1)
    site.free()
    assert await site.write()
    assert next(row.maybe_repeated for row in site.rows() if "front" in str(row.facts))
    site.hook.silent.clear()
    await until(lambda: len(site.hook.posts) == 2)


async def test_a_channel_that_is_away_is_asked_again_after_a_rest(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("popcam.alerts.notify.detour.REST_S", 0.3)
    await site.fill()
    site.hook.status = 500
    await site.happen(fires("front"))
    await until(lambda: len(site.hook.posts) == 1)
    site.hook.status = 200
    began_s = time.monotonic()
    while len(site.hook.posts) < 2 and time.monotonic() - began_s < 10.0:
        await site.write()
        await asyncio.sleep(0.02)
    assert len(site.hook.posts) == 2
    site.free()
    assert await site.write()
    assert next(row.state for row in site.rows() if "front" in str(row.facts)) == "sent"


async def test_of_several_only_what_is_new_is_told(site: Site) -> None:
    await site.fill()
    await site.happen(fires("front"))
    await until(lambda: len(site.titles()) == 1)
    back = fires("back")
    other = replace(back.alert, key=back.alert.key._replace(rule_id="camera-frozen"), name="Camera picture frozen")
    await site.happen(AlertChange(other, "pending"))
    await until(lambda: len(site.titles()) == 2)
    assert site.titles()[1] == "Critical: Camera picture frozen - Back"


async def test_a_channel_that_is_switched_off_is_not_told(site: Site) -> None:
    await site.fill()
    (channel,) = site.notifier.settings.channels.values()
    site.notifier.settings = replace(site.notifier.settings, channels={"hook": replace(channel, enabled=False)})
    await site.happen(fires("front"))
    await asyncio.sleep(0.2)
    assert site.titles() == []
