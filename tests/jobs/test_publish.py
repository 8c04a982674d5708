"""Results get their names once, whole, also when the server died in between."""

import errno
import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.small_disk import fill, small_disk_at

from popcam.core.batch import FileRef
from popcam.core.errors import JobDiskShortError, JobOutputRefusedError
from popcam.core.jobs import JobSpec, Problem
from popcam.jobs import disk
from popcam.jobs.places import Places
from popcam.jobs.publish import Publisher
from popcam.jobs.staging import staging_folder
from popcam.jobs.work import Outcome
from popcam.storage.jobs import ItemRow


class Notes:
    """In the place of the store: what would be kept."""

    def __init__(self) -> None:
        self.kept: dict[int, Mapping[str, object]] = {}

    async def change_items(self, _job_id: str, changes: Mapping[int, Mapping[str, object]], *_more: object) -> None:
        self.kept |= changes


def publisher(**spec: Any) -> tuple[Publisher, Notes]:
    notes = Notes()
    wanted = JobSpec(kind="hide_faces", inputs=("x",), **spec)
    return Publisher("1", wanted, notes), notes  # type: ignore[arg-type]


def staged(folder: Path, text: str = "whole") -> tuple[ItemRow, Outcome]:
    path = folder / "staging" / "000001.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    file = FileRef(path=str(path), sha256=hashlib.sha256(text.encode()).hexdigest(), bytes=len(text))
    row = ItemRow(job_id="1", item_id=1, source="a", path="/a", planned=str(folder / "out" / "a.mp4"))
    return row, Outcome(file=file, frames=9, faces=2)


def kept(row: ItemRow, notes: Notes) -> ItemRow:
    changes: Mapping[str, Any] = notes.kept[1]
    return replace(row, **changes)


async def test_the_name_is_kept_before_the_file_appears(tmp_path: Path) -> None:
    one, notes = publisher()
    row, outcome = staged(tmp_path)
    published = await one.publish([(row, outcome)])
    assert notes.kept[1]["output"] == str(tmp_path / "out" / "a.mp4")
    assert published.ends[1]["state"] == "succeeded"
    assert (tmp_path / "out" / "a.mp4").read_text() == "whole"
    assert list((tmp_path / "staging").iterdir()) == []


async def test_a_death_before_the_name_is_made_good(tmp_path: Path) -> None:
    one, notes = publisher()
    row, outcome = staged(tmp_path)
    await one.publish([(row, outcome)])
    (tmp_path / "out" / "a.mp4").rename(tmp_path / "staging" / "000001.mp4")  # as if it had not been put yet
    published = await one.finish(kept(row, notes))
    assert published is not None
    assert (published.ends[1]["state"], published.ends[1]["frames"]) == ("succeeded", 9)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("both", [True, False], ids=["between its two steps", "after it"])
async def test_a_death_after_the_name_makes_no_second_file(tmp_path: Path, *, both: bool) -> None:
    one, notes = publisher()
    row, outcome = staged(tmp_path)
    await one.publish([(row, outcome)])
    if both:
        os.link(tmp_path / "out" / "a.mp4", tmp_path / "staging" / "000001.mp4")
    published = await one.finish(kept(row, notes))
    assert published is not None
    assert published.ends[1]["state"] == "succeeded"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]
    assert list((tmp_path / "staging").iterdir()) == []


async def test_a_result_that_is_nowhere_any_more_is_made_again(tmp_path: Path) -> None:
    one, notes = publisher()
    row, outcome = staged(tmp_path)
    await one.publish([(row, outcome)])
    (tmp_path / "out" / "a.mp4").write_text("somebody else's")
    assert await one.finish(kept(row, notes)) is None
    assert (tmp_path / "out" / "a.mp4").read_text() == "somebody else's"


@pytest.mark.parametrize(
    ("conflict", "state", "names"),
    [("number", "succeeded", ["a (2).mp4", "a.mp4"]), ("fail", "failed", ["a.mp4"]), ("skip", "skipped", ["a.mp4"])],
)
async def test_a_name_that_is_snatched_at_the_last_moment_is_nobodys_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, conflict: str, state: str, names: list[str]
) -> None:
    one, _ = publisher(on_conflict=conflict)
    chosen = disk.put

    def snatched(path: Path, final: Path, *, replace: bool) -> None:
        if not final.exists() and final.name == "a.mp4":
            final.parent.mkdir()
            final.write_text("theirs")
        chosen(path, final, replace=replace)

    monkeypatch.setattr(disk, "put", snatched)
    published = await one.publish([staged(tmp_path)])
    assert published.ends[1]["state"] == state
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    assert (tmp_path / "out" / "a.mp4").read_text() == "theirs"


async def test_a_result_never_takes_the_place_of_its_source(tmp_path: Path) -> None:
    one, _ = publisher(on_conflict="replace")
    row, outcome = staged(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.mp4").write_text("the source")
    published = await one.publish([(replace(row, path=str(tmp_path / "out" / "a.mp4")), outcome)])
    assert published.ends[1]["state"] == "failed"
    assert (tmp_path / "out" / "a.mp4").read_text() == "the source"


async def test_what_is_missing_in_a_result_makes_it_a_part(tmp_path: Path) -> None:
    one, _ = publisher()
    row, outcome = staged(tmp_path)
    published = await one.publish([(row, replace(outcome, problems=(Problem(code="source.corrupt"),)))])
    assert published.ends[1]["state"] == "partial"


async def test_results_wait_for_room_and_are_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, notes = publisher()
    row, outcome = staged(tmp_path)

    def full(_path: Path, _final: Path, *, replace: bool) -> None:
        raise JobDiskShortError

    with monkeypatch.context() as patch:
        patch.setattr(disk, "put", full)
        published = await one.publish([(row, outcome)])
    assert (published.ends, [one.item_id for one in published.staged]) == ({}, [1])
    assert published.short is not None
    again = await one.finish(kept(row, notes))
    assert again is not None
    assert again.ends[1]["state"] == "succeeded"


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_disks_without_hard_links_get_whole_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_names: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "staged").write_text("whole")
    disk.put(tmp_path / "staged", tmp_path / "final", replace=False)
    assert (tmp_path / "final").read_text() == "whole"
    (tmp_path / "staged").write_text("other")
    with pytest.raises(FileExistsError):
        disk.put(tmp_path / "staged", tmp_path / "final", replace=False)
    assert (tmp_path / "final").read_text() == "whole"


def test_folders_that_can_not_be_made_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JobOutputRefusedError):
        disk.make_folder(tmp_path / "file" / "folder")
    with small_disk_at(tmp_path / "disk") as small:
        fill(small / "filler")
        with pytest.raises(JobDiskShortError):
            disk.need_room(small / "not" / "made", 1)


def test_results_wait_on_the_disk_on_which_they_will_stay(tmp_path: Path) -> None:
    places = Places(tmp_path / "data")
    assert staging_folder("1", tmp_path / "out", places) == places.work("1") / "results"
    with small_disk_at(tmp_path / "disk") as small:
        assert staging_folder("1", small / "out", places) == small / "out" / ".popcam-1"
