"""The one place where figures are put: who measures something declares it here and sets it, everybody reads it here.

A family is one metric with all its series. Setting a value costs well under a microsecond, so it may be done often, yet
never per frame: workers sum up and tell once a second. The number of series is bounded: names of routes, disks or
cameras come from outside, and a registry that grows with them would take the memory of the server.
"""

import math
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from popcam.core.errors import MetricUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import CAMERA_LABEL, Labels, Metric

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric as PrometheusMetric

DEFAULT_MAX_SERIES = 4096
WORKER_LABEL = "worker"
NAN = math.nan
REFUSED = Metric(
    name="popcam_metrics_refused_total",
    kind="counter",
    unit="1",
    labels=("metric",),
    help=Text("Values that were refused, because their metric has too many series", "因指标的序列过多而被拒绝的数值"),
)


class Family:
    """One metric with the newest value of each of its series. Any thread may set and add.

    A series has a row, a small number that is its own for as long as it exists: what is kept about it elsewhere goes by
    that. NaN is no value: the series is there, and is not told.
    """

    def __init__(self, metric: Metric, max_series: int, refused: Callable[[str], None]) -> None:
        self.metric = metric
        self.max_series = max_series
        self.version = 0
        """Grows whenever a series comes or goes."""
        self._refused = refused
        self._rows: dict[Labels, int] = {}
        self._values = array("d")
        self._firsts = array("d")
        self._free: list[int] = []
        self._lock = threading.Lock()

    def set(self, labels: Labels, value: float) -> None:
        """The newest value of a series; NaN where nothing is known. A counter's value is its whole count."""
        with self._lock:
            row = self._rows.get(labels)  # asked here for speed: thousands of values are set a second
            if row is None:
                row = self._row(labels, value)
            if row is not None:
                self._values[row] = value
                return
        self._refused(self.metric.name)

    def add(self, labels: Labels, amount: float = 1.0) -> None:
        """Count."""
        with self._lock:
            row = self._row(labels, 0.0)
            if row is not None:
                before = self._values[row]
                self._values[row] = amount if math.isnan(before) else before + amount
                return
        self._refused(self.metric.name)

    def remove(self, labels: Labels) -> None:
        """The series is over; unknown ones are."""
        with self._lock:
            self._drop(labels)

    def remove_where(self, position: int, value: str) -> None:
        """All series are over whose label at this position has this value."""
        with self._lock:
            for labels in [labels for labels in self._rows if labels[position] == value]:
                self._drop(labels)

    def replace(self, values: Mapping[Labels, float]) -> None:
        """Exactly these series from now on."""
        with self._lock:
            gone = [labels for labels in self._rows if labels not in values]
            for labels in gone:
                self._drop(labels)
        for labels, value in values.items():
            self.set(labels, value)

    def latest(self) -> dict[Labels, float]:
        """The newest value of each series that has one."""
        with self._lock:
            values = self._values
            return {labels: values[row] for labels, row in self._rows.items() if not math.isnan(values[row])}

    def value(self, labels: Labels) -> float | None:
        """The newest value of one series, or None."""
        with self._lock:
            row = self._rows.get(labels)
            value = NAN if row is None else self._values[row]
        return None if math.isnan(value) else value

    def row(self, labels: Labels) -> int | None:
        """The row of one series."""
        return self._rows.get(labels)

    def rows(self) -> dict[Labels, int]:
        """The row of each series."""
        with self._lock:
            return dict(self._rows)

    def values(self) -> "array[float]":
        """All rows as they are now, NaN in those without a value."""
        with self._lock:
            return self._values[:]

    def firsts(self) -> "array[float]":
        """Where the series of each row began: a counter that is set was counted elsewhere before it was known here, one
        that is added to begins at 0. What it grew by is what it has beyond that."""
        with self._lock:
            return self._firsts[:]

    def _row(self, labels: Labels, first: float) -> int | None:
        """The row of a series, a new one if there is room."""
        row = self._rows.get(labels)
        if row is not None:
            return row
        if len(labels) != len(self.metric.labels):
            raise ValueError(f"{self.metric.name} has the labels {self.metric.labels}, not {labels}")
        if len(self._rows) >= self.max_series:
            return None
        if self._free:
            row = self._free.pop()
            self._firsts[row] = first
        else:
            row = len(self._values)
            self._values.append(NAN)
            self._firsts.append(first)
        self._rows[labels] = row
        self.version += 1
        return row

    def _drop(self, labels: Labels) -> None:
        row = self._rows.pop(labels, None)
        if row is not None:
            self._values[row] = NAN
            self._free.append(row)
            self.version += 1


def _no_worker(_camera_id: str) -> str:
    return ""


class Registry:
    """All families by name.

    `worker_of` says which worker runs a camera: scraped figures of cameras name it beside the camera.
    """

    def __init__(self) -> None:
        self.worker_of: Callable[[str], str] = _no_worker
        self._families: dict[str, Family] = {}
        self._prometheus: CollectorRegistry | None = None
        self._refusals = self.declare(REFUSED)

    def declare(self, metric: Metric, max_series: int = DEFAULT_MAX_SERIES) -> Family:
        """The family of a metric; the same again for the same metric.

        Raises:
            ValueError: another metric has this name.
        """
        known = self._families.get(metric.name)
        if known is not None:
            if known.metric != metric:
                raise ValueError(f"{metric.name} is declared twice, and not the same way")
            return known
        if (metric.kind == "counter") != metric.name.endswith("_total"):
            raise ValueError(f"{metric.name}: counters end with _total, gauges do not")
        family = self._families[metric.name] = Family(metric, max_series, self._refuse)
        return family

    def family(self, name: str) -> Family:
        """One family.

        Raises:
            MetricUnknownError.
        """
        family = self._families.get(name)
        if family is None:
            raise MetricUnknownError(name)
        return family

    def families(self) -> Iterable[Family]:
        """All of them."""
        return tuple(self._families.values())

    def metrics(self) -> Mapping[str, Metric]:
        """All metrics by name."""
        return {name: family.metric for name, family in self._families.items()}

    def forget_camera(self, camera_id: str) -> None:
        """All figures of a camera are over."""
        for family in self.families():
            if CAMERA_LABEL in family.metric.labels:
                family.remove_where(family.metric.labels.index(CAMERA_LABEL), camera_id)

    @property
    def prometheus(self) -> "CollectorRegistry":
        """What Prometheus scrapes: `prometheus_client.generate_latest` writes it down."""
        if self._prometheus is None:
            from prometheus_client import CollectorRegistry  # a tenth of a second that nobody waits for at start

            self._prometheus = CollectorRegistry(auto_describe=False)
            self._prometheus.register(_Collector(self))
        return self._prometheus

    def _refuse(self, name: str) -> None:
        self._refusals.add((name,))


class _Collector:
    """The registry as `prometheus_client` asks for it."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def describe(self) -> "list[PrometheusMetric]":
        """Nothing: families come while it runs."""
        return []

    def collect(self) -> "Iterator[PrometheusMetric]":
        """One family after the other, from its newest values."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        for family in self._registry.families():
            metric = family.metric
            names, values = metric.labels, family.latest()
            if CAMERA_LABEL in names and WORKER_LABEL not in names:
                values = self._with_worker(values, names.index(CAMERA_LABEL))
                names = (*names, WORKER_LABEL)
            made = (CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily)(
                metric.name, metric.help.en, labels=names
            )
            for labels, value in values.items():
                made.add_metric(labels, value)
            yield made

    def _with_worker(self, values: Mapping[Labels, float], camera: int) -> dict[Labels, float]:
        worker_of = self._registry.worker_of
        workers = {camera_id: worker_of(camera_id) for camera_id in {labels[camera] for labels in values}}
        return {(*labels, workers[labels[camera]]): value for labels, value in values.items()}
