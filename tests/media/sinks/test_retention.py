"""Which recordings go."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.recordings import Recording, list_recordings, recording_path
from popcam.core.spec import RecordSpec
from popcam.media.sinks.retention import keep_within, plan_retention

NOW_S = 1_700_000_000.0
DAY_S = 86_400.0
SPEC = RecordSpec(mode="continuous", max_age_days=7.0, max_size_gb=1.0)


def recording(age_s: float, size_bytes: int = 1000, *, finished: bool = True, duration_s: float = 60.0) -> Recording:
    start_s = NOW_S - age_s
    path = recording_path(Path("front"), start_s, "mp4", finished=finished)
    return Recording(path, start_s, duration_s, size_bytes, finished)


def test_young_and_small_stays() -> None:
    assert plan_retention([recording(100), recording(6 * DAY_S)], SPEC, NOW_S) == []


def test_what_ended_before_the_age_goes() -> None:
    old, just_within = recording(7 * DAY_S + 61), recording(7 * DAY_S + 59)
    assert plan_retention([old, just_within], SPEC, NOW_S) == [old]


def test_the_oldest_go_until_the_total_fits() -> None:
    all_of_them = [recording(age_s, 400_000_000) for age_s in (100, 200, 300, 400)]
    assert plan_retention(all_of_them, SPEC, NOW_S) == [all_of_them[3], all_of_them[2]]


def test_the_file_being_written_counts_but_stays() -> None:
    part, finished = recording(0, 900_000_000, finished=False), recording(100, 200_000_000)
    assert plan_retention([part, finished], SPEC, NOW_S) == [finished]


def test_a_full_disk_takes_more_than_the_settings() -> None:
    older, newer = recording(200, 1000), recording(100, 1000)
    assert plan_retention([newer, older], SPEC, NOW_S, missing_bytes=500) == [older]


@given(
    st.lists(st.tuples(st.floats(0, 20 * DAY_S), st.integers(0, 10**9), st.booleans()), max_size=30),
    st.integers(0, 10**10),
)
def test_the_plan_is_enough_oldest_first_and_never_takes_an_open_file(
    files: list[tuple[float, int, bool]], missing_bytes: int
) -> None:
    recordings = [recording(age_s, size, finished=finished) for age_s, size, finished in files]
    doomed = plan_retention(recordings, SPEC, NOW_S, missing_bytes=missing_bytes)
    kept = [one for one in recordings if one.finished and one not in doomed]
    assert all(one.finished for one in doomed)
    assert [one.started_unix_s for one in doomed] == sorted(one.started_unix_s for one in doomed)
    if kept:
        assert sum(one.size_bytes for one in recordings if one not in doomed) <= 10**9
        assert sum(one.size_bytes for one in doomed) >= missing_bytes


def test_deleting_takes_the_files_and_the_days_they_leave_empty(tmp_path: Path) -> None:
    for age_s in (100, 8 * DAY_S, 8 * DAY_S - 30):
        path = recording_path(tmp_path, NOW_S - age_s, "mp4", duration_s=10.0)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1000)
    (tmp_path / "notes.txt").write_text("mine")
    assert keep_within(tmp_path, SPEC, NOW_S) == 2000
    assert [one.started_unix_s for one in list_recordings(tmp_path)] == [NOW_S - 100]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2023-11-14", "notes.txt"]


def test_what_cannot_be_deleted_is_skipped(tmp_path: Path) -> None:
    for age_s in (9 * DAY_S, 8 * DAY_S):
        path = recording_path(tmp_path, NOW_S - age_s, "mp4", duration_s=10.0)
        path.parent.mkdir(exist_ok=True)
        if age_s > 8.5 * DAY_S:
            path.mkdir()  # not a file: unlink refuses
        else:
            path.write_bytes(b"x" * 1000)
    assert keep_within(tmp_path, SPEC, NOW_S) == 1000
    assert len(list_recordings(tmp_path)) == 1


@pytest.mark.parametrize("size_gb", [0.000001])
def test_a_limit_below_one_file_leaves_only_the_open_one(size_gb: float) -> None:
    spec = RecordSpec(mode="continuous", max_size_gb=size_gb)
    part, finished = recording(0, 2000, finished=False), recording(100, 2000)
    assert plan_retention([part, finished], spec, NOW_S) == [finished]
