"""Newest values of chosen series, several times a second, for pages that draw them (`routes/monitoring.py`)."""

import asyncio
import math
from collections.abc import Sequence
from typing import Annotated

import msgspec

from popcam.core.errors import RequestInvalidError
from popcam.core.monitoring import Labels
from popcam.monitoring.figures import Figures
from popcam.server.monitoring_schemas import LiveSeriesMessage, LiveSeriesOut, LiveValuesMessage, Sees, may_see

MAX_SERIES = 1000
MAX_CHOICES = 100
FIND_EVERY_S = 1.0
"""New series of a chosen metric are looked for this often."""
Series = tuple[str, Labels]
Choices = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(min_length=1, max_length=MAX_CHOICES)
]
Hz = Annotated[float, msgspec.Meta(ge=0.1, le=10.0)]


class Choose(msgspec.Struct, frozen=True, tag="choose", tag_field="type", forbid_unknown_fields=True):
    """A client chooses anew."""

    series: Choices
    hz: Hz = 1.0


class Ping(msgspec.Struct, frozen=True, tag="ping", tag_field="type"):
    """A client's question whether we are still there."""

    id: int = 0


decode = msgspec.json.Decoder(Choose | Ping).decode


class Choice:
    """What `popcam_stage_seconds{camera=door,stage=detect}` stands for: a metric, and what some of its labels are.

    Raises:
        RequestInvalidError: it has another form, or names a label that the metric has not.
        MetricUnknownError.
    """

    def __init__(self, text: str, figures: Figures) -> None:
        self.name, opened, rest = text.partition("{")
        self._figures = figures
        self._metric = figures.registry.family(self.name).metric
        if opened and not rest.endswith("}"):
            raise RequestInvalidError(f"query.series: {text}: a closing brace is missing")
        wanted = dict(_pair(part, text) for part in rest.removesuffix("}").split(",") if part)
        if unknown := wanted.keys() - set(self._metric.labels):
            raise RequestInvalidError(f"query.series: {self.name} has no label {', '.join(sorted(unknown))}")
        self._wanted = [(self._metric.labels.index(label), value) for label, value in wanted.items()]

    def series(self, sees: Sees | None) -> list[Series]:
        """The series that it stands for now, in order."""
        rows = self._figures.registry.family(self.name).rows()
        return [
            (self.name, labels)
            for labels in sorted(rows)
            if all(labels[place] == value for place, value in self._wanted) and may_see(self._metric, labels, sees)
        ]


class LiveFigures:
    """One listener's series."""

    def __init__(self, figures: Figures, sees: Sees | None) -> None:
        self._figures = figures
        self._sees = sees
        self._choices: Sequence[Choice] = ()
        self._series: list[Series] = []
        self._all_series = -1
        self._find_at_s = 0.0
        self._period_s = 1.0
        self._chosen = asyncio.Event()

    def choose(self, series: Sequence[str], hz: float) -> None:
        """What is told from now on, and how often a second.

        Raises:
            RequestInvalidError, MetricUnknownError.
        """
        self._choices = [Choice(text, self._figures) for text in series]
        self._period_s = 1.0 / hz
        self._all_series, self._find_at_s = -1, 0.0
        self._chosen.set()

    async def wait(self) -> None:
        """Until the next values are due."""
        self._chosen.clear()
        try:
            async with asyncio.timeout(self._period_s):
                await self._chosen.wait()
        except TimeoutError:
            return

    def messages(self, unix_s: float) -> list[str]:
        """What is to be told now: `series` where they are others than before, then `values`."""
        self._figures.refresh()
        texts = []
        if (found := self._found()) is not None:
            texts.append(found)
        by_metric = {name: self._figures.latest(name) for name in {name for name, _ in self._series}}
        values = [by_metric[name].get(labels) for name, labels in self._series]
        told = [None if value is None or math.isinf(value) else value for value in values]
        texts.append(LiveValuesMessage(at_unix_s=unix_s, values=told).model_dump_json())
        return texts

    def _found(self) -> str | None:
        """Which series there are, where they changed."""
        now_s = asyncio.get_running_loop().time()
        if now_s < self._find_at_s:
            return None
        self._find_at_s = now_s + FIND_EVERY_S
        found = list(dict.fromkeys(one for choice in self._choices for one in choice.series(self._sees)))
        kept = found[:MAX_SERIES]
        if kept == self._series and len(found) == self._all_series:
            return None
        self._series, self._all_series = kept, len(found)
        metrics = self._figures.metrics()
        series = [
            LiveSeriesOut(name=name, labels=dict(zip(metrics[name].labels, labels, strict=True)))
            for name, labels in kept
        ]
        return LiveSeriesMessage(series=series, left_out=len(found) - len(kept)).model_dump_json()


def _pair(part: str, text: str) -> tuple[str, str]:
    label, equals, value = part.partition("=")
    if not equals:
        raise RequestInvalidError(f"query.series: {text}: `{part}` is no `label=value`")
    return label.strip(), value.strip().strip('"')
