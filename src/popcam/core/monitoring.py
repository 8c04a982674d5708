"""What is measured and checked, in words that monitoring, alert rules, the API and the console share. Pure."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, Protocol

from popcam.core.language import Text

Labels = tuple[str, ...]
"""Values of a metric's labels, in the order of `Metric.labels`."""
Aggregate = Literal["last", "mean", "min", "max", "p95", "increase", "rate"]
"""How the points of a window become one number. `increase` and `rate` (per second) are for counters, and take a value
that is smaller than the one before for a fresh start."""
MetricKind = Literal["gauge", "counter"]
Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""From the least to the most."""
CAMERA_LABEL = "camera"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One thing that is measured.

    Attributes:
        name: as Prometheus has it: `popcam_<what>_<unit>`, counters with `_total`; never renamed.
        kind: a `gauge` goes up and down, a `counter` only grows until it begins anew.
        unit: `seconds`, `bytes`, `ratio` (0..1), `frames`, `1`, ... of the values.
        labels: names of its labels; `camera` for what is about one camera.
        help: what it tells, in both languages.
        kept: also kept as one-minute points for weeks, not only for the last hour.
    """

    name: str
    kind: MetricKind
    unit: str
    help: Text
    labels: tuple[str, ...] = ()
    kept: bool = False


class Points(NamedTuple):
    """A piece of history; NaN where nothing was measured.

    `unix_s` are the beginnings of steps of `step_s`; `mean`, `low` and `high` are over each step.
    """

    step_s: float
    unix_s: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


class MetricsReader(Protocol):
    """What alert rules, the API and recovery ask about figures. Once a second all values are taken at the same time."""

    def metrics(self) -> Mapping[str, Metric]:
        """All metrics by name."""

    def latest(self, name: str) -> Mapping[Labels, float]:
        """The newest value of each series of a metric; none of series that stopped being told.

        Raises:
            MetricUnknownError.
        """

    def over(self, name: str, aggregate: Aggregate, window_s: float) -> Mapping[Labels, float]:
        """One number per series over the last seconds, an hour at most. A series without a point in them is missing.

        The same question within one second is answered from memory: thousands of rules ask it.

        Raises:
            MetricUnknownError.
        """

    async def history(self, name: str, labels: Labels, since_unix_s: float, until_unix_s: float) -> Points:
        """What was measured: one-second points of the last hour, one-minute points before.

        Raises:
            MetricUnknownError, DatabaseError.
        """


class CheckGroup(StrEnum):
    """What a check is about; the order is that of the health page."""

    SERVER = "server"
    STORAGE = "storage"
    WORKERS = "workers"
    CAMERAS = "cameras"
    ENGINES = "engines"
    MACHINE = "machine"
    NETWORK = "network"
    SECURITY = "security"
    SETTINGS = "settings"


CheckState = Literal["ok", "warning", "failed", "unknown", "absent"]
"""`unknown`: it was not run yet, or could not be carried out. `absent`: there is nothing to look at, such as no GPU."""
CHECK_STATES: tuple[CheckState, ...] = ("ok", "absent", "unknown", "warning", "failed")
"""From the best to the worst."""


class Outcome(NamedTuple):
    """What a check found.

    Attributes:
        state: how it is.
        detail: what was found, in both languages, with secrets masked; for people.
        code: public code of the failure where it has one.
        remedy: what to do, where it is more exact than the check's own remedy.
        figure: what was measured, for those who draw it, in the unit that `detail` names.
    """

    state: CheckState
    detail: Text = Text("", "")
    code: str = ""
    remedy: Text = Text("", "")
    figure: float | None = None


Look = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked at.

    Attributes:
        name: stable, `area.what`, such as `database.write`, `camera.frozen`.
        subject: what it is about where there are several: camera id, worker id, path of a disk; else empty.
        group, title, about: where it stands, what it is called, and what it looks at.
        look: carries it out. A PopcamError that it raises is a failure with that code, hint and detail; anything else
            that it raises is `unknown`.
        every_s, timeout_s: how often, and how long it may take; then it is `unknown`, with the time told.
        severity: how bad a failure is.
        remedy: what to do when it fails.
        ready: the server can't do its work while it fails: `/ready` answers 503.
    """

    name: str
    group: CheckGroup
    title: Text
    about: Text
    look: Look
    every_s: float
    severity: Severity
    remedy: Text
    subject: str = ""
    timeout_s: float = 5.0
    ready: bool = False

    @property
    def check_id(self) -> str:
        """Name and subject: unique."""
        return f"{self.name}:{self.subject}" if self.subject else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How a check stands.

    Attributes:
        check: what was looked at.
        outcome: what was found last.
        since_unix_s: since when it is in this state.
        checked_unix_s: when it was looked at last; 0 for never.
        took_s: how long the look took.
    """

    check: Check
    outcome: Outcome
    since_unix_s: float
    checked_unix_s: float = 0.0
    took_s: float = 0.0


class CheckChange(NamedTuple):
    """A check went from one state to another."""

    check_id: str
    at_unix_s: float
    before: CheckState
    now: CheckState
    code: str
    detail: Text


class HealthReader(Protocol):
    """What alert rules, the API and recovery ask about checks."""

    def results(self) -> Mapping[str, CheckResult]:
        """How all checks stand, by their ids."""

    def on_change(self, listener: Callable[[CheckChange], None]) -> Callable[[], None]:
        """Hear of each change of state, in the loop's thread; call what is given back to stop."""
