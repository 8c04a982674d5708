"""How late a loop is, seen in a real one."""

import asyncio
import time

import pytest

from popcam.monitoring import loop_lag
from popcam.monitoring.loop_lag import LoopLag
from popcam.monitoring.registry import Registry


async def test_what_holds_the_loop_up_is_seen() -> None:
    registry = Registry()
    lag = LoopLag(registry, time.monotonic)
    await lag.start()
    await asyncio.sleep(0.01)
    time.sleep(0.3)  # noqa: ASYNC251 - somebody who blocks the loop
    await asyncio.sleep(0.05)
    lag.sample()
    await lag.stop()
    told = registry.family("popcam_loop_lag_seconds").latest()[()]
    assert 0.15 < told < 10.0
    assert lag.summary().highest == told


async def test_each_telling_is_of_the_time_since_the_one_before() -> None:
    registry = Registry()
    lag = LoopLag(registry, time.monotonic)
    for late_s in (0.2, 0.1):
        lag.put(late_s)
    lag.sample()
    first = registry.family("popcam_loop_lag_seconds").latest()
    lag.sample()
    assert first == {(): 0.2}
    assert registry.family("popcam_loop_lag_seconds").latest() == {}


async def test_a_calm_loop_is_looked_at_rarely_until_it_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_lag, "CLOSELY_FOR_S", 0.0)
    lag = LoopLag(Registry(), time.monotonic)
    began_s = time.monotonic()
    await lag.start()
    await asyncio.sleep(1.0)
    calm, took_s = lag.summary().count, time.monotonic() - began_s
    monkeypatch.setattr(loop_lag, "CLOSELY_FOR_S", 30.0)
    time.sleep(0.6)  # noqa: ASYNC251 - somebody who blocks the loop
    await asyncio.sleep(1.0)
    await lag.stop()
    assert calm <= 2 * took_s + 3  # closely, it would be ten a second
    assert lag.summary().count - calm > 6


async def test_it_ends_though_it_never_began() -> None:
    await LoopLag(Registry(), time.monotonic).stop()
