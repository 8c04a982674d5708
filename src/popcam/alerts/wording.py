"""What alerts and rules say, in both languages. Pure."""

from collections.abc import Mapping

from popcam.core.alerts import AlertRuleSpec, ConditionSpec, EventName
from popcam.core.language import Text
from popcam.core.monitoring import Aggregate

_AGGREGATES: Mapping[Aggregate, Text] = {
    "last": Text("the newest value", "最新值"),
    "mean": Text("the mean", "平均值"),
    "min": Text("the lowest value", "最小值"),
    "max": Text("the highest value", "最大值"),
    "p95": Text("the 95th percentile", "第 95 百分位"),
    "increase": Text("the increase", "增量"),
    "rate": Text("the increase per second", "每秒增量"),
}
_EVENTS: Mapping[EventName, Text] = {
    "face_appeared": Text("a face appeared", "出现人脸"),
    "face_left": Text("a face left", "人脸离开"),
    "motion_started": Text("motion began", "开始移动"),
    "motion_ended": Text("motion ended", "移动结束"),
    "zone_entered": Text("a zone was entered", "进入区域"),
    "zone_left": Text("a zone was left", "离开区域"),
    "line_crossed": Text("a line was crossed", "越过界线"),
}


def number(value: float) -> str:
    """A number as people write it: four digits that count, no needless zeros."""
    rounded = float(f"{value:.4g}")
    return str(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e15 else str(rounded)


def seconds(value_s: float) -> Text:
    """A length of time."""
    for size, en, zh in ((3600.0, "h", "小时"), (60.0, "min", "分钟")):
        if value_s >= size and value_s % size == 0:
            return Text(f"{number(value_s / size)} {en}", f"{number(value_s / size)} {zh}")
    return Text(f"{number(value_s)} s", f"{number(value_s)} 秒")


def condition_text(condition: ConditionSpec) -> Text:
    """A condition as a sentence without its end."""
    over = seconds(condition.window_s)
    if condition.kind == "metric":
        return _metric_text(condition, over)
    if condition.kind == "check":
        state = Text("fails or warns", "失败或警告") if condition.warnings else Text("fails", "失败")
        return Text(f"the check {condition.check} {state.en}", f"检查 {condition.check} {state.zh}")
    if condition.kind == "event":
        what = _EVENTS[condition.event] if condition.event else Text("any event", "任意事件")
        extra = " ".join(part for part in (condition.label, condition.place) if part)
    else:
        kinds = ", ".join(condition.security)
        what = Text(kinds or "any security event", kinds or "任意安全事件")
        extra = ""
    named = Text(f"{what.en} ({extra})", f"{what.zh}（{extra}）") if extra else what
    if condition.at_least == 1:
        return Text(f"{named.en} within {over.en}", f"{over.zh}内{named.zh}")
    return Text(
        f"{named.en} at least {condition.at_least} times within {over.en}",
        f"{over.zh}内{named.zh}至少 {condition.at_least} 次",
    )


def found_text(rule: AlertRuleSpec, camera: str, subject: str, value: float | None, found: Text) -> Text:
    """What an alert tells: its rule's own line, else what was found, else the condition with the number.

    Args:
        rule: whose alert it is.
        camera: the camera's name; else empty.
        subject: what it is about.
        value: the number that was looked at.
        found: what a check or event told of itself.
    """
    if rule.summary:
        line = _filled(rule, camera or subject, value)
        return Text(line, line)
    if found.en:
        return found
    if value is None:
        return condition_text(rule.condition)
    limit = number(rule.condition.threshold)
    what = rule.condition.metric
    return Text(
        f"{what} is {number(value)} ({rule.condition.compare} {limit})",
        f"{what} 为 {number(value)}（{rule.condition.compare} {limit}）",
    )


def counted_text(count: int, window_s: float) -> Text:
    """How often something happened."""
    over = seconds(window_s)
    return Text(f"{count} times within {over.en}", f"{over.zh}内 {count} 次")


def missing_text(what: str) -> Text:
    """There is no figure."""
    return Text(f"no figure of {what}", f"没有 {what} 的数据")


def _metric_text(condition: ConditionSpec, over: Text) -> Text:
    aggregate = _AGGREGATES[condition.aggregate]
    where = "{" + ", ".join(f"{name}={value}" for name, value in condition.where.items()) + "}"
    what = condition.metric + (where if condition.where else "")
    limit = number(condition.threshold)
    return Text(
        f"{aggregate.en} of {what} over {over.en} is {condition.compare} {limit}",
        f"{over.zh}内 {what} 的{aggregate.zh} {condition.compare} {limit}",
    )


def _filled(rule: AlertRuleSpec, camera: str, value: float | None) -> str:
    """The rule's own line. Not `str.format`, which would reach into objects for whoever writes the line."""
    shown = "" if value is None else number(value)
    filled = rule.summary.replace("{camera}", camera).replace("{value}", shown)
    return filled.replace("{threshold}", number(rule.condition.threshold))
