"""`popcam job ...` against a real HTTP server whose jobs a test holds in its hand."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.conftest import Popcam
from tests.fakes.face_clips import ASTRONAUT
from tests.fakes.job_site import JobSite, running_job_site
from tests.fakes.ports import free_port

from popcam.cli import api, job_ahead, job_server
from popcam.cli.api import ask, get
from popcam.cli.job_progress import Bar, Lines
from popcam.cli.job_words import duration, percent, size
from popcam.core.errors import ServerUnreachableError
from popcam.core.jobs import ItemCounts, Problem
from popcam.jobs.lock import JobsLock
from popcam.jobs.places import Places

DISK = Problem(code="job.disk_short", detail="2 GB are missing")
DAMAGED = Problem(code="source.corrupt", detail="12 frames", start_s=61.0, end_s=62.0)
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobSite]:
    with running_job_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(server: JobSite, monkeypatch: pytest.MonkeyPatch) -> JobSite:
    """The server, without jobs; each new one succeeds at once."""
    monkeypatch.setattr(job_server, "POLL_S", 0.02)
    server.do(server.jobs.clear)
    server.on_made(lambda job_id: server.jobs.finish(job_id))
    return server


@pytest.fixture
def job(popcam: Popcam, site: JobSite, monkeypatch: pytest.MonkeyPatch) -> Popcam:
    """`job("list")` asks the running server."""
    monkeypatch.setenv("POPCAM_URL", site.url)
    return lambda *arguments: popcam("job", *arguments)


# --- run ----------------------------------------------------------------------------------------------------------


def test_a_job_is_made_seen_through_and_told(job: Popcam, site: JobSite) -> None:
    result = job("run", site.file(), "--hide-faces")
    assert (result.status, result.out) == (0, f"done: 1 done\nResults: {site.jobs.root}\n")
    assert "Job job1" in result.err


def test_every_option_reaches_the_server(job: Popcam, site: JobSite) -> None:
    given = (
        "--index --output OUT --name Film --include *.mp4 --include *.mov --exclude old/** --no-recursive"
        " --on-conflict skip --priority 9 --detector centerface --min-score 0.7 --smallest-face 0.1 --style solid"
        " --margin 0.5 --lead 1 --hold 2 --gap 3 --codec hevc --quality 30 --preset slow --hardware auto --encode-all"
        " --photo-quality 80"
    ).replace("OUT", str(site.jobs.root / "out"))
    assert job("run", site.file(), *given.split()).status == 0
    assert json.loads(msgspec.json.encode(site.jobs.asked[0])) == {
        "kind": "index", "inputs": [site.file()], "output_dir": str(site.jobs.root / "out"), "name": "Film",
        "include": ["*.mp4", "*.mov"], "exclude": ["old/**"], "recursive": False, "on_conflict": "skip", "priority": 9,
        "find": {"detector": "centerface", "min_score": 0.7, "smallest_face": 0.1},
        "hide": {"style": "solid", "margin": 0.5, "lead_s": 1.0, "hold_s": 2.0, "gap_s": 3.0},
        "encode": {
            "codec": "hevc", "quality": 30, "preset": "slow", "hardware": "auto", "copy_untouched": False,
            "photo_quality": 80,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "kind"),
    [([], "hide_faces"), (["--hide-faces"], "hide_faces"), (["--find-faces"], "find_faces"), (["--index"], "index")],
)
def test_a_flag_says_what_to_do(job: Popcam, site: JobSite, flag: list[str], kind: str) -> None:
    assert job("run", site.file(), *flag).status == 0
    assert site.jobs.asked[0].kind == kind


def test_two_things_at_once_are_refused(job: Popcam, site: JobSite) -> None:
    assert job("run", site.file(), "--index", "--transcode").status == 2
    assert site.jobs.asked == []


def test_paths_are_those_of_the_shell(job: Popcam, site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    path = site.file("film.mp4")
    monkeypatch.chdir(site.jobs.root)
    assert job("run", "film.mp4").status == 0
    assert site.jobs.asked[0].inputs == (path,)


def test_partial_failed_and_cancelled_have_statuses_of_their_own(job: Popcam, site: JobSite) -> None:
    ends: list[tuple[Any, int]] = [
        (lambda job_id: site.jobs.finish(job_id, "partial", "partial"), 11),
        (lambda job_id: site.jobs.finish(job_id, "failed", "failed"), 12),
        (lambda job_id: site.jobs.report(job_id, state="cancelled"), 130),
    ]
    for end, status in ends:
        site.on_made(end)
        assert job("run", site.file()).status == status


def test_files_that_did_not_succeed_are_named_with_the_reason(job: Popcam, site: JobSite) -> None:
    def end(job_id: str) -> None:
        site.jobs.finish(job_id, "partial", "partial")
        site.jobs.files[job_id][0] = msgspec.structs.replace(site.jobs.files[job_id][0], problems=(DAMAGED,))

    site.on_made(end)
    result = job("run", site.file("a.mp4"))
    assert "a.mp4: done in part\n" in result.err
    assert "[source.corrupt]: 12 frames (1:01-1:02)" in result.err


def test_a_job_that_failed_as_a_whole_says_why_and_what_to_do(job: Popcam, site: JobSite) -> None:
    site.on_made(lambda job_id: site.jobs.report(job_id, state="failed", problem=DISK))
    result = job("run", site.file())
    assert (result.status, "[job.disk_short]: 2 GB are missing" in result.err) == (12, True)
    assert "Free space on the disk" in result.err


def test_scripts_get_one_json_document(job: Popcam, site: JobSite) -> None:
    told = json.loads(job("run", site.file(), "--json").out)
    assert (told["job"]["state"], told["items"][0]["state"]) == ("succeeded", "succeeded")
    assert told["output_dir"] == str(site.jobs.root)


def test_a_check_does_nothing(job: Popcam, site: JobSite) -> None:
    result = job("run", site.file(), "--check")
    assert (result.status, "1 file: 1 videos, 0 photos" in result.out) == (0, True)
    assert json.loads(job("run", site.file(), "--check", "--json").out)["files"] == 1
    assert site.jobs.jobs == {}


def test_a_detached_job_is_only_named(job: Popcam, site: JobSite) -> None:
    site.on_made(lambda _job_id: None)
    assert job("run", site.file(), "--detach").out == "job1\n"
    assert site.jobs.jobs["job1"].state == "queued"


def test_an_input_that_may_not_be_read_is_refused_by_a_named_server(job: Popcam) -> None:
    result = job("run", "/etc/hostname")
    assert (result.status, "[job.input_outside_roots]" in result.err) == (4, True)


def test_a_missing_input_ends_with_its_documented_status(job: Popcam, site: JobSite) -> None:
    result = job("run", str(site.jobs.root / "nobody.mp4"))
    assert (result.status, "[job.input_missing]" in result.err) == (4, True)


def test_a_named_server_that_is_away_is_no_reason_to_work_here(popcam: Popcam, tmp_path: Path) -> None:
    result = popcam("job", "run", str(tmp_path), "--url", f"http://127.0.0.1:{free_port()}")
    assert (result.status, "[server.unreachable]" in result.err) == (8, True)


def test_files_are_sent_and_results_brought_back(job: Popcam, site: JobSite, tmp_path: Path) -> None:
    mine = tmp_path / "猫 cat.jpg"
    mine.write_bytes(JPEG)
    for _ in range(2):
        result = job("run", str(mine), "--upload", "--output", str(tmp_path / "out"))
        assert (result.status, str(tmp_path / "out") in result.out) == (0, True)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["猫 cat.jpg.out (2).mp4", "猫 cat.jpg.out.mp4"]
    assert (tmp_path / "out" / names[0]).read_bytes() == b"0123456789"
    assert site.jobs.asked[0].output_dir == ""


@pytest.mark.parametrize(
    ("name", "content", "code"), [("x.mp4", b"text", "upload.not_media"), ("", b"", "job.input_missing")]
)
def test_what_can_not_be_sent_is_named(job: Popcam, tmp_path: Path, name: str, content: bytes, code: str) -> None:
    if name:
        (tmp_path / name).write_bytes(content)
    assert f"[{code}]" in job("run", str(tmp_path / name), "--upload").err


def test_results_that_can_not_be_written_are_no_fault_of_the_server(job: Popcam, tmp_path: Path) -> None:
    mine = tmp_path / "cat.jpg"
    mine.write_bytes(JPEG)
    (tmp_path / "out").write_text("a file in the place of the folder")
    result = job("run", str(mine), "--upload", "--output", str(tmp_path / "out"))
    assert (result.status, "[storage.read_only]" in result.err) == (6, True)


# --- without a server ---------------------------------------------------------------------------------------------


@pytest.fixture
def alone(popcam: Popcam, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Popcam:
    """`alone("film.mp4")` runs a job where no server is named and none answers; data lie in a folder of its own."""
    monkeypatch.setattr(api, "DEFAULT_URL", f"http://127.0.0.1:{free_port()}")
    for name in ("DATA_DIR", "LOG_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"POPCAM_{name}", str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: popcam("job", "run", *arguments)


def photo(tmp_path: Path) -> str:
    path = tmp_path / "astronaut.jpg"
    path.write_bytes(ASTRONAUT.read_bytes())
    return str(path)


def test_a_job_is_done_here_where_no_server_answers(alone: Popcam, tmp_path: Path) -> None:
    photo(tmp_path)
    checked = json.loads(alone("astronaut.jpg", "--check", "--json").out)
    assert (checked["photos"], checked["output_dir"]) == (1, str(tmp_path / "popcam-results"))
    result = alone("astronaut.jpg", "--json")
    told = json.loads(result.out)
    assert (result.status, told["items"][0]["faces"]) == (0, 1)
    assert (tmp_path / "popcam-results" / "astronaut.jpg").read_bytes() != ASTRONAUT.read_bytes()


@pytest.mark.parametrize(
    ("inputs", "wanted"),
    [(["nobody.mp4"], 0), (["small"], 1), (["small", "large"], 3), (["."], 99)],
    ids=["missing", "small", "larger", "folder"],
)
def test_so_many_workers_start_at_once_as_sizes_promise_work_for(
    inputs: list[str], wanted: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job_ahead, "cores", lambda: 99)
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(bytes(2 * job_ahead.BYTES_PER_WORKER))
    assert job_ahead.useful_workers(inputs) == wanted


def test_files_that_the_server_here_may_not_read_are_done_here(
    alone: Popcam, site: JobSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(api, "DEFAULT_URL", site.url)
    held = JobsLock(Places(tmp_path / "data_dir").lock)
    held.acquire()  # as the server holds the data folder that both share
    try:
        result = alone(photo(tmp_path), "--output", "out")
    finally:
        held.release()
    assert (result.status, "doing it here instead" in result.err) == (0, True), result.err
    assert (tmp_path / "out" / "astronaut.jpg").is_file()
    assert site.jobs.jobs == {}


@pytest.mark.parametrize(
    ("words", "status"),
    [(["x.mp4", "--detach"], 2), (["upload:1"], 4), (["nobody.mp4"], 4), (["--set", "jobs.workers=x", "x.mp4"], 2)],
)
def test_what_can_not_be_done_here_is_named(alone: Popcam, words: list[str], status: int) -> None:
    assert alone(*words).status == status


# --- Ctrl-C and lost servers --------------------------------------------------------------------------------------


def interrupted(site: JobSite, *arguments: str) -> tuple[int, str]:
    """Run a command that shows a job being written, and press Ctrl-C; the exit status and what was told then."""
    program = Path(sys.executable).with_name("popcam")
    with subprocess.Popen(
        [str(program), "job", *arguments, "--url", site.url],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "POPCAM_LANG": "en"},
    ) as running:
        assert running.stderr is not None
        while "writing" not in (line := running.stderr.readline()):
            assert line, "it ended"
        running.send_signal(signal.SIGINT)
        return running.wait(60), running.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_cancels_the_job(site: JobSite) -> None:
    site.on_made(lambda job_id: site.jobs.report(job_id, state="running", fraction=0.2, stage="writing"))
    status, told = interrupted(site, "run", site.file())
    assert (status, "Cancelling..." in told) == (130, True)
    assert site.jobs.jobs["job1"].state == "cancelled"


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_only_the_watching(site: JobSite) -> None:
    site.on_made(lambda job_id: site.jobs.report(job_id, state="running", fraction=0.2, stage="writing"))
    made(site)
    status, told = interrupted(site, "watch", "job1")
    assert (status, "The job goes on: popcam job watch job1" in told) == (130, True)
    assert site.jobs.jobs["job1"].state == "running"


def made(site: JobSite) -> str:
    job_id: str = ask("POST", "/api/v1/jobs", site.url, body={"kind": "index", "inputs": [site.file()]}).value["job_id"]
    return job_id


def test_a_server_that_is_away_for_a_moment_does_not_end_the_watching(
    site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.on_made(lambda _job_id: None)
    monkeypatch.setattr(job_server, "PATIENCE_S", 60.0)
    away = iter([True, True, False])

    def now_and_then(path: str, url: str | None) -> Any:
        if next(away, False):
            raise ServerUnreachableError("away")
        return get(path, url)

    job_id = made(site)
    monkeypatch.setattr(job_server, "get", now_and_then)
    threading.Timer(0.3, lambda: site.do(lambda: site.jobs.finish(job_id))).start()
    assert list(job_server.follow(job_id, site.url))[-1]["state"] == "succeeded"


# --- the others ---------------------------------------------------------------------------------------------------


def test_jobs_are_listed(job: Popcam, site: JobSite) -> None:
    assert "There is no such job" in job("list").err
    job("run", site.file(), "--name", "聚会")
    line = job("list").out.splitlines()[1]
    assert line.split()[:4] == ["job1", "聚会", "hide", "faces"]
    assert [told["job_id"] for told in json.loads(job("list", "--state", "succeeded", "--json").out)] == ["job1"]
    assert json.loads(job("list", "--kind", "index", "--state", "failed", "--json").out or "[]") == []
    assert job("list", "--state", "lost").status == 2


def test_a_job_is_shown_with_its_files(job: Popcam, site: JobSite) -> None:
    site.on_made(lambda job_id: site.jobs.finish(job_id, "partial", "partial"))
    job("run", site.file("a.mp4"), site.file("b.mp4"))
    shown = job("show", "job1").out
    assert "done in part" in shown
    assert shown.count("6 B") == 2
    told = json.loads(job("show", "job1", "--json").out)
    assert (told["job"]["spec"]["kind"], len(told["items"])) == ("hide_faces", 2)


def test_words_are_in_the_users_language(job: Popcam, site: JobSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    result = job("run", site.file())
    assert result.out.startswith("已完成：已完成 1 个\n结果：")
    assert "隐藏人脸" in job("list").out


def test_a_job_is_cancelled_tried_again_and_removed(
    job: Popcam, site: JobSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    site.on_made(lambda _job_id: None)
    job("run", site.file(), "--detach")
    assert job("cancel", "job1").out == "job1: cancelled\n"
    assert json.loads(job("retry", "job1", "--json").out)["state"] == "queued"
    refused = job("remove", "job1", "--yes")
    assert (refused.status, "[job.state_conflict]" in refused.err) == (4, True)
    job("cancel", "job1")
    assert job("remove", "job1").status == 130  # nobody said yes
    assert job("remove", "job1", "--yes").out == "job1 was removed\n"


@pytest.mark.parametrize("call", ["show", "watch", "cancel", "retry", "remove --yes"])
def test_an_unknown_job_ends_with_its_documented_status(job: Popcam, call: str) -> None:
    name, *more = call.split()
    result = job(name, "nobody", *more)
    assert (result.status, "[job.not_found]" in result.err) == (3, True)


def test_a_watched_job_ends_with_its_status(job: Popcam, site: JobSite) -> None:
    site.on_made(lambda job_id: site.jobs.report(job_id, state="running", stage="finding", fraction=0.5))
    job("run", site.file(), "--detach")
    threading.Timer(0.3, lambda: site.do(lambda: site.jobs.finish("job1", "partial", "partial"))).start()
    result = job("watch", "job1")
    assert result.status == 11
    assert "50 %  finding faces" in result.err


# --- how it is shown ----------------------------------------------------------------------------------------------


def state(**changes: Any) -> dict[str, Any]:
    counts = msgspec.to_builtins(ItemCounts(running=1, succeeded=2))
    return {
        "state": "running", "stage": "writing", "fraction": 0.5, "items": counts, "frames_done": 50,
        "frames_total": 100, "speed_fps": 25.0, "left_s": 2.0, **changes,
    }  # fmt: skip


def test_lines_are_told_now_and_then_only(capsys: pytest.CaptureFixture[str]) -> None:
    with Lines() as lines:
        for hundredth in range(101):
            lines.show(state(fraction=hundredth / 100))
        lines.show(state(stage="joining", fraction=1.0))
        lines.show(state(state="succeeded", stage=""))
    told = capsys.readouterr().err.splitlines()
    assert 10 <= len(told) <= 12
    assert told[0] == "  0 %  writing  2/3 files, 50/100 frames, 25 fps, 2 s left"


def test_a_bar_is_drawn_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Bar() as bar:
        bar.show(state())
        bar.show(state(fraction=0.75))
        told, end_s = "", time.monotonic() + 60
        while "75 %" not in told and time.monotonic() < end_s:
            time.sleep(0.02)
            told += capsys.readouterr().err
    assert "75 %" in told
    assert "25 fps" in told


def test_figures_are_written_as_people_read_them() -> None:
    assert [duration(seconds) for seconds in (0, 9.4, 65, 3723)] == ["0 s", "9 s", "1:05", "1:02:03"]
    assert [size(count) for count in (0, 999, 1000, 48e6, 2.5e12)] == ["0 B", "999 B", "1.0 kB", "48.0 MB", "2.5 TB"]
    assert [percent(fraction) for fraction in (0, 0.999, 1)] == ["0 %", "99 %", "100 %"]
