"""What people read."""

from typing import Any

import pytest
from tests.fakes.told_alerts import T0, fires, over

from popcam.alerts.notify.model import Message, facts_of, item_of, items_in, merged
from popcam.alerts.notify.templates import Rendered, camera_of, length_text, render
from popcam.core.alerts import AlertChange
from popcam.core.language import Language

NAMES = {"front": "Front door 前门"}


def shown(*changes: AlertChange, language: Language = "en", **more: Any) -> Rendered:
    message = merged([facts_of([item_of(change) for change in changes], repeated=more.pop("repeated", False))], **more)
    return render(message, language, lambda camera_id: NAMES.get(camera_id, camera_id), T0 + 100)


def test_one_alert_in_english() -> None:
    text = shown(fires(detail="no pictures for 12 s", fired_unix_s=T0))
    assert text.title == "Critical: Camera offline - Front door 前门"
    assert text.body.startswith("Critical: Camera offline - Front door 前门\n  no pictures for 12 s\n  since ")
    assert (text.kind, text.picture_name) == ("failure", "front.jpg")


def test_one_alert_in_chinese() -> None:
    text = shown(fires(detail="no pictures", detail_zh="12 秒没有画面"), language="zh")
    assert text.title == "严重: 摄像头离线 - Front door 前门"
    assert "12 秒没有画面" in text.body
    assert "no pictures" not in text.body


def test_a_name_that_somebody_gave_stays_in_both_languages() -> None:
    assert "Door quiet" in shown(fires(name="Door quiet"), language="zh").title


def test_that_it_is_over_is_good_news_with_its_length() -> None:
    text = shown(over(fired_unix_s=T0, since_unix_s=T0 + 75))
    assert (text.title, text.kind) == ("Over: Camera offline - Front door 前门", "success")
    assert "lasted 1 min 15 s" in text.body


def test_many_of_one_rule_are_counted_in_the_title() -> None:
    text = shown(fires("front"), fires("back"), over("side"))
    assert text.title == "2 alerts: Camera offline"
    assert "Over: Camera offline - side" in text.body


def test_many_of_several_rules_are_counted() -> None:
    assert shown(fires("front"), fires("back", rule="disk-nearly-full", name="Disk")).title == "2 alerts"


def test_all_that_is_over_is_counted() -> None:
    assert shown(over("front"), over("back")).title == "2 alerts are over: Camera offline"


def test_more_than_twenty_are_told_as_a_number() -> None:
    text = shown(*[fires(f"cam-{number}") for number in range(50)])
    assert "and 30 more" in text.body


def test_a_repetition_says_so() -> None:
    assert "still goes on" in shown(fires(), repeated=True).body


def test_a_possible_repetition_says_so_in_both_languages() -> None:
    assert "may have got this before" in shown(fires(), maybe_repeated=True).body
    assert "可能已收到" in shown(fires(), language="zh", maybe_repeated=True).body


def test_a_rule_that_failed_says_so() -> None:
    assert shown(fires(state="error")).title.startswith("Rule failed: ")


def test_what_is_about_no_camera_names_its_subject() -> None:
    text = shown(fires("/data", camera_id="", rule="disk-nearly-full", name="Disk nearly full"))
    assert text.title == "Critical: Disk nearly full - /data"
    assert text.picture_name == "popcam.jpg"


@pytest.mark.parametrize(("severity", "kind"), [("info", "info"), ("warning", "warning"), ("critical", "failure")])
def test_the_worst_of_what_lasts_colours_it(severity: str, kind: str) -> None:
    assert shown(fires(severity=severity), over("back", severity="critical")).kind == kind


def test_the_test_message_is_in_the_channels_language() -> None:
    text = render(Message(items=(), test=True), "zh", str, T0)
    assert "测试" in text.title
    assert "测试" in text.body


def test_the_picture_is_that_of_the_first_camera() -> None:
    message = merged([facts_of([item_of(fires("/data", camera_id="")), item_of(fires("front"))])])
    assert camera_of(message) == "front"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.6, "1 min"), (3700, "1 h 1 min"), (90_000, "1 d 1 h"), (-5, "0 s")]
)
def test_lengths_are_told_in_two_units(seconds: float, text: str) -> None:
    assert length_text(seconds, "en") == text


def test_what_is_kept_is_read_as_it_was() -> None:
    item = item_of(fires(value=3.5, detail="x", labels={"severity": "critical"}))
    assert items_in(facts_of([item])) == (item,)


def test_fields_of_a_later_version_are_passed_over() -> None:
    facts = facts_of([item_of(fires())])
    facts["alerts"][0]["colour"] = "red"
    assert items_in(facts)[0].subject == "front"
