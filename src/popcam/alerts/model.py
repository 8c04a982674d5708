"""How one alert goes from state to state. Pure: time is an argument.

A condition holds, is gone, or can't be told because its figure is missing. What is missing for a moment says nothing,
neither good nor bad: a server that was just started has no figures, and whatever fired before goes on firing.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertRuleSpec, AlertState
from popcam.core.language import Text

MISSING_S = 60.0
"""A figure has to be missing for so long before that means anything."""
NOTHING = Text("", "")
TOLD: frozenset[AlertState] = frozenset({"firing", "no_data", "error"})
"""States that people are told of."""


class Sighting(NamedTuple):
    """What was seen of one subject just now.

    Attributes:
        holds: whether the condition applies; None when nobody can say.
        value: the number, where there is one.
        detail: what was found.
        error: nobody can say because the rule itself can't be evaluated, rather than for want of a figure.
    """

    holds: bool | None
    value: float | None = None
    detail: Text = NOTHING
    error: bool = False


class About(NamedTuple):
    """What an alert is about."""

    key: AlertKey
    camera_id: str = ""
    worker_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An alert, and what evaluation has to know of it beside.

    Attributes:
        alert: as people see it.
        gone_unix_s: since when the condition of an alert that fires is gone; None while it holds.
    """

    alert: Alert
    gone_unix_s: float | None = None


@dataclass(slots=True)
class Look:
    """What one look found: alerts with another state or another reason to be quiet, by key; None for those that are
    over."""

    now_unix_s: float
    changes: list[AlertChange] = field(default_factory=list)
    changed: dict[AlertKey, Standing | None] = field(default_factory=dict)


def step(
    before: Standing | None,
    sighting: Sighting,
    rule: AlertRuleSpec,
    about: About,
    now_unix_s: float,
    missing_s: float = 0.0,
) -> Standing | None:
    """How an alert stands after a look at it; None for one that is not, or no longer.

    Args:
        before: how it stood.
        sighting: what was seen.
        rule, about: which alert it is.
        now_unix_s: time of the look.
        missing_s: for how long nobody has been able to say whether the condition holds.
    """
    if sighting.holds is None:
        if missing_s < max(MISSING_S, rule.for_s):
            return before
        state = _missing_state(sighting, rule)
        if state == "resolved":
            return None
        return _in_state(before, state, sighting, rule, about, now_unix_s)
    if sighting.holds:
        return _holding(before, sighting, rule, about, now_unix_s)
    return _gone(before, sighting, rule, now_unix_s)


def change_between(before: Standing | None, after: Standing | None, now_unix_s: float) -> AlertChange | None:
    """The change of state from one to the other; None when there is none."""
    if after is None:
        return None if before is None else AlertChange(resolved(before.alert, now_unix_s), before.alert.state)
    was: AlertState | Literal["none"] = "none" if before is None else before.alert.state
    return None if was == after.alert.state else AlertChange(after.alert, was)


def resolved(alert: Alert, now_unix_s: float) -> Alert:
    """The alert when it is over."""
    return replace(alert, state="resolved", since_unix_s=now_unix_s)


def is_told(change: AlertChange) -> bool:
    """Whether people hear of this change: not of what was only pending."""
    return change.alert.state in TOLD or (change.alert.state == "resolved" and change.before in TOLD)


def is_quiet(alert: Alert) -> bool:
    """Whether something keeps it from being told."""
    return bool(alert.silenced_by or alert.inhibited_by)


def _missing_state(sighting: Sighting, rule: AlertRuleSpec) -> AlertState:
    if sighting.error:
        return "error"
    match rule.no_data:
        case "ok":
            return "resolved"
        case "firing":
            return "firing"
        case _:
            return "no_data"


def _holding(
    before: Standing | None, sighting: Sighting, rule: AlertRuleSpec, about: About, now_unix_s: float
) -> Standing:
    if before is None or (before.alert.state in {"no_data", "error"} and before.alert.fired_unix_s is None):
        state: AlertState = "pending" if rule.for_s > 0 else "firing"
        return _in_state(None, state, sighting, rule, about, now_unix_s)
    waits = before.alert.state == "pending" and now_unix_s - before.alert.active_unix_s < rule.for_s
    return _in_state(before, "pending" if waits else "firing", sighting, rule, about, now_unix_s)


def _gone(before: Standing | None, sighting: Sighting, rule: AlertRuleSpec, now_unix_s: float) -> Standing | None:
    if before is None or before.alert.state != "firing":
        return None
    since_s = now_unix_s if before.gone_unix_s is None else before.gone_unix_s
    if now_unix_s - since_s >= rule.keep_firing_for_s:
        return None
    return Standing(alert=replace(before.alert, value=sighting.value), gone_unix_s=since_s)


def _in_state(
    before: Standing | None,
    state: AlertState,
    sighting: Sighting,
    rule: AlertRuleSpec,
    about: About,
    now_unix_s: float,
) -> Standing:
    """The alert in this state, as old as it was."""
    old = None if before is None else before.alert
    fired_s = None if old is None else old.fired_unix_s
    if state == "firing" and fired_s is None:
        fired_s = now_unix_s
    facts = (rule.name, rule.severity, labels_of(rule, about))
    if old is None:
        alert = Alert(
            key=about.key,
            name=facts[0],
            severity=facts[1],
            labels=facts[2],
            state=state,
            since_unix_s=now_unix_s,
            active_unix_s=now_unix_s,
            camera_id=about.camera_id,
            worker_id=about.worker_id,
            fired_unix_s=fired_s,
            value=sighting.value,
            detail=sighting.detail.en,
            detail_zh=sighting.detail.zh,
        )
        return Standing(alert=alert)
    alert = replace(
        old,
        name=facts[0],
        severity=facts[1],
        labels=facts[2],
        state=state,
        since_unix_s=old.since_unix_s if old.state == state else now_unix_s,
        fired_unix_s=fired_s,
        value=sighting.value,
        detail=sighting.detail.en,
        detail_zh=sighting.detail.zh,
    )
    return Standing(alert=alert)


def labels_of(rule: AlertRuleSpec, about: About) -> dict[str, str]:
    """Labels of an alert: those of its rule, and what it is about."""
    labels = {**rule.labels, "severity": rule.severity}
    if about.camera_id:
        labels["camera"] = about.camera_id
    if about.worker_id:
        labels["worker"] = about.worker_id
    return labels
