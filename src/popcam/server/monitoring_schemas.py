"""Figures as the API tells them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from popcam.core.errors import MetricUnknownError
from popcam.core.language import Language
from popcam.core.monitoring import CAMERA_LABEL, Labels, Metric, MetricKind, MetricsReader, Points
from popcam.server.examples import Json

Sees = Callable[[str], bool]


class SeriesOut(BaseModel):
    """One series of a metric with its newest value."""

    labels: dict[str, str]
    value: float


class MetricOut(BaseModel):
    """One metric with the series that have a value."""

    name: str
    kind: MetricKind = Field(description="A `counter` only grows until it begins anew.")
    unit: str
    help: str = Field(description="What it tells, in the reader's language.")
    labels: list[str] = Field(description="Names of its labels.")
    kept: bool = Field(description="Minutes of it are kept for weeks, not only seconds of the last hour.")
    series: list[SeriesOut]


class MetricsOut(BaseModel):
    """The newest figures."""

    at_unix_s: float
    keep_days: float = Field(description="How long points of a minute are kept, of what is `kept`.")
    metrics: list[MetricOut]


class HistoryOut(BaseModel):
    """A piece of history, oldest first; null where nothing was measured. Of counters, the growth per second."""

    name: str
    unit: str = Field(description="Of the values: of counters, the metric's unit per second.")
    labels: dict[str, str]
    step_s: float
    unix_s: list[float] = Field(description="Beginnings of the steps.")
    mean: list[float | None]
    low: list[float | None] = Field(description="Least of each step.")
    high: list[float | None] = Field(description="Most of each step.")


class LiveSeriesOut(BaseModel):
    """One series by its name and labels."""

    name: str
    labels: dict[str, str]


class LiveSeriesMessage(BaseModel):
    """Message of `/monitoring/live`: which series are told; `values` of later messages are in this order."""

    type: Literal["series"] = "series"
    series: list[LiveSeriesOut]
    left_out: int = Field(description="Series that were chosen beyond the bound.")


class LiveValuesMessage(BaseModel):
    """Message of `/monitoring/live`: the newest value of each series that was named, null for what has none."""

    type: Literal["values"] = "values"
    at_unix_s: float
    values: list[float | None]


def may_see(metric: Metric, labels: Labels, sees: Sees | None) -> bool:
    """Whether a series is for somebody: who is limited to some cameras sees those of these cameras alone."""
    if sees is None:
        return True
    return CAMERA_LABEL in metric.labels and sees(labels[metric.labels.index(CAMERA_LABEL)])


def metrics_json(
    reader: MetricsReader,
    names: Sequence[str],
    camera_id: str | None,
    sees: Sees | None,
    language: Language,
    *,
    with_series: bool = True,
) -> list[Json]:
    """Metrics as `MetricOut` has them.

    Args:
        reader: where figures are.
        names: of these metrics; all when empty.
        camera_id: only series of this camera.
        sees: whether the reader may know of a camera; None for all.
        language: the reader's.
        with_series: their values, too.

    Raises:
        MetricUnknownError: one of the names is none.
    """
    known = reader.metrics()
    found = []
    for name in names or known:
        if name not in known:
            raise MetricUnknownError(name)
        values = reader.latest(name) if with_series else {}
        metric = known[name]
        if camera_id is not None and CAMERA_LABEL not in metric.labels:
            continue
        if sees is not None and CAMERA_LABEL not in metric.labels:
            continue
        found.append(_metric_json(metric, _chosen(metric, values, camera_id, sees), language))
    return found


def history_out(metric: Metric, labels: Labels, points: Points) -> HistoryOut:
    """A piece of history, as the API tells it."""
    return HistoryOut(
        name=metric.name,
        unit=f"{metric.unit}/second" if metric.kind == "counter" else metric.unit,
        labels=dict(zip(metric.labels, labels, strict=True)),
        step_s=points.step_s,
        unix_s=list(points.unix_s),
        mean=_nulls(points.mean),
        low=_nulls(points.low),
        high=_nulls(points.high),
    )


def _metric_json(metric: Metric, values: Mapping[Labels, float], language: Language) -> Json:
    return {
        "name": metric.name,
        "kind": metric.kind,
        "unit": metric.unit,
        "help": metric.help.in_language(language),
        "labels": metric.labels,
        "kept": metric.kept,
        "series": [
            {"labels": dict(zip(metric.labels, labels, strict=True)), "value": value}
            for labels, value in values.items()
        ],
    }


def _chosen(
    metric: Metric, values: Mapping[Labels, float], camera_id: str | None, sees: Sees | None
) -> Mapping[Labels, float]:
    if CAMERA_LABEL not in metric.labels or (camera_id is None and sees is None):
        return values
    place = metric.labels.index(CAMERA_LABEL)
    cameras = {labels[place] for labels in values}
    wanted = {one for one in cameras if camera_id in (None, one) and (sees is None or sees(one))}
    return {labels: value for labels, value in values.items() if labels[place] in wanted}


def _nulls(values: Sequence[float]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]


METRICS: Json = {
    "at_unix_s": 1_795_300_000.0,
    "keep_days": 30.0,
    "metrics": [
        {
            "name": "popcam_camera_fps",
            "kind": "gauge",
            "unit": "frames/second",
            "help": "Frames per second through the whole pipeline",
            "labels": ["camera"],
            "kept": True,
            "series": [{"labels": {"camera": "door"}, "value": 24.98}],
        }
    ],
}
HISTORY: Json = {
    "name": "popcam_camera_fps",
    "unit": "frames/second",
    "labels": {"camera": "door"},
    "step_s": 60.0,
    "unix_s": [1_795_299_900.0, 1_795_299_960.0],
    "mean": [24.9, 25.0],
    "low": [22.0, 24.0],
    "high": [25.1, 25.2],
}
