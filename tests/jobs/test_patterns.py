"""Patterns choose by name anywhere, or by path below the folder."""

import time

import pytest

from popcam.jobs.patterns import Chosen


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("*.mp4", "a.mp4", True),
        ("*.mp4", "deep/in/A.MP4", True),
        ("*.mp4", "a.mp4.txt", False),
        ("2026/**/*.jpg", "2026/a.jpg", True),
        ("2026/**/*.jpg", "2026/05/x/a.jpg", True),
        ("2026/**/*.jpg", "2025/a.jpg", False),
        ("2026/*.jpg", "2026/05/a.jpg", False),
        ("2026/**", "2026/05/a.jpg", True),
        ("cam?/[ab]*.jpg", "cam1/b2.jpg", True),
        ("cam?/[!ab]*.jpg", "cam1/b2.jpg", False),
        ("[0-9].jpg", "7.jpg", True),
        ("a[.jpg", "a[.jpg", True),
        ("a.b+(c).jpg", "a.b+(c).jpg", True),
        ("a.jpg", "axjpg", False),
        ("猫*.jpg", "照片/猫 🐈.jpg", True),
    ],
)
def test_a_pattern_takes_what_it_says(pattern: str, path: str, *, taken: bool) -> None:
    assert Chosen([pattern], []).takes(path) is taken
    assert Chosen([], [pattern]).left_out(path) is taken


def test_without_patterns_all_is_taken() -> None:
    assert Chosen([], []).takes("a.txt")
    assert not Chosen([], []).left_out("a.txt")


@pytest.mark.alone
def test_many_stars_do_not_take_long() -> None:
    begun_s = time.thread_time()
    assert not Chosen(["*" * 200 + "x"], []).takes("a" * 5000)
    assert time.thread_time() - begun_s < 10.0  # who tries all ways never ends
