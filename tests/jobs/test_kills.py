"""SIGKILL of servers and workers at random moments: jobs come to the same end, and no half result is ever seen."""

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.batch_worker import COMMAND
from tests.fakes.face_clips import ASTRONAUT, Actor, make_face_clip, straight
from tests.fakes.media_clips import Clip, make_clip
from tests.jobs.bench import Bench, bench_at
from tests.jobs.killing import ENDED, content_of, victims_at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def fill(bench: Bench, slow_s: float) -> None:
    for number in range(10):
        bench.video(f"{number}.mp4", frames=1500, slow_s=slow_s, faces=number)
    for number in range(24):
        bench.photo(f"photos/{number}.jpg", slow_s=slow_s / 5)


async def test_jobs_survive_fifty_deaths(tmp_path: Path) -> None:
    async with bench_at(tmp_path) as bench:
        fill(bench, slow_s=0.0)
        whole = await bench.done(bench.spec(output_dir=str(tmp_path / "whole")))
        assert whole.state == "succeeded"
        expected = content_of(tmp_path / "whole")
    deaths, servers = Counter[str](), 25
    while deaths.total() < 50:  # on a busy machine a job may end, or be given up, before the last of them
        out = f"out-{deaths.total()}"
        async with bench_at(tmp_path, begin=False) as bench:
            fill(bench, slow_s=0.25)
            job_id = (await bench.service.create(bench.spec(output_dir=str(tmp_path / out)))).job_id
        plan = Plan(out, servers=servers, all=50 - deaths.total(), life_s=0.5)
        deaths += kill_often(tmp_path, job_id, expected, plan, COMMAND)
        async with bench_at(tmp_path) as bench:
            await retried(bench, job_id)
        assert content_of(tmp_path / out) == expected
        servers = 1


async def retried(bench: Bench, job_id: str) -> None:
    """See that the job succeeded, if need be by a retry: three deaths in a row at one chunk are told, not hidden."""
    status = await bench.service.get(job_id)
    if status.state != "succeeded":
        codes = {one.code for item in await bench.items(job_id) for one in item.problems}
        assert codes <= {"job.worker_lost", "worker.unavailable"}
        await bench.service.retry(job_id)
        status = await bench.ended(job_id, within_s=120)
    assert status.state == "succeeded"


@dataclass(frozen=True)
class Plan:
    """Where the results go, how many die, and how long servers live, at most."""

    out: str
    servers: int
    all: int
    life_s: float


def kill_often(
    folder: Path, job_id: str, expected: dict[str, bytes], plan: Plan, command: tuple[str, ...]
) -> Counter[str]:
    """Kill servers and workers, then let one come to the end. Gives how many died."""
    choose, deaths = random.Random(4), Counter[str]()
    with victims_at(folder, command) as victims:
        for turn in range(plan.servers):
            victims.start()
            time.sleep(choose.uniform(0.0, plan.life_s))
            if choose.random() < 0.7:
                deaths["worker"] += victims.kill_a_worker(choose)
                time.sleep(choose.uniform(0.0, plan.life_s / 2))
            victims.kill()
            deaths["server"] += 1
            appeared = content_of(folder / plan.out) if (folder / plan.out).exists() else {}
            assert appeared.items() <= expected.items(), f"after death {turn}"
        victims.start()
        while deaths.total() < plan.all and victims.state(job_id) not in ENDED:
            deaths["worker"] += victims.kill_a_worker(choose)
            time.sleep(choose.uniform(0.1, 0.4))
        victims.ended(job_id, within_s=90)
    return deaths


async def test_real_media_come_out_the_same_to_the_byte_after_deaths_and_with_more_workers(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    actor = Actor(straight(100, 180, 120, 40, 0), from_s=6, to_s=12)
    make_face_clip(tmp_path / "media" / "faces.mp4", [actor], frames=600, gop=50)
    make_clip(tmp_path / "media" / "sound.mp4", Clip(frames=400, audio="aac"))
    shutil.copyfile(ASTRONAUT, tmp_path / "media" / ASTRONAUT.name)
    async with bench_at(tmp_path, command=None, workers=1) as bench:
        whole = await bench.service.create(bench.spec(output_dir=str(tmp_path / "whole")))
        whole = await bench.ended(whole.job_id, within_s=120)
        assert (whole.state, whole.items.succeeded) == ("succeeded", 3)
        expected = content_of(tmp_path / "whole")
    async with bench_at(tmp_path, begin=False) as bench:
        job_id = (await bench.service.create(bench.spec(output_dir=str(tmp_path / "out")))).job_id
    kill_often(tmp_path, job_id, expected, Plan("out", servers=5, all=7, life_s=2.5), ())
    async with bench_at(tmp_path, command=None) as bench:
        await retried(bench, job_id)
    assert content_of(tmp_path / "out") == expected
    async with bench_at(tmp_path, command=None, workers=4) as bench:
        again = await bench.service.create(bench.spec(output_dir=str(tmp_path / "four")))
        assert (await bench.ended(again.job_id, within_s=120)).state == "succeeded"
    assert content_of(tmp_path / "four") == expected
