"""What is said again and again is summed up."""

from typing import Any

from popcam.core.log_repeats import COUNT_EVERY_S, ENDED_AFTER_S, MAX_KINDS, Repeats


def lost(**fields: Any) -> dict[str, Any]:
    return {"event": "source.lost", "level": "warning", "camera": "door", **fields}


def test_the_first_line_goes_through_and_the_next_ones_are_counted() -> None:
    repeats = Repeats()
    assert [repeats.takes(lost(), float(at_s)) for at_s in range(4)] == [False, True, True, True]


def test_another_camera_is_something_else() -> None:
    repeats = Repeats()
    assert not repeats.takes(lost(), 0.0)
    assert not repeats.takes(lost(camera="yard"), 0.0)


def test_numbers_tell_nothing_apart() -> None:
    repeats = Repeats()
    assert not repeats.takes(lost(detail="no packet for 10.2 s", after_s=10.2), 0.0)
    assert repeats.takes(lost(detail="no packet for 10.9 s", after_s=10.9), 1.0)


def test_other_texts_are_something_else() -> None:
    repeats = Repeats()
    assert not repeats.takes(lost(path="/one"), 0.0)
    assert not repeats.takes(lost(path="/two"), 0.0)


def test_what_just_happens_is_never_counted() -> None:
    repeats = Repeats()
    assert [repeats.takes(lost(level="info"), 0.0) for _ in range(3)] == [False] * 3


def test_counts_are_told_while_it_goes_on() -> None:
    repeats = Repeats()
    for at_s in range(int(COUNT_EVERY_S)):
        repeats.takes(lost(), float(at_s))
    (line,) = repeats.due(COUNT_EVERY_S)
    assert (line["event"], line["camera"], line["repeated"], line["repeats_ended"]) == (
        "source.lost",
        "door",
        59,
        False,
    )
    assert list(repeats.due(COUNT_EVERY_S + 1)) == []


def test_the_end_is_told_with_the_whole_count() -> None:
    repeats = Repeats()
    for at_s in range(0, 100, 5):
        repeats.takes(lost(request_id="r1"), float(at_s))
        list(repeats.due(float(at_s)))
    (line,) = repeats.due(95.0 + ENDED_AFTER_S)
    assert (line["repeated"], line["over_s"], line["repeats_ended"]) == (19, 95.0, True)
    assert "request_id" not in line


def test_what_was_said_once_has_no_end() -> None:
    repeats = Repeats()
    repeats.takes(lost(), 0.0)
    assert list(repeats.due(ENDED_AFTER_S)) == []


def test_after_its_end_it_begins_anew() -> None:
    repeats = Repeats()
    repeats.takes(lost(), 0.0)
    list(repeats.due(ENDED_AFTER_S))
    assert not repeats.takes(lost(), ENDED_AFTER_S + 1)


def test_the_end_of_the_process_tells_the_rest() -> None:
    repeats = Repeats()
    repeats.takes(lost(), 0.0)
    repeats.takes(lost(), 1.0)
    assert [line["repeated"] for line in repeats.rest()] == [1]
    assert list(repeats.rest()) == []


def test_more_kinds_than_are_known_at_a_time_go_through() -> None:
    repeats = Repeats()
    for number in range(MAX_KINDS):
        repeats.takes(lost(path="a" * number), 0.0)
    assert [repeats.takes(lost(path="one more"), 0.0) for _ in range(2)] == [False, False]
