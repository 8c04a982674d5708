"""Names of recordings."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.recordings import list_recordings, parse_name, recording_path

CAMERA = Path("front")


def test_a_name_says_start_and_length_in_utc() -> None:
    path = recording_path(CAMERA, 1_700_000_000.5, "mp4", duration_s=60.04)
    assert path == CAMERA / "2023-11-14" / "20231114T221320.500Z_60.040s.mp4"


@given(
    st.integers(0, 4_000_000_000_000),
    st.sampled_from(["mp4", "mkv"]),
    st.none() | st.integers(0, 10_000_000),
    st.booleans(),
)
def test_a_name_reads_back_as_it_was_written(
    started_ms: int, suffix: str, duration_ms: int | None, finished: bool
) -> None:
    duration_s = None if duration_ms is None else duration_ms / 1000
    path = recording_path(CAMERA, started_ms / 1000, suffix, duration_s=duration_s, finished=finished)
    name = parse_name(path.name)
    assert name is not None
    assert round(name.started_unix_s * 1000) == started_ms
    assert (name.suffix, name.duration_s, name.finished) == (suffix, duration_s, finished)


@given(st.lists(st.integers(0, 4_000_000_000_000), min_size=2, max_size=20, unique=True))
def test_names_sort_by_start(starts_ms: list[int]) -> None:
    paths = [recording_path(CAMERA, start_ms / 1000, "mp4", duration_s=1.0) for start_ms in sorted(starts_ms)]
    assert paths == sorted(paths)


@pytest.mark.parametrize(
    "name", ["notes.txt", "20231399T221320.500Z.mp4", "20231114T221320.500Z.avi", "20231114T221320Z.mp4", ""]
)
def test_other_files_are_none_of_ours(name: str) -> None:
    assert parse_name(name) is None


def test_a_folder_lists_its_recordings_oldest_first(tmp_path: Path) -> None:
    for started_unix_s, finished in ((1_700_090_000.0, False), (1_700_000_000.0, True), (1_700_000_060.0, True)):
        path = recording_path(tmp_path, started_unix_s, "mp4", finished=finished)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"12345")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "2023-11-14" / "notes.txt").write_text("mine")
    found = list_recordings(tmp_path)
    assert [one.started_unix_s for one in found] == [1_700_000_000.0, 1_700_000_060.0, 1_700_090_000.0]
    assert [one.finished for one in found] == [True, True, False]
    assert {one.size_bytes for one in found} == {5}


def test_a_folder_that_does_not_exist_holds_none(tmp_path: Path) -> None:
    assert list_recordings(tmp_path / "nowhere") == []
