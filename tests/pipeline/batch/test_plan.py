"""When a frame is looked at."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.fakes.engines import face_at

from popcam.core.errors import StorageFullError
from popcam.core.facts import Detection
from popcam.pipeline.batch.finder import turned_back
from popcam.pipeline.batch.plan import is_due, is_due_by_clock, is_restless
from popcam.pipeline.batch.result_files import file_ref, whole_file, write_whole

SURE = 0.6


def test_a_group_begins_and_ends_with_a_look() -> None:
    assert is_due(next_s=1.04, looked_s=None)
    assert is_due(next_s=None, looked_s=1.0)


@pytest.mark.parametrize(("next_s", "due"), [(1.15, False), (1.25, True)])
def test_a_frame_is_due_when_the_next_would_come_too_late(next_s: float, due: bool) -> None:
    assert is_due(next_s=next_s, looked_s=1.0) is due


def test_the_clock_ticks_at_the_same_times_wherever_one_begins() -> None:
    times_s = [number / 30 for number in range(60)]
    due = [time_s for time_s, next_s in pairwise(times_s) if is_due_by_clock(time_s, next_s)]
    assert len(due) == pytest.approx(29, abs=1)
    assert is_due_by_clock(times_s[-1], None)


@pytest.mark.parametrize(
    ("before", "now", "restless"),
    [
        ([face_at(0.5)], [face_at(0.52)], False),
        ([face_at(0.5)], [face_at(0.72)], True),  # far
        ([face_at(0.5)], [], True),  # gone
        ([], [face_at(0.5)], True),  # come
        ([face_at(0.5, score=0.5)], [], False),  # doubtful ones come and go by themselves
        ([], [], False),
    ],
)
def test_faces_that_come_go_or_move_far_make_restless(
    before: list[Detection], now: list[Detection], restless: bool
) -> None:
    assert is_restless(before, now, SURE) is restless


def test_boxes_are_turned_back_to_the_picture_as_stored() -> None:
    box = (0.1, 0.2, 0.3, 0.5)
    assert turned_back(box, 0) == box
    assert turned_back(turned_back(box, 90), 270) == pytest.approx(box)
    assert turned_back(turned_back(box, 180), 180) == pytest.approx(box)


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"

    def write_half() -> None:
        with whole_file(str(target)) as unfinished:
            unfinished.write_bytes(b"half")
            assert unfinished.suffix == ".mp4"  # muxers go by it
            raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"):
        write_half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "unfinished.a").symlink_to("/dev/full")
    with pytest.raises(StorageFullError):
        write_whole(str(tmp_path / "a"), b"abc")


def test_a_file_is_named_with_its_hash(tmp_path: Path) -> None:
    ref = write_whole(str(tmp_path / "a"), b"abc")
    assert ref.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert ref == file_ref(str(tmp_path / "a"))
