"""Which rule counts, what is wrong with one, and changes of those of the console."""

from pathlib import Path

import pytest
from tests.fakes.alert_house import AlertHouse, alert_house, metric, slow_rule

from popcam.alerts.builtin import NAMES, builtin_rules, told_name
from popcam.alerts.rules import Known, channels_of, document_of, rule_problems, spec_of
from popcam.core.alerts import AlertRuleSpec, CommandSpec, ConditionSpec, RecoverySpec, ScheduleSpec
from popcam.core.errors import (
    AlertRuleBuiltinError,
    AlertRuleChangedError,
    AlertRuleExistsError,
    AlertRuleFixedError,
    AlertRuleInvalidError,
    AlertRuleNotFoundError,
)

KNOWN = Known(
    {
        "popcam_camera_fps": metric("popcam_camera_fps", "camera"),
        "popcam_disk_free_ratio": metric("popcam_disk_free_ratio", "disk"),
        "popcam_camera_frames_total": metric("popcam_camera_frames_total", "camera", kind="counter"),
    },
    {"camera.frames"},
    ("phone",),
    {"siren": CommandSpec(argv=("/bin/true",))},
)


@pytest.fixture
async def house(tmp_path: Path) -> AlertHouse:
    house = alert_house(tmp_path, {"filed": slow_rule()})
    await house.tick()
    return house


def of_metric(name: str = "popcam_camera_fps", **more: object) -> ConditionSpec:
    return ConditionSpec(metric=name, **more)  # type: ignore[arg-type]


def with_recovery(action: str, target: str = "", name: str = "popcam_camera_fps") -> AlertRuleSpec:
    return slow_rule(condition=of_metric(name), recovery=(RecoverySpec(action=action, target=target),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        (slow_rule(condition=of_metric("popcam_none")), "condition.metric"),
        (slow_rule(condition=of_metric(where={"stage": "detect"})), "condition.where"),
        (slow_rule(condition=of_metric(aggregate="rate")), "condition.aggregate"),
        (slow_rule(condition=of_metric(compare="<", threshold=5.0, clear_threshold=4.0)), "condition.clear_threshold"),
        (slow_rule(condition=of_metric(compare=">", threshold=5.0, clear_threshold=6.0)), "condition.clear_threshold"),
        (slow_rule(condition=of_metric(compare="==", clear_threshold=0.0)), "condition.clear_threshold"),
        (slow_rule(condition=ConditionSpec(kind="check", check="camera.frosen")), "condition.check"),
        (slow_rule(condition=ConditionSpec(kind="security", security=("burglary",))), "condition.security"),
        (slow_rule(condition=of_metric("popcam_disk_free_ratio"), cameras=("door",)), "cameras"),
        (slow_rule(schedule=ScheduleSpec(begin="25:00")), "schedule.begin"),
        (slow_rule(schedule=ScheduleSpec(end="later")), "schedule.end"),
        (slow_rule(channels=("pager",)), "channels"),
        (with_recovery("webhook", "ftp://192.0.2.1/"), "recovery[0].target"),
        (with_recovery("webhook", "http://169.254.169.254/latest"), "recovery[0].target"),
        (with_recovery("command", "rm"), "recovery[0].target"),
        (with_recovery("onvif_reboot", "rtsp"), "recovery[0].target"),
        (with_recovery("onvif_reboot", "65536"), "recovery[0].target"),
        (with_recovery("restart_stream", name="popcam_disk_free_ratio"), "recovery[0].action"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(spec: AlertRuleSpec, place: str) -> None:
    problems = rule_problems(spec, KNOWN)
    assert [problem.en.partition(":")[0] for problem in problems] == [place]
    assert problems[0].zh.startswith(place)


@pytest.mark.parametrize(
    "spec",
    [
        slow_rule(channels=("phone", "*")),
        slow_rule(condition=of_metric(compare="<", threshold=5.0, clear_threshold=8.0)),
        slow_rule(condition=of_metric("popcam_camera_frames_total", aggregate="increase")),
        slow_rule(condition=ConditionSpec(kind="event", event="face_appeared")),
        slow_rule(condition=ConditionSpec(kind="check", check="camera.frames"), schedule=ScheduleSpec(days=("sat",))),
        with_recovery("webhook", "https://192.0.2.1/hook"),
        with_recovery("command", "siren"),
        with_recovery("restart_camera"),
        with_recovery("onvif_reboot"),
        with_recovery("onvif_reboot", "2020"),
    ],
)
def test_a_rule_that_makes_sense_has_no_problems(spec: AlertRuleSpec) -> None:
    assert rule_problems(spec, KNOWN) == []


def test_a_rule_is_the_same_after_it_was_kept() -> None:
    for spec in builtin_rules().values():
        assert spec_of(document_of(spec)) == spec


def test_every_built_in_rule_has_a_name_in_both_languages() -> None:
    assert NAMES.keys() == builtin_rules().keys()
    assert told_name("camera-offline", "Camera offline", "zh") == "摄像头离线"
    assert told_name("camera-offline", "Gone!", "zh") == "Gone!"


def test_all_channels_are_those_that_there_are() -> None:
    assert channels_of(slow_rule(channels=("*",)), ("phone", "mail")) == ("phone", "mail")
    assert channels_of(slow_rule(channels=("mail", "gone")), ("phone", "mail")) == ("mail",)
    assert channels_of(slow_rule(), ("phone",)) == ()


async def test_a_rule_of_the_console_is_kept(house: AlertHouse, tmp_path: Path) -> None:
    made = await house.service.rules.create("mine", slow_rule(for_s=7.0), "anna")
    assert (made.origin, made.version, made.changed_by) == ("console", "1", "anna")
    again = alert_house(tmp_path, {}, clock=house.clock)
    await again.tick()
    assert again.service.rules.get("mine") == made


async def test_a_changed_rule_has_another_version(house: AlertHouse) -> None:
    await house.service.rules.create("mine", slow_rule(), "anna")
    changed = await house.service.rules.replace("mine", slow_rule(for_s=9.0), "ben", expected="1")
    assert (changed.version, changed.changed_by, changed.spec.for_s) == ("2", "ben", 9.0)


async def test_who_was_slower_is_told(house: AlertHouse) -> None:
    await house.service.rules.create("mine", slow_rule(), "anna")
    with pytest.raises(AlertRuleChangedError):
        await house.service.rules.replace("mine", slow_rule(), "ben", expected="7")
    with pytest.raises(AlertRuleChangedError):
        await house.service.rules.remove("mine", expected="7")


async def test_a_built_in_rule_is_changed_and_brought_back(tmp_path: Path) -> None:
    house = alert_house(tmp_path, {})
    book = house.service.rules
    book.use({})
    await house.tick()
    before = book.get("camera-offline")
    changed = await book.replace("camera-offline", slow_rule(), "anna", expected=before.version)
    assert (changed.origin, changed.builtin, changed.version) == ("console", True, "1")
    assert await book.remove("camera-offline") == before
    with pytest.raises(AlertRuleBuiltinError):
        await book.remove("camera-offline")


async def test_a_rule_of_the_file_is_left_to_the_file(house: AlertHouse) -> None:
    assert house.service.rules.get("filed").origin == "file"
    with pytest.raises(AlertRuleFixedError):
        await house.service.rules.replace("filed", slow_rule(), "anna")
    with pytest.raises(AlertRuleFixedError):
        await house.service.rules.remove("filed")


async def test_ids_are_taken_once_and_unknown_ones_are_told(house: AlertHouse) -> None:
    with pytest.raises(AlertRuleExistsError):
        await house.service.rules.create("filed", slow_rule(), "anna")
    with pytest.raises(AlertRuleNotFoundError):
        await house.service.rules.replace("none", slow_rule(), "anna")
    with pytest.raises(AlertRuleNotFoundError):
        await house.service.rules.remove("none")


async def test_a_rule_that_can_not_work_is_refused_with_all_reasons(house: AlertHouse) -> None:
    with pytest.raises(AlertRuleInvalidError) as raised:
        await house.service.rules.create("bad", slow_rule(condition=of_metric("none"), channels=("pager",)), "anna")
    assert raised.value.detail == "condition.metric: there is no none; channels: there is no pager"
    assert "channels：没有 pager" in raised.value.detail_zh


async def test_problems_of_the_files_rules_are_told(tmp_path: Path) -> None:
    house = alert_house(tmp_path, {"bad": slow_rule(condition=of_metric("popcam_none"))})
    await house.tick()
    assert list(house.service.rules.problems(enabled=True)) == ["bad"]


async def test_an_id_is_made_from_the_name(house: AlertHouse) -> None:
    book = house.service.rules
    assert book.free_id("Tür: zu langsam!") == "tur-zu-langsam"
    assert book.free_id("filed") == "filed-2"
    assert book.free_id("告警") == "rule"
