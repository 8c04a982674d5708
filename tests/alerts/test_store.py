"""Alerts between memory and the database: what can't be read is passed over, what is too old goes."""

from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.fakes.alert_house import AlertHouse, alert_house, slow_rule

from popcam.alerts import journal
from popcam.alerts.model import Look
from popcam.core.alerts import Alert, AlertChange, AlertKey
from popcam.storage.alerts import ChangeFilter, ChangeRow, add_changes
from popcam.storage.tables import alert_rules, alerts, silences

KEY = AlertKey("slow", "door")


@pytest.fixture
def house(tmp_path: Path) -> AlertHouse:
    return alert_house(tmp_path, {"slow": slow_rule()})


async def test_rows_of_which_nothing_can_be_made_are_passed_over(house: AlertHouse) -> None:
    def work(connection: object) -> None:
        run = connection.execute  # type: ignore[attr-defined]
        run(insert(alert_rules), {"rule_id": "x", "spec": {}, "version": 1, "changed_unix_s": 0, "changed_by": ""})
        run(insert(alerts), {"rule_id": "x", "subject": "", "state": "odd", "facts": {}})
        run(
            insert(silences),
            {
                "silence_id": "x",
                "matchers": [{}],
                "author": "",
                "reason": "",
                "begins_unix_s": 0,
                "ends_unix_s": 9e9,
            },
        )

    await house.database.run(work)
    await house.tick()
    assert (house.service.alerts(), house.service.silences.newest(), house.service.rules.find("x")) == ([], [], None)


async def written(house: AlertHouse, *ages_s: float) -> None:
    now_s = house.clock.unix_s()
    rows = [
        ChangeRow(
            rule_id="slow",
            subject="door",
            camera_id="door",
            severity="warning",
            at_unix_s=now_s - age_s,
            before="none",
            now="firing",
        )
        for age_s in ages_s
    ]
    await house.database.run(lambda connection: add_changes(connection, rows))


async def left(house: AlertHouse) -> list[float]:
    return [house.clock.unix_s() - row.at_unix_s for row in await house.service.store.changes(ChangeFilter())]


async def test_old_changes_are_deleted(house: AlertHouse) -> None:
    await written(house, *[500.0] * 600, 100.0, 50.0)
    now_s = house.clock.unix_s()
    assert await house.service.store.prune(now_s - 300.0, 1000, 0.0) == 600
    assert await left(house) == [50.0, 100.0]


async def test_of_too_many_changes_the_oldest_are_deleted(house: AlertHouse) -> None:
    await written(house, 400.0, 300.0, 200.0, 100.0)
    assert await house.service.store.prune(0.0, 3, 0.0) == 1
    assert await left(house) == [100.0, 200.0, 300.0]


async def test_the_oldest_changes_are_lost_while_the_database_refuses_for_long(
    house: AlertHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_WAITING", 2)
    kept = journal.Journal(house.service.store, lambda _key: ())
    for number in range(3):
        alert = Alert(key=KEY, name=f"n{number}", severity="info", state="firing", since_unix_s=0.0, active_unix_s=0.0)
        kept.take(Look(float(number), [AlertChange(alert, "none")]))
    assert kept.lost == 1
    assert await kept.write(9.0, [])
    assert [row.facts["name"] for row in await house.service.store.changes(ChangeFilter())] == ["n2", "n1"]
