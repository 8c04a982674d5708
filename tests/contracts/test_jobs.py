"""The jobs' contract: byte-exact keys, words and status codes of a running server with real workers."""

import http.client
import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.fakes.api_client import ask
from tests.fakes.face_clips import ASTRONAUT
from tests.fakes.popcam_site import Site, running_site

pytestmark = pytest.mark.slow

API = "/api/v1/jobs"
JOB_KEYS = {
    "job_id", "kind", "name", "state", "priority", "created_unix_s", "started_unix_s", "ended_unix_s", "fraction",
    "frames_done", "frames_total", "frames_copied", "speed_fps", "left_s", "stage", "items", "problem", "url",
    "items_url", "preview_url",
}  # fmt: skip
ITEM_KEYS = {
    "item_id", "job_id", "source", "output", "state", "fraction", "frames", "frames_copied", "faces", "bytes_in",
    "bytes_out", "problems", "source_url", "output_url",
}  # fmt: skip
COUNT_KEYS = {"queued", "running", "succeeded", "partial", "failed", "skipped", "cancelled"}
PROBLEM_KEYS = {"code", "title", "detail", "hint", "retryable", "start_s", "end_s"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    photos = folder / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(ASTRONAUT.read_bytes())
    (photos / "b.jpg").write_bytes(b"no photo")
    with running_site(folder, {}, jobs={"roots": [str(photos)], "workers": 1}, workers={"count": 1}) as site:
        yield site


@pytest.fixture(scope="module")
def job(site: Site) -> dict[str, Any]:
    """A job that has ended in part."""
    photos = str(site.folder / "photos")
    made = ask(site.port, "POST", API, {"kind": "hide_faces", "inputs": [photos], "name": "n", "priority": 7})
    assert (made.status, made.headers["location"], set(made.json)) == (201, made.json["url"], JOB_KEYS)
    end_s = time.monotonic() + 60
    while (told := site.get(made.json["url"]))["ended_unix_s"] is None and time.monotonic() < end_s:
        time.sleep(0.1)
    found: dict[str, Any] = told
    return found


def test_a_job_and_the_list_have_exactly_these_keys(site: Site, job: dict[str, Any]) -> None:
    assert set(job) == JOB_KEYS | {"spec", "output_dir"}
    assert (job["state"], job["kind"], job["name"], job["priority"], job["stage"]) == (
        "partial", "hide_faces", "n", 7, "",
    )  # fmt: skip
    assert (set(job["items"]), job["fraction"], job["left_s"], job["preview_url"]) == (COUNT_KEYS, 1.0, None, None)
    assert set(job["spec"]) == {
        "kind", "inputs", "output_dir", "name", "include", "exclude", "recursive", "on_conflict", "priority", "find",
        "hide", "encode",
    }  # fmt: skip
    page = site.get(f"{API}?state=partial&kind=hide_faces&since=0&limit=1")
    assert (set(page), set(page["items"][0]), page["next_cursor"]) == ({"items", "next_cursor"}, JOB_KEYS, None)


def test_files_have_exactly_these_keys(site: Site, job: dict[str, Any]) -> None:
    page = site.get(job["items_url"])
    good, bad = page["items"]
    assert set(page) == {"items", "next_cursor"}
    assert set(good) == set(bad) == ITEM_KEYS
    assert (good["state"], bad["state"], good["faces"], bad["output_url"]) == ("succeeded", "failed", 1, None)
    assert good["output_url"] == f"{job['url']}/items/{good['item_id']}/output"
    assert set(bad["problems"][0]) == PROBLEM_KEYS
    assert site.get(f"{job['items_url']}/{bad['item_id']}") == bad


def test_results_answer_ranges_with_name_and_type(site: Site, job: dict[str, Any]) -> None:
    good = site.get(job["items_url"])["items"][0]
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    connection.request("GET", f"{good['output_url']}?download=true", headers={"Range": "bytes=0-1"})
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.getheader("Content-Type")) == (206, b"\xff\xd8", "image/jpeg")
    assert answer.getheader("Content-Disposition") == 'attachment; filename="a.jpg"'
    connection.close()


def test_check_browse_and_uploads_have_exactly_these_keys(site: Site) -> None:
    photos = str(site.folder / "photos")
    checked = ask(site.port, "POST", f"{API}/check", {"kind": "index", "inputs": [photos]}).json
    assert set(checked) == {
        "files", "videos", "photos", "bytes_in", "frames_estimated", "disk_need_bytes", "disk_free_bytes", "fits",
        "output_dir", "examples", "problems",
    }  # fmt: skip
    assert (checked["files"], checked["photos"], set(checked["examples"][0])) == (2, 2, {"source", "output"})
    folder = site.get(f"{API}/browse?path={photos}")
    assert set(folder) == {"path", "parent", "items", "truncated"}
    assert set(folder["items"][0]) == {"name", "path", "kind", "size_bytes", "modified_unix_s"}
    sent = urllib.request.Request(f"{site.url}{API}/uploads?name=a.jpg", ASTRONAUT.read_bytes(), method="POST")
    with urllib.request.urlopen(sent, timeout=60) as answer:
        upload = json.load(answer)
        assert answer.status == 201
    assert set(upload) == {"upload_id", "input", "name", "size_bytes", "media_kind"}
    assert upload["input"] == f"upload:{upload['upload_id']}"


def test_states_lead_to_the_documented_statuses(site: Site, job: dict[str, Any]) -> None:
    url = job["url"]
    assert ask(site.port, "POST", f"{url}/cancel").status == 409
    assert ask(site.port, "PATCH", url, {"name": "m"}).json["name"] == "m"
    assert ask(site.port, "PATCH", url, {"priority": 1}).status == 409
    assert ask(site.port, "GET", f"{url}/preview").status == 404
    again = ask(site.port, "POST", f"{url}/retry")
    assert (again.status, again.json["ended_unix_s"]) == (200, None)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/retry"), ("GET", "/items")):
        answer = ask(site.port, method, f"{API}/nobody{path}")
        assert (answer.status, answer.json["code"]) == (404, "job.not_found")
