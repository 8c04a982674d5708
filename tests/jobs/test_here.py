"""A job of the shell, and house-keeping."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.fakes.batch_worker import COMMAND
from tests.jobs.bench import bench_at, medium

from popcam.config import JobsSettings, Settings
from popcam.core.errors import JobInputMissingError, JobInputOutsideRootsError, JobNotFoundError, JobStoreInUseError
from popcam.core.facts import CameraState, CameraStatus
from popcam.core.jobs import JobSpec, JobStatus
from popcam.jobs import yielding
from popcam.jobs.here import run_here


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder / "data", log_dir=folder / "log", jobs=JobsSettings(workers=2, nice=0))


async def test_a_shell_does_a_job_anywhere_and_tells_how_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium(tmp_path / "here" / "a.mp4", frames=300)
    monkeypatch.chdir(tmp_path / "here")
    told: list[JobStatus] = []
    spec = JobSpec(kind="hide_faces", inputs=("a.mp4",), output_dir="out")
    end = await run_here(spec, settings(tmp_path), on_change=told.append, worker_command=COMMAND)
    assert (end.state, told[0].state, told[-1]) == ("succeeded", "queued", end)
    assert (tmp_path / "here" / "out" / "a.mp4").exists()


async def test_a_shell_does_not_disturb_a_server(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        await bench.done(bench.spec())
        with pytest.raises(JobStoreInUseError):
            await run_here(bench.spec(), settings(tmp_path), worker_command=COMMAND)


async def test_a_shell_takes_up_no_job_but_its_own(tmp_path: Path) -> None:
    async with bench_at(tmp_path, begin=False) as bench:
        bench.photo("a.jpg")
        waiting = await bench.service.create(bench.spec())
        assert (await run_here(bench.spec(), settings(tmp_path), worker_command=COMMAND)).state == "succeeded"
        assert (await bench.service.get(waiting.job_id)).state == "queued"
        with pytest.raises(JobStoreInUseError):
            await bench.service.cancel(waiting.job_id)


async def test_an_interrupted_job_ends_as_cancelled_and_keeps_its_chunks(tmp_path: Path) -> None:
    medium(tmp_path / "a.mp4", frames=3000, slow_s=0.1)
    spec = JobSpec(kind="hide_faces", inputs=(str(tmp_path / "a.mp4"),))
    told: list[JobStatus] = []
    task = asyncio.create_task(run_here(spec, settings(tmp_path), on_change=told.append, worker_command=COMMAND))
    async with asyncio.timeout(60):
        while not list((tmp_path / "data" / "jobs").rglob("find-*.bin")):  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told[-1].state == "cancelled"
    assert list((tmp_path / "data" / "jobs").rglob("find-*.bin"))


async def test_a_missing_input_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(JobInputMissingError):
        await run_here(
            JobSpec(kind="index", inputs=(str(tmp_path / "no"),)), settings(tmp_path), worker_command=COMMAND
        )


async def test_old_jobs_go_with_their_results(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        bench.photo("a.jpg")
        old, new = [(await bench.done(bench.spec())).job_id for _ in range(2)]
    with sqlite3.connect(tmp_path / "data" / "popcam.db") as database:
        database.execute("UPDATE jobs SET ended_unix_s = ended_unix_s - 31 * 86400 WHERE job_id = ?", (old,))
    database.close()
    (tmp_path / "data" / "jobs" / "work" / "left-by-a-dead-server").mkdir(parents=True)
    async with bench_at(tmp_path) as bench:
        gone: list[str] = []
        bench.service.on_deleted(gone.append)
        await bench.until(lambda: bool(gone))
        work = tmp_path / "data" / "jobs" / "work" / "left-by-a-dead-server"
        await bench.until(lambda: not work.exists())
        with pytest.raises(JobNotFoundError):
            await bench.service.get(old)
        assert (await bench.service.get(new)).state == "succeeded"
        outputs = tmp_path / "data" / "jobs" / "output"
        assert [path.name for path in outputs.iterdir()] == [new]


async def test_paused_jobs_stand_still_and_go_on_where_they_were(tmp_path: Path) -> None:
    async with bench_at(tmp_path, workers=1) as bench:
        bench.video("a.mp4", frames=300, slow_s=0.2)
        bench.service.pause(paused=True)
        created = await bench.service.create(bench.spec())
        await asyncio.sleep(1.0)
        assert (await bench.service.get(created.job_id)).frames_done == 0
        bench.service.pause(paused=False)
        assert (await bench.ended(created.job_id, within_s=20)).state == "succeeded"


async def test_jobs_give_way_to_cameras_and_say_so(tmp_path: Path) -> None:
    seconds = 0
    suffering = True

    def cameras() -> dict[str, CameraStatus]:
        nonlocal seconds
        seconds += 1
        lost = seconds * 10 if suffering else 0
        status = CameraStatus(
            camera_id="front",
            state=CameraState.RUNNING,
            since_unix_s=0.0,
            at_unix_s=0.0,
            frames=seconds * 15,
            drops={"processing_slow": lost},
        )
        return {"front": status}

    async with bench_at(tmp_path, cameras=cameras, workers=1) as bench:
        bench.video("a.mp4", frames=900, slow_s=0.3)
        created = await bench.service.create(bench.spec())
        await bench.until(lambda: any(one.stage == "yielding" for one in bench.told))
        before = (await bench.service.get(created.job_id)).frames_done
        await asyncio.sleep(1.0)
        status = await bench.service.get(created.job_id)
        assert (status.stage, status.speed_fps, status.left_s) == ("yielding", 0.0, None)
        assert status.frames_done <= before + 150  # a step that was under way may end
        await bench.service.cancel(created.job_id)
        suffering = False
        bench.video("a.mp4", frames=150)
        # The next job begins with all workers: cameras are calm by now.
        next_job = await bench.service.create(bench.spec())
        assert (await bench.ended(next_job.job_id, within_s=60)).state == "succeeded"


async def test_jobs_go_on_when_cameras_are_calm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yielding, "FIRST_CALM_S", 1.0)
    seconds = 0

    def cameras() -> dict[str, CameraStatus]:
        nonlocal seconds
        seconds += 1
        status = CameraStatus(
            camera_id="front",
            state=CameraState.RUNNING,
            since_unix_s=0.0,
            at_unix_s=0.0,
            frames=seconds * 15,
            drops={"processing_slow": min(seconds, 3) * 10},
        )
        return {"front": status}

    async with bench_at(tmp_path, cameras=cameras, workers=1) as bench:
        bench.video("a.mp4", frames=900, slow_s=0.3)
        created = await bench.service.create(bench.spec())
        await bench.until(lambda: any(one.stage == "yielding" for one in bench.told))
        assert (await bench.ended(created.job_id)).state == "succeeded"


async def test_folders_can_be_looked_through_within_the_roots_only(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "secret").mkdir()
    async with bench_at(tmp_path / "site", begin=False) as bench:
        bench.photo("a.jpg")
        bench.video("b/c.mp4")
        (bench.media / "notes.txt").write_text("x")
        (bench.media / "out").symlink_to(tmp_path / "secret")
        roots = await bench.service.browse()
        assert ([place.path for place in roots.places], roots.parent) == ([str(bench.folder)], None)
        folder = await bench.service.browse(str(bench.media))
        assert [(place.name, place.kind) for place in folder.places] == [("b", "folder"), ("a.jpg", "photo")]
        assert folder.parent == str(bench.folder)
        assert (await bench.service.browse(str(bench.folder))).parent == ""
        with pytest.raises(JobInputOutsideRootsError):
            await bench.service.browse(str(tmp_path / "secret"))
        with pytest.raises(JobInputMissingError):
            await bench.service.browse(str(bench.media / "a.jpg"))
