"""`popcam camera ...` against a real server with real sources."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Popcam
from tests.fakes.http_server import MediaServer
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.video_files import make_video

from popcam.cli.camera_edit import changes_of
from popcam.cli.camera_source import PASSWORD_VARIABLE, Credentials, source_of

SOURCE = "synthetic:?width=320&height=180&fps=10"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    cameras = {
        "yard": {"source": SOURCE, "act": {"kind": "pass"}},
        "off": {"source": "demo:", "active": False},
        "gone": {"source": "rtsp://admin:s3cret@127.0.0.1:9/x", "auto_start": False},
        "hidden": {"source": "demo:", "act": {"kind": "hide"}, "auto_start": False},
    }
    with running_site(tmp_path_factory.mktemp("site"), cameras, workers={"count": 1}) as site:
        site.wait_frames("yard")
        yield site


@pytest.fixture
def camera(popcam: Popcam, site: Site, monkeypatch: pytest.MonkeyPatch) -> Popcam:
    """`camera("list")` asks the running server."""
    monkeypatch.setenv("POPCAM_URL", site.url)
    return lambda *arguments: popcam("camera", *arguments)


pytestmark = pytest.mark.slow


def test_a_camera_is_started_restarted_and_stopped(camera: Popcam) -> None:
    for call in ("restart", "start"):
        result = camera(call, "yard")
        assert (result.status, result.out.startswith("yard runs (pid ")) == (0, True), result
    stopped = camera("stop", "yard", "--json")
    assert (stopped.status, json.loads(stopped.out)["ok"]) == (0, True)
    assert camera("start", "yard").status == 0


def test_an_inactive_camera_ends_with_its_documented_status(camera: Popcam) -> None:
    result = camera("start", "off")
    assert (result.status, "[camera.inactive]" in result.err) == (4, True)


@pytest.mark.parametrize("call", ["start", "stop", "restart", "show", "logs", "remove --yes", "edit a=1"])
def test_an_unknown_camera_ends_with_its_documented_status(camera: Popcam, call: str) -> None:
    name, *more = call.split()
    result = camera(name, "nobody", *more)
    assert (result.status, "[camera.not_found]" in result.err) == (3, True)


def test_logs_are_the_newest_lines(camera: Popcam) -> None:
    lines = camera("logs", "yard", "-n", "2").out.splitlines()
    assert 1 <= len(lines) <= 2
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (debug|info|warning|error) .+", line) for line in lines)
    raw = json.loads(camera("logs", "yard", "--json").out)
    assert raw["camera_id"] == "yard"
    assert all("event" in json.loads(line) for line in raw["lines"])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_new_lines_of_a_log_are_shown_as_they_come(site: Site) -> None:
    program = str(Path(sys.executable).with_name("popcam"))
    command = [program, "camera", "logs", "yard", "-n", "1", "--follow", "--json", "--url", site.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())  # the newest line that was there
        site.post("/api/v1/cameras/yard/restart")
        events = {json.loads(process.stdout.readline())["event"] for _ in range(2)}
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert (process.returncode, "camera.stopped" in events or "camera.started" in events) == (130, True), events


def test_show_tells_state_and_settings_without_secrets(camera: Popcam) -> None:
    shown = camera("show", "gone").out
    assert "state" in shown
    assert "rtsp://***@127.0.0.1:9/x" in shown
    assert "s3cret" not in shown + camera("show", "gone", "--json").out


def test_a_source_is_tested_and_shown(camera: Popcam, tmp_path: Path) -> None:
    video, picture = make_video(tmp_path / "a.mp4", width=320, height=180), tmp_path / "a.jpg"
    result = camera("test", str(video), "--snapshot", str(picture))
    assert result.status == 0, result
    assert "h264" in result.out
    assert picture.read_bytes()[:2] == b"\xff\xd8"


def test_a_picture_that_can_not_be_written_is_named(camera: Popcam, tmp_path: Path) -> None:
    result = camera("test", "yard", "--snapshot", str(tmp_path / "no folder" / "a.jpg"))
    assert (result.status, "[storage.read_only]" in result.err) == (6, True)


def test_a_cameras_own_source_is_tested_with_its_saved_password(camera: Popcam) -> None:
    assert json.loads(camera("test", "yard", "--json").out)["width_px"] == 320
    failed = camera("test", "gone")
    assert (failed.status, "[source.unreachable]" in failed.err) == (4, True)
    assert "s3cret" not in failed.out + failed.err


def test_no_bare_face_leaves_a_camera_that_hides_them(camera: Popcam, tmp_path: Path) -> None:
    result = camera("test", "hidden", "--snapshot", str(tmp_path / "a.jpg"))
    assert (result.status, "hides faces" in result.err) == (0, True)
    assert not (tmp_path / "a.jpg").exists()


def test_a_camera_is_added_edited_and_removed(camera: Popcam, site: Site, tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4")
    added = camera("add", str(video), "--name", "后院", "--group", "院子", "--id", "back", "--hide-faces")
    assert (added.status, added.out.splitlines()[-1]) == (0, "back was added")
    assert site.camera("back")["groups"] == ["院子"]
    assert site.camera("back")["hides_faces"] is True
    edited = camera("edit", "back", "name=Back yard", "act.kind=boxes", "groups=null")
    assert (edited.status, edited.out) == (0, "back was changed\n")
    assert (site.camera("back")["name"], site.camera("back")["groups"]) == ("Back yard", [])
    assert camera("remove", "back", "--yes").out == "back was removed\n"
    assert camera("show", "back").status == 3


def test_what_can_not_be_opened_is_not_added(camera: Popcam, site: Site) -> None:
    result = camera("add", "rtsp://127.0.0.1:9/x", "--id", "never")
    assert (result.status, "[source.unreachable]" in result.err) == (4, True)
    assert "never" not in {item["id"] for item in site.get("/api/v1/cameras")["items"]}


def test_it_is_added_all_the_same_when_told_so(camera: Popcam) -> None:
    assert camera("add", "rtsp://127.0.0.1:9/x", "--id", "later", "--no-test", "--no-start").status == 0
    assert camera("add", "demo:", "--id", "later", "--no-test").status == 4
    assert camera("remove", "later", "-y").status == 0


def test_a_wrong_setting_is_named(camera: Popcam) -> None:
    result = camera("edit", "yard", "act.kind=fly", "colour=red")
    assert result.status == 2
    assert "act.kind" in result.err
    assert "colour" in result.err


def test_texts_come_in_chinese(camera: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    assert camera("start", "nobody").err.startswith("没有这个摄像头")
    assert "已运行" in camera("start", "yard").out


def test_a_password_comes_from_the_variable(
    camera: Popcam, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = make_video(tmp_path / "a.mp4").read_bytes()
    with MediaServer() as server:
        server.serve("/secret.mp4", "video/mp4", data)
        monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
        result = camera("test", server.url("/secret"), "-u", server.username)
    assert server.password not in result.out + result.err
    assert Credentials.given("u", False).as_fields() == {"username": "u", "password": server.password}


def test_removing_asks_first(camera: Popcam, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    for answer in ("n\n", ""):  # no, and the end of the input
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        refused = camera("remove", "off")
        assert (refused.status, "Nothing was removed." in refused.err) == (130, True)
    assert site.camera("off")["id"] == "off"


@pytest.mark.parametrize(
    ("pairs", "changes"),
    [
        (["name=Door"], {"name": "Door"}),
        (["act.kind=hide", "act.margin=0.5"], {"act": {"kind": "hide", "margin": 0.5}}),
        (["zones=[]", "groups=null", "name=a=b"], {"zones": [], "groups": None, "name": "a=b"}),
    ],
)
def test_pairs_are_nested_changes(pairs: list[str], changes: dict[str, Any]) -> None:
    assert changes_of(pairs) == changes


@pytest.mark.parametrize("pairs", [["name"], ["=x"], ["a..b=1"], ["a=1", "a.b=2"]])
def test_pairs_that_are_none_are_refused(camera: Popcam, pairs: list[str]) -> None:
    assert camera("edit", "yard", *pairs).status == 2


def test_a_path_that_exists_here_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").touch()
    monkeypatch.chdir(tmp_path)
    assert source_of("a.mp4", Credentials("", "")) == {"url": str(tmp_path / "a.mp4")}
    assert source_of("rtsp://h/a.mp4", Credentials("u", "")) == {"url": "rtsp://h/a.mp4", "username": "u"}
