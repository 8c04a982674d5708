"""Alerts over time: restarts, silences, acknowledgement, a database that refuses."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.fakes.alert_house import AlertHouse, alert_house, slow_rule

from popcam.alerts.silences import Matcher
from popcam.core.alerts import AlertKey, AlertRuleSpec, ConditionSpec
from popcam.core.errors import AlertNotFoundError, DatabaseError
from popcam.core.facts import Event
from popcam.storage import EventStore
from popcam.storage.alerts import ChangeFilter
from popcam.storage.tables import notifications

MakeHouse = Callable[..., AlertHouse]
OFF = AlertRuleSpec(name="Off", condition=ConditionSpec(kind="check", check="camera.frames"), severity="critical")
DOOR = AlertKey("slow", "door")


@pytest.fixture
def house_of(tmp_path: Path) -> MakeHouse:
    def make(before: AlertHouse | None = None, **rules: AlertRuleSpec) -> AlertHouse:
        return alert_house(tmp_path, rules, clock=None if before is None else before.clock)

    return make


async def slow_door(house: AlertHouse, fps: float = 3.0) -> None:
    house.figures.set("popcam_camera_fps", ("door",), fps)
    await house.tick()


async def history(house: AlertHouse) -> list[tuple[str, str]]:
    return [(row.before, row.now) for row in await house.service.store.changes(ChangeFilter())][::-1]


async def test_what_fires_and_ends_is_kept_and_told(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(channels=("phone", "gone")))
    await slow_door(house)
    await slow_door(house, 30.0)
    assert await history(house) == [("none", "firing"), ("firing", "resolved")]
    assert [change.alert.state for change in house.dispatcher.planned] == ["firing", "resolved"]
    assert [alert.state for alert in house.heard] == ["firing", "resolved"]
    assert house.dispatcher.woken == 2
    assert set(house.dispatcher.channels) == {("phone",)}


async def test_all_channels_are_told_where_the_rule_says_so(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(channels=("*",)))
    await slow_door(house)
    assert house.dispatcher.channels == [("phone", "mail")]


async def test_notifications_are_written_with_the_change(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    await slow_door(house)
    rows = await house.database.run(lambda connection: connection.execute(select(notifications)).all())
    assert [row.group_key for row in rows] == [str(DOOR)]


async def test_nothing_fires_twice_over_a_restart(house_of: MakeHouse) -> None:
    first = house_of(slow=slow_rule())
    await slow_door(first)
    again = house_of(first, slow=slow_rule())
    await again.tick()  # figures are not there yet
    assert again.state("slow") == "firing"
    await slow_door(again)
    assert again.dispatcher.planned == []
    await slow_door(again, 30.0)
    assert [change.alert.state for change in again.dispatcher.planned] == ["resolved"]


async def test_what_was_pending_goes_on_waiting_over_a_restart(house_of: MakeHouse) -> None:
    first = house_of(slow=slow_rule(for_s=10.0))
    await slow_door(first)
    again = house_of(first, slow=slow_rule(for_s=10.0))
    again.figures.set("popcam_camera_fps", ("door",), 3.0)
    await again.tick(9.0)
    assert again.state("slow") == "pending"
    await again.tick(1.0)
    assert again.state("slow") == "firing"


async def test_an_acknowledgement_outlives_a_restart_and_ends_with_the_alert(house_of: MakeHouse) -> None:
    first = house_of(slow=slow_rule())
    await slow_door(first)
    await first.service.acknowledge(DOOR, "anna")
    again = house_of(first, slow=slow_rule())
    await slow_door(again)
    alert = again.service.get(DOOR)
    assert (alert.acknowledged_by, alert.acknowledged_unix_s) == ("anna", first.clock.unix_s() - 1)
    assert ("firing", "firing") in await history(again)
    await slow_door(again, 30.0)
    await slow_door(again)
    assert again.service.get(DOOR).acknowledged_by == ""


async def test_only_what_stands_can_be_acknowledged(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    with pytest.raises(AlertNotFoundError):
        await house.service.acknowledge(DOOR, "anna")
    await house.tick()
    with pytest.raises(AlertNotFoundError):
        await house.service.acknowledge(DOOR, "anna")


async def test_a_silence_keeps_quiet_and_its_end_tells(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    await house.tick()
    now_s = house.clock.unix_s()
    door = (Matcher(label="camera", value="door"),)
    silence = await house.service.silences.add(door, "anna", "paint", now_s, now_s + 100)
    await slow_door(house)
    assert [change.alert.silenced_by for change in house.dispatcher.planned] == [silence.silence_id]
    await house.service.silences.end(silence.silence_id)
    await house.tick()
    told = house.dispatcher.planned[-1]
    assert (told.before, told.alert.state, told.alert.silenced_by) == ("firing", "firing", "")


async def test_a_silence_outlives_a_restart(house_of: MakeHouse) -> None:
    first = house_of(slow=slow_rule())
    await first.tick()
    now_s = first.clock.unix_s()
    matchers = (Matcher(label="rule", value="slow"), Matcher(label="subject", value="y*", negate=True))
    await first.service.silences.add(matchers, "anna", "paint", now_s, now_s + 100)
    again = house_of(first, slow=slow_rule())
    await slow_door(again)
    assert again.service.get(DOOR).silenced_by
    assert again.service.silences.newest()[0].matchers == matchers


async def test_silences_that_ended_long_ago_are_forgotten(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    await house.tick()
    now_s = house.clock.unix_s()
    await house.service.silences.add((Matcher(label="rule", value="x"),), "anna", "paint", now_s, now_s + 1)
    await house.tick(32 * 86_400.0)
    assert house.service.silences.newest() == []


async def test_a_camera_is_quiet_while_its_worker_is_the_trouble(house_of: MakeHouse) -> None:
    worker = AlertRuleSpec(
        name="Dead",
        condition=ConditionSpec(metric="popcam_worker_restarts_total", aggregate="increase", threshold=1.0),
        severity="critical",
    )
    house = house_of(slow=slow_rule(), dead=worker)
    house.workers["door"] = "w1"
    await house.tick()
    house.workers.clear()  # nobody runs it any more; who did is remembered
    house.figures.set("popcam_worker_restarts_total", ("w1",), 3.0)
    await slow_door(house)
    assert house.service.get(DOOR).inhibited_by == "dead:w1"
    house.figures.set("popcam_worker_restarts_total", ("w1",), 0.0)
    await house.tick()
    assert house.dispatcher.planned[-1].alert.inhibited_by == ""


async def test_a_database_that_refuses_stops_neither_looking_nor_recovery(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_of(slow=slow_rule())
    await house.tick()
    considered: list[int] = []

    class Mender:
        def consider(self, firing: list[object], _now_unix_s: float) -> None:
            considered.append(len(firing))

    house.service.mend(Mender())  # type: ignore[arg-type]
    run = house.database.run

    async def refuse(_work: object) -> None:
        raise DatabaseError("disk on fire")

    monkeypatch.setattr(house.database, "run", refuse)
    await slow_door(house)
    await slow_door(house, 30.0)
    assert (house.state("slow"), considered, house.dispatcher.woken) == ("", [1, 0], 0)
    monkeypatch.setattr(house.database, "run", run)
    await house.tick()
    assert await history(house) == [("none", "firing"), ("firing", "resolved")]
    assert house.dispatcher.woken == 1


async def test_a_database_that_can_not_be_read_at_the_start_is_asked_again(
    house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = house_of(slow=slow_rule())
    await slow_door(first)
    again = house_of(first, slow=slow_rule())
    load = again.service.store.load

    async def refuse() -> None:
        raise DatabaseError("not now")

    monkeypatch.setattr(again.service.store, "load", refuse)
    await slow_door(again)
    assert again.service.alerts() == []
    monkeypatch.setattr(again.service.store, "load", load)
    await slow_door(again)
    assert (again.state("slow"), again.dispatcher.planned) == ("firing", [])


async def test_events_of_before_a_restart_count(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="event", event="zone_entered", at_least=2, window_s=60.0)
    house = house_of(crowd=AlertRuleSpec(name="Crowd", condition=condition))
    old = Event(
        event_id="e1", camera_id="door", kind="zone_entered", started_unix_s=house.clock.unix_s() - 5, place="step"
    )
    EventStore(house.database).put([old, replace_event(old, "e2")])
    await house.tick()
    assert house.state("crowd") == "firing"


def replace_event(event: Event, event_id: str) -> Event:
    return Event(
        event_id=event_id,
        camera_id=event.camera_id,
        kind=event.kind,
        started_unix_s=event.started_unix_s + 1,
        place=event.place,
    )


async def test_rules_of_the_settings_take_effect_at_once(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    await slow_door(house)
    settings = house.service._settings
    house.service.use_settings(replace(settings, rules={**settings.rules, "slow": slow_rule(enabled=False)}))
    await house.tick()
    assert house.state("slow") == ""


async def test_counts_are_by_state_and_severity(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(), off=OFF)
    house.checks.set("camera.frames", "door", "failed")
    await slow_door(house)
    assert house.service.counts() == {("firing", "warning"): 1, ("firing", "critical"): 1}


async def test_it_looks_when_it_is_woken_and_writes_the_rest_when_it_ends(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    await house.service.start()
    house.service.wake()
    async with asyncio.timeout(60):
        while not house.heard:  # noqa: ASYNC110 - nothing to wait on
            await asyncio.sleep(0.01)
    await house.service.stop()
    assert await history(house) == [("none", "firing")]


async def test_one_bad_look_does_not_end_all_others(house_of: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(slow=slow_rule())
    await house.tick()
    over, broken = house.figures.over, [True]

    def breaks_once(*question: object) -> object:
        if broken.pop() if broken else False:
            raise ZeroDivisionError
        return over(*question)  # type: ignore[arg-type]

    monkeypatch.setattr(house.figures, "over", breaks_once)
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    await house.service.start()
    async with asyncio.timeout(60):
        while not house.heard:
            house.service.wake()
            await asyncio.sleep(0.01)
    await house.service.stop()
    assert house.state("slow") == "firing"
