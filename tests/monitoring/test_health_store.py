"""Changes of checks: kept, told with the one before them, pruned; and a database that fails for a while."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hand_clock import HandClock

from popcam.core.language import Text
from popcam.core.monitoring import CheckChange, CheckState
from popcam.monitoring import health_store
from popcam.monitoring.health_store import DAY_S, ChangeKeeper
from popcam.storage import Database

START_UNIX_S = 1_700_000_000.0


def change(at_s: float, before: CheckState = "ok", now: CheckState = "failed", check_id: str = "a") -> CheckChange:
    return CheckChange(check_id, START_UNIX_S + at_s, before, now, "storage.full", Text("bad", "坏"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START_UNIX_S)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


@pytest.fixture
def keeper(database: Database, clock: HandClock) -> ChangeKeeper:
    return ChangeKeeper(database, clock, lambda: 30.0)


@pytest.fixture
async def broken(tmp_path: Path) -> AsyncIterator[Database]:
    (tmp_path / "bad.db").write_bytes(b"no database " * 500)
    broken = Database(tmp_path / "bad.db")
    yield broken
    broken.close()


async def test_what_waits_is_in_the_history_at_once(keeper: ChangeKeeper) -> None:
    keeper.put(change(1.0))
    assert await keeper.since("a", 0.0, 10) == [change(1.0)]


async def test_history_begins_with_the_change_before(keeper: ChangeKeeper) -> None:
    for at_s in (1.0, 2.0, 3.0):
        keeper.put(change(at_s))
    keeper.put(change(2.5, check_id="b"))
    found = await keeper.since("a", START_UNIX_S + 2.5, 10)
    assert [one.at_unix_s - START_UNIX_S for one in found] == [2.0, 3.0]


async def test_the_newest_are_told_where_there_are_too_many(keeper: ChangeKeeper) -> None:
    for at_s in range(10):
        keeper.put(change(float(at_s)))
    found = await keeper.since("a", 0.0, 3)
    assert [one.at_unix_s - START_UNIX_S for one in found] == [7.0, 8.0, 9.0]


async def test_how_checks_stood_last_is_known(keeper: ChangeKeeper) -> None:
    keeper.put(change(1.0))
    keeper.put(change(2.0, "failed", "ok"))
    keeper.put(change(1.5, check_id="b"))
    await keeper.flush()
    standings = await keeper.standings()
    assert {key: (one.state, one.since_unix_s - START_UNIX_S) for key, one in standings.items()} == {
        "a": ("ok", 2.0),
        "b": ("failed", 1.5),
    }


async def test_old_changes_go_except_the_last_of_each_check(
    keeper: ChangeKeeper, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_store, "FLUSH_EVERY_S", 0.001)
    for at_s in (1.0, 2.0):
        keeper.put(change(at_s))
    await keeper.flush()
    clock.pass_s(31.0 * DAY_S)
    task = asyncio.create_task(keeper.run())
    async with asyncio.timeout(60):
        while len(await keeper.since("a", 0.0, 10)) > 1:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.005)
    task.cancel()
    assert await keeper.since("a", 0.0, 10) == [change(2.0)]


async def test_their_number_is_bounded(keeper: ChangeKeeper, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_store, "MAX_ROWS", 5)
    for at_s in range(20):
        keeper.put(change(float(at_s)))
    await keeper.flush()
    await keeper._prune()
    assert len(await keeper.since("a", 0.0, 100)) == 5


async def test_a_database_that_fails_loses_nothing_once_it_works(
    broken: Database, database: Database, clock: HandClock
) -> None:
    keeper = ChangeKeeper(broken, clock, lambda: 30.0)
    assert await keeper.standings() == {}
    keeper.put(change(1.0))
    await keeper.flush()
    keeper.put(change(2.0, "failed", "ok"))
    await keeper.flush()
    await keeper._prune()
    keeper._database = database
    assert [one.now for one in await keeper.since("a", 0.0, 10)] == ["failed", "ok"]
    assert keeper.lost == 0


async def test_what_waits_for_too_long_is_counted_as_lost(
    broken: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_store, "MAX_WAITING", 3)
    keeper = ChangeKeeper(broken, clock, lambda: 30.0)
    for at_s in range(5):
        keeper.put(change(float(at_s)))
    await keeper.flush()
    assert keeper.lost == 2
