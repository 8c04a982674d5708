"""The cameras' contract: byte-exact keys and status codes of a running server with real sources."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import simplejpeg  # type: ignore[import-untyped] # it ships no types
from tests.fakes import rtsp_server
from tests.fakes.onvif_camera import OnvifDevice
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.rtsp_server import RtspServer
from tests.fakes.video_files import make_video

pytestmark = pytest.mark.slow

API = "/api/v1/cameras"
STATUS_KEYS = {
    "running", "pid", "log", "state", "fps", "latency_ms", "bottleneck", "drops", "restarts", "last_error",
}  # fmt: skip


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Plain HTTP, as an old integration speaks it."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        raw = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(self.site.url + path, raw, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "yard.mp4", width=320, height=180)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory, video: Path) -> Iterator[Client]:
    cameras: dict[str, Any] = {
        "yard": {"source": str(video), "act": {"kind": "pass"}},
        "test": {"source": "synthetic:?width=320&height=180&fps=15", "act": {"kind": "pass"}, "auto_start": False},
        "dead": {"source": "rtsp://admin:s3cret@127.0.0.1:9/main", "auto_start": False},
        "off": {"source": "demo:", "active": False},
    }
    folder = tmp_path_factory.mktemp("site")
    with running_site(folder, cameras, workers={"count": 1}) as site:
        site.wait_frames("yard")
        yield Client(site)


def test_the_list_and_one_camera(ask: Client) -> None:
    listed = ask("GET", API)
    assert listed.status == 200
    assert {camera["id"] for camera in listed.json["items"]} >= {"yard", "test", "dead", "off"}
    one = ask("GET", f"{API}/yard")
    assert (one.status, one.json["id"]) == (200, "yard")
    assert one.headers["ETag"] == f'"{one.json["version"]}"'
    assert one.headers["X-Request-ID"]


def test_start_stop_and_restart_answer_with_exactly_four_keys(ask: Client) -> None:
    for call, running in (("start", True), ("restart", True), ("stop", False)):
        answer = ask("POST", f"{API}/test/{call}")
        assert (answer.status, set(answer.json)) == (200, {"ok", "pid", "log", "error"})
        assert answer.json["ok"] is True
        assert isinstance(answer.json["pid"], int) is running
        assert answer.json["log"].endswith("test.log")
        assert answer.json["error"] == ""


def test_a_camera_that_can_not_start_is_400_with_the_reason(ask: Client) -> None:
    answer = ask("POST", f"{API}/off/start")
    assert (answer.status, answer.json["code"]) == (400, "camera.inactive")
    assert answer.json["hint"]


def test_status_has_the_words_of_old_and_ours(ask: Client) -> None:
    answer = ask("GET", f"{API}/yard/status")
    assert (answer.status, set(answer.json)) == (200, STATUS_KEYS)
    assert answer.json["running"] is True
    assert answer.json["pid"] in {process.pid for process in ask.site.workers()}


def test_batch_status_is_keyed_by_id_and_unknown_ids_get_an_error_entry(ask: Client) -> None:
    answer = ask("POST", f"{API}/batch-status", {"camera_ids": ["yard", "nobody", "a/b", "yard"]})
    assert (answer.status, set(answer.json)) == (200, {"yard", "nobody", "a/b"})
    assert set(answer.json["yard"]) == STATUS_KEYS
    assert set(answer.json["nobody"]) == {"error", "code"}


@pytest.mark.parametrize("body", [None, {}, {"camera_ids": None}])
def test_batch_status_of_all(ask: Client, body: Any) -> None:
    answer = ask("POST", f"{API}/batch-status", body)
    assert (answer.status, set(answer.json) >= {"yard", "test", "dead", "off"}) == (200, True)


def test_deactivate_stops_and_activate_brings_back(ask: Client) -> None:
    ask("POST", f"{API}/test/start")
    gone = ask("POST", f"{API}/test/deactivate")
    assert (gone.status, gone.json) == (200, {"ok": True, "camera_id": "test", "active": False, "stopped": True})
    refused = ask("PUT", f"{API}/test/auto-start?auto_start=true")
    assert (refused.status, refused.json["code"]) == (400, "camera.inactive")
    back = ask("POST", f"{API}/test/activate")
    assert (back.status, back.json) == (200, {"ok": True, "camera_id": "test", "active": True})
    started = ask("PUT", f"{API}/test/auto-start?auto_start=false")
    assert (started.status, started.json) == (200, {"ok": True, "camera_id": "test", "auto_start": False})


def test_logs_have_exactly_these_keys(ask: Client) -> None:
    answer = ask("GET", f"{API}/yard/logs?lines=2")
    assert (answer.status, set(answer.json)) == (200, {"camera_id", "log_file", "total_lines", "lines"})
    assert answer.json["camera_id"] == "yard"
    assert len(answer.json["lines"]) == min(2, answer.json["total_lines"]) > 0


def test_refresh_reads_the_file_again_and_says_what_changed(ask: Client) -> None:
    same = ask("POST", f"{API}/refresh")
    assert (same.status, set(same.json)) == (200, {"status", "message", "timestamp"})
    assert datetime.fromisoformat(same.json["timestamp"]).timestamp() == pytest.approx(time.time(), abs=60)
    assert same.json["status"] == "ok"


def test_preview_is_one_jpeg_of_the_newest_picture(ask: Client) -> None:
    answer = ask("GET", f"{API}/yard/preview")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert simplejpeg.decode_jpeg_header(answer.body)[:2] == (180, 320)


def test_preview_says_why_there_is_none(ask: Client) -> None:
    ask("POST", f"{API}/dead/start")
    statuses = {name: ask("GET", f"{API}/{name}/preview").status for name in ("nobody", "off", "dead")}
    ask("POST", f"{API}/dead/stop")
    assert statuses == {"nobody": 404, "off": 409, "dead": 502}


@pytest.mark.parametrize(
    "call",
    [
        "GET ", "PUT ", "PATCH ", "DELETE ", "GET /status", "GET /logs", "GET /preview", "POST /start", "POST /stop",
        "POST /restart", "POST /activate", "POST /deactivate", "PUT /auto-start?auto_start=true",
    ],
)  # fmt: skip
def test_an_unknown_camera_is_404_everywhere(ask: Client, call: str) -> None:
    method, _, path = call.partition(" ")
    body = {"source": "demo:"} if call in {"PUT ", "PATCH "} else None
    answer = ask(method, f"{API}/nobody{path}", body)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json["code"] == "camera.not_found"


def test_a_camera_is_added_watched_changed_and_deleted(ask: Client, video: Path) -> None:
    added = ask("POST", API, {"name": "后院 🐈", "source": str(video), "act": {"kind": "pass"}, "groups": ["院子"]})
    assert added.status == 201
    camera_id = added.json["id"]
    assert added.headers["Location"] == f"{API}/{camera_id}"
    ask.site.wait_frames(camera_id)
    assert ask("GET", f"{API}/{camera_id}/preview").status == 200
    changed = ask("PATCH", f"{API}/{camera_id}", {"name": "Yard"}, If_Match=added.headers["ETag"])
    assert (changed.status, changed.json["name"]) == (200, "Yard")
    late = ask("PATCH", f"{API}/{camera_id}", {"name": "Late"}, If_Match=added.headers["ETag"])
    assert (late.status, late.json["changes"][0]["now"]) == (412, "Yard")
    assert "Yard" in ask.site.settings_file.read_text("utf-8")
    assert ask("GET", "/api/v1/groups").json["items"] == [{"name": "院子", "camera_ids": [camera_id]}]
    assert ask("DELETE", f"{API}/{camera_id}").status == 204
    assert ask("GET", f"{API}/{camera_id}").status == 404


def test_a_source_is_tried_without_a_camera(ask: Client, video: Path) -> None:
    answer = ask("POST", "/api/v1/sources/test", {"url": str(video)})
    assert answer.status == 200, answer.body
    assert (answer.json["codec"], answer.json["width_px"], answer.json["fps"]) == ("h264", 320, 25.0)
    assert answer.json["snapshot"].startswith("data:image/jpeg;base64,/9j/")


def test_a_source_that_fails_is_named_and_its_password_stays_secret(ask: Client) -> None:
    answer = ask("POST", "/api/v1/sources/test", {"url": "rtsp://admin:s3cret@127.0.0.1:9/main"})
    assert (answer.status, answer.json["code"]) == (400, "source.unreachable")
    assert answer.json["hint"]
    assert b"s3cret" not in answer.body
    assert "s3cret" not in ask.site.log()


@pytest.mark.skipif(bool(rtsp_server.missing()), reason=rtsp_server.missing() or "here")
def test_an_rtsp_camera_with_a_password_is_tried(ask: Client) -> None:
    with RtspServer(auth="digest") as server:
        where = {"url": server.url_without_credentials, "username": server.username}
        right = ask("POST", "/api/v1/sources/test", {**where, "password": server.password})
        wrong = ask("POST", "/api/v1/sources/test", {**where, "password": "wrong"})
    assert (right.status, right.json.get("codec")) == (200, "h264")
    assert (wrong.status, wrong.json["code"]) == (400, "source.unauthorized")


def test_capture_devices_are_listed(ask: Client) -> None:
    answer = ask("GET", "/api/v1/discovery/devices")
    assert answer.status == 200
    assert len(answer.json["items"]) == len(list(Path("/sys/class/video4linux").glob("video*")))


def test_onvif_cameras_are_found_with_their_streams(ask: Client) -> None:
    with OnvifDevice("admin", "s3cret", answers_probes=True) as device:
        login = {"username": "admin", "password": "s3cret", "timeout_s": 1}
        answer = ask("POST", "/api/v1/discovery/onvif", login)
    found = next(camera for camera in answer.json["items"] if camera["address"] == device.address)
    assert (found["name"], found["streams"][0]["url"]) == ("Yard 院子", "rtsp://127.0.0.1:554/main")
    assert found["error"] is None
    assert b"s3cret" not in answer.body
