"""Rows of one-minute points: series get an id once, hours are replaced, old ones go a few at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.fakes.fresh_database import fresh_database

from popcam.storage import Database, figures
from popcam.storage.figures import HourRow, SeriesKey

GATE = SeriesKey("popcam_camera_fps", '["gate"]')
YARD = SeriesKey("popcam_camera_fps", '["yard"]')
HOST = SeriesKey("popcam_host_load1", "[]")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


def put(connection: Connection, key: SeriesKey, hour: int, points: bytes = b"points") -> None:
    figures.put(connection, [HourRow(figures.series_ids(connection, [key])[key], hour, points)])


def test_a_series_keeps_its_id(database: Database) -> None:
    first = database.run_sync(lambda c: figures.series_ids(c, [GATE, HOST]))
    second = database.run_sync(lambda c: figures.series_ids(c, [HOST, YARD, GATE]))
    assert {key: second[key] for key in first} == first
    assert len(set(second.values())) == 3
    assert database.run_sync(lambda c: figures.series_ids(c, [])) == {}


def test_an_hour_is_replaced(database: Database) -> None:
    database.run_sync(lambda c: put(c, GATE, 7, b"first"))
    database.run_sync(lambda c: put(c, GATE, 7, b"second"))
    assert database.run_sync(lambda c: figures.hour(c, 7)) == {GATE: b"second"}


def test_nothing_to_write_is_nothing(database: Database) -> None:
    database.run_sync(lambda c: figures.put(c, []))
    assert database.run_sync(lambda c: figures.hour(c, 7)) == {}


def test_history_is_that_of_one_series_and_the_asked_hours(database: Database) -> None:
    for hour in (9, 5, 7):
        database.run_sync(lambda c, hour=hour: put(c, GATE, hour))  # type: ignore[misc]
        database.run_sync(lambda c, hour=hour: put(c, YARD, hour))  # type: ignore[misc]
    assert [hour for hour, _ in database.run_sync(lambda c: figures.history(c, GATE, 5, 8))] == [5, 7]
    assert sorted(database.run_sync(lambda c: figures.labels_of(c, "popcam_camera_fps"))) == ['["gate"]', '["yard"]']


def test_the_surplus_begins_where_newer_hours_fill_the_size(database: Database) -> None:
    for hour in (1, 2, 3):
        database.run_sync(lambda c, hour=hour: put(c, GATE, hour, bytes(100 - figures.ROW_BYTES)))  # type: ignore[misc]
    assert database.run_sync(lambda c: figures.oldest_surplus(c, 300)) is None
    assert database.run_sync(lambda c: figures.oldest_surplus(c, 250)) == 1
    assert database.run_sync(lambda c: figures.oldest_surplus(c, 50)) == 3


def test_old_hours_go_a_few_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "DELETE_CHUNK", 2)
    for hour in range(5):
        database.run_sync(lambda c, hour=hour: put(c, GATE, hour))  # type: ignore[misc]
    deleted = [database.run_sync(lambda c: figures.delete_until(c, 2)) for _ in range(3)]
    assert deleted == [2, 1, 0]
    assert [hour for hour, _ in database.run_sync(lambda c: figures.history(c, GATE, 0, 9))] == [3, 4]


def test_series_without_points_are_forgotten(database: Database) -> None:
    database.run_sync(lambda c: put(c, GATE, 1))
    database.run_sync(lambda c: put(c, YARD, 9))
    database.run_sync(lambda c: figures.delete_until(c, 5))
    assert database.run_sync(figures.delete_orphans) == 1
    assert database.run_sync(lambda c: figures.labels_of(c, "popcam_camera_fps")) == ['["yard"]']
