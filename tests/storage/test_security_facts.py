"""Small facts of security as rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from popcam.storage import Database, security_facts


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db")
    yield database
    database.close()


def test_a_fact_is_what_was_written_last(database: Database) -> None:
    database.run_sync(lambda connection: security_facts.put(connection, {"a": 1, "b": [2]}))
    database.run_sync(lambda connection: security_facts.put(connection, {"a": {"x": "é"}}))
    assert database.run_sync(lambda connection: security_facts.get(connection, "a")) == {"x": "é"}
    assert database.run_sync(lambda connection: security_facts.get(connection, "b")) == [2]


def test_no_fact_is_none(database: Database) -> None:
    assert database.run_sync(lambda connection: security_facts.get(connection, "nothing")) is None


def test_facts_are_found_by_how_they_begin_in_order(database: Database) -> None:
    facts = {f"event:{number:016d}": number for number in (12, 3, 700)} | {"event": 0, "events": 1, "event;": 2}
    database.run_sync(lambda connection: security_facts.put(connection, facts))
    found = database.run_sync(lambda connection: security_facts.begin_with(connection, "event:"))
    assert list(found.values()) == [3, 12, 700]


def test_facts_are_removed_however_many(database: Database) -> None:
    facts = {f"event:{number}": number for number in range(1201)}
    database.run_sync(lambda connection: security_facts.put(connection, facts))
    database.run_sync(lambda connection: security_facts.remove(connection, [*facts, "never there"]))
    assert database.run_sync(lambda connection: security_facts.begin_with(connection, "")) == {}


def test_nothing_to_write_is_fine(database: Database) -> None:
    database.run_sync(lambda connection: security_facts.put(connection, {}))
