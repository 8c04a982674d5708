"""Which files a job has."""

import os
from pathlib import Path

import pytest

from popcam.core.errors import JobInputMissingError, JobTooManyFilesError
from popcam.jobs.listing import FoundFile, Input, Listing
from popcam.jobs.patterns import Chosen
from popcam.jobs.roots import Roots


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    return folder


def listed(*inputs: Path, root: Path | None = None, **more: object) -> list[FoundFile]:
    roots = Roots([str(root)] if root else [], Path("/nowhere"), restricted=root is not None)
    wanted: dict[str, object] = {"recursive": True, "roots": roots, "chosen": Chosen((), ())} | more
    listing = Listing(wanted.pop("chosen"), **wanted)  # type: ignore[arg-type]
    return listing.files([Input(source=str(one), path=one) for one in inputs])


def below(files: list[FoundFile]) -> list[str]:
    return [file.below for file in files]


def test_media_come_in_the_order_of_names_and_others_not_at_all(tmp_path: Path) -> None:
    tree(tmp_path, "b.mp4", "a/z.jpg", "a/b/c.PNG", "notes.txt", ".hidden.mp4", ".popcam-1/x.mp4", "a.mp4")
    assert below(listed(tmp_path)) == ["a/b/c.PNG", "a/z.jpg", "a.mp4", "b.mp4"]
    assert below(listed(tmp_path, recursive=False)) == ["a.mp4", "b.mp4"]


def test_patterns_choose_and_leave_out(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.jpg", "a/2.mp4", "b/3.jpg", "b/old/4.jpg", "c.dat")
    assert below(listed(tmp_path, chosen=Chosen(["*.jpg"], ["old"]))) == ["a/1.jpg", "b/3.jpg"]
    assert below(listed(tmp_path, chosen=Chosen(["*.dat"], []))) == ["c.dat"]


def test_links_are_followed_but_never_round_and_round(tmp_path: Path) -> None:
    tree(tmp_path, "a/1.jpg", "a/deep/2.jpg")
    (tmp_path / "a" / "deep" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    assert below(listed(tmp_path)) == ["a/1.jpg", "a/deep/2.jpg"]


def test_links_out_of_the_roots_are_not_followed(tmp_path: Path) -> None:
    site = tree(tmp_path / "site", "1.jpg")
    tree(tmp_path / "secret", "2.jpg")
    (site / "folder").symlink_to(tmp_path / "secret")
    (site / "file.jpg").symlink_to(tmp_path / "secret" / "2.jpg")
    files = listed(site, root=site)
    assert [(file.below, file.problem.code if file.problem else "") for file in files] == [
        ("1.jpg", ""),
        ("file.jpg", "job.input_outside_roots"),
    ]


def test_each_thing_that_is_no_file_is_named(tmp_path: Path) -> None:
    tree(tmp_path, "1.jpg")
    (tmp_path / "broken.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / os.fsdecode(b"\xff\xfe.jpg")).write_text("x")
    files = {file.below: file.problem.code if file.problem else "" for file in listed(tmp_path)}
    assert files == {
        "1.jpg": "",
        "broken.jpg": "source.not_found",
        "pipe.mp4": "source.not_video",
        "\ufffd\ufffd.jpg": "job.name_unusable",
    }


def test_folders_of_the_same_name_stay_apart_and_a_file_comes_once(tmp_path: Path) -> None:
    one, other = tree(tmp_path / "x" / "cam", "1.jpg"), tree(tmp_path / "y" / "cam", "1.jpg")
    files = listed(one, other, one / "1.jpg")
    assert [(file.source, file.below) for file in files] == [
        (str(one / "1.jpg"), "cam/1.jpg"),
        (str(other / "1.jpg"), "cam/1.jpg"),
    ]


def test_a_file_that_is_named_is_taken_whatever_its_ending(tmp_path: Path) -> None:
    tree(tmp_path, "a.dat")
    assert below(listed(tmp_path / "a.dat")) == ["a.dat"]
    with pytest.raises(JobInputMissingError):
        listed(tmp_path / "none.mp4")


def test_skipped_folders_are_not_entered(tmp_path: Path) -> None:
    tree(tmp_path, "1.jpg", "out/1.jpg")
    assert below(listed(tmp_path, skipped=[tmp_path / "out"])) == ["1.jpg"]


def test_more_files_than_a_job_takes_are_refused(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{number}.jpg" for number in range(5)))
    with pytest.raises(JobTooManyFilesError):
        listed(tmp_path, max_files=4)
