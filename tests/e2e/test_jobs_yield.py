"""Live cameras first: a real job gives way to a camera that is too much for the machine, and goes on afterwards."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
from tests.fakes.api_client import ask
from tests.fakes.party import make_party
from tests.fakes.popcam_site import Site, running_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(600),
]

API = "/api/v1/jobs"
FILMS = 40
"""Far more than is done while the camera suffers."""


@pytest.fixture
def films(tmp_path: Path) -> Path:
    film = make_party(tmp_path / "party").film.path
    folder = tmp_path / "films"
    folder.mkdir()
    for number in range(FILMS):
        shutil.copyfile(film, folder / f"{number}.mp4")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    # The accurate detector on large pictures, thirty times a second: more than a worker can do, with or without jobs.
    detect = {"faces": "centerface", "input_width_px": 1920}
    camera = {"source": "demo:?fps=30", "act": {"kind": "hide"}, "detect": detect}
    (tmp_path / "site").mkdir()
    jobs = {"roots": [str(tmp_path)], "workers": 2}
    with running_site(tmp_path / "site", {"front": camera}, jobs=jobs, workers={"count": 1}) as site:
        site.wait_frames("front", more_than=30)
        yield site


def batch_workers(site: Site) -> list[psutil.Process]:
    return [one for one in site.workers() if "popcam.worker.batch" in one.cmdline()]


def cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def job_of(site: Site, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = site.get(f"{API}/{job_id}")
    return job


class Stretch(NamedTuple):
    """Some seconds of a job.

    Attributes:
        used: of a core, by its workers.
        stages: state and stage, at both ends.
        done_before: files that had succeeded, at the one end.
        done_after: at the other.
    """

    used: float
    stages: set[tuple[str, str]]
    done_before: int
    done_after: int

    @property
    def stands_still(self) -> bool:
        """Paused, not slowed."""
        return self.used < 0.1 and self.done_before == self.done_after


def stretches(site: Site, job_id: str) -> Iterator[Stretch]:
    """One after the other, over most of a minute."""
    for _ in range(12):
        before, workers = job_of(site, job_id), batch_workers(site)
        began_s, used_s = time.monotonic(), cpu_s(workers)
        time.sleep(4.0)
        used = (cpu_s(workers) - used_s) / (time.monotonic() - began_s)
        ends = (before, job_of(site, job_id))
        done = [end["items"]["succeeded"] for end in ends]
        yield Stretch(used, {(end["state"], end["stage"]) for end in ends}, *done)


def test_a_job_stands_still_while_a_camera_suffers_and_goes_on_when_it_is_well(site: Site, films: Path) -> None:
    made = ask(site.port, "POST", API, {"kind": "hide_faces", "inputs": [str(films)], "output_dir": str(films / "out")})
    assert made.status == 201, made.text
    job_id = made.json["job_id"]
    site.wait_until(lambda: '"workers": 0' in site.log())  # first half of them, then none
    # What is under way ends at the next look at the switch: on a slow machine a worker may be starting.
    still = next((one for one in stretches(site, job_id) if one.stands_still), None)
    assert still is not None
    assert still.stages == {("running", "yielding")}
    assert still.done_after < FILMS
    site.post("/api/v1/cameras/front/stop")
    site.wait_until(lambda: job_of(site, job_id)["stage"] != "yielding", timeout_s=120)
    site.wait_until(lambda: job_of(site, job_id)["state"] == "succeeded", timeout_s=300)
    assert job_of(site, job_id)["items"]["succeeded"] == FILMS
