"""What the watch knows is kept in a real database; jumps of the clock are noticed."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.security import SecurityKind
from popcam.security.event_book import MAX_PER_KIND
from popcam.security.watch import Watch
from popcam.security.watch_keeper import WatchKeeper
from popcam.storage import Database, security_facts

TRAP = "/.env"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db")
    yield database
    database.close()


async def kept(database: Database, clock: HandClock) -> Watch:
    """What a server that starts now would know."""
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    await keeper.stop()
    return watch


async def test_events_blocks_and_places_are_there_after_a_restart(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    for _ in range(6):
        watch.not_found("192.0.2.7", TRAP)
    watch.token_used("t1", "192.0.2.7")
    await keeper.stop()
    later = await kept(database, clock)
    assert later.book.newest() == watch.book.newest()
    assert later.blocks() == watch.blocks()
    assert later.places() == watch.places()


async def test_a_block_that_was_removed_stays_so(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    for _ in range(6):
        watch.not_found("192.0.2.7", TRAP)
    await keeper.flush()
    watch.unblock("192.0.2.7")
    await keeper.stop()
    assert (await kept(database, clock)).blocks() == []


async def test_rows_stay_bounded(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    for number in range(MAX_PER_KIND + 50):
        watch.failed_login(f"192.0.{number // 250}.{number % 250}", "anna")
        if number % 100 == 0:
            await keeper.flush()
    await keeper.stop()
    rows = await database.run(lambda connection: security_facts.begin_with(connection, "event:"))
    assert len(rows) == MAX_PER_KIND


@pytest.mark.parametrize(("seconds", "told"), [(3600.0, "+3600.0 s"), (-60.0, "-60.0 s")])
async def test_a_jump_of_the_clock_is_told(database: Database, clock: HandClock, seconds: float, told: str) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    clock.pass_s(100)
    clock.jump_s(seconds)
    keeper.look_at_clock()
    keeper.look_at_clock()
    (event,) = watch.book.newest()
    assert (event.kind, event.detail, event.count) == (SecurityKind.CLOCK_JUMP, told, 1)


async def test_small_corrections_are_not(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    for _ in range(10):
        clock.jump_s(0.9)
        keeper.look_at_clock()
    assert watch.book.newest() == []


async def test_a_clock_set_back_while_the_server_was_off_is_told(database: Database, clock: HandClock) -> None:
    await kept(database, clock)
    clock.jump_s(-3600)
    later = await kept(database, clock)
    assert [event.detail for event in later.book.newest()] == ["-3600.0 s"]


async def test_a_busy_database_loses_nothing(database: Database, clock: HandClock, tmp_path: Path) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    await database.run(lambda connection: connection.exec_driver_sql("ALTER TABLE security_facts RENAME TO away"))
    watch.audit_broken("entry 7")
    await keeper.flush()
    with sqlite3.connect(tmp_path / "popcam.db") as connection:
        connection.execute("ALTER TABLE away RENAME TO security_facts")
    connection.close()
    await keeper.stop()
    assert [event.detail for event in (await kept(database, clock)).book.newest()] == ["entry 7"]


async def test_what_another_thread_finds_out_is_told_in_the_loop(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    keeper = WatchKeeper(database, watch, clock)
    await keeper.start()
    told_in: list[threading.Thread] = []
    watch.on_event(lambda _event: told_in.append(threading.current_thread()))
    await asyncio.to_thread(watch.audit_broken, "entry 7")
    await asyncio.sleep(0)
    await keeper.stop()
    assert told_in == [threading.current_thread()]
