"""One alert from state to state."""

import pytest

from popcam.alerts.model import MISSING_S, About, Sighting, Standing, change_between, is_told, step
from popcam.core.alerts import AlertKey, AlertRuleSpec
from popcam.core.language import Text

ABOUT = About(AlertKey("slow", "door"), "door")
HOLDS, GONE, MISSING = Sighting(True, 3.0, Text("3 fps", "3 帧")), Sighting(False, 9.0), Sighting(None)
BROKEN = Sighting(None, error=True)


def rule(**more: object) -> AlertRuleSpec:
    return AlertRuleSpec(**{"name": "Slow", **more})  # type: ignore[arg-type]


def walk(spec: AlertRuleSpec, *looks: tuple[float, Sighting] | tuple[float, Sighting, float]) -> Standing | None:
    """The standing after looks at times, each with how long nobody has been able to say."""
    standing: Standing | None = None
    for at_s, sighting, *missing in looks:
        standing = step(standing, sighting, spec, ABOUT, at_s, missing[0] if missing else 0.0)
    return standing


def state(standing: Standing | None) -> str:
    return "" if standing is None else standing.alert.state


def test_without_for_it_fires_at_once() -> None:
    standing = walk(rule(), (10.0, HOLDS))
    assert standing is not None
    alert = standing.alert
    assert (alert.state, alert.fired_unix_s, alert.value, alert.detail, alert.detail_zh) == (
        "firing",
        10.0,
        3.0,
        "3 fps",
        "3 帧",
    )


def test_labels_are_those_of_the_rule_and_what_it_is_about() -> None:
    standing = walk(rule(labels={"team": "night"}, severity="critical"), (10.0, HOLDS))
    assert standing is not None
    assert standing.alert.labels == {"team": "night", "severity": "critical", "camera": "door"}


@pytest.mark.parametrize(("at_s", "expected"), [(14.9, "pending"), (15.0, "firing")])
def test_it_is_pending_until_the_condition_has_held_long_enough(at_s: float, expected: str) -> None:
    assert state(walk(rule(for_s=5.0), (10.0, HOLDS), (at_s, HOLDS))) == expected


def test_what_is_pending_and_gone_is_forgotten() -> None:
    assert walk(rule(for_s=5.0), (10.0, HOLDS), (12.0, GONE)) is None


@pytest.mark.parametrize(("at_s", "expected"), [(16.0, "firing"), (22.0, "")])
def test_it_goes_on_firing_for_a_while_after_the_condition_is_gone(at_s: float, expected: str) -> None:
    assert state(walk(rule(keep_firing_for_s=10.0), (10.0, HOLDS), (12.0, GONE), (at_s, GONE))) == expected


def test_a_condition_that_comes_back_begins_that_while_anew() -> None:
    spec = rule(keep_firing_for_s=10.0)
    assert state(walk(spec, (10.0, HOLDS), (12.0, GONE), (20.0, HOLDS), (21.0, GONE), (30.0, GONE))) == "firing"


def test_a_figure_that_is_missing_for_a_moment_changes_nothing() -> None:
    assert walk(rule(), (10.0, MISSING, MISSING_S - 1)) is None
    assert state(walk(rule(), (10.0, HOLDS), (11.0, MISSING, MISSING_S - 1))) == "firing"
    assert state(walk(rule(for_s=5.0), (10.0, HOLDS), (16.0, MISSING, 6.0))) == "pending"


@pytest.mark.parametrize(("no_data", "expected"), [("ok", ""), ("no_data", "no_data"), ("firing", "firing")])
def test_a_figure_that_is_missing_for_long_means_what_the_rule_says(no_data: str, expected: str) -> None:
    spec = rule(no_data=no_data)
    assert state(walk(spec, (10.0, HOLDS), (80.0, MISSING, MISSING_S))) == expected
    assert state(walk(spec, (80.0, MISSING, MISSING_S))) == expected


def test_a_rule_that_can_not_be_evaluated_is_in_error() -> None:
    assert state(walk(rule(no_data="ok"), (80.0, BROKEN, MISSING_S))) == "error"


def test_what_fired_before_its_figures_were_missing_fires_again_at_once() -> None:
    standing = walk(rule(for_s=30.0), (0.0, HOLDS), (30.0, HOLDS), (99.0, MISSING, MISSING_S), (100.0, HOLDS))
    assert standing is not None
    assert (standing.alert.state, standing.alert.fired_unix_s) == ("firing", 30.0)


def test_what_never_fired_waits_from_the_begin_after_its_figures_came_back() -> None:
    assert state(walk(rule(for_s=30.0), (0.0, MISSING, MISSING_S), (40.0, HOLDS))) == "pending"


def test_figures_that_come_back_and_are_well_end_no_data() -> None:
    assert walk(rule(), (0.0, MISSING, MISSING_S), (40.0, GONE)) is None


def test_since_is_the_time_of_the_newest_state() -> None:
    standing = walk(rule(for_s=5.0), (10.0, HOLDS), (15.0, HOLDS), (20.0, HOLDS))
    assert standing is not None
    assert (standing.alert.active_unix_s, standing.alert.since_unix_s) == (10.0, 15.0)


def test_a_change_names_the_state_before() -> None:
    pending, firing = walk(rule(for_s=5.0), (1.0, HOLDS)), walk(rule(), (1.0, HOLDS))
    first, over, still = (
        change_between(None, pending, 1.0),
        change_between(firing, None, 9.0),
        change_between(firing, firing, 9.0),
    )
    assert first is not None
    assert (first.before, first.alert.state) == ("none", "pending")
    assert over is not None
    assert (over.before, over.alert.state, over.alert.since_unix_s) == ("firing", "resolved", 9.0)
    assert still is None


def test_nobody_hears_of_what_was_only_pending() -> None:
    pending = walk(rule(for_s=5.0), (1.0, HOLDS))
    begun, over = change_between(None, pending, 1.0), change_between(pending, None, 2.0)
    assert begun is not None
    assert over is not None
    assert not is_told(begun)
    assert not is_told(over)
