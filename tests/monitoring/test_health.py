"""The health service: states, since when, who is told, and what lasts over restarts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.checks import Found, check
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import CheckUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import CheckChange, CheckGroup, Outcome
from popcam.monitoring.health import HealthService, camera_of
from popcam.monitoring.health_runner import Glance
from popcam.monitoring.health_store import ChangeKeeper
from popcam.storage import Database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def health(clock: HandClock) -> HealthService:
    return HealthService(clock)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


def kept(database: Database, clock: HandClock) -> HealthService:
    return HealthService(clock, ChangeKeeper(database, clock, lambda: 30.0))


async def test_a_check_is_unknown_until_it_was_looked_at(health: HealthService) -> None:
    health.add(check(Found()))
    result = health.result("test.it")
    assert (result.outcome.state, result.checked_unix_s) == ("unknown", 0.0)


async def test_since_when_stays_while_the_state_does(health: HealthService, clock: HandClock) -> None:
    found = Found()
    health.add(check(Glance(found.now)))
    first = await health.run_now("test.it")
    clock.pass_s(60.0)
    second = await health.run_now("test.it")
    assert second.since_unix_s == first.since_unix_s
    assert second.checked_unix_s == first.checked_unix_s + 60.0


async def test_a_change_is_told_once(health: HealthService, clock: HandClock) -> None:
    found, told = Found(), list[CheckChange]()
    health.add(check(Glance(found.now)))
    await health.run_now("test.it")
    health.on_change(told.append)
    found.outcome = Outcome("failed", Text("bad", "坏"), code="storage.full")
    clock.pass_s(5.0)
    await health.run_now("test.it")
    await health.run_now("test.it")
    assert told == [CheckChange("test.it", clock.unix_s(), "ok", "failed", "storage.full", Text("bad", "坏"))]


async def test_who_stops_listening_hears_nothing(health: HealthService) -> None:
    told = list[CheckChange]()
    stop = health.on_change(told.append)
    stop()
    stop()
    health.add(check(Found("failed")))
    await health.run_now("test.it")
    assert told == []


async def test_a_listener_that_breaks_keeps_no_other_from_hearing(health: HealthService) -> None:
    told = list[CheckChange]()

    def broken(_change: CheckChange) -> None:
        raise ValueError

    health.on_change(broken)
    health.on_change(told.append)
    health.add(check(Found("failed")))
    await health.run_now("test.it")
    assert len(told) == 1


async def test_a_set_replaces_its_checks_and_keeps_what_is_known_of_those_that_stay(health: HealthService) -> None:
    stays, goes, other = (check(Found("failed"), subject=name) for name in ("door", "yard", "elsewhere"))
    health.add(other)
    health.set_subject_checks("cameras", [stays, goes])
    await health.run_now("test.it:door")
    health.set_subject_checks("cameras", [stays, check(Found(), subject="attic")])
    assert set(health.results()) == {"test.it:elsewhere", "test.it:door", "test.it:attic"}
    assert health.result("test.it:door").outcome.state == "failed"


async def test_an_unknown_check_is_named(health: HealthService) -> None:
    with pytest.raises(CheckUnknownError):
        await health.run_now("no.such")


async def test_a_check_that_goes_while_it_is_looked_at_is_unknown_then(health: HealthService) -> None:
    async def look() -> Outcome:
        health.remove("test.it")
        return Outcome("ok")

    health.add(check(look))
    with pytest.raises(CheckUnknownError):
        await health.run_now("test.it")


async def test_readiness_looks_again_only_after_a_moment(health: HealthService, clock: HandClock) -> None:
    needed, other = Found(), Found()
    health.add(check(needed, ready=True))
    health.add(check(other, "test.other"))
    await health.readiness()
    found = await health.readiness()
    clock.pass_s(2.0)
    await health.readiness()
    assert (needed.looks, other.looks) == (2, 0)
    assert [result.check.check_id for result in found] == ["test.it"]


async def test_it_looks_by_itself_and_ends(database: Database, clock: HandClock) -> None:
    found, health = Found(), kept(database, clock)
    health.add(check(Glance(found.now)))
    clock.pass_s(10.0)
    await health.start()
    async with asyncio.timeout(60):
        while not found.looks:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
    await health.stop()
    assert [change.now for change in await kept(database, clock).changes("test.it", 0.0)] == ["ok"]


async def test_states_last_over_a_restart(database: Database, clock: HandClock) -> None:
    first = kept(database, clock)
    first.add(check(Found("failed")))
    before = await first.run_now("test.it")
    await first.stop()
    clock.pass_s(3600.0)
    second, told = kept(database, clock), list[CheckChange]()
    second.on_change(told.append)
    second._before = await ChangeKeeper(database, clock, lambda: 30.0).standings()
    second.add(check(Found("failed")))
    after = await second.run_now("test.it")
    assert after.since_unix_s == before.since_unix_s
    assert told == []


async def test_without_a_keeper_there_is_no_history(health: HealthService) -> None:
    assert await health.changes("test.it", 0.0) == []


def test_only_checks_of_cameras_are_about_one() -> None:
    assert camera_of(check(Found(), subject="door", group=CheckGroup.CAMERAS)) == "door"
    assert camera_of(check(Found(), subject="/data", group=CheckGroup.STORAGE)) == ""
