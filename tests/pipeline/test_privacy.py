"""The rule that keeps faces covered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.facts import BoxNorm, Track
from popcam.pipeline.privacy import Cover, Evidence, UncoveredCount, decide_cover, grown, is_covered

FACE: BoxNorm = (0.4, 0.4, 0.5, 0.6)


def face(unseen_s: float = 0.0, box: BoxNorm = FACE) -> Track:
    return Track(track_id=1, label="face", score=0.9, box=box, unseen_s=unseen_s)


def evidence(
    age_s: float | None = 0.0, *, still: bool = False, changed: float = 0.0, interval_s: float = 1 / 15
) -> Evidence:
    return Evidence(result_age_s=age_s, still=still, changed_ratio=changed, interval_s=interval_s)


def decide(known: Evidence, *tracks: Track, hold_s: float = 1.0, max_stale_s: float = 0.5) -> Cover:
    return decide_cover(known, tracks, hold_s=hold_s, max_stale_s=max_stale_s)


def test_nothing_is_shown_before_the_first_result() -> None:
    assert decide(evidence(None)) == Cover(kind="whole", why="never_detected")


def test_own_result_covers_just_what_was_found() -> None:
    assert decide(evidence(0.0), face()) == Cover(kind="regions", boxes=(FACE,), why="fresh")


def test_own_result_without_faces_shows_the_picture() -> None:
    assert decide(evidence(0.0)) == Cover(kind="regions", boxes=(), why="fresh")


def test_lost_face_stays_covered_and_its_cover_grows() -> None:
    cover = decide(evidence(0.0), face(unseen_s=0.4))
    (box,) = cover.boxes
    assert box[0] < FACE[0]
    assert box[1] < FACE[1]
    assert box[2] > FACE[2]
    assert box[3] > FACE[3]


def test_lost_face_is_let_go_after_the_hold_time() -> None:
    assert decide(evidence(0.0), face(unseen_s=1.01), hold_s=1.0).boxes == ()


def test_still_picture_rests_on_its_old_result() -> None:
    assert decide(evidence(100.0, still=True), face()).why == "still"


def test_late_result_keeps_known_regions_for_two_frames() -> None:
    cover = decide(evidence(2 / 15), face())
    assert cover.kind == "regions"
    assert cover.why == "held"


def test_later_than_two_frames_covers_everything() -> None:
    assert decide(evidence(3 / 15), face()) == Cover(kind="whole", why="stale")


def test_slow_frame_rate_does_not_stretch_trust_beyond_the_setting() -> None:
    assert decide(evidence(0.6, interval_s=1.0), face(), max_stale_s=0.5).kind == "whole"


def test_scene_change_without_a_result_covers_everything() -> None:
    assert decide(evidence(1 / 15, changed=0.5), face()) == Cover(kind="whole", why="scene_changed")


@given(
    age_s=st.floats(0.001, 60),
    changed=st.floats(0, 1),
    interval_s=st.floats(1 / 240, 2),
    hold_s=st.floats(0, 10),
    max_stale_s=st.floats(0.01, 10),
)
def test_moving_picture_without_its_own_result_never_outlives_its_trust(
    age_s: float, changed: float, interval_s: float, hold_s: float, max_stale_s: float
) -> None:
    cover = decide_cover(
        evidence(age_s, changed=changed, interval_s=interval_s), [face()], hold_s=hold_s, max_stale_s=max_stale_s
    )
    if age_s > max_stale_s or age_s > 2.5 * interval_s or changed >= 0.35:
        assert cover.kind == "whole"
    else:
        assert is_covered(FACE, cover.boxes, share=1.0)


@given(st.floats(0, 30))
def test_grown_box_holds_the_box_and_stays_in_the_picture(unseen_s: float) -> None:
    x0, y0, x1, y1 = grown(FACE, unseen_s)
    assert 0.0 <= x0 <= FACE[0]
    assert 0.0 <= y0 <= FACE[1]
    assert FACE[2] <= x1 <= 1.0
    assert FACE[3] <= y1 <= 1.0


@pytest.mark.parametrize(
    ("cover", "expected"),
    [((0.0, 0.0, 1.0, 1.0), True), ((0.4, 0.4, 0.48, 0.6), True), ((0.4, 0.4, 0.44, 0.6), False)],
)
def test_a_face_counts_as_covered_when_most_of_it_is(cover: BoxNorm, expected: bool) -> None:
    assert is_covered(FACE, [cover]) is expected


def test_bare_face_in_an_unproved_picture_is_counted_once() -> None:
    count = UncoveredCount()
    count.published(Cover(kind="regions", why="held"))
    assert count.result([FACE], margin=0.25) == 1
    assert count.result([FACE], margin=0.25) == 0
    assert count.total == 1


def test_covered_face_in_an_unproved_picture_is_not_counted() -> None:
    count = UncoveredCount()
    count.published(Cover(kind="regions", boxes=(FACE,), why="held"))
    count.published(Cover(kind="whole", why="stale"))
    assert count.result([FACE], margin=0.25) == 0
