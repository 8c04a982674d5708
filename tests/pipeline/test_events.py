"""From tracks and motion to events."""

from collections.abc import Sequence

import pytest

from popcam.core.facts import BoxNorm, Event, Track
from popcam.core.spec import LineSpec, ZoneSpec
from popcam.pipeline.events import EventRules, anchor, crossing, event_id, inside

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
ZONE = ZoneSpec(name="door", points=SQUARE)
LINE = LineSpec(name="gate", start=(0.5, 1.0), end=(0.5, 0.0))


def thing(x: float, y: float = 0.5, *, label: str = "face", track_id: int = 1, **more: object) -> Track:
    box: BoxNorm = (x - 0.05, y - 0.05, x + 0.05, y + 0.05)
    return Track(track_id=track_id, label=label, score=0.9, box=box, **more)  # type: ignore[arg-type]


def run(rules: EventRules, steps: Sequence[Sequence[Track]], *, step_s: float = 0.3) -> list[Event]:
    events: list[Event] = []
    for number, tracks in enumerate(steps):
        events += rules.update(tracks, moving=False, unix_s=1000 + number * step_s)
    return events


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind for event in events]


def test_face_appears_once_and_leaves_with_its_times() -> None:
    events = run(EventRules("cam"), [[thing(0.5)], [thing(0.5)], []])
    assert kinds(events) == ["face_appeared", "face_left"]
    assert events[1].started_unix_s == 1000
    assert events[1].ended_unix_s == pytest.approx(1000.3)
    assert events[0].track_id == events[1].track_id == 1


def test_unconfirmed_track_makes_no_event() -> None:
    assert run(EventRules("cam"), [[thing(0.5, confirmed=False)], []]) == []


def test_person_makes_no_face_event() -> None:
    assert run(EventRules("cam"), [[thing(0.5, label="person")], []]) == []


def test_motion_starts_and_ends_once() -> None:
    rules = EventRules("cam")
    events = [event for second in range(5) for event in rules.update((), moving=second in (1, 2), unix_s=second)]
    assert kinds(events) == ["motion_started", "motion_ended"]
    assert (events[1].started_unix_s, events[1].ended_unix_s) == (1, 3)


def test_entering_a_zone_and_leaving_it() -> None:
    steps = [[thing(x)] for x in (0.1, 0.3, 0.4, 0.5, 0.6, 0.9, 0.95, 0.95)]
    events = [event for event in run(EventRules("cam", [ZONE]), steps) if event.place == "door"]
    assert kinds(events) == ["zone_entered", "zone_left"]
    assert events[1].started_unix_s == events[0].started_unix_s == pytest.approx(1000.3)


def test_trembling_on_the_zone_border_makes_no_event() -> None:
    steps = [[thing(x)] for x in (0.19, 0.21) * 6]
    assert "zone_entered" not in kinds(run(EventRules("cam", [ZONE]), steps))


def test_losing_a_thing_inside_ends_its_visit() -> None:
    events = run(EventRules("cam", [ZONE]), [[thing(0.5)]] * 4 + [[]])
    assert kinds(events) == ["face_appeared", "zone_entered", "zone_left", "face_left"]


def test_zone_ignores_other_labels() -> None:
    zone = ZoneSpec(name="door", points=SQUARE, labels=("person",))
    assert "zone_entered" not in kinds(run(EventRules("cam", [zone]), [[thing(0.5)]] * 5))


def test_predicted_position_enters_no_zone() -> None:
    steps = [[thing(0.1)]] + [[thing(0.5, unseen_s=0.3)]] * 5
    assert "zone_entered" not in kinds(run(EventRules("cam", [ZONE]), steps))


@pytest.mark.parametrize(("before", "after", "direction"), [(0.3, 0.7, "right"), (0.7, 0.3, "left")])
def test_crossing_a_line_says_the_direction(before: float, after: float, direction: str) -> None:
    events = run(EventRules("cam", lines=[LINE]), [[thing(before)], [thing(after)]])
    assert kinds(events) == ["face_appeared", "line_crossed"]
    assert events[1].direction == direction


def test_line_of_one_direction_ignores_the_other() -> None:
    line = LineSpec(name="gate", start=(0.5, 1.0), end=(0.5, 0.0), direction="left")
    assert "line_crossed" not in kinds(run(EventRules("cam", lines=[line]), [[thing(0.3)], [thing(0.7)]]))


def test_passing_beside_a_short_line_is_no_crossing() -> None:
    short = LineSpec(name="gate", start=(0.5, 0.2), end=(0.5, 0.0))
    assert crossing((0.3, 0.5), (0.7, 0.5), short) == ""


def test_trembling_on_a_line_crosses_it_once_a_second() -> None:
    steps = [[thing(x)] for x in (0.49, 0.51) * 4]
    assert kinds(run(EventRules("cam", lines=[LINE]), steps, step_s=0.1)).count("line_crossed") == 1


def test_closing_ends_what_lasts() -> None:
    rules = EventRules("cam")
    rules.update([thing(0.5)], moving=True, unix_s=1)
    assert kinds(rules.close(2)) == ["motion_ended", "face_left"]


def test_a_person_stands_where_the_feet_are() -> None:
    assert anchor(thing(0.5, label="person")) == pytest.approx((0.5, 0.55))
    assert anchor(thing(0.5)) == pytest.approx((0.5, 0.5))


def test_inside_a_polygon_with_a_notch() -> None:
    notch = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0))
    assert inside((0.5, 0.3), notch)
    assert not inside((0.5, 0.9), notch)


def test_event_ids_sort_by_time() -> None:
    assert event_id(1000.001) < event_id(1000.002) < event_id(99_999.0)
