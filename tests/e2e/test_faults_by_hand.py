"""Settings files with a mistake, and passwords: on a real server, with either store, by every route that could tell."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fakes.api_client import Answer, ask
from tests.fakes.popcam_site import Site, running_site
from websockets.sync.client import connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

API = "/api/v1/cameras"
PLANTED = "Pl4nted-s3cret"
RESTING = {"source": "synthetic:?width=160&height=90&fps=5", "auto_start": False}
TEXT = """\
server:
  port: {port}
data_dir: {folder}/data
runtime_dir: {folder}/run
log_dir: {folder}/log
camera_store: {store}
cameras:
  door:
    name: Front door
    source:
      url: rtsp://viewer:{planted}@127.0.0.1:9/main?token={planted}
      password: {planted}
    auto_start: false
"""


@pytest.fixture(scope="module", params=["file", "database"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("hand")
    with running_site(folder, {}, camera_store=request.param, workers={"count": 1}) as site:
        text = TEXT.format(port=site.port, folder=folder, store=request.param, planted=PLANTED)
        site.settings_file.write_text(text)
        site.wait_until(lambda: ask(site.port, "GET", f"{API}/door").status == 200)
        yield site


# --- the settings file ---


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("    name: Front door", "    nmae: Front door", 9, "did you mean `name`"),
        ("    name: Front door", "    name: Front door\n    name: Door", 10, "twice"),
        ("    name: Front door", "\tname: Front door", 9, "tab"),
        ("    auto_start: false\n", "    zones: [{name: a, points: [[0, 0], [1, 1]]}]\n", 13, "at least 3"),
        ("    auto_start: false\n", "    zones: [{name: a, points: [[0, 0], [1, 0], [1, 7]]}]\n", 13, ""),
        ("    auto_start: false\n", "    auto_st", 13, ""),
        ("rtsp://viewer", "rtps://viewer", 11, ""),
        ("cameras:", "server: 5\ncameras:", 7, "twice"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_old_state_stays(
    site: Site, old: str, new: str, line: int, reason: str
) -> None:
    right = site.settings_file.read_text()
    before = ask(site.port, "GET", f"{API}/door").json["settings"]
    site.settings_file.write_text(right.replace(old, new, 1))
    try:
        site.wait_until(lambda: site.get("/api/v1/settings/state")["refused"])
        problems = site.get("/api/v1/settings/state")["problems"]
        assert line in {problem["line"] for problem in problems}, problems
        assert any(reason in problem["reason"] for problem in problems), problems
        assert PLANTED not in json.dumps(problems)
        assert site.get("/api/v1/settings/yaml")["problems"] == problems
        assert ask(site.port, "GET", f"{API}/door").json["settings"] == before
    finally:
        site.settings_file.write_text(right)
    site.wait_until(lambda: not site.get("/api/v1/settings/state")["refused"])


def test_a_file_that_an_editor_writes_in_pieces_is_never_half_in_force(site: Site) -> None:
    right = site.settings_file.read_text()
    seen: list[int] = []
    for part in range(1, 20):
        site.settings_file.write_text(right[: len(right) * part // 20])
        seen.append(ask(site.port, "GET", f"{API}/door").status)
        time.sleep(0.03)
    site.settings_file.write_text(right)
    site.wait_until(lambda: not site.get("/api/v1/settings/state")["refused"])
    assert set(seen) == {200}
    assert ask(site.port, "GET", f"{API}/door").json["name"] == "Front door"


def test_cameras_that_leave_the_text_are_gone_or_said_to_stay(site: Site) -> None:
    """In the database they stay until somebody deletes them; a text without them is saved, but not silently."""
    in_database = site.get("/api/v1/camera-store")["kind"] == "database"
    right = ask(site.port, "GET", "/api/v1/settings/yaml").json["text"]
    more = right + "  yard:\n    source: 'demo:'\n    auto_start: false\n"
    added = ask(site.port, "PUT", "/api/v1/settings/yaml", {"text": more}).json["cameras"]
    assert added == {"added": ["yard"], "removed": [], "changed": [], "kept": []}
    assert ask(site.port, "GET", f"{API}/yard").status == 200
    gone = ask(site.port, "PUT", "/api/v1/settings/yaml", {"text": right}).json["cameras"]
    stays = {"removed": [], "kept": ["yard"]} if in_database else {"removed": ["yard"], "kept": []}
    assert gone == {"added": [], "changed": [], **stays}
    assert ask(site.port, "GET", f"{API}/yard").status == (200 if in_database else 404)
    assert ("cameras.kept" in site.log()) == in_database
    ask(site.port, "DELETE", f"{API}/yard")


# --- what is told ---


def attempts(site: Site) -> list[Answer]:
    """Everything that people do with cameras and settings, rightly and wrongly, with a password in it."""
    port = site.port
    login = {"url": f"rtsp://u:{PLANTED}@127.0.0.1:9/x", "username": "u", "password": PLANTED}
    camera: dict[str, Any] = {
        "id": "gate", "name": "Gate", "source": login, "sub_source": login,
        "restream": [{"url": f"rtmp://127.0.0.1:9/live?key={PLANTED}"}], "groups": ["g"],
    }  # fmt: skip
    wrong = [
        {**camera, "open": PLANTED},
        {**camera, "source": {**login, "transport": PLANTED}},
        {**camera, "source": {**login, "url": f"rtps://u:{PLANTED}@127.0.0.1:9/x"}},
        {**camera, "source": {**login, "url": f"rtsp://u:{PLANTED}@[127.0.0.1:9/x"}},
        {**camera, "source": {**login, "password": [PLANTED]}},
        {**camera, "source": f"rtsp://u:{PLANTED}@127.0.0.1:99999/x"},
    ]
    text = ask(port, "GET", "/api/v1/settings/yaml")
    version = text.headers["etag"]
    shown = text.json["text"]
    typed = shown.replace("password: '***'", f"password: {PLANTED}", 1)
    found = [
        text,
        *(ask(port, "POST", API, body) for body in wrong),
        ask(port, "POST", f"{API}/batch", {"cameras": wrong}),
    ]
    found += [ask(port, "POST", API, camera), ask(port, "POST", API, camera)]
    found += [ask(port, "PATCH", f"{API}/gate", {"source": {"password": PLANTED + "2"}}, '"old"')]
    assert found[-3].status == 201, found[-3].text
    tag = ask(port, "GET", f"{API}/gate").headers["etag"]
    found += [ask(port, "PATCH", f"{API}/gate", {"source": {"password": PLANTED + str(n)}}, tag) for n in (1, 2)]
    found += [
        ask(port, "POST", f"{API}/gate/{verb}") for verb in ("start", "restart", "stop", "deactivate", "activate")
    ]
    found += [
        ask(port, "POST", "/api/v1/sources/test", login),
        ask(port, "POST", "/api/v1/sources/test?camera_id=gate", {"url": "rtsp://***@127.0.0.1:9/x"}),
    ]
    onvif = {"addresses": ["127.0.0.1:9"], "probe": False, "timeout_s": 0.5, "username": "u", "password": PLANTED}
    found += [ask(port, "POST", "/api/v1/discovery/onvif", onvif)]
    for body in (
        typed,
        typed.replace("name:", "nmae:"),
        typed + "\n\t",
        typed[: typed.index(PLANTED) + 5],
        typed + f"\nserver: {PLANTED}",
    ):
        found += [ask(port, "POST", "/api/v1/settings/check", {"text": body})]
        found += [ask(port, "PUT", "/api/v1/settings/yaml", {"text": body}, version)]
    found += [
        ask(port, "PATCH", "/api/v1/settings", {"log": {"level": PLANTED}, "cameras": {"door": {"password": PLANTED}}})
    ]
    found += [ask(port, "POST", f"{API}/refresh"), ask(port, "DELETE", f"{API}/gate")]
    return found


def looks(site: Site) -> list[Answer]:
    """All that can be read."""
    paths = [
        path for path, item in site.get("/api/openapi.json")["paths"].items() if "get" in item and "mjpeg" not in path
    ]
    ids = {"{camera_id}": "door", "{name}": "x", "{event_id}": "x", "{code}": "camera.invalid"}
    found = []
    for path in paths:
        for name, value in ids.items():
            path = path.replace(name, value)
        found.append(ask(site.port, "GET", path))
    return found


def test_a_password_is_seen_nowhere(site: Site) -> None:
    told: list[str] = []
    with connect(f"ws://127.0.0.1:{site.port}/api/v1/live", max_size=None, compression=None) as page:
        answers = attempts(site) + looks(site)
        while True:
            try:
                told.append(str(page.recv(0.5)))
            except TimeoutError:
                break
    assert len(answers) > 40
    leaks = [around(answer.text) for answer in answers if PLANTED in answer.text]
    assert leaks == []
    assert told
    assert PLANTED not in "".join(told)
    logs = [path for path in site.folder.rglob("*") if path.suffix == ".log" and path.is_file()]
    assert logs
    assert [path.name for path in logs if PLANTED in path.read_text("utf-8", "replace")] == []


def heard_live(site: Site, camera_id: str, codec: str, until: Callable[[list[bytes]], bool]) -> list[bytes]:
    """What the live socket of one camera says until that holds: states as text, pictures with their facts as bytes."""
    heard: list[bytes] = []
    address = f"ws://127.0.0.1:{site.port}{API}/{camera_id}/live?codec={codec}"
    with connect(address, max_size=None, compression=None) as page:
        end_s = time.monotonic() + 60
        while not until(heard):
            assert time.monotonic() < end_s, heard[-3:]
            message = page.recv(20)
            heard.append(message.encode() if isinstance(message, str) else message)
    return heard


def test_the_live_socket_of_a_camera_that_can_not_be_reached_tells_no_password(site: Site) -> None:
    login = {"url": f"rtsp://u:{PLANTED}@127.0.0.1:9/x?token={PLANTED}", "username": "u", "password": PLANTED}
    assert ask(site.port, "POST", API, {"id": "gate", "source": login}).status == 201
    try:
        heard = heard_live(site, "gate", "jpeg", lambda heard: any(b'"source.' in one for one in heard[1:]))
        faults = [json.loads(one)["status"]["last_error"] for one in heard]
        assert any(fault and "127.0.0.1:9" in fault["detail"] for fault in faults), faults
        assert PLANTED.encode() not in b"".join(heard)
    finally:
        ask(site.port, "DELETE", f"{API}/gate")


@pytest.mark.parametrize("codec", ["jpeg", "h264"])
def test_the_live_socket_of_a_camera_that_runs_tells_no_password(site: Site, codec: str) -> None:
    """Its restream fails all the while, and its settings are edited."""
    camera = {
        "id": "hall",
        "source": {"url": "synthetic:?width=160&height=90&fps=5", "username": "u", "password": PLANTED},
        "restream": [{"url": f"rtmp://u:{PLANTED}@127.0.0.1:9/live?key={PLANTED}"}],
        "detect": {"faces": "off"},
    }
    assert ask(site.port, "POST", API, camera).status == 201
    try:

        def enough(heard: list[bytes]) -> bool:
            failed = any(one.startswith(b"{") and b'"restream.' in one for one in heard)
            return failed and sum(not one.startswith(b"{") for one in heard) > 5

        heard = heard_live(site, "hall", codec, enough)
        assert PLANTED.encode() not in b"".join(heard)
    finally:
        ask(site.port, "DELETE", f"{API}/hall")


def around(text: str) -> str:
    """Where it was seen."""
    place = text.index(PLANTED)
    return text[max(0, place - 120) : place + 40]
