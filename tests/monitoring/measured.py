"""Families and rings for tests."""

from popcam.core.language import Text
from popcam.core.monitoring import Metric, MetricKind
from popcam.monitoring.registry import Family, Registry
from popcam.monitoring.rings import Rings

BEGIN_UNIX_S = 1_700_000_040.0
"""The beginning of a minute."""


def gauge(registry: Registry, name: str = "popcam_level", *, kept: bool = False) -> Family:
    return registry.declare(_metric(name, "gauge", kept=kept))


def counter(registry: Registry, name: str = "popcam_things_total", *, kept: bool = False) -> Family:
    return registry.declare(_metric(name, "counter", kept=kept))


def _metric(name: str, kind: MetricKind, *, kept: bool) -> Metric:
    return Metric(name=name, kind=kind, unit="1", help=Text("of a test", "测试"), labels=("camera",), kept=kept)


class Seconds:
    """Takes one second after the other."""

    def __init__(self, rings: Rings) -> None:
        self.rings = rings
        self.monotonic_s = 500.0
        self.unix_s = BEGIN_UNIX_S

    def take(self, passed_s: float = 1.0) -> int:
        taken = self.rings.take(self.monotonic_s, self.unix_s)
        self.monotonic_s += passed_s
        self.unix_s += passed_s
        return taken
