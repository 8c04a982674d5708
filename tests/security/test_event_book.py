"""What was seen lately: counted, bounded, told."""

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.security import SecurityEvent, SecurityKind
from popcam.security.event_book import MAX_PER_KIND, SAME_WITHIN_S, EventBook


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def book(clock: HandClock) -> EventBook:
    return EventBook(clock)


def test_the_same_again_is_counted(book: EventBook, clock: HandClock) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7", path="/a")
    clock.pass_s(5)
    book.tell(SecurityKind.PROBING, address="192.0.2.7", path="/b")
    (event,) = book.newest()
    assert (event.count, event.path, event.last_unix_s - event.first_unix_s) == (2, "/b", 5)


def test_after_a_while_it_is_another_one(book: EventBook, clock: HandClock) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    clock.pass_s(SAME_WITHIN_S + 1)
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    assert len(book.newest()) == 2


def test_a_clock_set_back_begins_another_one(book: EventBook, clock: HandClock) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    clock.jump_s(-3600)
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    assert len(book.newest()) == 2


def test_listeners_hear_the_first_and_then_each_doubling(book: EventBook) -> None:
    heard: list[SecurityEvent] = []
    book.on_event(heard.append)
    for _ in range(9):
        book.tell(SecurityKind.PROBING, address="192.0.2.7")
    assert [event.count for event in heard] == [1, 2, 4, 8]


def test_a_flood_of_one_kind_pushes_out_nothing_of_others(book: EventBook) -> None:
    book.tell(SecurityKind.AUDIT_BROKEN, detail="entry 7")
    for number in range(MAX_PER_KIND * 3):
        book.tell(SecurityKind.LOGIN_FAILED, address=f"192.0.2.{number}")
    assert len(book.newest(limit=10_000)) == MAX_PER_KIND + 1
    assert book.newest(kinds=[SecurityKind.AUDIT_BROKEN])[0].detail == "entry 7"


def test_pages_go_on_where_the_last_one_ended(book: EventBook) -> None:
    for number in range(5):
        book.tell(SecurityKind.PROBING, address=f"192.0.2.{number}")
    first = book.newest(limit=2)
    second = book.newest(limit=10, before_id=first[-1].event_id)
    assert [event.event_id for event in (*first, *second)] == [5, 4, 3, 2, 1]


def test_what_changed_is_given_once(book: EventBook) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    changed = book.take_changes()
    assert [event.event_id for event in changed] == [1]
    assert book.take_changes() == []
    book.write_again(changed)
    assert book.take_changes() == changed


def test_numbers_go_on_after_a_restart(book: EventBook, clock: HandClock) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    later = EventBook(clock)
    later.load(book.newest())
    later.tell(SecurityKind.CLOCK_JUMP)
    assert [event.event_id for event in later.newest()] == [2, 1]


def test_what_was_seen_before_the_database_answered_comes_behind(book: EventBook, clock: HandClock) -> None:
    book.tell(SecurityKind.PROBING, address="192.0.2.7")
    later = EventBook(clock)
    later.tell(SecurityKind.CLOCK_JUMP)
    later.load(book.newest())
    assert [(event.event_id, event.kind) for event in later.newest()] == [
        (2, SecurityKind.CLOCK_JUMP),
        (1, SecurityKind.PROBING),
    ]
    assert [event.event_id for event in later.take_changes()] == [2]
