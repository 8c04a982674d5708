"""Names of results."""

import pytest

from popcam.core.batch import MediaKind
from popcam.core.jobs import JobKind
from popcam.jobs.naming import TakenNames, fitted, numbered, result_path, with_suffix


@pytest.mark.parametrize(
    ("kind", "media", "source", "result"),
    [
        ("hide_faces", "video", "x/a.mov", "x/a.mov"),
        ("hide_faces", "video", "x/a.AVI", "x/a.mp4"),
        ("hide_faces", "photo", "a.JPG", "a.JPG"),
        ("transcode", "video", "a", "a.mp4"),
        ("find_faces", "video", "a.mp4", "a.mp4.facts.jsonl"),
        ("index", "photo", "y/a.png", "y/a.png.index.json"),
    ],
)
def test_a_result_is_called_like_its_source(kind: JobKind, media: MediaKind, source: str, result: str) -> None:
    assert result_path(kind, media, source) == result


@pytest.mark.parametrize("name", ["长" * 83 + "ab.jpg", "🎉" * 62 + "abc.jpg", "x" * 251 + ".jpg"])
def test_names_stay_within_what_disks_take_and_no_letter_is_cut_in_two(name: str) -> None:
    assert len(name.encode()) == 255
    for longer in (numbered(name, 12), result_path("find_faces", "photo", name), with_suffix(name, ".matroska")):
        assert len(longer.encode()) <= 255
        assert "\ufffd" not in longer
    assert numbered(name, 12).endswith(" (12).jpg")


def test_a_number_stands_before_the_whole_ending() -> None:
    assert numbered("x/a.mp4.facts.jsonl", 2) == "x/a.mp4 (2).facts.jsonl"
    assert numbered(".hidden", 3) == ".hidden (3)"
    assert fitted("a.b.mp4") == "a.b.mp4"


def test_each_result_has_its_own_name_also_where_case_counts_for_nothing() -> None:
    taken = TakenNames()
    assert [taken.take(name) for name in ("a.mp4", "A.mp4", "a.mp4", "a (2).mp4", "b.mp4")] == [
        "a.mp4",
        "A (2).mp4",
        "a (3).mp4",
        "a (2) (2).mp4",
        "b.mp4",
    ]
