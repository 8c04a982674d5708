"""Requests as they are counted and timed."""

import pytest

from popcam.monitoring.http_figures import HttpFigures
from popcam.monitoring.registry import Registry


class Time:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def now() -> Time:
    return Time()


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def http(registry: Registry, now: Time) -> HttpFigures:
    return HttpFigures(registry, now)


def test_answers_are_counted_by_method_route_and_code(http: HttpFigures, registry: Registry) -> None:
    http.ended("GET", "/api/v1/cameras", 200, 0.001)
    http.ended("GET", "/api/v1/cameras", 200, 0.001)
    http.ended("POST", "", 403, 0.001)
    http.ended("GET", "/api/v1/cameras", 0, 0.001)
    assert registry.family("popcam_http_requests_total").latest() == {
        ("GET", "/api/v1/cameras", "200"): 2,
        ("POST", "(none)", "403"): 1,
        ("GET", "/api/v1/cameras", "499"): 1,
    }


def test_times_are_told_per_route_and_for_all(http: HttpFigures, registry: Registry) -> None:
    for _ in range(99):
        http.ended("GET", "/fast", 200, 0.001)
    http.ended("GET", "/slow", 200, 1.0)
    http.sample()
    seconds = registry.family("popcam_http_seconds").latest()
    assert seconds[("/fast", "0.99")] == pytest.approx(0.001, rel=0.05)
    assert seconds[("/slow", "0.5")] == pytest.approx(1.0, rel=0.05)
    assert registry.family("popcam_http_all_seconds").latest()[("0.5",)] == pytest.approx(0.001, rel=0.05)


def test_the_share_that_failed_is_of_the_last_minute(http: HttpFigures, registry: Registry, now: Time) -> None:
    errors = registry.family("popcam_http_errors_ratio")
    for status in (200, 500, 404, 503):
        http.ended("GET", "/a", status, 0.001)
    http.sample()
    first = errors.latest()[("/a",)]
    for _ in range(13):
        now.now_s += 5
        http.sample()
    assert (first, errors.latest()[("/a",)]) == (0.5, 0.0)
    assert http.errors_ratio() == 0.0


def test_what_happened_early_stays_in_the_window_as_long_as_it_is_in_it(http: HttpFigures, now: Time) -> None:
    http.ended("GET", "/a", 500, 0.001)
    now.now_s += 30
    http.sample()
    assert http.errors_ratio() == 1.0


def test_throughput_is_of_the_time_between_two_looks(http: HttpFigures, registry: Registry, now: Time) -> None:
    http.sample()
    for _ in range(20):
        http.ended("GET", "/a", 200, 0.001)
    now.now_s += 2
    http.sample()
    assert registry.family("popcam_http_all_per_second").latest() == {(): 10.0}


def test_routes_that_take_the_most_time_come_first(http: HttpFigures) -> None:
    http.ended("GET", "/seldom", 200, 0.5)
    for _ in range(10):
        http.ended("GET", "/often", 200, 0.1)
    often, seldom = http.routes()
    assert (often.route, often.requests, often.recent, often.per_s) == ("/often", 10, 10, 10.0)
    assert often.codes == {("GET", 200): 10}
    assert seldom.seconds.p50 == pytest.approx(0.5, rel=0.05)
    assert http.requests() == 11


def test_a_server_that_nobody_asks_tells_no_times(http: HttpFigures, registry: Registry) -> None:
    http.sample()
    assert http.routes() == []
    assert registry.family("popcam_http_all_seconds").latest() == {}
    assert registry.family("popcam_http_all_errors_ratio").latest() == {(): 0.0}
