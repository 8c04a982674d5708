"""Batch jobs of a real server with real workers: made, followed, ended, and asked in every wrong way."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.fakes.api_client import Answer, ask
from tests.fakes.party import Party, make_party
from tests.fakes.popcam_site import Site, running_site, start_site
from websockets.asyncio.client import connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

API = "/api/v1/jobs"
ENDED = {"succeeded", "partial", "failed", "cancelled"}
LIMIT_S = 90.0


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Party:
    return make_party(tmp_path_factory.mktemp("files") / "party")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, party: Party) -> Iterator[Site]:
    jobs = {"roots": [str(party.folder.parent)], "workers": 2}
    with running_site(tmp_path_factory.mktemp("site"), {}, jobs=jobs, workers={"count": 1}) as site:
        yield site


def made(site: Site, kind: str, *inputs: Path | str, **more: Any) -> dict[str, Any]:
    answer = ask(site.port, "POST", API, {"kind": kind, "inputs": [str(given) for given in inputs], **more})
    assert answer.status == 201, answer.text
    job: dict[str, Any] = answer.json
    return job


def ended(site: Site, job_id: str) -> dict[str, Any]:
    """The job once it has ended."""
    end_s = time.monotonic() + LIMIT_S
    job: dict[str, Any] = {}
    while time.monotonic() < end_s:
        job = site.get(f"{API}/{job_id}")
        if job["state"] in ENDED:
            return job
        time.sleep(0.1)
    raise TimeoutError(f"{job}\n{site.log()[-3000:]}")


def outcomes(site: Site, job_id: str) -> dict[str, dict[str, Any]]:
    """The job's files by name."""
    return {Path(item["source"]).name: item for item in site.get(f"{API}/{job_id}/items?limit=1000")["items"]}


def fetched(site: Site, url: str, part: str = "") -> bytes:
    request = urllib.request.Request(site.url + url, headers={"Range": part} if part else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def pictures(path: Path) -> list[Any]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]


# --- the whole way ------------------------------------------------------------------------------------------------


def test_a_folder_with_good_and_bad_files_ends_in_part_and_each_file_says_how(site: Site, party: Party) -> None:
    output = party.folder.parent / "hidden"
    job = made(site, "hide_faces", party.folder, output_dir=str(output), hide={"style": "solid"}, name="聚会")
    done = ended(site, job["job_id"])
    found = outcomes(site, job["job_id"])
    assert {name: item["state"] for name, item in found.items()} == {
        "film.mp4": "succeeded", "plain.mp4": "succeeded", "astronaut.jpg": "succeeded", "wall.png": "succeeded",
        "empty.mp4": "failed", "letter.mp4": "failed",
    }  # fmt: skip
    assert (done["state"], done["items"]["succeeded"], done["items"]["failed"]) == ("partial", 4, 2)
    assert [found[name]["problems"][0]["code"] for name in ("empty.mp4", "letter.mp4")] == [
        "source.empty", "source.not_video",
    ]  # fmt: skip
    assert (found["astronaut.jpg"]["faces"], found["wall.png"]["faces"], found["film.mp4"]["faces"]) == (1, 0, 1)
    assert (output / "照片 📷" / "astronaut.jpg").is_file()
    assert not [path for path in output.rglob("*") if path.name in {"empty.mp4", "letter.mp4"}]
    covered(party, output / "film.mp4")


def covered(party: Party, result: Path) -> None:
    """Every known face is one colour, and pictures far from any face are as they were."""
    before, after = pictures(party.film.path), pictures(result)
    assert len(before) == len(after) == len(party.film.boxes)
    height, width = after[0].shape[:2]
    for picture, boxes in zip(after, party.film.boxes, strict=True):
        for box in boxes:
            x0, y0, x1, y1 = (round(side * size) for side, size in zip(box, (width, height) * 2, strict=True))
            assert picture[y0:y1, x0:x1].std(axis=(0, 1)).max() < 6.0
    assert np.abs(before[-1].astype(int) - after[-1]).mean() < 4.0


def test_an_upload_goes_all_the_way_to_a_download(site: Site, party: Party) -> None:
    sent = urllib.request.Request(
        f"{site.url}{API}/uploads?name=../my%20film.mp4", party.film.path.read_bytes(), method="POST"
    )
    with urllib.request.urlopen(sent, timeout=60) as answer:
        upload = json.load(answer)
    assert (upload["name"], upload["media_kind"]) == ("my film.mp4", "video")
    job = made(site, "transcode", upload["input"])
    done = ended(site, job["job_id"])
    assert (done["state"], done["frames_done"]) == ("succeeded", 75)
    (item,) = outcomes(site, job["job_id"]).values()
    whole = fetched(site, item["output_url"])
    assert fetched(site, item["output_url"], "bytes=4-7") == b"ftyp" == whole[4:8]
    assert fetched(site, item["source_url"]) == party.film.path.read_bytes()
    folder = Path(done["output_dir"])
    assert ask(site.port, "DELETE", f"{API}/{job['job_id']}").status == 204
    assert not folder.exists()
    assert party.film.path.exists()


def test_what_was_found_is_written_for_people_and_programs(site: Site, party: Party) -> None:
    for kind, name in (("find_faces", "film.mp4.facts.jsonl"), ("index", "film.mp4.index.json")):
        job = made(site, kind, party.film.path)
        assert ended(site, job["job_id"])["state"] == "succeeded"
        (item,) = outcomes(site, job["job_id"]).values()
        assert (Path(item["output"]).name, item["faces"]) == (name, 1)
        text = fetched(site, item["output_url"]).decode()
        assert [json.loads(line) for line in (text.splitlines() if kind == "find_faces" else [text])]


async def test_progress_is_pushed_with_states_in_order(site: Site, party: Party) -> None:
    address = f"ws://127.0.0.1:{site.port}/api/v1/live?topics=jobs"
    async with connect(address, max_size=None) as socket:
        assert json.loads(await socket.recv())["type"] == "jobs"
        job = await asyncio.to_thread(made, site, "hide_faces", party.film.path)
        heard: list[dict[str, Any]] = []
        while not heard or heard[-1]["state"] not in ENDED:
            message = json.loads(await asyncio.wait_for(socket.recv(), LIMIT_S))
            if message["type"] == "job" and message["job"]["job_id"] == job["job_id"]:
                heard.append(message["job"])
    assert [one["fraction"] for one in heard] == sorted(one["fraction"] for one in heard)
    assert (heard[-1]["state"], heard[-1]["fraction"]) == ("succeeded", 1.0)


def test_a_job_is_cancelled_and_goes_on_by_retry(site: Site, party: Party, tmp_path: Path) -> None:
    job = made(site, "hide_faces", *[party.film.path] * 1, find={"detector": "centerface"}, priority=9)
    cancelled = ask(site.port, "POST", f"{API}/{job['job_id']}/cancel")
    assert cancelled.status == 200
    assert ended(site, job["job_id"])["state"] == "cancelled"
    assert ask(site.port, "POST", f"{API}/{job['job_id']}/cancel").status == 409
    assert ask(site.port, "POST", f"{API}/{job['job_id']}/retry").status == 200
    assert ended(site, job["job_id"])["state"] == "succeeded"
    assert ask(site.port, "POST", f"{API}/{job['job_id']}/retry").json["code"] == "job.state_conflict"


def test_a_server_that_is_killed_goes_on_with_its_jobs(tmp_path: Path, party: Party) -> None:
    jobs = {"roots": [str(party.folder)], "workers": 1}
    site = start_site(tmp_path, {}, jobs=jobs, workers={"count": 1})
    try:
        site.wait_until(lambda: site.get("/health"))
        job = made(site, "hide_faces", party.film.path, party.folder / "plain.mp4", encode={"preset": "slow"})
        site.wait_until(lambda: site.get(f"{API}/{job['job_id']}")["state"] != "queued")
        site.process.kill()
        site.process.wait()
        site = start_site(tmp_path, {}, jobs=jobs, workers={"count": 1})
        site.wait_until(lambda: site.get("/health"))
        assert ended(site, job["job_id"])["state"] == "succeeded"
    finally:
        site.close()


# --- the command --------------------------------------------------------------------------------------------------


def popcam(*words: str, cwd: Path, url: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "POPCAM_LANG": "en", **more}
    environment.pop("POPCAM_URL", None)
    program = str(Path(sys.executable).with_name("popcam"))
    named = ["--url", url] if url else []
    return subprocess.run(
        [program, "job", *words, *named], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_the_command_uses_the_server(site: Site, party: Party) -> None:
    done = popcam("run", "film.mp4", "--hide-faces", "--output", "../by-command", cwd=party.folder, url=site.url)
    assert done.returncode == 0, done.stderr
    assert (party.folder.parent / "by-command" / "film.mp4").is_file()
    bad = popcam("run", "empty.mp4", cwd=party.folder, url=site.url)
    assert (bad.returncode, "[source.empty]" in bad.stderr) == (12, True)
    part = popcam("run", "empty.mp4", "plain.mp4", "--transcode", cwd=party.folder, url=site.url)
    assert (part.returncode, "empty.mp4: failed" in part.stderr) == (11, True)


def here(folder: Path) -> dict[str, str]:
    """Variables for a job without a server."""
    return {f"POPCAM_{name.upper()}": str(folder / name) for name in ("data_dir", "log_dir", "runtime_dir")}


def test_the_command_works_without_a_server(party: Party, tmp_path: Path) -> None:
    mine = here(tmp_path)
    checked = popcam("run", str(party.film.path), "--here", "--check", cwd=tmp_path, **mine)
    assert (checked.returncode, "1 file: 1 videos" in checked.stdout) == (0, True), checked.stderr
    done = popcam("run", str(party.film.path), "--here", "--hide-faces", "--style", "solid", cwd=tmp_path, **mine)
    assert done.returncode == 0, done.stderr
    covered(party, tmp_path / "popcam-results" / "film.mp4")
    whole = popcam("run", str(party.folder), "--here", "--index", "--json", cwd=tmp_path, **mine)
    told = json.loads(whole.stdout)
    assert (whole.returncode, told["job"]["items"]["failed"], len(told["items"])) == (11, 2, 6)
    nothing = popcam("run", str(party.folder / "notes.txt"), "--here", cwd=tmp_path, **mine)
    assert nothing.returncode == 12


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_a_job_without_a_server_cleanly(party: Party, tmp_path: Path) -> None:
    program = str(Path(sys.executable).with_name("popcam"))
    words = ["job", "run", str(party.film.path), "--here", "--detector", "centerface", "--output", "out"]
    with subprocess.Popen(
        [program, *words], cwd=tmp_path, env={**os.environ, "POPCAM_LANG": "en", **here(tmp_path)},
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        assert running.stderr.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
        told = running.stderr.read()
    assert "The job was cancelled." in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob("out/*.mp4"))


# --- in every wrong way -------------------------------------------------------------------------------------------


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_nothing_outside_of_the_roots_is_read_or_written(site: Site, party: Party, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(party.film.path.read_bytes())
    leads_out = party.folder.parent / "leads-out"
    leads_out.mkdir()
    (leads_out / "link.mp4").symlink_to(secret)
    (leads_out / "folder").symlink_to(tmp_path)
    outside = 403, "job.input_outside_roots"
    for path in (
        secret, "/etc/passwd", party.folder / ".." / ".." / "x", f"{party.folder}/../../../etc/passwd",
        leads_out / "link.mp4", leads_out / "folder", leads_out / "folder" / "secret.mp4",
        "/proc/self/environ", "//", ".",
    ):  # fmt: skip
        for route in ("", "/check"):
            answer = ask(site.port, "POST", API + route, {"kind": "index", "inputs": [str(path)]})
            assert refused(answer) == outside, path
    listed = ask(site.port, "POST", f"{API}/check", {"kind": "index", "inputs": [str(leads_out)]})
    assert listed.status == 422 or listed.json["problems"] or listed.json["files"] == 0, listed.text
    for folder in ("/", "/etc", f"{party.folder}/../../..", str(leads_out / "folder"), str(tmp_path)):
        assert refused(ask(site.port, "GET", f"{API}/browse?path={folder}")) == outside, folder
    for folder in ("/tmp/elsewhere", f"{party.folder}/../../elsewhere", str(leads_out / "folder"), "/"):
        body = {"kind": "transcode", "inputs": [str(party.film.path)], "output_dir": folder}
        assert refused(ask(site.port, "POST", API, body))[0] == 403, folder
    assert not (tmp_path / "film.mp4").exists()


def test_folders_can_be_looked_into(site: Site, party: Party) -> None:
    roots = site.get(f"{API}/browse")
    assert [place["path"] for place in roots["items"]] == [str(party.folder.parent)]
    inside = site.get(f"{API}/browse?path={party.folder}")
    kinds = {place["name"]: place["kind"] for place in inside["items"]}
    assert (kinds["照片 📷"], kinds["film.mp4"], "notes.txt" in kinds) == ("folder", "video", False)


def test_a_wrong_request_is_refused_by_name(site: Site, party: Party) -> None:
    film = str(party.film.path)
    wrong: list[tuple[str, str, Any, int]] = [
        ("POST", "", {"kind": "index", "inputs": [f"{film}\0"]}, 422),
        ("POST", "", {"kind": "index", "inputs": ["\ud800"]}, 422),
        ("POST", "", {"kind": "index", "inputs": ["x" * 4097]}, 422),
        ("POST", "", {"kind": "index", "inputs": [film] * 10_001}, 422),
        ("POST", "", {"kind": "index", "inputs": [f"{party.folder}/{'x' * 256}.mp4"]}, 422),
        ("POST", "", {"kind": "index", "inputs": [f"{party.folder}/nobody.mp4"]}, 422),
        ("POST", "", {"kind": "index", "inputs": [f"{film}/x"]}, 422),
        ("POST", "", {"kind": "index", "inputs": ["upload:../../x"]}, 404),
        ("POST", "", {"kind": "index", "inputs": ["upload:"]}, 404),
        ("POST", "", {"kind": "index", "inputs": [f"upload:{'0' * 32}"]}, 404),
        ("POST", "", {"kind": "index", "inputs": [str(party.folder)], "include": ["*.nothing"]}, 422),
        ("POST", "", {"kind": "index", "inputs": [str(party.folder)], "exclude": ["["] * 101}, 422),
        ("POST", "", {"kind": "index", "inputs": [film], "find": {"smallest_face": 0}}, 422),
        ("POST", "/nobody/cancel", None, 404),
        ("PATCH", "/nobody", {"priority": 1}, 404),
        ("GET", "?cursor=nonsense", None, 422),
        ("GET", "?cursor=%00", None, 422),
        ("GET", "/uploads/..%2f..%2fx", None, 404),
        ("GET", f"/uploads/{'0' * 32}", None, 404),
        ("DELETE", "/uploads/%2e%2e", None, 404),
        ("GET", f"/browse?path={party.folder}/nobody", None, 422),
        ("GET", f"/browse?path={party.folder}/{'x' * 256}", None, 422),
        ("POST", "", {"kind": "index", "inputs": [film], "output_dir": f"{party.folder}/{'x' * 256}/y"}, 403),
        ("POST", "", {"kind": "index", "inputs": [film], "output_dir": film}, 403),
        ("GET", f"/browse?path={film}", None, 422),
        ("GET", "/browse?path=%00", None, 422),
    ]
    odd = []
    for method, path, body, status in wrong:
        answer = ask(site.port, method, API + path, body)
        if answer.status != status or not answer.json["hint"]:
            odd.append(f"{method} {path} {str(body)[:100]} -> {answer.status} {answer.text[:200]}")
    assert odd == []
    assert "request.broke" not in site.log()


def test_ten_thousand_inputs_are_counted(site: Site, party: Party) -> None:
    body = {"kind": "index", "inputs": [str(party.film.path)] * 10_000}
    answer = ask(site.port, "POST", f"{API}/check", body)
    assert (answer.status, answer.json["files"]) == (200, 1)


def test_what_is_no_medium_or_too_large_is_not_kept(tmp_path: Path, party: Party) -> None:
    with running_site(tmp_path, {}, jobs={"max_upload_gb": 0.00001}, workers={"count": 1}) as site:
        for content, code in ((b"#!/bin/sh\n", "upload.not_media"), (party.film.path.read_bytes(), "upload.too_large")):
            sent = urllib.request.Request(f"{site.url}{API}/uploads?name=x.mp4", content, method="POST")
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(sent, timeout=60)
            assert json.load(error.value)["code"] == code
        assert refused(ask(site.port, "GET", f"{API}/browse?path=/")) == (403, "job.input_outside_roots")
        assert site.get(f"{API}/browse")["items"] == []
        assert not list((tmp_path / "data").rglob("x.mp4*"))
