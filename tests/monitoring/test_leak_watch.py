"""Processes that grow, and those that only look as if."""

import random

import pytest

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.leak_watch import EVERY_S, RSS, LeakWatch, slope_of
from popcam.monitoring.registry import Registry

MB = 1e6
HOUR = round(3600 / EVERY_S)


class Watched:
    """A leak watch, and a process whose memory a test decides."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.now_s = 0.0
        self.watch = LeakWatch(self.registry, lambda: self.now_s)

    def run(self, sizes_mb: list[float], process: str = "worker-1") -> None:
        for size_mb in sizes_mb:
            self.watch.put({process: size_mb * MB})
            self.now_s += EVERY_S


@pytest.fixture
def watched() -> Watched:
    return Watched()


def noise(number: int) -> float:
    return random.Random(number).uniform(-2.0, 2.0)


def test_a_process_that_grows_and_grows_is_named(watched: Watched) -> None:
    watched.run([100 + 60 * number / HOUR + noise(number) for number in range(HOUR)])
    (growth,) = watched.watch.all()
    assert growth.verdict == "growing"
    assert growth.slope_bytes_per_hour == pytest.approx(60 * MB, rel=0.05)
    assert watched.registry.family("popcam_process_rss_slope_bytes_per_hour").latest()[("worker-1",)] > 50 * MB


def test_one_that_fills_its_caches_first_is_steady(watched: Watched) -> None:
    watched.run([50 + min(200, 20 * number) + noise(number) for number in range(HOUR)])
    assert watched.watch.all()[0].verdict == "steady"


def test_one_large_request_is_no_leak(watched: Watched) -> None:
    watched.run([100 + (400 if 100 < number < 120 else 0) + noise(number) for number in range(HOUR)])
    (growth,) = watched.watch.all()
    assert growth.verdict == "steady"
    assert growth.highest_bytes > 490 * MB


def test_one_step_up_is_no_leak(watched: Watched) -> None:
    watched.run([100 + (50 if number > HOUR // 2 else 0) + noise(number) for number in range(HOUR)])
    assert watched.watch.all()[0].verdict == "steady"


def test_of_a_young_process_nothing_is_said(watched: Watched) -> None:
    watched.run([100.0 + number for number in range(30)])
    (growth,) = watched.watch.all()
    assert (growth.verdict, growth.slope_bytes_per_hour) == ("too_young", None)
    assert watched.registry.family("popcam_process_rss_slope_bytes_per_hour").latest() == {}


def test_a_process_that_ended_is_forgotten(watched: Watched) -> None:
    watched.run([100 + 60 * number / HOUR for number in range(HOUR)])
    watched.run([10.0], process="worker-2")
    assert [growth.process for growth in watched.watch.all()] == ["worker-2"]
    assert watched.registry.family("popcam_process_rss_slope_bytes_per_hour").latest() == {}


def test_the_fastest_comes_first(watched: Watched) -> None:
    for number in range(HOUR):
        watched.watch.put({"steady": 100 * MB, "growing": (100 + number) * MB})
        watched.now_s += EVERY_S
    assert [growth.process for growth in watched.watch.all()] == ["growing", "steady"]


def test_it_takes_what_processes_tell_the_registry(watched: Watched) -> None:
    watched.watch.sample()
    rss = Metric(name=RSS, kind="gauge", unit="bytes", labels=("process",), help=Text("Memory", "内存"))
    watched.registry.declare(rss).set(("server",), 7 * MB)
    watched.watch.sample()
    assert [(growth.process, growth.rss_bytes) for growth in watched.watch.all()] == [("server", 7 * MB)]


def test_a_slope_needs_two_points() -> None:
    assert slope_of([(0.0, 1.0)]) == 0.0
    assert slope_of([(0.0, 1.0), (2.0, 5.0)]) == 2.0
