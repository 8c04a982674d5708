"""All rules: built in, of the settings file, and made in the console; which one counts, and what is wrong with one."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from popcam.alerts.builtin import ALL_CHANNELS
from popcam.alerts.schedule import minutes_of
from popcam.core.addresses import port_of, url_problem
from popcam.core.alerts import AlertRuleSpec, CommandSpec, ConditionSpec, RecoverySpec, RuleOrigin
from popcam.core.language import Text
from popcam.core.monitoring import CAMERA_LABEL, Metric
from popcam.core.security import SecurityKind

SPEC: TypeAdapter[AlertRuleSpec] = TypeAdapter(AlertRuleSpec)
CAMERA_ACTIONS = frozenset({"restart_stream", "restart_camera", "move_camera", "use_sub_stream", "onvif_reboot"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as it counts.

    Attributes:
        rule_id, spec: the rule.
        origin: where it comes from; `console` also for a built-in rule that was changed there.
        builtin: there is a built-in rule of this id.
        version: differs when the rule does.
        changed_unix_s, changed_by: of rules of the console; 0 and empty for others.
    """

    rule_id: str
    spec: AlertRuleSpec
    origin: RuleOrigin
    builtin: bool = False
    version: str = ""
    changed_unix_s: float = 0.0
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)
    checks: Collection[str] = ()
    channels: Collection[str] = ()
    commands: Mapping[str, CommandSpec] = field(default_factory=dict)


def merged(
    builtin: Mapping[str, AlertRuleSpec], made: Mapping[str, Rule], file: Mapping[str, AlertRuleSpec]
) -> dict[str, Rule]:
    """The rules that count, by id: those of the file before those of the console before those that are built in."""
    rules = {
        rule_id: Rule(rule_id=rule_id, spec=spec, origin="builtin", builtin=True, version=version_of(spec))
        for rule_id, spec in builtin.items()
    }
    for rule_id, rule in made.items():
        rules[rule_id] = Rule(
            rule_id=rule_id,
            spec=rule.spec,
            origin="console",
            builtin=rule_id in builtin,
            version=rule.version,
            changed_unix_s=rule.changed_unix_s,
            changed_by=rule.changed_by,
        )
    for rule_id, spec in file.items():
        rules[rule_id] = Rule(
            rule_id=rule_id, spec=spec, origin="file", builtin=rule_id in builtin, version=version_of(spec)
        )
    return rules


def version_of(spec: AlertRuleSpec) -> str:
    """Differs when the rule does."""
    return hashlib.sha256(json.dumps(document_of(spec), sort_keys=True).encode()).hexdigest()[:16]


def document_of(spec: AlertRuleSpec) -> dict[str, Any]:
    """A rule as plain JSON."""
    document: dict[str, Any] = SPEC.dump_python(spec, mode="json")
    return document


def spec_of(document: Any) -> AlertRuleSpec:
    """A rule that was kept as JSON.

    Raises:
        pydantic.ValidationError: it is none.
    """
    return SPEC.validate_json(json.dumps(document))


def channels_of(spec: AlertRuleSpec, known: Collection[str]) -> tuple[str, ...]:
    """Channels that a rule tells, of those that there are."""
    if ALL_CHANNELS in spec.channels:
        return tuple(known)
    return tuple(channel_id for channel_id in spec.channels if channel_id in known)


def rule_problems(spec: AlertRuleSpec, known: Known) -> list[Text]:
    """What is wrong with a rule whose single values are right."""
    found = _condition_problems(spec.condition, known)
    if spec.condition.kind == "metric" and (spec.cameras or spec.groups):
        metric = known.metrics.get(spec.condition.metric)
        if metric is not None and CAMERA_LABEL not in metric.labels:
            found.append(Text(f"cameras: {metric.name} is not about cameras", f"cameras：{metric.name} 与摄像头无关"))
    found += _schedule_problems(spec)
    for channel_id in spec.channels:
        if channel_id != ALL_CHANNELS and channel_id not in known.channels:
            found.append(Text(f"channels: there is no {channel_id}", f"channels：没有 {channel_id}"))
    for number, recovery in enumerate(spec.recovery):
        found += _recovery_problems(f"recovery[{number}]", recovery, spec, known)
    return found


def _condition_problems(condition: ConditionSpec, known: Known) -> list[Text]:
    match condition.kind:
        case "metric":
            return _metric_problems(condition, known)
        case "check":
            if condition.check in known.checks:
                return []
            name = condition.check or '""'
            return [Text(f"condition.check: there is no {name}", f"condition.check：没有 {name}")]
        case "security":
            kinds = {kind.value for kind in SecurityKind}
            unknown = [kind for kind in condition.security if kind not in kinds]
            return [
                Text(f"condition.security: there is no {kind}", f"condition.security：没有 {kind}") for kind in unknown
            ]
        case _:
            return []


def _metric_problems(condition: ConditionSpec, known: Known) -> list[Text]:
    metric = known.metrics.get(condition.metric)
    if metric is None:
        name = condition.metric or '""'
        return [Text(f"condition.metric: there is no {name}", f"condition.metric：没有 {name}")]
    found = [
        Text(f"condition.where: {metric.name} has no label {label}", f"condition.where：{metric.name} 没有标签 {label}")
        for label in condition.where
        if label not in metric.labels
    ]
    if condition.aggregate in {"increase", "rate"} and metric.kind != "counter":
        found.append(
            Text(
                f"condition.aggregate: {metric.name} is no counter; {condition.aggregate} means nothing",
                f"condition.aggregate：{metric.name} 不是计数器，{condition.aggregate} 没有意义",
            )
        )
    if condition.clear_threshold is not None and not _ends_within(condition, condition.clear_threshold):
        found.append(
            Text(
                "condition.clear_threshold: it has to lie on the side on which all is well",
                "condition.clear_threshold：应位于正常的一侧",
            )
        )
    return found


def _ends_within(condition: ConditionSpec, clear: float) -> bool:
    if condition.compare in {">", ">="}:
        return clear <= condition.threshold
    return condition.compare in {"<", "<="} and clear >= condition.threshold


def _schedule_problems(spec: AlertRuleSpec) -> list[Text]:
    if spec.schedule is None:
        return []
    times = {"begin": spec.schedule.begin, "end": spec.schedule.end}
    return [
        Text(f"schedule.{name}: {text} is no time of day (HH:MM)", f"schedule.{name}：{text} 不是时间（HH:MM）")
        for name, text in times.items()
        if minutes_of(text) is None or (name == "begin" and text == "24:00")
    ]


def _recovery_problems(place: str, recovery: RecoverySpec, spec: AlertRuleSpec, known: Known) -> list[Text]:
    match recovery.action:
        case "webhook":
            if not recovery.target.startswith(("http://", "https://")):
                return [
                    Text(f"{place}.target: an address (http, https) is needed", f"{place}.target：需要 http(s) 地址")
                ]
            problem = url_problem(recovery.target)
            return [] if problem is None else [Text(f"{place}.target: {problem.en}", f"{place}.target：{problem.zh}")]
        case "command":
            if recovery.target in known.commands:
                return []
            name = recovery.target or '""'
            return [
                Text(f"{place}.target: alerts.commands has no {name}", f"{place}.target：alerts.commands 中没有 {name}")
            ]
        case "onvif_reboot" if recovery.target and port_of(recovery.target) is None:
            return [
                Text(
                    f"{place}.target: a port, or nothing for the usual one, is needed",
                    f"{place}.target：需要端口号，或留空使用默认端口",
                )
            ]
        case _:
            return _subject_problems(place, recovery, spec, known)


def _subject_problems(place: str, recovery: RecoverySpec, spec: AlertRuleSpec, known: Known) -> list[Text]:
    """An action on a camera needs alerts that are about one."""
    metric = known.metrics.get(spec.condition.metric)
    about_none = spec.condition.kind == "security" or (
        spec.condition.kind == "metric" and metric is not None and CAMERA_LABEL not in metric.labels
    )
    if recovery.action in CAMERA_ACTIONS and about_none:
        return [
            Text(
                f"{place}.action: {recovery.action} needs a rule about cameras",
                f"{place}.action：{recovery.action} 需要针对摄像头的规则",
            )
        ]
    return []
