"""What rules and alerts say, in both languages."""

import pytest

from popcam.alerts.wording import condition_text, counted_text, found_text, number, seconds
from popcam.core.alerts import AlertRuleSpec, ConditionSpec
from popcam.core.language import Text

NOTHING = Text("", "")


@pytest.mark.parametrize(
    ("value", "text"), [(3.0, "3"), (0.05, "0.05"), (1234.567, "1235"), (0.333333, "0.3333"), (-2.5, "-2.5")]
)
def test_numbers_have_four_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value_s", "en", "zh"),
    [(30, "30 s", "30 秒"), (120, "2 min", "2 分钟"), (3600, "1 h", "1 小时"), (90, "90 s", "90 秒")],
)
def test_lengths_of_time_have_the_largest_whole_unit(value_s: float, en: str, zh: str) -> None:
    assert seconds(value_s) == Text(en, zh)


@pytest.mark.parametrize(
    ("condition", "en", "zh"),
    [
        (
            ConditionSpec(metric="m", where={"stage": "detect"}, aggregate="p95", compare=">=", threshold=0.5),
            "the 95th percentile of m{stage=detect} over 30 s is >= 0.5",
            "30 秒内 m{stage=detect} 的第 95 百分位 >= 0.5",
        ),
        (
            ConditionSpec(kind="check", check="disk.space", warnings=True),
            "the check disk.space fails or warns",
            "检查 disk.space 失败或警告",
        ),
        (
            ConditionSpec(kind="event", event="zone_entered", label="person", place="yard", window_s=60),
            "a zone was entered (person yard) within 1 min",
            "1 分钟内进入区域（person yard）",
        ),
        (ConditionSpec(kind="event", at_least=3), "any event at least 3 times within 30 s", "30 秒内任意事件至少 3 次"),
        (
            ConditionSpec(kind="security", security=("blocked", "probing")),
            "blocked, probing within 30 s",
            "30 秒内blocked, probing",
        ),
    ],
)
def test_a_condition_is_a_sentence(condition: ConditionSpec, en: str, zh: str) -> None:
    assert condition_text(condition) == Text(en, zh)


def test_what_was_found_goes_before_the_number() -> None:
    rule = AlertRuleSpec(name="r", condition=ConditionSpec(metric="m", threshold=5.0))
    assert found_text(rule, "Door", "door", 9.0, Text("it broke", "坏了")).en == "it broke"
    assert found_text(rule, "Door", "door", 9.0, NOTHING) == Text("m is 9 (> 5)", "m 为 9（> 5）")
    assert found_text(rule, "Door", "door", None, NOTHING) == condition_text(rule.condition)


def test_a_rules_own_line_names_the_subject_where_there_is_no_camera() -> None:
    rule = AlertRuleSpec(name="r", summary="{camera} {value}/{threshold}", condition=ConditionSpec(threshold=5.0))
    assert found_text(rule, "", "/data", None, NOTHING).en == "/data /5"


def test_how_often_is_told_with_the_time() -> None:
    assert counted_text(3, 60.0) == Text("3 times within 1 min", "1 分钟内 3 次")
