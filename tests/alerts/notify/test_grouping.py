"""Which alerts are told together, to whom and when."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.told_alerts import T0, alert, fires, over

from popcam.alerts.notify.dispatcher import Dispatcher
from popcam.alerts.notify.model import items_in, merged
from popcam.config.model import AlertsSettings
from popcam.core.alerts import Alert, AlertChange, AlertState, ChannelSpec
from popcam.storage.notifications import NotificationRow

PHONE = ChannelSpec(apprise_url="ntfy://phone")


class Desk:
    """A dispatcher whose plans are all committed, and whose messages all arrive when they are due."""

    def __init__(self, channels: dict[str, ChannelSpec] | None = None, **settings: Any) -> None:
        self.channels = channels or {"phone": PHONE}
        self.wanted: Sequence[str] = ("phone",)
        self.dispatcher = Dispatcher(lambda: self.channels, lambda: AlertsSettings(**settings))
        self.dispatcher.remember(())

    def plan(self, *changes: AlertChange, at_s: float = 0.0, firing: Sequence[Alert] = ()) -> list[NotificationRow]:
        rows = self.dispatcher.plan(changes, T0 + at_s, lambda _: self.wanted, firing)
        self.dispatcher.wake()
        return rows

    def deliver(self, rows: Sequence[NotificationRow]) -> None:
        for row in rows:
            self.dispatcher.told(row.channel_id, row.group_key, items_in(row.facts), row.due_unix_s)


def subjects(row: NotificationRow) -> list[str]:
    return [item.subject for item in items_in(row.facts)]


def test_what_begins_together_is_one_notification() -> None:
    (row,) = Desk().plan(fires("front"), fires("back"))
    assert (subjects(row), row.group_key, row.channel_id) == (["front", "back"], "rule=camera-offline", "phone")


def test_a_first_alert_leaves_after_the_group_wait() -> None:
    (row,) = Desk(group_wait_s=0.5).plan(fires())
    assert row.due_unix_s == T0 + 0.5


def test_what_joins_a_group_that_was_told_waits_for_the_interval() -> None:
    desk = Desk(group_interval_s=300)
    desk.deliver(desk.plan(fires("front")))
    (row,) = desk.plan(fires("back"), at_s=10)
    assert row.due_unix_s == pytest.approx(T0 + 0.5 + 300)


def test_that_the_last_of_a_group_is_over_leaves_at_once() -> None:
    desk = Desk()
    desk.deliver(desk.plan(fires()))
    (row,) = desk.plan(over(), at_s=20)
    assert row.due_unix_s == T0 + 20.5


def test_that_one_of_two_is_over_waits_for_the_interval() -> None:
    desk = Desk(group_interval_s=300)
    desk.deliver(desk.plan(fires("front"), fires("back")))
    (row,) = desk.plan(over("front"), at_s=20)
    assert row.due_unix_s == pytest.approx(T0 + 300.5)


def test_what_flaps_is_told_once_per_interval() -> None:
    desk = Desk(group_interval_s=300)
    desk.deliver(desk.plan(fires()))
    desk.deliver(desk.plan(over(), at_s=20))
    (row,) = desk.plan(fires(), at_s=40)
    assert row.due_unix_s == pytest.approx(T0 + 300.5)


def test_another_alert_after_a_group_has_ended_leaves_at_once() -> None:
    desk = Desk()
    desk.deliver(desk.plan(fires("front")))
    desk.deliver(desk.plan(over("front"), at_s=20))
    (row,) = desk.plan(fires("back"), at_s=40)
    assert row.due_unix_s == T0 + 40.5


def test_groups_are_made_of_what_the_settings_name() -> None:
    rows = Desk(group_by=("camera",)).plan(fires("front"), fires("back"), fires("front", rule="camera-dark"))
    assert [(row.group_key, len(items_in(row.facts))) for row in rows] == [("camera=front", 2), ("camera=back", 1)]


def test_each_channel_has_its_own_notification() -> None:
    desk = Desk({"phone": PHONE, "mail": PHONE})
    desk.wanted = ("mail", "phone", "gone", "mail")
    assert [row.channel_id for row in desk.plan(fires())] == ["mail", "phone"]


def test_a_star_stands_for_all_channels() -> None:
    desk = Desk({"phone": PHONE, "mail": PHONE})
    desk.wanted = ("*",)
    assert [row.channel_id for row in desk.plan(fires())] == ["phone", "mail"]


@pytest.mark.parametrize(
    "quiet", [{"silenced_by": "s1"}, {"inhibited_by": "worker-down:w1"}, {"acknowledged_unix_s": T0}]
)
def test_quiet_alerts_are_not_told(quiet: dict[str, Any]) -> None:
    assert Desk().plan(fires(**quiet)) == []


@pytest.mark.parametrize("state", ["pending", "no_data"])
def test_states_that_are_for_the_console_alone_are_not_told(state: AlertState) -> None:
    assert Desk().plan(AlertChange(alert(state=state), "none")) == []


def test_an_alert_that_cannot_be_evaluated_is_told() -> None:
    assert len(Desk().plan(AlertChange(alert(state="error"), "none"))) == 1


def test_less_severe_alerts_are_not_sent() -> None:
    desk = Desk({"phone": replace(PHONE, min_severity="critical")})
    assert desk.plan(fires(severity="warning")) == []
    assert len(desk.plan(fires(severity="critical"))) == 1


def test_a_channel_that_is_off_gets_nothing() -> None:
    assert Desk({"phone": replace(PHONE, enabled=False)}).plan(fires()) == []


def test_a_channel_may_not_care_for_what_is_over() -> None:
    desk = Desk({"phone": replace(PHONE, resolved=False)})
    desk.plan(fires())
    assert desk.plan(over(), at_s=5) == []


def test_that_it_is_over_is_told_only_to_who_knew_of_it() -> None:
    desk = Desk()
    desk.plan(fires(silenced_by="s1"))
    assert desk.plan(over(), at_s=5) == []


def test_that_it_is_over_is_told_also_when_somebody_had_seen_it() -> None:
    desk = Desk()
    desk.plan(fires())
    assert len(desk.plan(over(acknowledged_unix_s=T0 + 2), at_s=5)) == 1


def test_whoever_was_told_hears_that_it_is_over_though_the_rule_names_others_now() -> None:
    desk = Desk({"phone": PHONE, "mail": PHONE})
    desk.plan(fires())
    desk.wanted = ("mail",)
    assert [row.channel_id for row in desk.plan(over(), at_s=5)] == ["phone"]


def test_what_a_failed_transaction_lost_is_planned_again() -> None:
    dispatcher = Dispatcher(lambda: {"phone": PHONE}, AlertsSettings)
    dispatcher.remember(())
    first = dispatcher.plan([fires()], T0, lambda _: ["phone"])
    again = dispatcher.plan([fires()], T0 + 1, lambda _: ["phone"], [alert()])
    assert [len(first), len(again)] == [1, 1]


def test_after_a_silence_what_still_fires_is_told_once() -> None:
    desk = Desk()
    quiet = alert(silenced_by="s1")
    assert desk.plan(AlertChange(quiet, "pending"), firing=[quiet]) == []
    assert len(desk.plan(at_s=60, firing=[alert()])) == 1
    assert desk.plan(at_s=61, firing=[alert()]) == []


def test_what_still_fires_is_told_again_after_the_repeat_interval() -> None:
    desk = Desk(repeat_interval_s=3600)
    desk.deliver(desk.plan(fires()))
    assert desk.plan(at_s=3590, firing=[alert()]) == []
    (row,) = desk.plan(at_s=3601, firing=[alert()])
    assert merged([row.facts]).repeated
    assert desk.plan(at_s=3602, firing=[alert()]) == []


def test_what_somebody_has_seen_is_not_repeated() -> None:
    desk = Desk(repeat_interval_s=3600)
    desk.deliver(desk.plan(fires()))
    assert desk.plan(at_s=4000, firing=[alert(acknowledged_unix_s=T0 + 5)]) == []


def test_after_a_restart_nothing_is_told_twice() -> None:
    before, after = Desk(), Desk()
    sent = [replace(row, state="sent", ended_unix_s=T0 + 1) for row in before.plan(fires())]
    after.dispatcher.remember(sent)
    assert after.plan(at_s=5, firing=[alert()]) == []
    assert len(after.plan(over(), at_s=6)) == 1


def test_until_the_outbox_was_read_nothing_is_told_that_did_not_change() -> None:
    dispatcher = Dispatcher(lambda: {"phone": PHONE}, AlertsSettings)
    assert dispatcher.plan([], T0, lambda _: ["phone"], [alert()]) == []
    assert len(dispatcher.plan([over()], T0, lambda _: ["phone"])) == 1


def test_what_was_planned_while_the_outbox_was_read_is_known() -> None:
    dispatcher = Dispatcher(lambda: {"phone": PHONE}, AlertsSettings)
    dispatcher.plan([fires()], T0, lambda _: ["phone"])
    dispatcher.wake()
    dispatcher.remember(())
    assert dispatcher.plan([], T0 + 1, lambda _: ["phone"], [alert()]) == []


def test_who_writes_rows_wakes_the_sender() -> None:
    woken: list[int] = []
    dispatcher = Dispatcher(lambda: {"phone": PHONE}, AlertsSettings, lambda: woken.append(1))
    dispatcher.plan([], T0, lambda _: ["phone"])
    dispatcher.wake()
    assert woken == []
    dispatcher.plan([fires()], T0, lambda _: ["phone"])
    dispatcher.wake()
    assert woken == [1]


def test_a_thousand_alerts_are_few_notifications() -> None:
    rows = Desk().plan(*[fires(f"cam-{number}") for number in range(1000)])
    assert [len(items_in(row.facts)) for row in rows] == [500, 500]


def test_of_each_alert_the_newest_state_is_told_and_what_lasts_comes_first() -> None:
    desk = Desk()
    rows = [*desk.plan(fires("front"), fires("back")), *desk.plan(over("front"), at_s=0.2)]
    message = merged(row.facts for row in rows)
    assert [(item.subject, item.state) for item in message.items] == [("back", "firing"), ("front", "resolved")]
    assert message.severity == "critical"


def test_groups_that_are_long_over_are_forgotten() -> None:
    desk = Desk(repeat_interval_s=60, group_interval_s=60)
    desk.deliver(desk.plan(fires()))
    desk.deliver(desk.plan(over(), at_s=5))
    desk.dispatcher.tidy(T0 + 1000)
    assert desk.dispatcher._book.groups == {}
