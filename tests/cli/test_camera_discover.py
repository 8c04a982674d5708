"""`popcam camera discover` against a real server, a real ONVIF camera on loopback, and hard-to-show answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cli.conftest import Popcam
from tests.fakes.onvif_camera import OnvifDevice
from tests.fakes.popcam_site import Site, running_site

from popcam.cli import camera_discover
from popcam.cli.api import Answer

DEVICES = [
    {
        "url": "device:/dev/v4l/by-id/usb-camera",
        "name": "书房摄像头",
        "bus": "usb-1",
        "readable": True,
        "error": None,
        "modes": [
            {
                "pixel_format": "YUYV",
                "description": "",
                "sizes": [{"width_px": 640, "height_px": 480, "max_fps": 30.0}],
            },
            {
                "pixel_format": "MJPG",
                "description": "",
                "sizes": [{"width_px": 1280, "height_px": 720, "max_fps": 0.0}],
            },
        ],
        "camera_ids": ["study"],
    },
    {
        "url": "device:/dev/video2",
        "name": "Capture",
        "bus": "usb-2",
        "readable": False,
        "error": {"code": "source.permission", "title": "The source may not be read", "hint": "Add the group."},
        "modes": [],
        "camera_ids": [],
    },
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), {}, workers={"count": 1}) as site:
        yield site


@pytest.fixture
def discover(popcam: Popcam, site: Site, monkeypatch: pytest.MonkeyPatch) -> Popcam:
    monkeypatch.setenv("POPCAM_URL", site.url)
    return lambda *arguments: popcam("camera", "discover", *arguments)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Devices as a server tells them; this machine may have none."""
    monkeypatch.setattr(camera_discover, "get", lambda *_, **__: {"items": DEVICES})
    return DEVICES


@pytest.mark.slow
def test_an_onvif_camera_is_found_with_its_streams(discover: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    with OnvifDevice(username="admin", password="s3cret") as device:
        monkeypatch.setenv("POPCAM_CAMERA_PASSWORD", "s3cret")
        arguments = ("onvif", "--no-probe", "--address", device.address, "-u", "admin", "--wait", "1")
        shown = discover(*arguments)
        told = json.loads(discover(*arguments, "--json").out)
    assert shown.status == 0, shown
    streams = told["onvif"][0]["streams"]
    assert streams
    assert all(stream["url"] in shown.out for stream in streams)
    assert "popcam camera add" in shown.err
    assert "s3cret" not in shown.out + shown.err


@pytest.mark.slow
def test_a_camera_that_wants_a_password_says_so(discover: Popcam) -> None:
    with OnvifDevice(username="admin", password="s3cret") as device:
        shown = discover("onvif", "--no-probe", "--address", device.address, "--wait", "1")
    assert (shown.status, "[source.unauthorized]" in shown.out) == (0, True)


@pytest.mark.slow
def test_an_address_that_is_none_ends_with_its_documented_status(discover: Popcam) -> None:
    shown = discover("onvif", "--no-probe", "--address", "ftp://x")
    assert (shown.status, "[source.bad_address]" in shown.err) == (4, True)


@pytest.mark.slow
def test_nothing_found_is_said_and_is_no_failure(discover: Popcam) -> None:
    shown = discover("onvif", "--no-probe")
    assert (shown.status, shown.out) == (0, "")
    assert "No ONVIF camera answered" in shown.err


@pytest.mark.slow
def test_both_kinds_are_looked_for_when_none_is_named(discover: Popcam) -> None:
    assert set(json.loads(discover("--no-probe", "--json").out)) == {"devices", "onvif"}


def test_devices_are_shown_with_best_mode_user_and_problem(popcam: Popcam, answered: list[dict[str, Any]]) -> None:
    lines = popcam("camera", "discover", "devices").out.splitlines()
    assert lines[1].split() == [answered[0]["url"], "书房摄像头", "1280x720", "MJPG", "study"]
    assert lines[2].split()[0] == "device:/dev/video2"
    assert lines[2].endswith("The source may not be read [source.permission]")


@pytest.mark.usefixtures("answered")
def test_a_narrow_terminal_cuts_no_address(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    lines = popcam("camera", "discover", "devices").out.splitlines()
    assert "address: device:/dev/v4l/by-id/usb-camera" in lines


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (
            {"name": "main", "width_px": 1920, "height_px": 1080, "fps": 25.0, "codec": "h264"},
            "main 1920x1080 25 fps h264",
        ),
        ({"name": "", "width_px": 0, "height_px": 0, "fps": 0.0, "codec": ""}, ""),
    ],
)
def test_a_stream_in_a_few_words(stream: dict[str, Any], text: str) -> None:
    assert camera_discover._stream(stream) == text


def test_without_a_server_it_says_how_to_start_one(popcam: Popcam) -> None:
    shown = popcam("camera", "discover", "devices", "--url", "http://127.0.0.1:9")
    assert (shown.status, "popcam serve" in shown.err) == (8, True)


def test_a_server_answers_as_declared(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def ask(_method: str, _path: str, _url: str | None, *, body: dict[str, Any], timeout_s: float) -> Answer:
        asked.append(body)
        assert timeout_s > body["timeout_s"]
        return Answer({"items": []}, "")

    monkeypatch.setattr(camera_discover, "ask", ask)
    popcam("camera", "discover", "onvif", "--address", "a", "--address", "b:81", "--wait", "2")
    assert asked == [{"timeout_s": 2.0, "addresses": ["a", "b:81"], "probe": True}]
