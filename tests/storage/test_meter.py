"""What the database is busy with, as it is really used."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from popcam.storage import Database
from popcam.storage.meter import MAX_HELD, DatabaseMeter


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "popcam.db", threads=1)
    database.open()
    database.meter.take()
    yield database
    database.close()


async def test_statements_are_timed_with_places_for_values(database: Database) -> None:
    await database.run(lambda connection: connection.execute(text("SELECT :secret"), {"secret": "hush"}).scalar())
    statements, waits_s = database.meter.take()
    texts = [statement.text for statement in statements]
    assert "SELECT ?" in texts
    assert not any("hush" in one for one in texts)
    assert all(0 <= statement.took_s < 10 for statement in statements)
    assert len(waits_s) == 1
    assert database.meter.take() == ([], [])


async def test_a_slow_statement_takes_as_long_as_it_takes(database: Database) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT max(x) FROM n"
    await database.run(lambda connection: connection.execute(text(slow)).scalar())
    statements, _ = database.meter.take()
    assert max(statements, key=lambda statement: statement.took_s).text == slow


async def test_who_works_and_who_waits_is_known_at_any_time(database: Database) -> None:
    go, works = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        works.set()
        go.wait(5)

    first = asyncio.create_task(database.run(hold))
    await asyncio.to_thread(works.wait, 5)
    second = asyncio.create_task(database.run(lambda connection: connection.execute(text("SELECT 1")).scalar()))
    await asyncio.sleep(0.05)
    busy = database.meter.in_use, database.meter.waiting
    go.set()
    await asyncio.gather(first, second)
    assert busy == (1, 1)
    assert (database.meter.in_use, database.meter.waiting) == (0, 0)
    assert max(database.meter.take()[1]) >= 0.04


async def test_who_gives_up_waits_no_more(database: Database) -> None:
    go = threading.Event()
    first = asyncio.create_task(database.in_thread(lambda: go.wait(5)))
    second = asyncio.create_task(database.in_thread(lambda: None))
    await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    waiting = database.meter.waiting
    go.set()
    await first
    assert waiting == 0


async def test_a_transaction_that_breaks_is_over(database: Database) -> None:
    def broken(_connection: Connection) -> None:
        raise ConnectionError("broke")

    with pytest.raises(ConnectionError):
        await database.run(broken)
    assert database.meter.in_use == 0


def test_what_nobody_takes_is_bounded() -> None:
    meter = DatabaseMeter()
    for _ in range(MAX_HELD + 10):
        meter.began(meter.queued())
    assert len(meter.take()[1]) == MAX_HELD
