"""Pure rules: how files and jobs end, how fast a job goes, what fits on a disk."""

import pytest

from popcam.core.jobs import ItemCounts, JobState, Problem
from popcam.jobs.estimate import disk_need_bytes, reserve_bytes
from popcam.jobs.model import Totals, item_end, job_end, may_cancel, may_retry, media_kind_of
from popcam.jobs.pace import Pace


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        (ItemCounts(succeeded=3), "succeeded"),
        (ItemCounts(succeeded=1, skipped=2), "succeeded"),
        (ItemCounts(skipped=1), "succeeded"),
        (ItemCounts(succeeded=3, failed=1), "partial"),
        (ItemCounts(partial=1), "partial"),
        (ItemCounts(partial=1, failed=3), "partial"),
        (ItemCounts(failed=3), "failed"),
        (ItemCounts(cancelled=3), "cancelled"),
        (ItemCounts(cancelled=1, failed=2), "failed"),
        (ItemCounts(cancelled=1, succeeded=2), "partial"),
    ],
)
def test_a_job_ends_as_its_files_did(counts: ItemCounts, state: JobState) -> None:
    assert job_end(counts) == state


def test_only_what_is_missing_makes_a_part() -> None:
    assert item_end([]) == "succeeded"
    assert item_end([Problem(code="media.container_changed")]) == "succeeded"
    assert item_end([Problem(code="media.container_changed"), Problem(code="source.corrupt")]) == "partial"


def test_what_may_be_done_follows_from_the_state() -> None:
    states: list[JobState] = ["queued", "running", "succeeded", "partial", "failed", "cancelled"]
    assert [state for state in states if may_cancel(state)] == ["queued", "running"]
    assert [state for state in states if may_retry(state)] == ["partial", "failed", "cancelled"]


def test_totals_come_back_from_the_store_as_they_were() -> None:
    totals = Totals(frames_total=4, bytes_total=9)
    totals.move("queued", "failed", 2)
    assert Totals.of_json(totals.as_json()) == totals


@pytest.mark.parametrize(
    ("name", "kind"), [("a.MP4", "video"), ("a.jpeg", "photo"), ("a.txt", None), (".mp4", None), ("a", None)]
)
def test_names_say_what_is_a_medium(name: str, kind: str | None) -> None:
    assert media_kind_of(name) == kind


def test_speed_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    assert (pace.speed_fps(0.0), pace.left_s(0.0)) == (0.0, None)
    for second in range(41):
        pace.note(float(second), second * 100 if second < 20 else 2000 + (second - 20) * 10, second / 80)
    assert pace.speed_fps(40.0) == 10.0
    assert pace.left_s(40.0) == pytest.approx(40.0)


def test_time_left_is_unknown_after_a_rest() -> None:
    pace = Pace()
    for second in range(10):
        pace.note(float(second), second, second / 20)
    pace.rest()
    assert pace.left_s(10.0) is None
    pace.note(11.0, 10, 0.5)
    pace.note(14.0, 10, 0.5)
    assert (pace.left_s(14.0), pace.speed_fps(14.0)) == (None, 0.0)


def test_the_largest_videos_need_room_twice() -> None:
    files = [("video", 1000), ("video", 10), ("photo", 100)]
    assert disk_need_bytes("hide_faces", files, 1) == 1500 + 15 + 130 + 1500  # type: ignore[arg-type]
    assert disk_need_bytes("find_faces", [("photo", 100)], 1) == 100_005


def test_a_reserve_is_kept_but_small_disks_can_be_used() -> None:
    assert reserve_bytes(10**13) == 256 * 1024 * 1024
    assert reserve_bytes(10**6) == 20_000
