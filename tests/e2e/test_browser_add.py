"""Adding cameras of one's own by the page, on a real site with real workers and real cameras."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.fakes.onvif_camera import OnvifDevice
from tests.fakes.popcam_site import Site, start_site
from tests.fakes.ports import free_port
from tests.fakes.rtsp_server import RtspServer, missing
from tests.fakes.video_files import make_video

pytestmark = [pytest.mark.browser, pytest.mark.slow]
gstreamer = pytest.mark.skipif(bool(missing()), reason=missing() or "installed")

LIVE = ".live"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
REFUSED = "Failed to load resource"
"""What the browser itself says of each answer that is no success."""


def send(site: Site, method: str, path: str, body: Any = None) -> Any:
    """The JSON that a request led to, if any."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        site.url + path, method=method, data=data, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def running(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = start_site(tmp_path_factory.mktemp("site"), {})
    try:
        site.wait_until(lambda: site.get("/health"))
        yield site
    finally:
        site.close()


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """A site without cameras."""
    yield running
    for camera in running.get("/api/v1/cameras")["items"]:
        send(running, "DELETE", f"/api/v1/cameras/{camera['id']}")


@pytest.fixture
def adding(site: Site, someone: Reader) -> Iterator[Reader]:
    """A reader in front of the page that adds a camera. The browser may only complain about refused requests."""
    someone.open(f"{site.url}/cameras/new")
    someone.page.wait_for_selector("[data-test=url]")
    yield someone
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def choose(adding: Reader, kind: str) -> None:
    """Say where the picture comes from."""
    adding.page.locator(f"label:has([data-test=kind-{kind}])").click()


def try_it(adding: Reader) -> None:
    """Try the source, and wait for the outcome."""
    adding.page.click("[data-test=try]")
    adding.page.wait_for_selector("[data-test=outcome] :is(.fault, [data-test=works])", timeout=30_000)


def failure(adding: Reader) -> str | None:
    """The code of the failure that the try led to."""
    return adding.page.get_attribute("[data-test=outcome] .fault", "data-code")


def problem(adding: Reader, field: str) -> str:
    """What stands at a field."""
    return adding.page.inner_text(f"[data-field={field}] .problem")


def save(adding: Reader, camera_id: str) -> None:
    """Add the camera, and wait for its page."""
    adding.page.click("[data-test=save]")
    adding.page.wait_for_url(f"**/cameras/{camera_id}", wait_until="commit")


def shown_px(adding: Reader) -> tuple[int, int]:
    """Width and height of the picture that the try brought."""
    width, height = adding.page.evaluate(
        "() => { const p = document.querySelector('[data-test=snapshot]'); return [p.naturalWidth, p.naturalHeight]; }"
    )
    return width, height


def test_the_first_run_guide_adds_a_file_and_shows_it_in_under_a_minute(
    site: Site, someone: Reader, tmp_path: Path
) -> None:
    film = make_video(tmp_path / "Back yard.mp4", frames=250)
    someone.open(site.url)
    someone.page.wait_for_selector("[data-test=first-run]")
    began_s = time.monotonic()
    someone.page.click("[data-test=first-file]")
    someone.page.fill("[data-test=path]", str(film))
    try_it(someone)
    assert shown_px(someone) == (320, 240)
    assert "h264" in someone.page.inner_text("[data-fact=codec]")
    assert someone.page.input_value("[data-test=name]") == "Back yard"
    assert "back-yard" in someone.page.inner_text("[data-test=next-id]")
    save(someone, "back-yard")
    someone.wait_playing(LIVE)
    someone.wait_changed(LIVE, someone.pixels(LIVE))
    assert time.monotonic() - began_s < 60
    assert site.camera("back-yard")["name"] == "Back yard"


@gstreamer
def test_a_wrong_password_is_named_and_the_right_one_adds_the_camera(site: Site, adding: Reader) -> None:
    with RtspServer(auth="digest") as server:
        adding.page.fill("[data-test=url]", server.url_without_credentials)
        adding.page.fill("[data-test=username]", server.username)
        adding.page.fill("[data-test=password]", "guess")
        try_it(adding)
        assert failure(adding) == "source.unauthorized"
        assert problem(adding, "password")
        adding.page.click("[data-test=correct-password]")
        adding.page.wait_for_selector("[data-test=password]:focus")
        adding.page.keyboard.press("Control+A")
        adding.page.keyboard.type(server.password)
        adding.page.keyboard.press("Enter")
        adding.page.wait_for_selector("[data-test=works]", timeout=30_000)
        assert shown_px(adding) == (server.width, server.height)
        adding.page.fill("[data-test=name]", "Front door 📷")
        save(adding, "front-door")
        adding.wait_playing(LIVE)
        settings = site.camera("front-door")["settings"]
        assert (settings["name"], settings["source"]["password"]) == ("Front door 📷", "***")
        assert server.password not in adding.page.content()


def test_what_shall_be_done_is_saved(site: Site, adding: Reader) -> None:
    choose(adding, "demo")
    adding.page.fill("[data-test=name]", "大厅")
    adding.page.locator("label:has([data-test=act-hide])").click()
    adding.page.locator("label:has([data-test=record-events])").click()
    save(adding, "camera-1")
    settings = site.camera("camera-1")["settings"]
    assert (settings["act"]["kind"], settings["record"]["mode"], settings["name"]) == ("hide", "events", "大厅")


def test_a_camera_that_is_off_now_can_be_added_anyway(site: Site, adding: Reader) -> None:
    adding.page.fill("[data-test=url]", f"rtsp://127.0.0.1:{free_port()}/main")
    try_it(adding)
    assert failure(adding) == "source.unreachable"
    assert adding.page.inner_text("[data-test=outcome] .hint")
    assert adding.page.inner_text("[data-test=save]") == "Add anyway"
    save(adding, "camera-127-0-0-1")
    assert site.camera("camera-127-0-0-1")["wanted"] is True


def test_an_id_that_is_taken_is_said_while_it_is_typed(site: Site, adding: Reader) -> None:
    send(site, "POST", "/api/v1/cameras", {"id": "hall", "name": "Great hall", "source": "demo:", "auto_start": False})
    choose(adding, "demo")
    adding.page.fill("[data-test=name]", "Hall")
    adding.page.wait_for_selector("[data-test=next-id]:has-text('hall-2')")
    adding.page.click("[data-test=change-id]")
    adding.page.fill("[data-test=id]", "hall")
    assert "Great hall" in problem(adding, "id")
    adding.page.click("[data-test=save]")
    adding.page.wait_for_selector("[data-test=id]:focus")
    adding.page.click("[data-test=fix-id]")
    save(adding, "hall-2")


def test_an_id_that_somebody_else_takes_meanwhile_is_shown_at_its_field(site: Site, adding: Reader) -> None:
    def be_slower(route: Route) -> None:
        send(site, "POST", "/api/v1/cameras", {"id": "gate", "source": "demo:", "auto_start": False})
        route.continue_()

    adding.page.route("**/api/v1/cameras", be_slower, times=1)
    choose(adding, "demo")
    adding.page.click("[data-test=change-id]")
    adding.page.fill("[data-test=id]", "gate")
    adding.page.click("[data-test=save]")
    adding.page.wait_for_selector("[data-test=save-failure][data-code='camera.exists']")
    assert problem(adding, "id")
    adding.page.wait_for_selector("[data-test=id]:focus")
    adding.page.fill("[data-test=id]", "gate-west")
    save(adding, "gate-west")


def test_an_impossible_address_is_said_before_anybody_is_asked(adding: Reader) -> None:
    asked: list[str] = []
    adding.page.on("request", lambda request: asked.append(request.url))
    adding.page.fill("[data-test=url]", "192.168.1.64/stream1")
    adding.page.click("[data-test=try]")
    assert "rtsp://" in problem(adding, "url")
    assert not any("/api/v1/sources/test" in url for url in asked)
    adding.page.click("[data-test=fix-url]")
    assert adding.page.input_value("[data-test=url]") == "rtsp://192.168.1.64/stream1"
    assert adding.page.locator("[data-field=url] .problem").count() == 0


def test_what_only_the_server_finds_wrong_is_shown_at_its_field(site: Site, adding: Reader) -> None:
    choose(adding, "file")
    adding.page.fill("[data-test=path]", "device:")
    adding.page.click("[data-test=save]")
    adding.page.wait_for_selector("[data-test=save-failure][data-code='camera.invalid']")
    assert "device:/dev/video0" in problem(adding, "path")
    assert site.get("/api/v1/cameras")["items"] == []


def test_a_file_that_is_no_video_is_named(adding: Reader, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a film\n" * 50)
    choose(adding, "file")
    adding.page.fill("[data-test=path]", str(tmp_path / "notes.txt"))
    try_it(adding)
    assert failure(adding) == "source.not_video"


def test_a_slow_try_shows_its_progress_and_can_be_given_up(adding: Reader) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        adding.page.fill("[data-test=url]", f"rtsp://127.0.0.1:{silent.getsockname()[1]}/main")
        adding.page.click("[data-test=try]")
        adding.page.wait_for_selector("progress:not([value='0'])")
        adding.page.click("[data-test=cancel-try]")
        adding.page.wait_for_selector("[data-test=try]")
        assert adding.page.locator("[data-test=outcome] .fault").count() == 0


def test_an_outcome_belongs_to_the_address_that_was_tried(adding: Reader) -> None:
    choose(adding, "demo")
    try_it(adding)
    assert adding.page.inner_text("[data-test=save]") == "Add camera"
    adding.page.locator("label:has([data-test='demo-synthetic:'])").click()
    assert adding.page.locator("[data-test=works]").count() == 0
    assert adding.page.inner_text("[data-test=save]") == "Add without trying"


@gstreamer
def test_a_camera_found_by_onvif_is_added_with_its_login(site: Site, adding: Reader) -> None:
    with (
        RtspServer(auth="digest") as server,
        OnvifDevice(
            username=server.username,
            password=server.password,
            streams={"main": server.url_without_credentials},
            answers_probes=False,
        ) as camera,
    ):
        choose(adding, "onvif")
        adding.page.fill("[data-test=onvif-address]", f"127.0.0.1:{camera.port}")
        adding.page.fill("[data-test=username]", server.username)
        adding.page.fill("[data-test=password]", "guess")
        adding.page.click("[data-test=search-onvif]")
        adding.page.wait_for_selector("[data-field=stream] .fault[data-code='source.unauthorized']")
        adding.page.fill("[data-test=password]", server.password)
        adding.page.click("[data-test=search-onvif]")
        adding.page.wait_for_selector("[data-field=stream] input:checked", state="attached")
        try_it(adding)
        assert shown_px(adding) == (server.width, server.height)
        adding.page.fill("[data-test=name]", "Gate")
        save(adding, "gate")
        adding.wait_playing(LIVE)
        assert site.camera("gate")["settings"]["source"]["url"] == server.url_without_credentials


def test_devices_are_those_that_the_server_finds(site: Site, adding: Reader) -> None:
    choose(adding, "device")
    found = [device["url"] for device in site.get("/api/v1/discovery/devices")["items"]]
    adding.page.wait_for_selector("[data-field=device], .none")
    shown = adding.page.locator("[data-field=device] input").evaluate_all("inputs => inputs.map(one => one.value)")
    assert shown == found


def test_the_keyboard_alone_adds_a_camera(site: Site, adding: Reader) -> None:
    press = adding.page.keyboard.press
    adding.page.focus("[data-test=kind-network]")
    press("ArrowUp")  # round to the last kind
    adding.page.wait_for_selector("[data-test='demo-demo:']", state="attached")
    press("Tab")
    press("Enter")
    adding.page.wait_for_selector("[data-test=works]", timeout=30_000)
    adding.page.focus("[data-test=try]")
    press("Tab")
    assert adding.page.evaluate("document.activeElement.dataset.test") == "name"
    adding.page.keyboard.type("Keys")
    press("Enter")
    adding.page.wait_for_url("**/cameras/keys", wait_until="commit")
    assert [camera["source"]["url"] for camera in site.get("/api/v1/cameras")["items"]] == ["demo:"]


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_has_room_and_targets_for_fingers(site: Site, browser: Browser, locale: str) -> None:
    with reader(browser, **PHONE, locale=locale) as someone:
        someone.open(f"{site.url}/cameras/new")
        for kind in ("network", "onvif", "device", "file", "demo"):
            choose(someone, kind)
            someone.page.wait_for_timeout(150)
            assert someone.page.evaluate("document.documentElement.scrollWidth") <= 360, kind
            small = someone.page.evaluate(
                """() => [...document.querySelectorAll("main :is(.button, .input, .select, .card, .check)")]
                  .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44)
                  .map(one => one.outerHTML.slice(0, 80))"""
            )
            assert small == [], kind


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(site: Site, browser: Browser, scheme: str) -> None:
    with reader(browser, viewport={"width": 1280, "height": 900}, color_scheme=scheme) as someone:
        someone.open(site.url)
        someone.page.wait_for_selector("[data-test=first-run]")
        assert access_faults(someone.page) == []
        someone.page.click("[data-test=first-network]")
        someone.page.fill("[data-test=url]", "rtsp://127.0.0.1:1/x")
        try_it(someone)
        assert access_faults(someone.page) == []
        choose(someone, "demo")
        try_it(someone)
        someone.page.click("[data-test=change-id]")
        assert access_faults(someone.page) == []
