"""Once a second all figures: samplers, rings and minutes together."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hand_clock import HandClock
from tests.monitoring.measured import BEGIN_UNIX_S, gauge

from popcam.core.clock import SystemClock
from popcam.core.errors import MetricUnknownError
from popcam.core.monitoring import MetricsReader
from popcam.monitoring.figures import Figures
from popcam.monitoring.registry import Registry
from popcam.storage import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(unix_s=BEGIN_UNIX_S)


@pytest.fixture
async def figures(database: Database, clock: HandClock) -> Figures:
    figures = Figures(Registry(), clock, database)
    await figures.prepare()
    return figures


async def take(figures: Figures, clock: HandClock, seconds: int) -> None:
    for _ in range(seconds):
        figures.take()
        clock.pass_s(1.0)
        await asyncio.sleep(0)


async def test_it_keeps_what_was_promised_to_readers(figures: Figures) -> None:
    reader: MetricsReader = figures
    assert "popcam_figures_cost_ratio" in reader.metrics()
    with pytest.raises(MetricUnknownError):
        reader.latest("popcam_nothing")
    with pytest.raises(MetricUnknownError):
        reader.over("popcam_nothing", "mean", 5)
    with pytest.raises(MetricUnknownError):
        await reader.history("popcam_nothing", (), 0, 1)


async def test_samplers_set_what_is_taken(figures: Figures, clock: HandClock) -> None:
    level = gauge(figures.registry)
    figures.sample_with("level", lambda: level.set(("gate",), clock.unix_s() - BEGIN_UNIX_S))
    await take(figures, clock, 5)
    assert figures.over("popcam_level", "max", 3) == {("gate",): 4.0}
    assert figures.latest("popcam_level") == {("gate",): 4.0}


async def test_listeners_hear_of_each_taking_until_they_stop(figures: Figures, clock: HandClock) -> None:
    heard: list[float] = []
    stop = figures.on_tick(heard.append)
    await take(figures, clock, 2)
    stop()
    await take(figures, clock, 1)
    assert heard == [BEGIN_UNIX_S, BEGIN_UNIX_S + 1]


async def test_the_last_hour_is_told_in_seconds(figures: Figures, clock: HandClock) -> None:
    gauge(figures.registry, kept=True).set(("gate",), 1.0)
    await take(figures, clock, 130)
    points = await figures.history("popcam_level", ("gate",), BEGIN_UNIX_S, clock.unix_s())
    assert points.step_s == 1.0
    assert len(points.unix_s) == 130


async def test_longer_ago_is_told_in_minutes_up_to_now(figures: Figures, clock: HandClock) -> None:
    level = gauge(figures.registry, kept=True)
    level.set(("gate",), 1.0)
    await take(figures, clock, 130)
    clock.pass_s(4000)
    level.set(("gate",), 5.0)
    await take(figures, clock, 10)
    points = await figures.history("popcam_level", ("gate",), BEGIN_UNIX_S - 60, clock.unix_s())
    assert points.step_s == 60.0
    assert points.unix_s[0] == BEGIN_UNIX_S
    known = [mean for mean in points.mean if not math.isnan(mean)]
    assert (known[0], known[-1]) == (1.0, 5.0)
    assert clock.unix_s() - points.unix_s[-1] <= 60.0


async def test_what_is_not_kept_has_only_the_last_hour(figures: Figures, clock: HandClock) -> None:
    gauge(figures.registry).set(("gate",), 1.0)
    await take(figures, clock, 5)
    points = await figures.history("popcam_level", ("gate",), 0, clock.unix_s())
    assert (points.step_s, len(points.unix_s)) == (1.0, 5)


async def test_before_the_first_taking_there_is_no_history(clock: HandClock) -> None:
    figures = Figures(Registry(), clock)
    gauge(figures.registry).set(("gate",), 1.0)
    figures.take()
    assert figures.over("popcam_level", "mean", 5) == {}
    assert (await figures.history("popcam_level", ("gate",), 0, 1e10)).unix_s == ()
    assert figures.memory_bytes() == 0


async def test_a_listener_that_fails_does_not_end_the_takings(database: Database) -> None:
    figures = Figures(Registry(), SystemClock(), database)
    second, heard = asyncio.Event(), 0

    def fail(_unix_s: float) -> None:
        raise ValueError("broken")

    def count(_unix_s: float) -> None:
        nonlocal heard
        heard += 1
        if heard == 2:
            second.set()

    figures.on_tick(fail)
    figures.on_tick(count)
    await figures.start()
    async with asyncio.timeout(60):
        await second.wait()
    await figures.stop()


async def test_what_measuring_costs_is_measured(figures: Figures, clock: HandClock) -> None:
    def burn() -> None:
        until_s = time.thread_time() + 0.002
        while time.thread_time() < until_s:
            pass

    figures.sample_with("burn", burn)
    figures.spend(0.01)
    await take(figures, clock, 25)
    assert figures.latest("popcam_figures_cost_ratio")[()] >= 0.002


async def test_live_figures_are_brought_up_to_date_between_takings(figures: Figures, clock: HandClock) -> None:
    level = gauge(figures.registry)
    figures.sample_with("level", lambda: level.set(("gate",), clock.monotonic_s()), quick=True)
    clock.pass_s(0.5)
    figures.refresh()
    assert figures.latest("popcam_level") == {("gate",): clock.monotonic_s()}
    clock.pass_s(0.01)
    figures.refresh()
    assert figures.latest("popcam_level") == {("gate",): clock.monotonic_s() - 0.01}


async def test_the_end_keeps_the_minute_that_has_begun(database: Database, clock: HandClock) -> None:
    figures = Figures(Registry(), clock, database)
    await figures.prepare()
    gauge(figures.registry, kept=True).set(("gate",), 3.0)
    await take(figures, clock, 10)
    await figures.stop()
    again = Figures(Registry(), clock, database)
    await again.prepare()
    gauge(again.registry, kept=True)
    points = await again.history("popcam_level", ("gate",), BEGIN_UNIX_S - 7200, clock.unix_s())
    assert list(points.mean) == [3.0]
