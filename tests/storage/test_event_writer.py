"""The thread that writes events."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from popcam.core.errors import DatabaseError, DatabaseFullError
from popcam.core.facts import Event
from popcam.storage import Database, EventFilter, EventStore, EventWriter, Retention, event_writer

KEEP = Retention(max_age_s=1e12, max_count=10**9)


def event(number: int) -> Event:
    return Event(event_id=f"e{number}", camera_id="door", kind="motion_started", started_unix_s=float(number))


def eventually(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "did not happen in time"
        time.sleep(0.005)


class FaultyStore(EventStore):
    """A store whose database refuses for a while, or refuses one event."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.fault: DatabaseError | None = None
        self.bad_id = ""

    def put(self, batch: Sequence[Event]) -> None:
        if self.fault is not None:
            raise self.fault
        if any(one.event_id == self.bad_id for one in batch):
            raise DatabaseError("this one breaks a constraint")
        super().put(batch)


@pytest.fixture
def store(tmp_path: Path) -> FaultyStore:
    return FaultyStore(Database(tmp_path / "popcam.db"))


async def count(store: EventStore) -> int:
    return len((await store.page(EventFilter(), None, 5000)).rows)


async def test_events_are_written_soon(store: FaultyStore) -> None:
    writer = EventWriter(store, KEEP)
    writer.start()
    for number in range(50):
        writer.offer(event(number))
    eventually(lambda: writer.written == 50)
    assert await count(store) == 50
    writer.stop()


async def test_stop_writes_what_waits(store: FaultyStore) -> None:
    writer = EventWriter(store, KEEP)
    for number in range(1000):
        writer.offer(event(number))
    writer.start()
    writer.stop()
    assert (await count(store), writer.lost) == (1000, 0)


async def test_events_wait_while_the_disk_is_full(store: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "RETRY_S", 0.02)
    store.fault = DatabaseFullError()
    writer = EventWriter(store, KEEP)
    writer.start()
    writer.offer(event(1))
    time.sleep(0.2)  # noqa: ASYNC251 - the writer is a thread: let it fail a few times
    assert writer.written == 0
    store.fault = None
    eventually(lambda: writer.written == 1)
    assert writer.lost == 0
    writer.stop()


def test_the_oldest_are_lost_and_counted_beyond_the_bound(store: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "MAX_WAITING", 10)
    store.fault = DatabaseFullError()
    writer = EventWriter(store, KEEP)
    writer.start()
    for number in range(25):
        writer.offer(event(number))
    writer.stop(1.0)
    assert writer.written == 0
    assert writer.lost == 25


async def test_one_impossible_event_does_not_hold_up_the_others(store: FaultyStore) -> None:
    store.bad_id = "e7"
    writer = EventWriter(store, KEEP)
    for number in range(20):
        writer.offer(event(number))
    writer.start()
    eventually(lambda: writer.written == 19)
    assert writer.lost == 1
    writer.stop()


async def test_retention_runs_by_itself(store: FaultyStore) -> None:
    store.put([event(1), event(1000)])
    writer = EventWriter(store, Retention(max_age_s=500, max_count=100), unix_s=lambda: 1001.0)
    writer.start()
    writer.offer(event(1001))
    eventually(lambda: writer.written == 1)
    writer.stop()
    assert await count(store) == 2
