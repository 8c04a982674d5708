"""The registry of figures: bounded families, any thread counts, Prometheus reads them."""

import math
import threading

import pytest
from prometheus_client import generate_latest

from popcam.core.errors import MetricUnknownError
from popcam.core.language import Text
from popcam.core.monitoring import Metric, MetricKind
from popcam.monitoring.registry import Registry


def metric(
    name: str = "popcam_test_seconds", kind: MetricKind = "gauge", labels: tuple[str, ...] = ("camera",)
) -> Metric:
    return Metric(name=name, kind=kind, unit="seconds", help=Text("Seconds of a test", "测试秒数"), labels=labels)


def test_the_newest_value_of_each_series_is_told() -> None:
    family = Registry().declare(metric())
    family.set(("gate",), 1.0)
    family.set(("gate",), 2.0)
    family.set(("yard",), 3.0)
    assert family.latest() == {("gate",): 2.0, ("yard",): 3.0}


def test_a_series_without_a_value_is_not_told() -> None:
    family = Registry().declare(metric())
    family.set(("gate",), math.nan)
    assert family.latest() == {}
    assert family.value(("gate",)) is None


def test_a_removed_series_gives_its_row_to_the_next() -> None:
    family = Registry().declare(metric())
    family.set(("gate",), 1.0)
    version = family.version
    family.remove(("gate",))
    family.set(("yard",), 2.0)
    assert family.rows() == {("yard",): 0}
    assert family.version > version


def test_series_of_one_camera_are_removed_together() -> None:
    registry = Registry()
    stages = registry.declare(metric("popcam_stage_seconds", labels=("camera", "stage")))
    up = registry.declare(metric("popcam_camera_up"))
    for camera in ("gate", "yard"):
        up.set((camera,), 1.0)
        for stage in ("decode", "detect"):
            stages.set((camera, stage), 0.1)
    registry.forget_camera("gate")
    assert set(stages.latest()) == {("yard", "decode"), ("yard", "detect")}
    assert set(up.latest()) == {("yard",)}


def test_replace_leaves_exactly_what_was_given() -> None:
    family = Registry().declare(metric())
    family.set(("gate",), 1.0)
    family.replace({("yard",): 2.0})
    assert family.latest() == {("yard",): 2.0}


def test_series_beyond_the_bound_are_refused_and_counted() -> None:
    registry = Registry()
    family = registry.declare(metric(), max_series=2)
    for name in ("a", "b", "c", "d"):
        family.set((name,), 1.0)
    family.set(("a",), 5.0)
    assert family.latest() == {("a",): 5.0, ("b",): 1.0}
    assert registry.family("popcam_metrics_refused_total").latest() == {("popcam_test_seconds",): 2.0}


def test_counts_of_several_threads_add_up() -> None:
    family = Registry().declare(metric("popcam_test_total", "counter"))

    def count() -> None:
        for _ in range(5000):
            family.add(("gate",))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert family.value(("gate",)) == 20_000


def test_labels_that_do_not_fit_are_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="has the labels"):
        Registry().declare(metric()).set(("gate", "decode"), 1.0)


def test_the_same_metric_again_is_the_same_family_and_another_is_refused() -> None:
    registry = Registry()
    assert registry.declare(metric()) is registry.declare(metric())
    with pytest.raises(ValueError, match="declared twice"):
        registry.declare(metric(labels=()))


def test_names_of_counters_end_with_total() -> None:
    with pytest.raises(ValueError, match="_total"):
        Registry().declare(metric("popcam_test_seconds", "counter"))


def test_an_unknown_metric_has_a_name_for_its_failure() -> None:
    with pytest.raises(MetricUnknownError):
        Registry().family("popcam_nothing")


def test_prometheus_reads_all_values_with_the_worker_beside_the_camera() -> None:
    registry = Registry()
    registry.worker_of = lambda camera_id: {"gate": "w1"}[camera_id]
    registry.declare(metric()).set(("gate",), 1.5)
    registry.declare(metric("popcam_test_total", "counter", ())).add((), 3)
    text = generate_latest(registry.prometheus).decode()
    assert '# TYPE popcam_test_seconds gauge\npopcam_test_seconds{camera="gate",worker="w1"} 1.5\n' in text
    assert "# TYPE popcam_test_total counter\npopcam_test_total 3.0\n" in text


def test_prometheus_escapes_what_names_contain() -> None:
    registry = Registry()
    registry.declare(metric(labels=("disk",))).set(('a"b\\c\nd',), 1.0)
    assert 'disk="a\\"b\\\\c\\nd"' in generate_latest(registry.prometheus).decode()
