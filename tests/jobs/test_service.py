"""Jobs from beginning to end, with pretended media and real processes."""

from pathlib import Path
from typing import Any

import pytest
from tests.jobs.bench import Bench, bench_at

from popcam.core.errors import (
    JobInputMissingError,
    JobInputOutsideRootsError,
    JobNotFoundError,
    JobNothingToDoError,
    JobOutputRefusedError,
    JobStateConflictError,
    PopcamError,
    RequestInvalidError,
)


def codes(item: object) -> list[str]:
    return [problem.code for problem in item.problems]  # type: ignore[attr-defined]


async def test_a_video_goes_through_all_stages_and_appears(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=1000)
        status = await bench.done(bench.spec(output_dir=str(tmp_path / "out")))
        assert (status.state, status.fraction, status.frames_done, status.frames_copied) == ("succeeded", 1.0, 1000, 7)
        assert (tmp_path / "out" / "a.mp4").read_text().count("span") == 7
        (item,) = await bench.items(status.job_id)
        assert (item.state, item.faces, item.output) == ("succeeded", 1, str(tmp_path / "out" / "a.mp4"))
        work = tmp_path / "data" / "jobs" / "work" / status.job_id
        await bench.until(lambda: not work.exists())
        assert bench.told[0].state == "queued"
        assert {one.state for one in bench.told} == {"queued", "running", "succeeded"}


@pytest.mark.parametrize(
    ("kind", "video", "photo"),
    [
        ("hide_faces", "a.mp4", "b.jpg"),
        ("find_faces", "a.avi.facts.jsonl", "b.jpg.facts.jsonl"),
        ("index", "a.avi.index.json", "b.jpg.index.json"),
        ("transcode", "a.mp4", None),
    ],
)
async def test_each_kind_writes_its_results(tmp_path: Path, kind: str, video: str, photo: str | None) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.avi", frames=10)
        bench.photo("b.jpg")
        status = await bench.done(bench.spec(kind=kind))
        assert status.state == "succeeded"
        folder = tmp_path / "data" / "jobs" / "output" / status.job_id
        assert sorted(path.name for path in folder.iterdir()) == sorted(name for name in (video, photo) if name)


async def test_the_tree_is_mirrored_and_nothing_is_overwritten(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("2026/五月/猫 🐈.jpg")
        bench.photo("2026/a.jpg")
        out = tmp_path / "out"
        (out / "2026").mkdir(parents=True)
        (out / "2026" / "a.jpg").write_text("mine")
        status = await bench.done(bench.spec(output_dir=str(out)))
        assert status.state == "succeeded"
        assert (out / "2026" / "五月" / "猫 🐈.jpg").read_text() == "covered"
        assert (out / "2026" / "a.jpg").read_text() == "mine"
        assert (out / "2026" / "a (2).jpg").read_text() == "covered"


@pytest.mark.parametrize(
    ("conflict", "state", "item_state", "text"),
    [
        ("skip", "succeeded", "skipped", "mine"),
        ("fail", "failed", "failed", "mine"),
        ("replace", "succeeded", "succeeded", "covered"),
    ],
)
async def test_a_taken_name_is_dealt_with_as_told(
    tmp_path: Path, conflict: str, state: str, item_state: str, text: str
) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a.jpg").write_text("mine")
        status = await bench.done(bench.spec(output_dir=str(tmp_path / "out"), on_conflict=conflict))
        (item,) = await bench.items(status.job_id)
        assert (status.state, item.state) == (state, item_state)
        assert (tmp_path / "out" / "a.jpg").read_text() == text


async def test_a_result_never_replaces_an_input(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        with pytest.raises(JobOutputRefusedError):
            await bench.service.create(bench.spec(output_dir=str(bench.media), on_conflict="replace"))


async def test_each_damaged_file_has_its_own_end_and_the_job_is_partial(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        (bench.media / "b.jpg").write_bytes(b"\xff\xfe")
        (bench.media / "c.mp4").write_bytes(b"")
        bench.video("d.jpg", frames=300)  # a wrong ending
        bench.video("e.mp4", frames=300)
        status = await bench.done(bench.spec())
        items = {Path(item.source).name: item for item in await bench.items(status.job_id)}
        assert status.state == "partial"
        assert (status.items.succeeded, status.items.failed) == (3, 2)
        assert [codes(items[name]) for name in ("b.jpg", "c.mp4")] == [["source.corrupt"], ["source.empty"]]
        assert items["d.jpg"].frames == 300


async def test_a_container_that_had_to_be_another_shows_in_the_name(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=10, container=".mkv")
        status = await bench.done(bench.spec())
        (item,) = await bench.items(status.job_id)
        assert Path(item.output).name == "a.mkv"


async def test_a_span_that_ends_workers_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=900, crash={"stage": "find", "span": 1})
        status = await bench.done(bench.spec())
        (item,) = await bench.items(status.job_id)
        assert (status.state, item.state, codes(item)) == ("partial", "partial", ["job.worker_lost"])
        assert (item.problems[0].start_s, item.problems[0].end_s) == (6.0, 12.0)
        assert bench.text(item.output).count("span") == 6
        # Three tries, not one more.
        assert (bench.media / "a.mp4.crash").stat().st_size == 3


async def test_a_step_that_fails_twice_is_done_at_last(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=600, crash={"stage": "write", "span": 1, "times": 2})
        bench.video("b.mp4", frames=600, fail={"stage": "find", "span": 0, "times": 2, "code": "inference.failed"})
        status = await bench.done(bench.spec())
        assert status.state == "succeeded", await bench.items(status.job_id)


async def test_workers_that_others_kill_do_not_cost_a_part_of_the_file(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=600, crash={"stage": "write", "span": 1, "times": 3, "killed": True})
        bench.photo("b.jpg", crash={"stage": "photo", "times": 3, "killed": True})
        status = await bench.done(bench.spec())
        assert status.state == "succeeded", await bench.items(status.job_id)


async def test_one_photo_that_ends_workers_is_found_among_many(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        for number in range(40):
            bench.photo(f"{number:02}.jpg", **({"crash": {"stage": "photo"}} if number == 13 else {}))
        status = await bench.done(bench.spec())
        bad = [item for item in await bench.items(status.job_id) if item.state != "succeeded"]
        assert (status.state, status.items.succeeded) == ("partial", 39)
        assert [(Path(item.source).name, item.state, codes(item)) for item in bad] == [
            ("13.jpg", "failed", ["job.worker_lost"])
        ]


async def test_cancelled_work_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=3000, slow_s=0.15)
        created = await bench.service.create(bench.spec())
        found = tmp_path / "data" / "jobs" / "work" / created.job_id / "000001"
        await bench.until(lambda: len(list(found.glob("find-*"))) >= 4)
        cancelled = await bench.service.cancel(created.job_id)
        assert (cancelled.state, cancelled.items.cancelled) == ("cancelled", 1)
        kept = {path.name: path.stat().st_mtime_ns for path in found.glob("find-*.bin")}
        bench.video("a.mp4", frames=3000)
        await bench.service.retry(created.job_id)
        status = await bench.ended(created.job_id)
        assert status.state == "succeeded"
        assert len(kept) >= 3
        with pytest.raises(JobStateConflictError):
            await bench.service.retry(created.job_id)
        with pytest.raises(JobStateConflictError):
            await bench.service.cancel(created.job_id)


async def test_a_retry_does_only_what_failed_and_improves_a_part(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        bench.photo("b.jpg", fail={"stage": "photo", "code": "source.corrupt"})
        bench.video("c.mp4", frames=600, crash={"stage": "write", "span": 0})
        out = tmp_path / "out"
        status = await bench.done(bench.spec(output_dir=str(out)))
        assert (status.items.succeeded, status.items.failed, status.items.partial) == (1, 1, 1)
        before = (out / "a.jpg").stat().st_ino
        bench.photo("b.jpg")
        bench.video("c.mp4", frames=600)
        await bench.service.retry(status.job_id)
        status = await bench.ended(status.job_id)
        assert (status.state, status.items.succeeded, status.frames_done) == ("succeeded", 3, 602)
        assert (out / "a.jpg").stat().st_ino == before
        assert sorted(path.name for path in out.iterdir()) == ["a.jpg", "b.jpg", "c.mp4"]
        assert (out / "c.mp4").read_text().count("span") == 4


async def test_a_deleted_job_takes_its_own_results_with_it_and_no_others(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        gone: list[str] = []
        bench.service.on_deleted(gone.append)
        bench.photo("a.jpg")
        first = await bench.done(bench.spec())
        second = await bench.done(bench.spec(output_dir=str(tmp_path / "out")))
        for status in (first, second):
            await bench.service.delete(status.job_id)
            with pytest.raises(JobNotFoundError):
                await bench.service.get(status.job_id)
        assert gone == [first.job_id, second.job_id]
        assert not (tmp_path / "data" / "jobs" / "output" / first.job_id).exists()
        assert (tmp_path / "out" / "a.jpg").exists()


async def test_what_can_not_be_done_is_refused_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "elsewhere").mkdir()
    async with bench_at(tmp_path / "site") as bench:
        bench.photo("a.jpg")
        (bench.media / "out").symlink_to(tmp_path / "elsewhere")
        refused: list[tuple[type[PopcamError], dict[str, Any]]] = [
            (JobInputMissingError, {"inputs": (str(bench.media / "none.mp4"),)}),
            (JobInputMissingError, {"inputs": ("\0",)}),
            (JobInputMissingError, {"inputs": ("\ud800",)}),
            (JobInputOutsideRootsError, {"inputs": (str(tmp_path / "elsewhere"),)}),
            (JobInputOutsideRootsError, {"inputs": (str(bench.media / "out"),)}),
            (JobInputOutsideRootsError, {"inputs": (str(bench.media / ".." / ".." / "elsewhere" / "none"),)}),
            (JobNothingToDoError, {"include": ("*.mp4",)}),
            (JobOutputRefusedError, {"output_dir": str(tmp_path / "elsewhere")}),
            (JobOutputRefusedError, {"output_dir": str(bench.media / "out" / "deep")}),
            (JobOutputRefusedError, {"output_dir": str(bench.media / "a.jpg" / "deep")}),
        ]
        for error, wish in refused:
            with pytest.raises(error):
                await bench.service.create(bench.spec(**wish))
        assert (await bench.service.list()).jobs == ()


async def test_lists_have_pages_and_filters(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        made = [(await bench.done(bench.spec(kind=kind))).job_id for kind in ("index", "find_faces", "index")]
        first = await bench.service.list(limit=2)
        assert [job.job_id for job in first.jobs] == made[:0:-1]
        second = await bench.service.list(limit=2, cursor=first.next_cursor)
        assert ([job.job_id for job in second.jobs], second.next_cursor) == (made[:1], None)
        assert [job.job_id for job in (await bench.service.list(kinds=["find_faces"])).jobs] == [made[1]]
        assert (await bench.service.list(states=["failed"])).jobs == ()
        assert len((await bench.service.list(since_unix_s=first.jobs[1].created_unix_s)).jobs) == 2
        for cursor in ("x", "W10", "bnVsbA", "WyJhIiwgImIiXQ"):
            with pytest.raises(RequestInvalidError):
                await bench.service.list(cursor=cursor)
            with pytest.raises(RequestInvalidError):
                await bench.service.items(made[0], cursor=cursor)


async def test_files_of_a_running_job_say_so(tmp_path: Path) -> None:
    async with bench_at(tmp_path, workers=1) as bench:
        bench.video("a.mp4", frames=600, slow_s=0.3)
        created = await bench.service.create(bench.spec())
        await bench.until(lambda: any(one.fraction > 0.2 for one in bench.told))
        (running,) = await bench.items(created.job_id, states=["running"])
        assert await bench.items(created.job_id, states=["queued"]) == []
        assert 0.2 < running.fraction < 1.0
        assert bench.service.preview(created.job_id).startswith(b"\xff\xd8")
        status = await bench.service.get(created.job_id)
        assert (status.items.running, status.items.queued) == (1, 0)
        assert status.stage in {"finding", "writing"}
        await bench.service.cancel(created.job_id)
        with pytest.raises(JobNotFoundError):
            bench.service.preview(created.job_id)


async def test_the_more_important_job_comes_first(tmp_path: Path) -> None:
    async with bench_at(tmp_path, workers=1, concurrent_jobs=1) as bench:
        bench.video("a.mp4", frames=300, slow_s=0.05)
        low = await bench.service.create(bench.spec(priority=1))
        middle = await bench.service.create(bench.spec(priority=5))
        other = await bench.service.create(bench.spec(priority=1))
        await bench.service.change(other.job_id, priority=9, name="now")
        for job in (low, middle, other):
            await bench.ended(job.job_id)
        ends = [one.job_id for one in bench.told if one.state == "succeeded"]
        assert ends == [other.job_id, middle.job_id, low.job_id]
        assert (await bench.service.get(other.job_id)).name == "now"


async def test_a_check_says_what_a_job_would_do(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        bench.video("b.mp4")
        check = await bench.service.check(bench.spec(output_dir=str(tmp_path / "out")))
        assert (check.files, check.videos, check.photos, check.fits) == (2, 1, 1, True)
        assert check.examples[0] == (str(bench.media / "a.jpg"), str(tmp_path / "out" / "a.jpg"))
        assert not (tmp_path / "out").exists()


async def test_only_one_popcam_works_on_the_jobs_of_a_folder(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as first:
        first.photo("a.jpg")
        await first.done(first.spec())
        async with bench_at(tmp_path) as second:
            waiting = await second.service.create(second.spec())
            assert (waiting.state, waiting.stage) == ("queued", "waiting")
            await first.service.stop()
            await second.ended(waiting.job_id)


def outputs_of(bench: Bench, job_id: str) -> list[str]:
    folder = bench.folder / "data" / "jobs" / "output" / job_id
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def test_names_of_all_kinds_come_out_as_they_are(tmp_path: Path) -> None:
    longest = "长" * 83 + "ab.jpg"  # 255 bytes
    names = ["你好 世界.jpg", "🎉.jpg", "-rf.jpg", "a\nb.jpg", "'\"$(x).jpg", longest]
    async with bench_at(tmp_path) as bench:
        for name in names:
            bench.photo(name)
        status = await bench.done(bench.spec())
        assert (status.state, outputs_of(bench, status.job_id)) == ("succeeded", sorted(names))
        facts = await bench.done(bench.spec(kind="find_faces"))
        assert facts.state == "succeeded"
        assert all(len(Path(name).name.encode()) <= 255 for name in outputs_of(bench, facts.job_id))
