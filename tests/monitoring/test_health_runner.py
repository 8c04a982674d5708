"""Looks: their pace, their time limits, and what comes of those that fail or hang."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from tests.fakes.checks import Found, check
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import StorageFullError
from popcam.core.monitoring import Check, Outcome
from popcam.monitoring.health_runner import FIRST_WITHIN_S, Glance, HealthRunner, InThread


class Told(list[tuple[str, Outcome]]):
    """What was found, in order."""

    def take(self, check: Check, outcome: Outcome, took_s: float) -> None:
        assert took_s >= 0.0
        self.append((check.check_id, outcome))

    @property
    def states(self) -> list[str]:
        return [outcome.state for _, outcome in self]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def runner(clock: HandClock, told: Told) -> AsyncIterator[HealthRunner]:
    runner = HealthRunner(clock, told.take)
    yield runner
    await runner.stop()


async def settle() -> None:
    """Let tasks that were begun end, as long as they wait for nothing real."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_check_runs_once_per_pace(runner: HealthRunner, clock: HandClock, told: Told) -> None:
    found = Found()
    runner.put(check(Glance(found.now), every_s=10.0))
    for _ in range(100):
        runner.tick()
        clock.pass_s(1.0)
    assert found.looks == 10
    assert set(told.states) == {"ok"}


async def test_the_first_look_comes_soon_however_rare_they_are(runner: HealthRunner, clock: HandClock) -> None:
    found = Found()
    runner.put(check(Glance(found.now), every_s=86_400.0))
    clock.pass_s(FIRST_WITHIN_S)
    runner.tick()
    assert found.looks == 1


async def test_checks_of_one_pace_are_spread_over_it(runner: HealthRunner, clock: HandClock, told: Told) -> None:
    for number in range(200):
        runner.put(check(Glance(Found().now), subject=str(number), every_s=5.0))
    at_once = []
    for _ in range(10):
        clock.pass_s(0.5)
        before = len(told)
        runner.tick()
        at_once.append(len(told) - before)
    assert sum(at_once) == 200
    assert max(at_once) < 50


async def test_never_two_looks_of_one_check_at_once(runner: HealthRunner, clock: HandClock) -> None:
    at_work, most, go = 0, 0, asyncio.Event()

    async def look() -> Outcome:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go.wait()
        at_work -= 1
        return Outcome("ok")

    runner.put(check(look, every_s=1.0))
    for _ in range(5):
        clock.pass_s(1.0)
        runner.tick()
        await settle()
    go.set()
    await settle()
    assert most == 1


async def test_a_look_that_takes_too_long_is_unknown_and_says_so(runner: HealthRunner, told: Told) -> None:
    async def look() -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    runner.put(check(look, timeout_s=0.02))
    await runner.run_now("test.it")
    assert told.states == ["unknown"]
    assert "0.02 s" in told[0][1].detail.en


async def test_a_time_out_inside_a_look_is_not_taken_for_its_own(runner: HealthRunner, told: Told) -> None:
    found = Found()
    found.error = TimeoutError("the other side")
    runner.put(check(found))
    await runner.run_now("test.it")
    assert "the other side" in told[0][1].detail.en


async def test_a_named_failure_is_told_with_its_code_and_hint(runner: HealthRunner, told: Told) -> None:
    found = Found()
    found.error = StorageFullError("/data")
    runner.put(check(found))
    await runner.run_now("test.it")
    outcome = told[0][1]
    assert (outcome.state, outcome.code, outcome.remedy) == ("failed", "storage.full", StorageFullError.hint)
    assert outcome.detail.zh == "磁盘已满: /data"


@pytest.mark.parametrize("quick", [True, False])
async def test_a_look_that_breaks_is_unknown_without_secrets(runner: HealthRunner, told: Told, quick: bool) -> None:
    found = Found()
    found.error = ValueError("rtsp://admin:s3cret@10.0.0.5/ is odd")
    runner.put(check(Glance(found.now) if quick else found))
    await runner.run_now("test.it")
    assert told.states == ["unknown"]
    assert "ValueError" in told[0][1].detail.en
    assert "s3cret" not in told[0][1].detail.en + told[0][1].detail.zh


async def test_a_look_in_a_thread_does_not_hold_up_the_loop(runner: HealthRunner, told: Told) -> None:
    begun, go = threading.Event(), threading.Event()

    def look() -> Outcome:
        begun.set()
        go.wait(5.0)
        return Outcome("ok")

    runner.put(check(InThread(look)))
    running = asyncio.create_task(runner.run_now("test.it"))
    while not begun.is_set():  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.001)
    assert told == []
    go.set()
    await running
    assert told.states == ["ok"]


async def test_a_thread_that_hangs_is_told_and_no_second_one_is_begun(runner: HealthRunner, told: Told) -> None:
    go, looks = threading.Event(), []

    def look() -> Outcome:
        looks.append(1)
        go.wait(5.0)
        return Outcome("ok")

    runner.put(check(InThread(look), timeout_s=0.02))
    await runner.run_now("test.it")
    await runner.run_now("test.it")
    go.set()
    assert told.states == ["unknown", "failed"]
    assert len(looks) == 1


async def test_what_a_thread_raises_is_named(runner: HealthRunner, told: Told) -> None:
    def look() -> Outcome:
        raise StorageFullError("/data")

    runner.put(check(InThread(look)))
    await runner.run_now("test.it")
    assert told[0][1].code == "storage.full"


async def test_a_check_that_is_dropped_tells_nothing_any_more(
    runner: HealthRunner, clock: HandClock, told: Told
) -> None:
    found = Found()
    runner.put(check(Glance(found.now)))
    runner.drop("test.it")
    clock.pass_s(100.0)
    runner.tick()
    assert (told, found.looks) == ([], 0)


async def test_a_new_version_of_a_check_keeps_its_turn(runner: HealthRunner, clock: HandClock) -> None:
    old, new = Found(), Found()
    runner.put(check(Glance(old.now)))
    clock.pass_s(9.0)
    runner.put(check(Glance(new.now)))
    clock.pass_s(1.0)
    runner.tick()
    assert (old.looks, new.looks) == (0, 1)


async def test_running_now_puts_the_next_look_off(runner: HealthRunner, clock: HandClock) -> None:
    found = Found()
    runner.put(check(Glance(found.now), every_s=10.0))
    await runner.run_now("test.it")
    clock.pass_s(9.9)
    runner.tick()
    assert found.looks == 1


async def test_a_look_that_comes_a_little_late_does_not_make_the_next_ones_late(
    runner: HealthRunner, clock: HandClock
) -> None:
    found = Found()
    runner.put(check(Glance(found.now), every_s=1.0))
    for _ in range(4 * 60):  # beats that are never quite in time
        clock.pass_s(0.25 - 0.0001)
        runner.tick()
    assert found.looks in {59, 60}


async def test_many_looks_that_are_due_leave_the_loop_to_others_in_between(
    runner: HealthRunner, clock: HandClock, told: Told
) -> None:
    for number in range(5):
        runner.put(check(Glance(Found().now), subject=str(number)))
    clock.pass_s(FIRST_WITHIN_S)
    assert runner.tick(3)
    assert len(told) == 3
    assert not runner.tick(3)
    assert len(told) == 5


async def test_after_a_pause_of_the_machine_each_check_is_looked_at_once(
    runner: HealthRunner, clock: HandClock
) -> None:
    found = Found()
    runner.put(check(Glance(found.now), every_s=1.0))
    clock.pass_s(3600.0)
    runner.tick()
    runner.tick()
    assert found.looks == 1


async def test_it_looks_by_itself(told: Told) -> None:
    runner = HealthRunner(clock := HandClock(), told.take)
    runner.put(check(Glance(Found().now)))
    clock.pass_s(10.0)
    task = asyncio.create_task(runner.run())
    async with asyncio.timeout(60):
        while not told:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.001)
    task.cancel()
