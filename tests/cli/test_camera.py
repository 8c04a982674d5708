"""`popcam camera` against a real HTTP server, and against none."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.cli.conftest import Popcam

STATUS: dict[str, Any] = {
    "running": True,
    "pid": 7,
    "state": "running",
    "fps": 14.96,
    "latency_ms": None,
    "drops": {"late": 3},
    "last_error": None,
}
FAULT = {"code": "source.timeout", "title": "The source sends nothing", "hint": "Try TCP."}
CAMERAS = [
    {"id": "front", "name": "Front [door]", "status": STATUS},
    {"id": "back", "name": "", "status": {**STATUS, "state": "reconnecting", "last_error": FAULT}},
]
NOT_FOUND = {"code": "camera.not_found", "detail": "sid"}
INVALID = {
    "code": "camera.invalid",
    "detail": "",
    "problems": [
        {"key": "act.kind", "reason": "must be 'boxes', 'hide' or 'pass'", "origin": "", "line": 0, "column": 0}
    ],
}
ANSWERS: dict[str, tuple[int, bytes]] = {
    "/api/v1/cameras": (200, json.dumps({"items": CAMERAS}).encode()),
    "/api/v1/cameras/front/status": (200, json.dumps(STATUS).encode()),
    "/api/v1/cameras/back/status": (200, json.dumps(CAMERAS[1]["status"]).encode()),
    "/api/v1/cameras/sid/status": (404, json.dumps(NOT_FOUND).encode()),
    "/api/v1/cameras/a%2Fb/status": (200, json.dumps({"state": "stopped"}).encode()),
    "/api/v1/cameras/wrong/status": (422, json.dumps(INVALID).encode()),
    "/empty/api/v1/cameras": (200, b'{"items": []}'),
    "/page/api/v1/cameras": (200, b"<html>"),
    "/other/api/v1/cameras": (500, b"<html>"),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_cameras_are_listed_with_state_and_problem(popcam: Popcam, url: str) -> None:
    lines = popcam("camera", "list", "--url", url).out.splitlines()
    assert lines[0].split() == ["id", "name", "state", "fps", "problem"]
    assert lines[1].split() == ["front", "Front", "[door]", "running", "15.0"]
    assert "The source sends nothing [source.timeout]" in lines[2]


def test_list_is_json_for_scripts(popcam: Popcam, url: str) -> None:
    assert json.loads(popcam("camera", "list", "--url", url, "--json").out) == CAMERAS


def test_address_may_come_from_a_variable(popcam: Popcam, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_URL", f"{url}/")
    assert popcam("camera", "list").status == 0


def test_status_of_one_camera_is_shown(popcam: Popcam, url: str) -> None:
    shown = popcam("camera", "status", "front", "--url", url).out
    assert [line.split() for line in shown.splitlines()[1:]] == [
        ["running", "yes"],
        ["worker's", "pid", "7"],
        ["state", "running"],
        ["fps", "15.0"],
        ["dropped", "frames", "late=3"],
    ]


def test_status_tells_the_problem_and_what_to_do(popcam: Popcam, url: str) -> None:
    shown = popcam("camera", "status", "back", "--url", url).out
    assert "The source sends nothing [source.timeout]" in shown
    assert "Try TCP." in shown


def test_status_is_json_for_scripts(popcam: Popcam, url: str) -> None:
    assert json.loads(popcam("camera", "status", "front", "--url", url, "--json").out) == STATUS


def test_id_can_t_change_the_address(popcam: Popcam, url: str) -> None:
    assert "stopped" in popcam("camera", "status", "a/b", "--url", url).out


def test_error_of_the_server_keeps_its_code(popcam: Popcam, url: str) -> None:
    result = popcam("camera", "status", "sid", "--url", url)
    assert (result.status, result.err.splitlines()[0]) == (3, "There is no such camera: sid [camera.not_found]")


@pytest.mark.parametrize("path", ["/page", "/other"])
def test_another_server_is_not_taken_for_ours(popcam: Popcam, url: str, path: str) -> None:
    result = popcam("camera", "list", "--url", f"{url}{path}")
    assert (result.status, "server.unreachable" in result.err) == (8, True)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "ftp://h", "http://u:s3cret@127.0.0.1:9"])
def test_server_that_does_not_answer_is_named(popcam: Popcam, address: str) -> None:
    result = popcam("camera", "list", "--url", address)
    assert (result.status, "server.unreachable" in result.err) == (8, True)
    assert "s3cret" not in result.err


def test_states_and_fields_come_in_chinese(popcam: Popcam, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    assert popcam("camera", "list", "--url", url).out.splitlines()[1].split()[-2:] == ["运行中", "15.0"]
    shown = popcam("camera", "status", "front", "--url", url).out
    assert ["状态", "运行中"] in [line.split() for line in shown.splitlines()]


def test_every_wrong_field_has_a_line_in_the_users_language(popcam: Popcam, url: str) -> None:
    result = popcam("camera", "status", "wrong", "--url", url)
    assert result.status == 2
    assert result.err.splitlines()[1] == "  act.kind: must be 'boxes', 'hide' or 'pass'"


def test_no_camera_at_all_is_said_with_what_to_do(popcam: Popcam, url: str) -> None:
    result = popcam("camera", "list", "--url", f"{url}/empty")
    assert (result.status, result.out) == (0, "")
    assert "popcam camera add" in result.err
