"""Alert rules, alerts and recovery, in words that settings, engine, API and console share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from popcam.core.monitoring import Aggregate, Severity
from popcam.core.spec import STRICT

ID_PATTERN = r"^[a-z0-9][a-z0-9-]{0,63}$"
"""Of rules, channels and commands."""
Name = Annotated[str, MinLen(1), MaxLen(120)]
ShortText = Annotated[str, MaxLen(200)]
RuleSeconds = Annotated[float, Ge(0.0), Le(604_800.0)]
CameraIds = Annotated[tuple[Annotated[str, MinLen(1), MaxLen(80)], ...], MaxLen(10_000)]
Ids = Annotated[tuple[Annotated[str, MinLen(1), MaxLen(64)], ...], MaxLen(100)]

ConditionKind = Literal["metric", "check", "event", "security"]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]
EventName = Literal[
    "face_appeared",
    "face_left",
    "motion_started",
    "motion_ended",
    "zone_entered",
    "zone_left",
    "line_crossed",
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, MinLen(5), MaxLen(5)]
"""`HH:MM`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSpec:
    """When a rule applies."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: ConditionKind = "metric"
    """`metric` compares a figure, `check` takes a health check, `event` counts events of cameras, `security` counts
    security events."""
    metric: Annotated[str, MaxLen(120)] = ""
    """`metric`: its name, such as `popcam_camera_fps`."""
    where: Annotated[Mapping[str, Annotated[str, MaxLen(200)]], MaxLen(8)] = field(default_factory=dict)
    """`metric`: only series with these labels, such as `stage: detect`; all when empty."""
    aggregate: Aggregate = "mean"
    """`metric`: how the window becomes one number."""
    window_s: Annotated[float, Ge(1.0), Le(3600.0)] = 30.0
    """`metric`, `event`, `security`: how far back is looked."""
    compare: Comparison = ">"
    """`metric`: how the number stands to the threshold."""
    threshold: float = 0.0
    """`metric`: the threshold, in the metric's unit."""
    clear_threshold: float | None = None
    """`metric`: a rule that applies goes on doing so until the number passes this one (hysteresis)."""
    check: Annotated[str, MaxLen(80)] = ""
    """`check`: its name, such as `camera.frozen`. It applies while the check has failed."""
    warnings: bool = False
    """`check`: a warning is enough."""
    event: EventName | None = None
    """`event`: which; every one when unset."""
    label: Annotated[str, MaxLen(80)] = ""
    """`event`: what was seen, such as `person`; anything when empty."""
    place: Annotated[str, MaxLen(80)] = ""
    """`event`: name of the zone or line; any when empty."""
    security: Annotated[tuple[Annotated[str, MaxLen(40)], ...], MaxLen(20)] = ()
    """`security`: kinds of security events, such as `login_failed`; any when empty."""
    at_least: Annotated[int, Ge(1), Le(1_000_000)] = 1
    """`event`, `security`: so many within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """When a rule is in force, in the server's local time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    days: Annotated[tuple[Weekday, ...], MaxLen(7)] = ()
    """Days of the week; every day when empty."""
    begin: TimeOfDay = "00:00"
    """Time of day, `HH:MM`."""
    end: TimeOfDay = "24:00"
    """Time of day; a time before `begin` is on the next day."""


RecoveryKind = Literal[
    "restart_stream",
    "restart_camera",
    "move_camera",
    "restart_worker",
    "use_sub_stream",
    "webhook",
    "onvif_reboot",
    "command",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySpec:
    """What is done about an alert, and within which limits."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    action: RecoveryKind
    """What is done."""
    target: Annotated[str, MaxLen(2048)] = ""
    """`webhook`: its address; `command`: its name in `alerts.commands`; `onvif_reboot`: port of the camera's ONVIF
    service where that is not 80."""
    after_s: RuleSeconds = 0.0
    """The alert has to last so long first. With several actions each may wait longer than the one before."""
    max_runs: Annotated[int, Ge(1), Le(1000)] = 3
    """Most runs for one camera or worker within the window."""
    window_s: Annotated[float, Ge(1.0), Le(604_800.0)] = 3600.0
    """The window of `max_runs`."""
    backoff_s: Annotated[float, Ge(1.0), Le(86_400.0)] = 10.0
    """Shortest wait between two runs; it doubles with each that did not help, with some chance in it."""
    verify_s: Annotated[float, Ge(1.0), Le(3600.0)] = 20.0
    """It helped when the alert's condition is gone, and the camera has frames again, within this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRuleSpec:
    """One alert rule."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: Name
    """What people call it."""
    enabled: bool = True
    """Whether it is in force."""
    condition: ConditionSpec = field(default_factory=ConditionSpec)
    """When it applies."""
    for_s: RuleSeconds = 0.0
    """It fires once the condition has held so long; it is pending meanwhile."""
    keep_firing_for_s: RuleSeconds = 0.0
    """It is resolved once the condition has been gone so long."""
    severity: Severity = "warning"
    """How bad it is."""
    no_data: Literal["ok", "no_data", "firing"] = "no_data"
    """What it means when there is no figure: all is well, a state of its own, or an alert."""
    labels: Annotated[Mapping[str, Annotated[str, MaxLen(120)]], MaxLen(20)] = field(default_factory=dict)
    """Labels of its alerts, for silences and groups."""
    cameras: CameraIds = ()
    """Cameras that it is for; all when this and `groups` are empty."""
    groups: CameraIds = ()
    """Groups of cameras that it is for."""
    schedule: ScheduleSpec | None = None
    """When it is in force; always when unset."""
    channels: Ids = ()
    """Channels that are told; `*` is all there are. The console is told in any case."""
    recovery: Annotated[tuple[RecoverySpec, ...], MaxLen(8)] = ()
    """What is done about it, one after the other."""
    summary: ShortText = ""
    """First line of what is told, with `{camera}`, `{value}`, `{threshold}`; made from the condition when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A way to tell people of alerts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    apprise_url: Annotated[str, MinLen(1), MaxLen(2048)]
    """Address in Apprise's form, such as `mailto://`, `tgram://`, `wecombot://`, `dingtalk://`, `feishu://`, `bark://`,
    `ntfy://`, `json://` (a webhook) or `mqtt://`. It holds secrets, and is never shown again."""
    name: Annotated[str, MaxLen(120)] = ""
    """What people call it; the id when empty."""
    enabled: bool = True
    """Whether anything is sent."""
    language: Literal["en", "zh"] = "en"
    """Language of what is sent."""
    min_severity: Severity = "info"
    """Less severe alerts are not sent."""
    picture: bool = True
    """Send a picture of the camera where the channel takes one."""
    clip: bool = False
    """Send a short clip of the recording after it, where there is one and the channel takes videos."""
    clip_max_mb: Annotated[float, Ge(0.1), Le(50.0)] = 8.0
    """Largest clip (1 MB = 10^6 bytes); a longer one is shortened."""
    resolved: bool = True
    """Tell, too, when an alert is over."""

    def __repr__(self) -> str:
        return f"ChannelSpec(name={self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A command of this machine that recovery may run. It stands in the settings file alone, never in the API."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    argv: Annotated[tuple[Annotated[str, MinLen(1), MaxLen(4096)], ...], MinLen(1), MaxLen(64)]
    """Program and arguments, without a shell. `{camera}` and `{worker}` are replaced by the alert's own, if any."""
    timeout_s: Annotated[float, Gt(0.0), Le(3600.0)] = 30.0
    """It is ended after this time."""


AlertState = Literal["pending", "firing", "resolved", "no_data", "error"]
RuleOrigin = Literal["builtin", "file", "console"]


class AlertKey(NamedTuple):
    """One alert: a rule, and what it is about. `subject` is a camera, worker, disk ...; empty for all of popcam."""

    rule_id: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """How one alert stands.

    Attributes:
        key, name, severity: which rule, of what, and how bad.
        camera_id, worker_id: set where the subject is one.
        state, since_unix_s: how it stands, and since when.
        active_unix_s: since when the condition holds.
        fired_unix_s: when it began to fire; None for pending and others that never did.
        value: the newest number; None for checks.
        detail: what was found, in the reader's language as far as known, else English.
        acknowledged_by, acknowledged_unix_s: who has seen it.
        silenced_by: id of the silence that keeps it quiet, or empty.
        inhibited_by: key of the alert that explains this one, or empty.
        labels: those of the rule, with `severity`, and `camera` or `worker`.
    """

    key: AlertKey
    name: str
    severity: Severity
    state: AlertState
    since_unix_s: float
    active_unix_s: float
    camera_id: str = ""
    worker_id: str = ""
    fired_unix_s: float | None = None
    value: float | None = None
    detail: str = ""
    detail_zh: str = ""
    acknowledged_by: str = ""
    acknowledged_unix_s: float | None = None
    silenced_by: str = ""
    inhibited_by: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


class AlertChange(NamedTuple):
    """An alert went from one state to another."""

    alert: Alert
    before: AlertState | Literal["none"]


RecoveryOutcome = Literal["running", "recovered", "not_recovered", "failed", "budget_spent", "resting", "off"]
"""`failed`: the action itself went wrong. `resting`: the breaker is open after several that did not help. `off`:
recovery is switched off, so this is what would have been done. The last three stand for nothing that was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryRun:
    """One try to mend what an alert is about."""

    run_id: str
    key: AlertKey
    action: RecoveryKind
    subject: str
    started_unix_s: float
    outcome: RecoveryOutcome
    ended_unix_s: float | None = None
    code: str = ""
    detail: str = ""
    attempt: int = 1
    """The how-manieth for this alert."""
    active_unix_s: float | None = None
    """Since when there was something to mend; None when a person asked for it."""
