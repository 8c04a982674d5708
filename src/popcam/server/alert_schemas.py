"""What the API takes and answers about alert rules, alerts and silences, as declared models."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from popcam.alerts.builtin import NAMES, told_name
from popcam.alerts.rules import Rule
from popcam.alerts.silences import Matcher, Silence
from popcam.alerts.wording import condition_text
from popcam.core.alerts import ID_PATTERN, Alert, AlertRuleSpec, AlertState, RuleOrigin
from popcam.core.language import Language, Text
from popcam.core.monitoring import Severity
from popcam.core.redact import redact
from popcam.storage.alerts import ChangeRow

if TYPE_CHECKING:
    from popcam.alerts.runs import Episode
    from popcam.alerts.try_rule import Tried

MAX_REASON = 400
Moment = Annotated[float, Field(ge=0, le=32_503_680_000)]
"""Seconds since 1970, until the year 3000."""


class AlertRuleOut(BaseModel):
    """One alert rule; sentences in the reader's language."""

    id: str
    name: str = Field(description="What people call it; of a built-in rule in the reader's language.")
    origin: RuleOrigin = Field(description="Built in, of the settings file, or made or changed in the console.")
    builtin: bool = Field(description="There is a built-in rule of this id; deleting brings it back as it was.")
    version: str = Field(description="What `ETag` says.")
    changed_unix_s: float | None = Field(description="Null for rules that nobody changed here.")
    changed_by: str
    condition_text: str = Field(description="The condition as a sentence.")
    problems: list[str] = Field(description="Why it can't work; empty for a rule that can.")
    pending: int = Field(description="Alerts of it that are pending now.")
    firing: int = Field(description="Alerts of it that fire now.")
    spec: AlertRuleSpec


class AlertRuleList(BaseModel):
    """All alert rules, by id."""

    items: list[AlertRuleOut]


class AlertRuleIn(BaseModel):
    """A new rule."""

    model_config = ConfigDict(extra="forbid")
    id: str | None = Field(default=None, pattern=ID_PATTERN, description="Made from the name when left out.")
    spec: AlertRuleSpec


class AlertRuleTryIn(BaseModel):
    """A rule to be tried against what was."""

    model_config = ConfigDict(extra="forbid")
    spec: AlertRuleSpec
    since_unix_s: Moment | None = Field(default=None, description="24 hours before the end when left out.")
    until_unix_s: Moment | None = Field(default=None, description="Now when left out.")


class EpisodeOut(BaseModel):
    """One time that a rule would have fired."""

    subject: str
    camera_id: str
    active_unix_s: float = Field(description="Since when the condition held.")
    fired_unix_s: float
    ended_unix_s: float | None = Field(description="Null for one that would still fire.")
    value: float | None = Field(description="The worst number meanwhile.")


class AlertRuleTriedOut(BaseModel):
    """When a rule would have fired."""

    since_unix_s: float
    until_unix_s: float
    fired: int = Field(description="How often, over all subjects.")
    subjects: int = Field(description="Cameras, disks, ... of which there was anything to look at.")
    complete: bool = Field(description="False where there was more than is looked at in one try.")
    summary: str = Field(description="The same as a sentence in the reader's language.")
    episodes: list[EpisodeOut] = Field(description="The newest first, 500 at most.")


class AlertOut(BaseModel):
    """How one alert stands; sentences in the reader's language."""

    rule_id: str
    subject: str = Field(description="Camera, worker, disk, ... that it is about; empty for all of popcam.")
    name: str
    severity: Severity
    state: AlertState
    since_unix_s: float = Field(description="Since when it is in this state.")
    active_unix_s: float = Field(description="Since when its condition holds.")
    fired_unix_s: float | None = Field(description="When it began to fire; null when it never did.")
    camera_id: str = Field(description="Empty when it is about no camera.")
    worker_id: str = Field(description="Empty when it is about no worker.")
    value: float | None = Field(description="The newest number; null where there is none.")
    detail: str = Field(description="What was found.")
    acknowledged_by: str = Field(description="Who has seen it; empty for nobody.")
    acknowledged_unix_s: float | None
    silenced_by: str = Field(description="Id of the silence that keeps it quiet; empty for none.")
    inhibited_by: str = Field(description="`rule:subject` of the alert that explains it; empty for none.")
    labels: dict[str, str]


class AlertNews(AlertOut):
    """An alert as an item of the live topic `alerts`: one text goes to all, so it holds both languages."""

    name_zh: str
    detail_zh: str


class AlertList(BaseModel):
    """Alerts that stand, the newest first."""

    items: list[AlertOut]


class AlertChangeOut(BaseModel):
    """An alert went from one state to another; from a state to itself when somebody acknowledged it."""

    change_id: int = Field(description="Grows with time.")
    rule_id: str
    subject: str
    name: str
    camera_id: str
    severity: Severity
    at_unix_s: float
    before: AlertState | Literal["none"]
    now: AlertState
    value: float | None
    detail: str
    acknowledged_by: str


class AlertHistoryPage(BaseModel):
    """What happened, the newest first."""

    items: list[AlertChangeOut]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class SilenceOut(BaseModel):
    """Alerts that all matchers choose are not told for a while."""

    id: str
    matchers: list[Matcher]
    author: str
    reason: str
    begins_unix_s: float
    ends_unix_s: float
    state: Literal["waiting", "in_force", "ended"]


class SilenceList(BaseModel):
    """Silences, those that end last first; those that ended are kept for 30 days."""

    items: list[SilenceOut]


class SilenceIn(BaseModel):
    """A new silence. Somebody who is limited to cameras names one of them."""

    model_config = ConfigDict(extra="forbid")
    matchers: Annotated[list[Matcher], Field(min_length=1, max_length=20)]
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    begins_unix_s: Moment | None = Field(default=None, description="Now when left out.")
    ends_unix_s: Moment


def rule_of(rule: Rule, problems: list[Text], counts: tuple[int, int], language: Language) -> AlertRuleOut:
    """A rule as it is told to a reader; `counts` are its alerts that are pending, and that fire."""
    made = rule.origin == "console"
    return AlertRuleOut(
        id=rule.rule_id,
        name=told_name(rule.rule_id, rule.spec.name, language),
        origin=rule.origin,
        builtin=rule.builtin,
        version=rule.version,
        changed_unix_s=rule.changed_unix_s if made else None,
        changed_by=rule.changed_by,
        condition_text=condition_text(rule.spec.condition).in_language(language),
        problems=[problem.in_language(language) for problem in problems],
        pending=counts[0],
        firing=counts[1],
        spec=shown(rule.spec),
    )


def shown(spec: AlertRuleSpec) -> AlertRuleSpec:
    """A rule as it may be shown: addresses of the settings file may hold credentials."""
    recovery = tuple(replace(one, target=redact(one.target)) for one in spec.recovery)
    return replace(spec, recovery=recovery)


def alert_of(alert: Alert, language: Language) -> AlertOut:
    """An alert as it is told to a reader."""
    return AlertOut(
        rule_id=alert.key.rule_id,
        subject=alert.key.subject,
        name=told_name(alert.key.rule_id, alert.name, language),
        severity=alert.severity,
        state=alert.state,
        since_unix_s=alert.since_unix_s,
        active_unix_s=alert.active_unix_s,
        fired_unix_s=alert.fired_unix_s,
        camera_id=alert.camera_id,
        worker_id=alert.worker_id,
        value=alert.value,
        detail=Text(alert.detail, alert.detail_zh or alert.detail).in_language(language),
        acknowledged_by=alert.acknowledged_by,
        acknowledged_unix_s=alert.acknowledged_unix_s,
        silenced_by=alert.silenced_by,
        inhibited_by=alert.inhibited_by,
        labels=dict(alert.labels),
    )


def alert_json(alert: Alert) -> str:
    """An alert as an item of the live topic `alerts`."""
    told = alert_of(alert, "en").model_dump()
    zh = alert_of(alert, "zh")
    return AlertNews(**told, name_zh=zh.name, detail_zh=zh.detail).model_dump_json()


def change_of(row: ChangeRow, language: Language) -> AlertChangeOut:
    """A change as it is told to a reader."""
    facts = row.facts
    detail = Text(facts.get("detail", ""), facts.get("detail_zh") or facts.get("detail", ""))
    default = NAMES[row.rule_id].en if row.rule_id in NAMES else row.rule_id
    return AlertChangeOut(
        change_id=row.change_id,
        rule_id=row.rule_id,
        subject=row.subject,
        name=told_name(row.rule_id, facts.get("name", default), language),
        camera_id=row.camera_id,
        severity=row.severity,  # type: ignore[arg-type] # as it was written, from an alert
        at_unix_s=row.at_unix_s,
        before=row.before,  # type: ignore[arg-type]
        now=row.now,  # type: ignore[arg-type]
        value=facts.get("value"),
        detail=detail.in_language(language),
        acknowledged_by=facts.get("acknowledged_by", "") if row.before == row.now else "",
    )


def silence_of(silence: Silence, now_unix_s: float) -> SilenceOut:
    """A silence as it is told."""
    ended = now_unix_s >= silence.ends_unix_s
    return SilenceOut(
        id=silence.silence_id,
        matchers=list(silence.matchers),
        author=silence.author,
        reason=silence.reason,
        begins_unix_s=silence.begins_unix_s,
        ends_unix_s=silence.ends_unix_s,
        state="in_force" if silence.in_force(now_unix_s) else "ended" if ended else "waiting",
    )


def tried_of(tried: "Tried", language: Language) -> AlertRuleTriedOut:
    """A try as it is told to a reader."""
    return AlertRuleTriedOut(
        since_unix_s=tried.since_unix_s,
        until_unix_s=tried.until_unix_s,
        fired=len(tried.episodes),
        subjects=tried.subjects,
        complete=tried.complete,
        summary=tried.summary.in_language(language),
        episodes=[_episode_of(episode) for episode in tried.episodes[:500]],
    )


def _episode_of(episode: "Episode") -> EpisodeOut:
    return EpisodeOut(
        subject=episode.subject,
        camera_id=episode.camera_id,
        active_unix_s=episode.active_unix_s,
        fired_unix_s=episode.fired_unix_s,
        ended_unix_s=episode.ended_unix_s,
        value=episode.value,
    )
