"""How requests are answered: per route how many, with what, and how long it took until an answer began.

Routes are told as they are declared (`/api/v1/cameras/{camera_id}`), so their number is known before anybody asks.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from popcam.core.language import Text
from popcam.core.monitoring import Metric
from popcam.monitoring.distribution import Distribution, Summary, tell
from popcam.monitoring.registry import Registry

WINDOW_S: Final = 60.0
SLICE_S: Final = 5.0
NO_ROUTE: Final = "(none)"
"""Of requests that were refused before anybody knew what they are about."""
CLIENT_LEFT: Final = 499
"""Who asked was gone before an answer began."""
FIRST_ERROR: Final = 500

REQUESTS = Metric(
    name="popcam_http_requests_total",
    kind="counter",
    unit="1",
    labels=("method", "route", "code"),
    help=Text("Answered requests", "已回答的请求数"),
)
ERRORS = Metric(
    name="popcam_http_errors_ratio",
    kind="gauge",
    unit="ratio",
    labels=("route",),
    help=Text(
        "Share of the requests of the last minute that failed by the server's fault",
        "最近一分钟内因服务器原因失败的请求比例",
    ),
)
SECONDS = Metric(
    name="popcam_http_seconds",
    kind="gauge",
    unit="seconds",
    labels=("route", "quantile"),
    help=Text("Time until an answer begins, over the last minute", "最近一分钟内开始回答前的耗时"),
)
IN_FLIGHT = Metric(
    name="popcam_http_in_flight",
    kind="gauge",
    unit="1",
    help=Text("Requests whose answer has not ended", "尚未结束回答的请求数"),
)
ALL_SECONDS = Metric(
    name="popcam_http_all_seconds",
    kind="gauge",
    unit="seconds",
    labels=("quantile",),
    help=Text(
        "Time until an answer begins, of all routes, over the last minute", "最近一分钟内所有路由开始回答前的耗时"
    ),
    kept=True,
)
ALL_RATE = Metric(
    name="popcam_http_all_per_second",
    kind="gauge",
    unit="1",
    help=Text("Answered requests per second, of all routes", "所有路由每秒回答的请求数"),
    kept=True,
)
ALL_ERRORS = Metric(
    name="popcam_http_all_errors_ratio",
    kind="gauge",
    unit="ratio",
    help=Text(
        "Share of all requests of the last minute that failed by the server's fault", "最近一分钟内所有请求的失败比例"
    ),
    kept=True,
)


@dataclass(slots=True)
class _Route:
    """What is known of one route."""

    times: Distribution
    told: tuple[int, int] = (0, 0)
    """Slice and number of requests when it was told last: without a change nothing has to be told again."""
    codes: dict[tuple[str, int], int] = field(default_factory=dict)
    asked: int = 0
    failed: int = 0
    slices: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=round(WINDOW_S / SLICE_S)))
    """Requests and failures so far, at the end of each slice of the window."""

    def recent(self) -> tuple[int, int]:
        """Requests and failures of the window."""
        asked, failed = self.slices[0] if len(self.slices) == self.slices.maxlen else (0, 0)
        return self.asked - asked, self.failed - failed


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFigures:
    """One route. Times are of the last minute, in seconds.

    `codes` are all answers since the start, by method and status.
    """

    route: str
    requests: int
    codes: dict[tuple[str, int], int]
    recent: int
    per_s: float
    errors_ratio: float
    seconds: Summary


class HttpFigures:
    """Counts and times requests. Used from the loop's thread.

    Args:
        registry: where figures go.
        now_s: seconds that never jump.
    """

    def __init__(self, registry: Registry, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._requests = registry.declare(REQUESTS)
        self._errors = registry.declare(ERRORS)
        self._seconds = registry.declare(SECONDS)
        self._in_flight = registry.declare(IN_FLIGHT)
        self._all_seconds = registry.declare(ALL_SECONDS)
        self._all_rate = registry.declare(ALL_RATE)
        self._all_errors = registry.declare(ALL_ERRORS)
        self._routes: dict[str, _Route] = {}
        self._all = self._distribution()
        self._began_s = now_s()
        self._slice = self._number()
        self._told_s, self._told_asked = self._began_s, 0
        self.in_flight = 0

    def ended(self, method: str, route: str, status: int, took_s: float) -> None:
        """A request was answered.

        Args:
            method, route: what was asked; the route as it is declared, empty for none.
            status: what it was answered with; 0 where nobody was there any more.
            took_s: until the answer began.
        """
        known = self._route(route or NO_ROUTE)
        known.times.put(took_s)
        self._all.put(took_s)
        known.asked += 1
        known.failed += status >= FIRST_ERROR
        key = (method, status or CLIENT_LEFT)
        known.codes[key] = known.codes.get(key, 0) + 1
        self._requests.add((method, route or NO_ROUTE, str(key[1])))

    def sample(self) -> None:
        """Tell the registry how it stands; once a second."""
        now_s = self._now_s()
        self._pass_slices()
        asked = failed = total = 0
        for route, known in self._routes.items():
            recent, recent_failed = known.recent()
            asked, failed, total = asked + recent, failed + recent_failed, total + known.asked
            self._errors.set((route,), recent_failed / recent if recent else 0.0)
            if known.told != (self._slice, known.asked):
                known.told = self._slice, known.asked
                tell(self._seconds, (route,), known.times.summary())
        self._in_flight.set((), self.in_flight)
        self._all_errors.set((), failed / asked if asked else 0.0)
        tell(self._all_seconds, (), self.all())
        if now_s > self._told_s:
            self._all_rate.set((), (total - self._told_asked) / (now_s - self._told_s))
        self._told_s, self._told_asked = now_s, total

    def all(self) -> Summary:
        """Times of all routes together."""
        return self._all.summary()

    def errors_ratio(self) -> float:
        """Share of the requests of the last minute that failed."""
        self._pass_slices()
        recent = [known.recent() for known in self._routes.values()]
        asked = sum(one for one, _ in recent)
        return sum(failed for _, failed in recent) / asked if asked else 0.0

    def requests(self) -> int:
        """All that was asked since the start."""
        return sum(known.asked for known in self._routes.values())

    def routes(self) -> list[RouteFigures]:
        """All routes that were asked for, the one that took the most time first."""
        self._pass_slices()
        window_s = max(1.0, min(WINDOW_S, self._now_s() - self._began_s))
        told = []
        for route, known in self._routes.items():
            recent, failed = known.recent()
            told.append(
                RouteFigures(
                    route=route,
                    requests=known.asked,
                    codes=dict(known.codes),
                    recent=recent,
                    per_s=recent / window_s,
                    errors_ratio=failed / recent if recent else 0.0,
                    seconds=known.times.summary(),
                )
            )
        told.sort(key=lambda one: (-one.seconds.count * one.seconds.mean if one.seconds.count else 0.0, one.route))
        return told

    def _route(self, route: str) -> _Route:
        known = self._routes.get(route)
        if known is None:
            known = self._routes[route] = _Route(self._distribution())
        return known

    def _distribution(self) -> Distribution:
        return Distribution(slices=round(WINDOW_S / SLICE_S), slice_s=SLICE_S, now_s=self._now_s)

    def _number(self) -> int:
        return int(self._now_s() // SLICE_S)

    def _pass_slices(self) -> None:
        """What has been asked so far, kept at the end of each slice."""
        number = self._number()
        for known in self._routes.values():
            for _ in range(min(number - self._slice, known.slices.maxlen or 0)):
                known.slices.append((known.asked, known.failed))
        self._slice = number
