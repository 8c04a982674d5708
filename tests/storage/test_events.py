"""Events in a real SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from popcam.core.errors import EventNotFoundError, RequestInvalidError
from popcam.core.facts import Event, EventKind
from popcam.storage import Database, EventFilter, EventStore, Retention


def event(number: int, camera_id: str = "door", kind: EventKind = "face_appeared", jpeg: bytes = b"") -> Event:
    return Event(
        event_id=f"e{number:03}",
        camera_id=camera_id,
        kind=kind,
        started_unix_s=1000.0 + number,
        label="face",
        track_id=number,
        score=0.9,
        box=(0.1, 0.2, 0.3, 0.4),
        snapshot_jpeg=jpeg,
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EventStore]:
    database = Database(tmp_path / "popcam.db")
    yield EventStore(database)
    database.close()


async def ids(store: EventStore, wanted: EventFilter | None = None) -> list[str]:
    return [row.event_id for row in (await store.page(wanted or EventFilter(), None, 100)).rows]


async def test_events_come_newest_first(store: EventStore) -> None:
    store.put([event(1), event(3), event(2)])
    assert await ids(store) == ["e003", "e002", "e001"]


async def test_a_row_holds_what_the_event_held(store: EventStore) -> None:
    store.put([event(1, jpeg=b"abc")])
    row = (await store.page(EventFilter(), None, 1)).rows[0]
    assert (row.box, row.track_id, row.ended_unix_s, row.snapshot_bytes) == ((0.1, 0.2, 0.3, 0.4), 1, None, 3)


async def test_pages_follow_one_another_without_gap_or_repeat(store: EventStore) -> None:
    store.put([event(number) for number in range(25)])
    seen, cursor, pages = [], None, 0
    while cursor or not pages:
        page = await store.page(EventFilter(), cursor, 10)
        seen += [row.event_id for row in page.rows]
        cursor, pages = page.next_cursor, pages + 1
    assert seen == [f"e{number:03}" for number in reversed(range(25))]
    assert pages == 3


async def test_events_of_the_same_instant_are_all_listed(store: EventStore) -> None:
    store.put([Event(event_id=f"x{n}", camera_id="door", kind="motion_started", started_unix_s=5.0) for n in range(4)])
    first = await store.page(EventFilter(), None, 2)
    second = await store.page(EventFilter(), first.next_cursor, 2)
    assert {row.event_id for row in first.rows + second.rows} == {"x0", "x1", "x2", "x3"}
    assert second.next_cursor is None


@pytest.mark.parametrize("cursor", ["", "!", "bm9uc2Vuc2U", "W10"])
async def test_a_foreign_cursor_is_refused(store: EventStore, cursor: str) -> None:
    with pytest.raises(RequestInvalidError):
        await store.page(EventFilter(), cursor, 10)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EventFilter(camera_id="yard"), ["e002"]),
        (EventFilter(kind="motion_started"), ["e003"]),
        (EventFilter(since_unix_s=1002.0), ["e003", "e002"]),
        (EventFilter(until_unix_s=1002.0), ["e001"]),
    ],
)
async def test_filters_choose(store: EventStore, wanted: EventFilter, expected: list[str]) -> None:
    store.put([event(1), event(2, "yard"), event(3, kind="motion_started")])
    assert await ids(store, wanted) == expected


async def test_an_event_that_ended_replaces_itself_and_keeps_its_picture(store: EventStore) -> None:
    store.put([event(1, jpeg=b"abc")])
    store.put(
        [Event(event_id="e001", camera_id="door", kind="face_appeared", started_unix_s=1001.0, ended_unix_s=1009.0)]
    )
    row = (await store.page(EventFilter(), None, 10)).rows[0]
    assert (row.ended_unix_s, row.snapshot_bytes) == (1009.0, 3)
    assert await store.snapshot("e001") == b"abc"


async def test_no_picture_is_not_found(store: EventStore) -> None:
    store.put([event(1)])
    with pytest.raises(EventNotFoundError):
        await store.snapshot("e001")


async def test_old_events_go_with_their_pictures(store: EventStore) -> None:
    store.put([event(1, jpeg=b"abc"), event(50)])
    assert store.prune(Retention(max_age_s=20, max_count=100), now_unix_s=1051.0) == 1
    assert await ids(store) == ["e050"]
    with pytest.raises(EventNotFoundError):
        await store.snapshot("e001")


async def test_the_oldest_beyond_the_number_go(store: EventStore) -> None:
    store.put([event(number) for number in range(900)])
    assert store.prune(Retention(max_age_s=1e9, max_count=100), now_unix_s=2000.0) == 800
    assert (await ids(store))[-1] == "e800"
