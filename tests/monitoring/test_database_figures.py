"""The database's work, summed up."""

import pytest

from popcam.monitoring.database_figures import MAX_STATEMENTS, DatabaseFigures, in_short
from popcam.monitoring.registry import Registry
from popcam.storage.meter import DatabaseMeter, Statement


class Told(DatabaseMeter):
    """A meter that a test fills."""

    def tell(self, *statements: tuple[str, float], waits_s: tuple[float, ...] = ()) -> None:
        self._statements.extend(Statement(text, took_s) for text, took_s in statements)
        self._waits_s.extend(waits_s)


@pytest.fixture
def meter() -> Told:
    return Told()


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def figures(registry: Registry, meter: Told) -> DatabaseFigures:
    return DatabaseFigures(registry, meter, lambda: 1000.0)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("SELECT a\n  FROM b", "SELECT a FROM b"),
        ("DELETE FROM a WHERE b IN (?, ?, ?)", "DELETE FROM a WHERE b IN (?, ...)"),
        ("INSERT INTO a (b, c) VALUES (?, ?), (?, ?), (?, ?)", "INSERT INTO a (b, c) VALUES (?, ...), ..."),
        ("INSERT INTO a (b) VALUES (?), (?)", "INSERT INTO a (b) VALUES (?), ..."),
        ("SELECT " + "x" * 500, "SELECT " + "x" * 392 + "…"),
    ],
)
def test_statements_that_differ_by_the_number_of_values_are_one(text: str, short: str) -> None:
    assert in_short(text) == short


def test_it_tells_the_registry_what_it_was_told(figures: DatabaseFigures, meter: Told, registry: Registry) -> None:
    meter.tell(("SELECT 1", 0.01), waits_s=(0.002,))
    figures.sample()
    assert registry.family("popcam_database_wait_seconds").latest()[()] == pytest.approx(0.002, rel=0.05)
    assert registry.family("popcam_database_statement_seconds").latest()[("0.95",)] == pytest.approx(0.01, rel=0.05)
    assert registry.family("popcam_database_pool_in_use").latest() == {(): 0}
    assert registry.family("popcam_database_waiting").latest() == {(): 0}


def test_what_takes_the_most_time_in_all_is_named_first(figures: DatabaseFigures, meter: Told) -> None:
    meter.tell(*[("often", 0.02)] * 10, ("slow", 0.1))
    figures.sample()
    often, slow = figures.state().slowest
    assert (often.text, often.count, often.highest_s) == ("often", 10, 0.02)
    assert often.mean_s == pytest.approx(0.02)
    assert slow.total_s == pytest.approx(0.1)


def test_no_more_statements_are_kept_than_people_can_read(figures: DatabaseFigures, meter: Told) -> None:
    meter.tell(*[(f"statement {number}", 0.001 * number) for number in range(MAX_STATEMENTS + 50)])
    figures.sample()
    kept = figures.state(slowest=1000).slowest
    assert len(kept) == MAX_STATEMENTS
    assert kept[0].text == f"statement {MAX_STATEMENTS + 49}"
