"""Notifications as rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from popcam.storage import Database, notifications
from popcam.storage.notifications import Lane, NotificationRow

T0 = 1000.0
Result = TypeVar("Result")
Run = Callable[[Callable[[Connection], Result]], Result]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db")
    yield database
    database.close()


def row(channel_id: str = "phone", group: str = "a", made: float = T0, due: float = T0) -> NotificationRow:
    return NotificationRow(
        channel_id=channel_id, group_key=group, made_unix_s=made, due_unix_s=due, facts={"alerts": [{"name": "é"}]}
    )


def put(database: Database, *rows: NotificationRow) -> list[int]:
    database.run_sync(lambda connection: notifications.add(connection, rows))
    newest = database.run_sync(lambda connection: notifications.page(connection, limit=len(rows)))
    return sorted(one.notification_id for one in newest)


def states(database: Database) -> list[str]:
    return [one.state for one in reversed(database.run_sync(notifications.page))]


def due(database: Database, now: float = T0) -> list[int]:
    found = database.run_sync(lambda connection: notifications.due(connection, now, 100))
    return [one.notification_id for one in found]


def test_a_row_is_read_as_it_was_written(database: Database) -> None:
    (number,) = put(database, row())
    found = database.run_sync(lambda connection: notifications.get(connection, number))
    assert found is not None
    assert (found.channel_id, found.state, found.facts, found.attempts) == (
        "phone",
        "waiting",
        {"alerts": [{"name": "é"}]},
        0,
    )


def test_an_unknown_one_is_none(database: Database) -> None:
    assert database.run_sync(lambda connection: notifications.get(connection, 7)) is None


def test_what_a_failed_transaction_wrote_is_not_there(database: Database) -> None:
    def work(connection: Connection) -> None:
        notifications.add(connection, [row()])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.run_sync(work)
    assert states(database) == []


def test_only_what_is_due_leaves(database: Database) -> None:
    now, _later = put(database, row(due=T0), row(group="b", due=T0 + 1))
    assert due(database) == [now]


def test_what_waits_for_the_same_group_leaves_with_it(database: Database) -> None:
    numbers = put(database, row(due=T0), row(due=T0 + 300), row("mail", due=T0 + 300))
    assert due(database) == numbers[:2]


def test_what_failed_does_not_leave_before_its_time_with_others(database: Database) -> None:
    failed, fresh = put(database, row(), row(due=T0 + 5))
    database.run_sync(lambda connection: notifications.mark_sending(connection, [failed]))
    database.run_sync(lambda c: notifications.mark_failed(c, [failed], T0 + 60, "x", "y", maybe=False))
    assert due(database, T0 + 6) == [fresh]


def next_due(database: Database, after: float = T0, without: tuple[Lane, ...] = ()) -> float | None:
    return database.run_sync(lambda connection: notifications.next_due_unix_s(connection, after, without))


def test_the_next_time_is_that_of_the_first_that_waits(database: Database) -> None:
    assert next_due(database) is None
    put(database, row(due=T0 + 9), row("mail", due=T0 + 3), row(due=T0))
    assert next_due(database) == T0 + 3
    assert next_due(database, without=(("mail", False),)) == T0 + 9


def test_channels_that_are_busy_are_left_out(database: Database) -> None:
    put(database, row("phone"), row("mail"))
    found = database.run_sync(lambda connection: notifications.due(connection, T0, 100, without=(("phone", False),)))
    assert [one.channel_id for one in found] == ["mail"]


def test_clips_and_messages_of_a_channel_hold_each_other_up_in_nothing(database: Database) -> None:
    put(database, row("phone"), row("phone", group="clip:1"))

    def left(*without: Lane) -> list[Lane]:
        found = database.run_sync(lambda connection: notifications.due(connection, T0, 100, without))
        return [notifications.lane_of(one) for one in found]

    assert left(("phone", False)) == [("phone", True)]
    assert left(("phone", True)) == [("phone", False)]
    assert left(("phone", True), ("phone", False)) == []


def test_what_came_to_nothing_is_gone(database: Database) -> None:
    put(database, row(), row("mail"))
    first = database.run_sync(lambda connection: notifications.since(connection, 0))[0]
    database.run_sync(lambda connection: notifications.remove(connection, [first.notification_id]))
    assert [one.channel_id for one in database.run_sync(lambda c: notifications.since(c, 0))] == ["mail"]


def test_it_goes_from_waiting_over_sending_to_sent(database: Database) -> None:
    numbers = put(database, row())
    database.run_sync(lambda connection: notifications.mark_sending(connection, numbers))
    assert states(database) == ["sending"]
    database.run_sync(lambda connection: notifications.mark_sent(connection, numbers, T0 + 1))
    found = database.run_sync(lambda connection: notifications.get(connection, numbers[0]))
    assert found is not None
    assert (found.state, found.ended_unix_s, found.attempts) == ("sent", T0 + 1, 1)


def test_a_failure_keeps_its_reason_and_waits(database: Database) -> None:
    numbers = put(database, row())
    database.run_sync(
        lambda c: notifications.mark_failed(c, numbers, T0 + 30, "alert.notification_failed", "x" * 999, maybe=True)
    )
    found = database.run_sync(lambda connection: notifications.get(connection, numbers[0]))
    assert found is not None
    assert (found.state, found.due_unix_s, found.code) == ("waiting", T0 + 30, "alert.notification_failed")
    assert (len(found.detail), found.maybe_repeated) == (400, True)


def test_what_was_on_its_way_when_the_server_ended_leaves_again_as_possibly_repeated(database: Database) -> None:
    first, second = put(database, row(), row())
    database.run_sync(lambda connection: notifications.mark_sending(connection, [first]))
    assert database.run_sync(lambda connection: notifications.recover(connection, T0 + 5)) == 1
    found = database.run_sync(lambda connection: notifications.since(connection, 0))
    assert [(one.notification_id, one.state, one.maybe_repeated) for one in found] == [
        (first, "waiting", True),
        (second, "waiting", False),
    ]


def test_what_was_given_up_is_tried_again_by_hand(database: Database) -> None:
    numbers = put(database, row())
    database.run_sync(lambda connection: notifications.mark_dead(connection, numbers, T0, "x", "y"))
    assert due(database, T0 + 999) == []
    assert database.run_sync(lambda connection: notifications.retry(connection, numbers[0], T0 + 5))
    assert due(database, T0 + 5) == numbers


def test_what_was_sent_is_not_tried_again(database: Database) -> None:
    numbers = put(database, row())
    database.run_sync(lambda connection: notifications.mark_sent(connection, numbers, T0))
    assert not database.run_sync(lambda connection: notifications.retry(connection, numbers[0], T0))


def test_pages_are_newest_first_and_filtered(database: Database) -> None:
    one, two, three, four = put(database, row(), row("mail"), row(), row())
    database.run_sync(lambda connection: notifications.mark_dead(connection, [four], T0, "x", "y"))

    def ids(**wanted: object) -> list[int]:
        found = database.run_sync(lambda connection: notifications.page(connection, **wanted))  # type: ignore[arg-type]
        return [found_one.notification_id for found_one in found]

    assert ids(limit=2) == [four, three]
    assert ids(before_id=three) == [two, one]
    assert ids(states=("dead",)) == [four]
    assert ids(channel_id="mail") == [two]


def test_counts_name_each_state(database: Database) -> None:
    put(database, row(), row())
    assert database.run_sync(notifications.counts) == {"waiting": 2, "sending": 0, "sent": 0, "dead": 0}


def test_what_ended_long_ago_is_deleted_and_what_waits_stays(database: Database) -> None:
    waits, sent, new = put(database, row(made=1), row(made=1), row(made=T0))
    database.run_sync(lambda connection: notifications.mark_sent(connection, [sent, new], T0))
    assert database.run_sync(lambda connection: notifications.prune(connection, T0, 100)) == 1
    left = database.run_sync(lambda connection: notifications.since(connection, 0))
    assert [one.notification_id for one in left] == [waits, new]


def test_beyond_a_number_the_oldest_that_ended_are_deleted(database: Database) -> None:
    numbers = put(database, *[row() for _ in range(1200)])
    database.run_sync(lambda connection: notifications.mark_sent(connection, numbers, T0))
    assert database.run_sync(lambda connection: notifications.prune(connection, 0, 1000)) == 200
    assert database.run_sync(notifications.counts)["sent"] == 1000
