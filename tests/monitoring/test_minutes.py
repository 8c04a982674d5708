"""One-minute points in a real database: written each minute, read back, kept through failures and restarts."""

import asyncio
import math
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection
from tests.fakes.fresh_database import fresh_database
from tests.monitoring.measured import BEGIN_UNIX_S, Seconds, counter, gauge

from popcam.monitoring.minutes import MAX_WAITING_HOURS, Book, Minutes, Taken, key_of, pack, unpack
from popcam.monitoring.registry import Registry
from popcam.monitoring.rings import Rings
from popcam.storage import Database, figures

HOUR_S = 3600
END = 1e11


class Site:
    """A registry with a kept gauge, the seconds, and the minutes of it."""

    def __init__(
        self, database: Database, unix_s: float = BEGIN_UNIX_S, *, days: float = 30.0, mb: float = 500.0
    ) -> None:
        self.database = database
        self.registry = Registry()
        self.level = gauge(self.registry, kept=True)
        self.things = counter(self.registry, kept=True)
        self.seconds = Seconds(Rings(self.registry))
        self.seconds.unix_s = unix_s
        self.bounds = (days, mb)
        self.minutes = Minutes(database, lambda: self.bounds)

    async def pass_s(self, count: int, *, every: int = 1) -> None:
        """Let seconds go by, and what is to be written be written."""
        for _ in range(0, count, every):
            unix_s = self.seconds.unix_s
            self.minutes.passed(unix_s, self.seconds.take(passed_s=every), self.seconds.rings)
            if unix_s % 60 < every:
                await self.written()

    async def written(self) -> None:
        while (writing := self.minutes.writing) is not None:
            await asyncio.wait((writing,))

    async def means(self, since_s: float = 0.0) -> list[float]:
        return list((await self.minutes.history("popcam_level", ("gate",), since_s, END)).mean)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


def test_an_hour_packs_to_a_fraction_and_comes_back() -> None:
    hour = np.full((60, 3), np.nan, np.float32)
    hour[:30] = 24.5
    packed = pack(hour)
    assert len(packed) < 60 * 3 * 4 / 5
    assert np.array_equal(unpack(packed), hour, equal_nan=True)


@pytest.mark.parametrize("damaged", [b"", b"nothing", pack(np.zeros((60, 3), np.float32))[:-3]])
def test_what_was_not_packed_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="points"):
        unpack(damaged)


async def test_minutes_have_mean_least_and_most(database: Database) -> None:
    site = Site(database)
    for value in (1.0, 3.0):
        site.level.set(("gate",), value)
        await site.pass_s(30)
    site.level.set(("gate",), 9.0)
    await site.pass_s(61)
    points = await site.minutes.history("popcam_level", ("gate",), 0, END)
    assert points.step_s == 60.0
    assert points.unix_s == [BEGIN_UNIX_S, BEGIN_UNIX_S + 60]
    assert (points.mean, points.low, points.high) == ([2.0, 9.0], [1.0, 9.0], [3.0, 9.0])


async def test_minutes_of_a_counter_are_its_growth_per_second(database: Database) -> None:
    site = Site(database)
    for _ in range(61):
        site.things.add(("gate",), 5.0)
        await site.pass_s(1)
    points = await site.minutes.history("popcam_things_total", ("gate",), 0, END)
    assert points.mean == [5.0]


async def test_minutes_in_which_nothing_was_measured_are_gaps(database: Database) -> None:
    site = Site(database)
    site.level.set(("gate",), 1.0)
    await site.pass_s(60)
    site.level.set(("gate",), math.nan)
    await site.pass_s(60)
    site.level.set(("gate",), 2.0)
    await site.pass_s(61)
    assert [None if math.isnan(mean) else mean for mean in await site.means()] == [1.0, None, 2.0]


async def test_what_is_not_kept_is_not_written(database: Database) -> None:
    site = Site(database)
    gauge(site.registry, "popcam_other").set(("gate",), 1.0)
    site.level.set(("gate",), 1.0)
    await site.pass_s(61)
    assert database.run_sync(lambda connection: figures.labels_of(connection, "popcam_other")) == []


async def test_a_restart_within_the_hour_goes_on_in_it(database: Database) -> None:
    first = Site(database)
    first.level.set(("gate",), 1.0)
    await first.pass_s(61)
    second = Site(database, first.seconds.unix_s + 59)
    second.level.set(("gate",), 2.0)
    await second.pass_s(61)
    means = await second.means()
    assert (means[0], means[2]) == (1.0, 2.0)
    assert math.isnan(means[1])
    assert database.run_sync(lambda c: len(figures.hour(c, int(BEGIN_UNIX_S // HOUR_S)))) == 1


async def test_the_minute_that_has_begun_is_written_at_the_end(database: Database) -> None:
    site = Site(database)
    site.level.set(("gate",), 4.0)
    await site.pass_s(20)
    await site.minutes.stop(site.seconds.rings)
    assert await site.means() == [4.0]


async def test_nothing_is_lost_while_the_database_refuses(database: Database, tmp_path: Path) -> None:
    site = Site(database)
    site.level.set(("gate",), 1.0)
    database.open()
    with sqlite3.connect(tmp_path / "popcam.db", isolation_level=None) as other:
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("ALTER TABLE metric_hours RENAME TO away")
        await site.pass_s(121)
        other.execute("ALTER TABLE away RENAME TO metric_hours")
    other.close()
    await site.pass_s(60)
    assert await site.means() == [1.0, 1.0, 1.0]


async def test_hours_that_can_not_be_written_wait_up_to_a_bound() -> None:
    book = Book()
    for hour in range(MAX_WAITING_HOURS + 3):
        book.note(Taken(hour * 60, "popcam_level", {0: ("gate",)}, np.ones((1, 3), np.float32)))
    lost = book.close_before(MAX_WAITING_HOURS + 2)
    assert lost == 2
    assert len(book.hours) == MAX_WAITING_HOURS + 1


async def test_a_damaged_hour_counts_as_not_measured(database: Database) -> None:
    site = Site(database)
    site.level.set(("gate",), 1.0)
    await site.pass_s(61)
    key = key_of("popcam_level", ("yard",))
    hour = int(BEGIN_UNIX_S // HOUR_S)
    database.run_sync(lambda c: figures.put(c, [figures.HourRow(figures.series_ids(c, [key])[key], hour, b"damaged")]))
    assert (await site.minutes.history("popcam_level", ("yard",), 0, END)).unix_s == ()


async def test_what_is_too_old_is_deleted_with_series_that_have_nothing_left(database: Database) -> None:
    old = Site(database, BEGIN_UNIX_S - 3 * 86_400)
    old.level.set(("attic",), 1.0)
    await old.pass_s(61)
    site = Site(database, days=2.0)
    site.level.set(("gate",), 1.0)
    await site.pass_s(61)
    labels = database.run_sync(lambda connection: figures.labels_of(connection, "popcam_level"))
    assert labels == ['["gate"]']


async def test_the_oldest_hours_go_beyond_a_size(database: Database) -> None:
    key = key_of("popcam_level", ("gate",))
    now_hour = int(BEGIN_UNIX_S // HOUR_S)

    def fill(connection: Connection) -> None:
        series = figures.series_ids(connection, [key])[key]
        figures.put(connection, [figures.HourRow(series, now_hour - age, bytes(9_976)) for age in range(1, 200)])

    database.run_sync(fill)
    site = Site(database, mb=1.0)
    site.level.set(("gate",), 1.0)
    await site.pass_s(61)
    hours = database.run_sync(lambda c: [hour for hour, _ in figures.history(c, key, 0, now_hour)])
    assert hours[0] == now_hour - 99
    assert hours[-1] == now_hour


async def test_series_that_were_forgotten_come_back(database: Database) -> None:
    site = Site(database, days=1.0)
    site.level.set(("gate",), 1.0)
    await site.pass_s(61)
    site.level.set(("gate",), math.nan)
    site.seconds.unix_s += 2 * 86_400
    await site.pass_s(61)
    site.level.set(("gate",), 2.0)
    await site.pass_s(60)
    assert (await site.means(site.seconds.unix_s - 600))[-1] == 2.0
