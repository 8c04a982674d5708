"""Disks that are full, chunks that change, databases that refuse, folders of ten thousand files."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.fakes.small_disk import fill, small_disk_at
from tests.jobs.bench import Bench, bench_at
from tests.jobs.test_service import codes

from popcam.core.errors import JobDiskShortError
from popcam.jobs import run


async def cut_off(bench: Bench, finds: int, **more: object) -> str:
    """A job that was ended in the middle by its server's end, with some chunks finished."""
    created = await bench.service.create(bench.spec(**more))
    work = bench.folder / "data" / "jobs" / "work" / created.job_id / "000001"
    await bench.until(lambda: len(list(work.glob("find-*.bin"))) >= finds)
    await bench.service.stop()
    return created.job_id


async def test_a_chunk_that_changed_while_nobody_looked_is_made_again(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=1500, slow_s=0.1)
        job_id = await cut_off(bench, 5)
    work = tmp_path / "data" / "jobs" / "work" / job_id / "000001"
    (work / "find-000000.bin").write_text("tampered")
    # The newest two, one of each worker, may have been written when it was too late to note that.
    untouched = {path.name: path.stat().st_mtime_ns for path in sorted(work.glob("find-*.bin"))[2:3]}
    sorted(work.glob("find-*.bin"))[1].unlink()
    async with bench_at(tmp_path) as bench:
        bench.video("a.mp4", frames=1500, slow_s=0.02)
        await bench.until((work / "follow-000000.bin").exists)
        assert "tampered" not in bench.text(work / "follow-000000.bin")
        assert untouched.items() <= {path.name: path.stat().st_mtime_ns for path in work.glob("find-*.bin")}.items()
        status = await bench.ended(job_id)
        assert status.state == "succeeded"


async def test_chunks_that_change_during_the_job_are_found_at_the_join(tmp_path: Path) -> None:
    async with bench_at(tmp_path, workers=1) as bench:
        bench.video("a.mp4", frames=900, slow_s=0.2)
        created = await bench.service.create(bench.spec())
        chunk = tmp_path / "data" / "jobs" / "work" / created.job_id / "000001" / "write-000000.bin"
        await bench.until(chunk.exists)
        await asyncio.sleep(0.05)  # its hash is kept by now
        chunk.write_text("tampered")
        status = await bench.ended(created.job_id)
        (item,) = await bench.items(created.job_id)
        assert (status.state, codes(item)) == ("succeeded", [])
        assert "tampered" not in bench.text(item.output)


async def test_a_full_disk_pauses_the_job_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "DISK_LOOK_S", 0.2)
    with small_disk_at(tmp_path / "disk", "8m") as disk:
        async with bench_at(tmp_path, data_dir=disk / "data") as bench:
            bench.video("a.mp4", frames=1500, slow_s=0.1, fat=100_000)
            created = await bench.service.create(bench.spec())
            work = disk / "data" / "jobs" / "work" / created.job_id / "000001"
            await bench.until(lambda: len(list(work.glob("find-*.bin"))) >= 2)
            fill(disk / "filler")
            # The database lies on the same disk: it refuses, too, and is asked again.
            await bench.until(lambda: any(one.problem is not None for one in bench.told))
            told = next(one for one in bench.told if one.problem is not None)
            assert (told.state, told.stage) == ("running", "waiting")
            assert told.problem is not None
            assert told.problem.code in {"job.disk_short", "database.full"}
            (disk / "filler").unlink()
            status = await bench.ended(created.job_id)
            assert status.state == "succeeded"
            assert status.problem is None


async def test_a_disk_that_stays_full_fails_the_job_by_name_and_a_retry_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "DISK_LOOK_S", 0.2)
    monkeypatch.setattr(run, "DISK_PATIENCE_S", 0.5)
    with small_disk_at(tmp_path / "disk", "4m") as disk:
        async with bench_at(tmp_path) as bench:
            bench.video("a.mp4", frames=900, slow_s=0.1, fat=400_000)
            out = disk / "out"
            out.mkdir()
            created = await bench.service.create(bench.spec(output_dir=str(out)))
            fill(disk / "filler")
            status = await bench.ended(created.job_id)
            (item,) = await bench.items(created.job_id)
            assert (status.state, item.state, codes(item)) == ("failed", "failed", ["job.disk_short"])
            assert status.problem is not None
            assert status.problem.code == "job.disk_short"
            assert [path.name for path in out.iterdir() if path.is_file()] == []
            chunks = tmp_path / "data" / "jobs" / "work" / created.job_id / "000001"
            kept = {path.name: path.stat().st_mtime_ns for path in chunks.glob("write-*.bin")}
            assert len(kept) == 6
            (disk / "filler").unlink()
            await bench.service.retry(created.job_id)
            async with asyncio.timeout(60):
                await bench.until(lambda: (out / "a.mp4").exists())
            assert (await bench.ended(created.job_id)).state == "succeeded"


async def test_a_job_that_can_not_fit_is_refused_at_once(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "1m") as disk:
        async with bench_at(tmp_path) as bench:
            big = bench.media / "a.mp4"
            big.write_bytes(b"\0" * 2_000_000)
            out = disk / "out"
            assert not (await bench.service.check(bench.spec(output_dir=str(out)))).fits
            with pytest.raises(JobDiskShortError):
                await bench.service.create(bench.spec(output_dir=str(out)))


async def test_ten_thousand_files_with_a_few_bad_ones(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        for number in range(10_000):
            bench.photo(f"{number // 100:02}/{number % 100:02}.jpg")
        for bad in ("00/07.jpg", "50/50.jpg", "99/99.jpg"):
            (bench.media / bad).write_bytes(b"")
        begun_s, loop_begun_s = time.process_time(), time.thread_time()
        created = await bench.service.create(bench.spec())
        loop_s, all_s = time.thread_time() - loop_begun_s, time.process_time() - begun_s
        assert created.items.queued == 10_000
        # Processor time, not the clock: the machine may be busy with other things.
        assert loop_s < 0.1 * all_s, "files were listed in the loop's own thread"
        status = await bench.ended(created.job_id, within_s=120)
        assert (status.state, status.items.succeeded, status.items.failed) == ("partial", 9_997, 3)
        bad_items = await bench.items(created.job_id, states=["failed"])
        assert [(item.item_id, codes(item)) for item in bad_items] == [
            (8, ["source.empty"]),
            (5051, ["source.empty"]),
            (10_000, ["source.empty"]),
        ]
        assert sum(1 for _ in (tmp_path / "data" / "jobs" / "output" / created.job_id).rglob("*.jpg")) == 9_997
