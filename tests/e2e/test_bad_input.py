"""Whatever a source is or does: its camera says so by name, and every other camera keeps running.

One server runs a good camera beside all the bad ones at once.
"""

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.rtsp_server import RtspServer, missing
from tests.fakes.video_files import (
    make_audio,
    make_jumping,
    make_two_sizes,
    make_unknown_codec,
    make_video,
)

from popcam.core.errors import all_errors, error_of_code

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GOOD = {"source": "synthetic:?width=320&height=180&fps=15", "act": {"kind": "pass"}}

BROKEN = {
    "unreachable": {"source.unreachable"},
    "no-such-file": {"source.not_found"},
    "zero-length": {"source.empty"},
    "empty-folder": {"source.empty"},
    "sound-only": {"source.no_video_track"},
    "unknown-codec": {"source.unsupported_codec"},
    "web-page": {"source.not_video"},
    "needs-login": {"source.unauthorized"},
    "not-there": {"source.not_found"},
    "sends-nothing": {"source.timeout"},
    "swallows": {"source.timeout", "source.unreachable"},
    "text-file": {"source.not_video"},
    "garbage": {"source.not_video", "source.corrupt"},
    "no-device": {"source.device_missing"},
    "no-model": {"source.not_found"},
}
PLAYS = {
    "one-pixel": (1, 1),
    "odd": (4097, 3),
    "ten-bit": (320, 240),
    "full-chroma": (320, 240),
    "grey": (320, 240),
    "rotated": (240, 320),
    "interlaced": (320, 240),
    "jumping": (320, 240),
    "truncated": (320, 240),
    "two-sizes": None,
}


class _Answers(http.server.BaseHTTPRequestHandler):
    """A web page, a login, and nothing at all."""

    def do_GET(self) -> None:
        match self.path:
            case "/page":
                body = b"<!doctype html><html><body>camera login</body></html>"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
            case "/login":
                body = b"who are you"
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
            case _:
                body = b"nothing here"
                self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def web() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def sources(folder: Path, site_url: str, silent_port: int) -> dict[str, Any]:
    (folder / "zero.mp4").touch()
    (folder / "nothing").mkdir()
    (folder / "text.mp4").write_text("this is no video\n" * 500)
    (folder / "garbage.mp4").write_bytes(bytes(range(256)) * 400)
    whole = make_video(folder / "whole.mkv", frames=100)
    (folder / "truncated.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    return {
        "unreachable": "rtsp://127.0.0.1:9/x",
        "no-such-file": str(folder / "nowhere.mp4"),
        "zero-length": str(folder / "zero.mp4"),
        "empty-folder": str(folder / "nothing"),
        "sound-only": str(make_audio(folder / "sound.mp4")),
        "unknown-codec": str(make_unknown_codec(folder / "unknown.mkv")),
        "web-page": f"{site_url}/page",
        "needs-login": f"{site_url}/login",
        "not-there": f"{site_url}/missing",
        "sends-nothing": f"http://127.0.0.1:{silent_port}/x",
        "swallows": f"rtsp://127.0.0.1:{silent_port}/x",
        "text-file": str(folder / "text.mp4"),
        "garbage": str(folder / "garbage.mp4"),
        "no-device": "device:/dev/video99",
        "no-model": str(folder / "nowhere.mp4"),
        "one-pixel": str(make_video(folder / "one.mkv", codec="ffv1", width=1, height=1)),
        "odd": str(make_video(folder / "odd.mkv", codec="mjpeg", pixel_format="yuvj420p", width=4097, height=3)),
        "ten-bit": str(make_video(folder / "ten.mkv", pixel_format="yuv420p10le")),
        "full-chroma": str(make_video(folder / "full.mkv", pixel_format="yuv444p")),
        "grey": str(make_video(folder / "grey.mkv", codec="ffv1", pixel_format="gray")),
        "rotated": str(make_video(folder / "rotated.mp4", rotation_deg=90)),
        "interlaced": str(make_video(folder / "interlaced.mkv", interlaced=True)),
        "jumping": str(make_jumping(folder / "jumping.ts")),
        "truncated": str(folder / "truncated.mkv"),
        "two-sizes": str(make_two_sizes(folder / "sizes.h264")),
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("bad")
    with web() as web_url, socket.create_server(("127.0.0.1", 0)) as silent:
        urls = sources(folder, web_url, silent.getsockname()[1])
        timeouts = {"open_timeout_s": 3, "read_timeout_s": 3}
        cameras: dict[str, Any] = {
            name: {"source": {"url": url, **timeouts}, "act": {"kind": "boxes"}} for name, url in urls.items()
        }
        with running_site(folder, {**cameras, "good": GOOD}) as site:
            site.wait_frames("good")
            yield site


def fault_codes(site: Site, camera_id: str) -> set[str]:
    pipeline = site.camera(camera_id)["pipeline"]
    return {fault["code"] for fault in pipeline["faults"]} if pipeline else set()


@pytest.mark.parametrize("camera_id", BROKEN)
def test_broken_source_is_named_and_its_state_says_so(site: Site, camera_id: str) -> None:
    site.wait_until(lambda: fault_codes(site, camera_id) & BROKEN[camera_id])
    assert site.status(camera_id)["state"] in {"reconnecting", "failed"}
    last_error = site.status(camera_id)["last_error"]
    assert last_error["code"] in BROKEN[camera_id]
    known = error_of_code(last_error["code"])
    assert known.hint.en in str(last_error)


@pytest.mark.parametrize("camera_id", PLAYS)
def test_unusual_video_plays_and_has_a_picture(site: Site, camera_id: str) -> None:
    site.wait_frames(camera_id)
    camera = site.camera(camera_id)
    if PLAYS[camera_id] is not None:
        pipeline = camera["pipeline"]
        assert (pipeline["width_px"], pipeline["height_px"]) == PLAYS[camera_id]
    site.wait_until(lambda: camera_has_picture(site, camera_id))


def camera_has_picture(site: Site, camera_id: str) -> bool:
    import urllib.request

    with urllib.request.urlopen(f"{site.url}/api/v1/cameras/{camera_id}/preview", timeout=60) as answer:
        return bool(answer.read(3) == b"\xff\xd8\xff")


def test_every_other_camera_keeps_running(site: Site) -> None:
    before = site.camera("good")["pipeline"]["frames"]
    site.wait_frames("good", more_than=before + 15)
    assert site.camera("good")["pipeline"]["faults"] == []


def test_no_worker_died_of_it(site: Site) -> None:
    troubles = [line for line in site.log().splitlines() if "worker." in line and "worker.ready" not in line]
    restarts = {camera["id"]: camera["status"]["restarts"] for camera in site.get("/api/v1/cameras")["items"]}
    assert set(restarts.values()) == {0}, (restarts, troubles)


def test_every_named_error_exists() -> None:
    assert set().union(*BROKEN.values()) <= {error.code for error in all_errors()}


@pytest.mark.skipif(bool(missing()), reason=missing() or "the RTSP server is there")
def test_rtsp_camera_with_a_wrong_password_says_so_and_heals_with_the_right_one(tmp_path: Path) -> None:
    with RtspServer(auth="digest") as server:
        wrong = server.url_without_credentials.replace("rtsp://", "rtsp://viewer:wrong@")
        with running_site(tmp_path, {"cam": {"source": wrong}, "good": GOOD}) as site:
            site.wait_until(lambda: "source.unauthorized" in fault_codes(site, "cam"))
            text = site.settings_file.read_text()
            site.settings_file.write_text(text.replace(wrong, server.url))
            site.wait_frames("cam")
            assert "wrong" not in site.log()
            assert server.password not in site.log()


@pytest.mark.skipif(bool(missing()), reason=missing() or "the RTSP server is there")
def test_rtsp_camera_that_loses_its_power_comes_back_by_itself(tmp_path: Path) -> None:
    with RtspServer() as server:
        source = {"url": server.url, "read_timeout_s": 3, "open_timeout_s": 3}
        with running_site(tmp_path, {"cam": {"source": source}, "good": GOOD}) as site:
            site.wait_frames("cam")
            server.stop()
            site.wait_until(lambda: site.status("cam")["state"] == "reconnecting")
            frames = site.camera("cam")["pipeline"]["frames"]
            server.start()
            site.wait_frames("cam", more_than=frames + 10)
            assert site.camera("cam")["pipeline"]["faults"] == []
