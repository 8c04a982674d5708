"""Figures as arrays, one look for all rules that ask the same: thousands of rules share a few dozen questions.

What does not change from second to second (which series there are, and where a camera's stands) is kept between looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from popcam.alerts.model import About
from popcam.core.alerts import AlertKey, ConditionSpec
from popcam.core.monitoring import CAMERA_LABEL, Aggregate, Labels, Metric, MetricsReader

WORKER_LABEL = "worker"
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


class Question(NamedTuple):
    """What a condition asks of figures."""

    metric: str
    aggregate: Aggregate
    window_s: float
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """Which series there are, in the order of their values; `rows` are their places in the reader's answer."""

    labels: tuple[Labels, ...]
    rows: Places | None
    subjects: tuple[str, ...]
    camera_ids: tuple[str, ...]
    worker_ids: tuple[str, ...]
    place_of: Mapping[str, int]
    by_camera: Mapping[str, Sequence[int]] = field(repr=False)
    per_camera: bool
    """The metric is about cameras."""

    def about(self, rule_id: str, place: int) -> About:
        """What the series at a place is about."""
        return About(AlertKey(rule_id, self.subjects[place]), self.camera_ids[place], self.worker_ids[place])


class Column(NamedTuple):
    """The answer to a question: one number per series; NaN where there is none."""

    shape: Shape
    values: Floats


class Columns:
    """Asks the reader once per question and look.

    Args:
        metrics: knows the figures.
    """

    def __init__(self, metrics: MetricsReader) -> None:
        self._metrics = metrics
        self._answers: dict[Question, Column] = {}
        self._shapes: dict[tuple[str, tuple[tuple[str, str], ...]], Shape] = {}

    def begin(self) -> None:
        """Another look begins: what was answered is old."""
        self._answers.clear()

    def ask(self, question: Question) -> Column:
        """One number per series.

        Raises:
            MetricUnknownError: there is no such metric.
        """
        found = self._answers.get(question)
        if found is None:
            found = self._answers[question] = self._ask(question)
        return found

    def _ask(self, question: Question) -> Column:
        answer = self._metrics.over(question.metric, question.aggregate, question.window_s)
        labels = tuple(answer)
        values = np.fromiter(answer.values(), np.float64, len(labels))
        kept = self._shapes.get((question.metric, question.where))
        if kept is None or kept.labels != labels:
            metric = self._metrics.metrics()[question.metric]
            kept = self._shapes[question.metric, question.where] = shape_of(metric, labels, dict(question.where))
        return Column(kept, values if kept.rows is None else values[kept.rows])


def question_of(condition: ConditionSpec) -> Question:
    """What a condition over a metric asks."""
    where = tuple(sorted(condition.where.items()))
    return Question(condition.metric, condition.aggregate, condition.window_s, where)


def shape_of(metric: Metric, labels: tuple[Labels, ...], where: Mapping[str, str]) -> Shape:
    """What series of a metric are about: their labels, without those that `where` names."""
    names = metric.labels
    wanted = [(names.index(name), value) for name, value in where.items() if name in names]
    nowhere = len(wanted) < len(where)
    rows = [row for row, one in enumerate(labels) if not nowhere and all(one[at] == value for at, value in wanted)]
    chosen = [labels[row] for row in rows]
    shown = [at for at, name in enumerate(names) if name not in where]
    subjects = tuple("/".join(one[at] for at in shown) for one in chosen)
    cameras = _labels_at(names, CAMERA_LABEL, chosen)
    by_camera: dict[str, list[int]] = {}
    for place, camera_id in enumerate(cameras):
        by_camera.setdefault(camera_id, []).append(place)
    return Shape(
        labels=labels,
        rows=np.array(rows, np.intp) if where else None,
        subjects=subjects,
        camera_ids=cameras,
        worker_ids=_labels_at(names, WORKER_LABEL, chosen),
        place_of={subject: place for place, subject in enumerate(subjects)},
        by_camera=by_camera,
        per_camera=CAMERA_LABEL in names,
    )


def _labels_at(names: tuple[str, ...], name: str, chosen: list[Labels]) -> tuple[str, ...]:
    if name not in names:
        return ("",) * len(chosen)
    at = names.index(name)
    return tuple(one[at] for one in chosen)
