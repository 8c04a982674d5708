"""All rules over figures, checks and events, with a real database behind them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.fakes.alert_house import AlertHouse, alert_house, cameras, slow_rule

from popcam.core.alerts import AlertRuleSpec, ConditionSpec, RecoverySpec, ScheduleSpec
from popcam.core.facts import Event
from popcam.core.language import Text
from popcam.core.monitoring import CheckGroup
from popcam.core.security import SecurityEvent, SecurityKind

MakeHouse = Callable[..., AlertHouse]


@pytest.fixture
def house_of(tmp_path: Path) -> MakeHouse:
    def make(**rules: AlertRuleSpec) -> AlertHouse:
        return alert_house(tmp_path, rules)

    return make


def event(number: int, camera_id: str = "door", at_s: float = 0.0, **more: object) -> Event:
    return Event(
        event_id=f"e{number}",
        camera_id=camera_id,
        kind="zone_entered",
        started_unix_s=at_s,
        **{"label": "person", "place": "step", **more},  # type: ignore[arg-type]
    )


async def test_each_camera_below_the_threshold_has_an_alert_of_its_own(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    house.figures.set("popcam_camera_fps", ("yard",), 15.0)
    await house.tick()
    assert [(alert.key.subject, alert.camera_id, alert.value) for alert in house.service.alerts()] == [
        ("door", "door", 3.0)
    ]


async def test_a_rule_for_a_group_looks_at_its_cameras_alone(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(groups=("garden",)))
    house.cameras = cameras("door", "yard", groups={"yard": ("garden",)})
    for camera_id in ("door", "yard"):
        house.figures.set("popcam_camera_fps", (camera_id,), 3.0)
    await house.tick()
    assert [alert.key.subject for alert in house.service.alerts()] == ["yard"]


async def test_the_threshold_that_ends_it_is_another_one(house_of: MakeHouse) -> None:
    condition = ConditionSpec(metric="popcam_camera_fps", compare="<", threshold=5.0, clear_threshold=8.0)
    house = house_of(slow=slow_rule(condition=condition))
    seen = []
    for fps in (6.0, 4.0, 6.0, 7.9, 8.0, 6.0):
        house.figures.set("popcam_camera_fps", ("door",), fps)
        await house.tick()
        seen.append(house.state("slow"))
    assert seen == ["", "firing", "firing", "firing", "", ""]


async def test_a_camera_that_shall_not_run_any_longer_ends_its_alert_at_once(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(keep_firing_for_s=100.0))
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    await house.tick()
    house.cameras = cameras("yard")
    await house.tick()
    assert house.state("slow") == ""


async def test_a_series_that_stops_is_no_data_after_a_while(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    house.figures.set("popcam_camera_fps", ("yard",), 30.0)
    await house.tick()
    house.figures.remove("popcam_camera_fps", ("door",))
    await house.tick()
    assert house.state("slow") == "firing"
    await house.tick(60.0)
    assert house.state("slow") == "no_data"


async def test_an_alert_about_what_is_gone_ends_after_a_while(house_of: MakeHouse) -> None:
    condition = ConditionSpec(metric="popcam_disk_free_ratio", compare="<", threshold=0.1)
    house = house_of(disk=AlertRuleSpec(name="Disk", condition=condition))
    house.figures.set("popcam_disk_free_ratio", ("/usb",), 0.01)
    house.figures.set("popcam_disk_free_ratio", ("/data",), 0.9)
    await house.tick()
    house.figures.remove("popcam_disk_free_ratio", ("/usb",))
    await house.tick()
    assert house.state("disk", "/usb") == "firing"
    await house.tick(60.0)
    assert house.state("disk", "/usb") == ""


async def test_a_camera_without_any_figure_is_no_data_after_a_while(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule())
    house.figures.set("popcam_camera_fps", ("yard",), 30.0)
    await house.tick()
    assert house.state("slow") == ""
    await house.tick(60.0)
    assert house.state("slow") == "no_data"


async def test_a_metric_that_does_not_exist_is_an_error_of_the_rule(house_of: MakeHouse) -> None:
    house = house_of(odd=AlertRuleSpec(name="Odd", condition=ConditionSpec(metric="popcam_none")))
    await house.tick()
    await house.tick(60.0)
    assert house.state("odd", "") == "error"
    assert "popcam_none" in house.service.alerts()[0].detail


async def test_series_are_chosen_by_labels_and_named_by_the_others(house_of: MakeHouse) -> None:
    condition = ConditionSpec(metric="popcam_stage_seconds", where={"quantile": "0.95"}, threshold=0.1)
    house = house_of(stage=AlertRuleSpec(name="Stage", condition=condition))
    house.figures.set("popcam_stage_seconds", ("door", "detect", "0.95"), 0.2)
    house.figures.set("popcam_stage_seconds", ("door", "detect", "0.99"), 0.9)
    house.figures.set("popcam_stage_seconds", ("door", "decode", "0.95"), 0.01)
    await house.tick()
    assert [(alert.key.subject, alert.camera_id) for alert in house.service.alerts()] == [("door/detect", "door")]


async def test_a_worker_is_named_by_its_label(house_of: MakeHouse) -> None:
    condition = ConditionSpec(metric="popcam_worker_restarts_total", aggregate="increase", compare=">=", threshold=2)
    house = house_of(again=AlertRuleSpec(name="Again", condition=condition))
    house.figures.set("popcam_worker_restarts_total", ("w1",), 2.0)
    await house.tick()
    assert [alert.worker_id for alert in house.service.alerts()] == ["w1"]


async def test_a_failed_check_fires_and_tells_what_it_found(house_of: MakeHouse) -> None:
    house = house_of(off=AlertRuleSpec(name="Off", condition=ConditionSpec(kind="check", check="camera.frames")))
    house.checks.set("camera.frames", "door", "failed", Text("no pictures for 9 s", "已 9 秒没有画面"), figure=9.0)
    house.checks.set("camera.frames", "yard", "warning")
    await house.tick()
    alert = house.service.alerts()[0]
    assert (alert.key.subject, alert.camera_id, alert.detail, alert.value) == (
        "door",
        "door",
        "no pictures for 9 s",
        9.0,
    )
    assert len(house.service.alerts()) == 1


async def test_a_warning_is_enough_where_the_rule_says_so(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="check", check="disk.space", warnings=True)
    house = house_of(disk=AlertRuleSpec(name="Disk", condition=condition))
    house.checks.set("disk.space", "/data", "warning", group=CheckGroup.STORAGE)
    await house.tick()
    assert house.state("disk", "/data") == "firing"


async def test_a_check_that_could_not_be_carried_out_leaves_an_alert_as_it_is(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="check", check="camera.frames")
    house = house_of(off=AlertRuleSpec(name="Off", condition=condition, no_data="ok"))
    house.checks.set("camera.frames", "door", "failed")
    await house.tick()
    house.checks.set("camera.frames", "door", "unknown")
    await house.tick()
    assert house.state("off") == "firing"
    house.checks.set("camera.frames", "door", "ok")
    await house.tick()
    assert house.state("off") == ""


async def test_a_check_that_is_gone_ends_its_alert_after_a_while(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="check", check="worker.heartbeat")
    house = house_of(dead=AlertRuleSpec(name="Dead", condition=condition, no_data="ok"))
    house.checks.set("worker.heartbeat", "w1", "failed", group=CheckGroup.WORKERS)
    await house.tick()
    assert house.state("dead", "w1") == "firing"
    house.checks.remove("worker.heartbeat:w1")
    await house.tick()
    await house.tick(60.0)
    assert house.state("dead", "w1") == ""


async def test_events_count_within_the_window_by_camera(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="event", event="zone_entered", label="person", at_least=2, window_s=10.0)
    house = house_of(crowd=AlertRuleSpec(name="Crowd", condition=condition))
    await house.tick()
    now_s = house.clock.unix_s()
    house.service.offer_event(event(1, at_s=now_s))
    house.service.offer_event(event(2, "yard", at_s=now_s))
    house.service.offer_event(event(3, label="car", at_s=now_s))
    await house.tick()
    assert house.state("crowd") == ""
    house.service.offer_event(event(4, at_s=now_s + 1))
    await house.tick()
    assert (house.state("crowd"), house.state("crowd", "yard")) == ("firing", "")
    await house.tick(9.0)
    assert house.state("crowd") == ""


async def test_an_event_that_is_told_again_when_it_ends_counts_once(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="event", at_least=2, window_s=10.0)
    house = house_of(crowd=AlertRuleSpec(name="Crowd", condition=condition))
    await house.tick()
    for ended_s in (None, house.clock.unix_s()):
        house.service.offer_event(event(1, at_s=house.clock.unix_s(), ended_unix_s=ended_s))
    await house.tick()
    assert house.state("crowd") == ""


async def test_security_events_count_by_how_often_they_happened(house_of: MakeHouse) -> None:
    condition = ConditionSpec(kind="security", security=("login_failed",), at_least=3, window_s=60.0)
    house = house_of(guess=AlertRuleSpec(name="Guess", condition=condition))
    await house.tick()
    now_s = house.clock.unix_s()
    for count in (1, 2, 4):
        house.service.offer_security(
            SecurityEvent(
                event_id=1, kind=SecurityKind.LOGIN_FAILED, first_unix_s=now_s, last_unix_s=now_s, count=count
            )
        )
    house.service.offer_security(
        SecurityEvent(event_id=2, kind=SecurityKind.BLOCKED, first_unix_s=now_s, last_unix_s=now_s, count=9)
    )
    await house.tick()
    found = house.service.alerts()[0]
    assert (found.key.subject, found.value) == ("", 4.0)


async def test_outside_of_its_schedule_a_rule_has_no_alerts(house_of: MakeHouse) -> None:
    local = datetime.fromtimestamp(house_of().clock.unix_s())  # noqa: DTZ006 - schedules are in local time
    soon = local + timedelta(minutes=2)
    house = house_of(slow=slow_rule(schedule=ScheduleSpec(begin=f"{local:%H:%M}", end=f"{soon:%H:%M}")))
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    await house.tick()
    assert house.state("slow") == "firing"
    await house.tick(180.0)
    assert house.state("slow") == ""


async def test_the_rules_own_line_names_camera_value_and_threshold(house_of: MakeHouse) -> None:
    house = house_of(slow=slow_rule(summary="{camera}: {value} of {threshold} {__class__}"))
    house.figures.set("popcam_camera_fps", ("door",), 3.25)
    await house.tick()
    assert house.service.alerts()[0].detail == "Door: 3.25 of 5 {__class__}"


async def test_the_same_question_of_many_rules_is_asked_once(house_of: MakeHouse) -> None:
    house = house_of(**{f"slow{number}": slow_rule() for number in range(50)})
    house.figures.set("popcam_camera_fps", ("door",), 30.0)
    await house.tick()
    assert house.figures.asked == 1


async def test_what_fires_is_handed_to_recovery_with_its_rule(house_of: MakeHouse) -> None:
    spec = slow_rule(recovery=(RecoverySpec(action="restart_stream"),))
    house = house_of(slow=spec)
    taken: list[object] = []

    class Mender:
        def consider(self, firing: object, now_unix_s: float) -> None:
            taken.append((firing, now_unix_s))

    house.service.mend(Mender())
    house.figures.set("popcam_camera_fps", ("door",), 3.0)
    await house.tick()
    assert taken == [([(house.service.alerts()[0], spec)], house.clock.unix_s())]
