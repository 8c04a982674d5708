"""One camera's page, on a real site with real workers: operating, watching, events, recordings, log."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.video_files import make_video

from popcam.core.recordings import recording_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURE = {"url": "demo:", "width_px": 640, "height_px": 360, "fps": 10}
CAMERAS = {
    "hall": {
        "name": "Entrance hall",
        "source": PICTURE,
        "record": {"mode": "continuous", "segment_s": 3},
        "gate": {"masks": [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.1]]]},
        "zones": [{"name": "Door", "points": [[0.5, 0.3], [0.9, 0.3], [0.9, 0.9]]}],
        "lines": [{"name": "Threshold", "start": [0.1, 0.6], "end": [0.4, 0.9]}],
    },
    "gate": {"name": "Back gate", "source": {"url": "rtsp://127.0.0.1:9/main"}},
    "spare": {"name": "Spare", "source": {**PICTURE, "width_px": 320, "height_px": 180}, "auto_start": False},
}
TABS = ("", "/events", "/recordings", "/logs")
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
REFUSED = "Failed to load resource"
"""What the browser itself says of each answer that is no success."""
VIDEO = "[data-test=video]"
INK = """selector => {
  const canvas = document.querySelector(selector);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.reduce((count, value, index) => count + (index % 4 === 3 && value > 0 ? 1 : 0), 0);
}"""
"""Pixels of a canvas that something was drawn on."""
TABS_HIDDEN_PX = """() => {
  const tabs = document.querySelector("nav.tabs");
  return tabs.scrollWidth - tabs.clientWidth;
}"""
VIDEO_PIXELS = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 18 });
  const context = canvas.getContext("2d");
  context.drawImage(document.querySelector("[data-test=video]"), 0, 0, 32, 18);
  return [...context.getImageData(0, 0, 32, 18).data];
}"""


@pytest.fixture(scope="module")
def site(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), CAMERAS) as site:
        site.wait_frames("hall", 10)
        yield site


@pytest.fixture
def looking(site: Site, someone: Reader) -> Iterator[Reader]:
    """A reader. The browser may only complain about refused requests."""
    yield someone
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def open_camera(looking: Reader, site: Site, camera_id: str, tab: str = "") -> None:
    """Open a camera's page."""
    looking.open(f"{site.url}/cameras/{camera_id}{tab}")
    looking.page.wait_for_selector(f'[data-camera-page="{camera_id}"]')


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Wait until something outside the page holds."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"not in time: {what}"
        time.sleep(0.05)


def wait_state(looking: Reader, *states: str) -> None:
    """Wait until the page shows one of these states."""
    selector = ", ".join(f'[data-camera-page][data-camera-state="{state}"]' for state in states)
    looking.page.wait_for_selector(selector, timeout=30_000)


def said(looking: Reader, words: str) -> None:
    """Wait until the page says that something worked."""
    looking.page.wait_for_selector(f'[data-test=toasts] [data-tone=good]:has-text("{words}")', timeout=30_000)


def send(site: Site, method: str, path: str, body: Any = None) -> Any:
    """The JSON that a request led to, if any."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        site.url + path, method=method, data=data, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def played_s(looking: Reader) -> float:
    """Where the playing is."""
    at_s: float = looking.page.eval_on_selector(VIDEO, "video => video.currentTime")
    return at_s


def wait_played(looking: Reader, past_s: float) -> None:
    """Wait until the playing is past this moment of the file."""
    looking.page.wait_for_function(
        "past_s => document.querySelector('[data-test=video]')?.currentTime > past_s", arg=past_s, timeout=30_000
    )


# --- operating ---


def test_stopping_a_recording_camera_says_what_it_does_and_starting_runs_it_again(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    until(lambda: site.camera("hall")["pipeline"]["recording"], "it records")
    looking.page.click("[data-test=op-stop]")
    question = looking.page.locator("dialog[open]")
    assert "It is recording" in question.inner_text()
    question.get_by_role("button", name="Stop").click()
    said(looking, "Entrance hall is stopped")
    wait_state(looking, "stopped")
    assert site.status("hall")["running"] is False
    looking.page.click("[data-test=op-start]")
    said(looking, "Entrance hall runs")
    wait_state(looking, "running")
    looking.wait_playing('[data-focus="hall"] .live')


def test_a_stop_that_is_called_off_changes_nothing(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    until(lambda: site.camera("hall")["pipeline"]["recording"], "it records")
    looking.page.click("[data-test=op-stop]")
    looking.page.wait_for_selector("dialog[open]")
    looking.page.keyboard.press("Escape")
    looking.page.wait_for_selector("dialog[open]", state="detached")
    looking.page.wait_for_timeout(300)
    assert site.status("hall")["running"] is True


def test_restart_begins_anew(looking: Reader, site: Site) -> None:
    before = site.camera("hall")["pipeline"]["since_unix_s"]
    open_camera(looking, site, "hall")
    looking.page.click("[data-test=op-restart]")
    said(looking, "Entrance hall was restarted")
    until(lambda: site.camera("hall")["pipeline"]["since_unix_s"] > before, "it began anew")


def test_a_camera_is_deactivated_and_activated(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "spare")
    looking.page.click("[data-test=op-more]")
    looking.page.click("[data-test=op-deactivate]")
    said(looking, "Spare is deactivated")
    looking.page.wait_for_selector("[data-test=op-activate]")
    assert site.camera("spare")["active"] is False
    looking.page.click("[data-test=op-activate]")
    said(looking, "Spare is active again")
    looking.page.wait_for_selector("[data-test=op-start]")
    assert site.camera("spare")["active"] is True


def test_start_with_the_server_is_a_switch(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "gate")
    looking.page.click("[data-test=op-more]")
    switch = looking.page.locator("[data-test=op-auto-start]")
    assert switch.get_attribute("aria-checked") == "true"
    switch.click()
    said(looking, "no longer starts with the server")
    looking.page.wait_for_selector("[data-test=op-auto-start][aria-checked=false]")
    assert site.camera("gate")["auto_start"] is False
    switch.click()
    looking.page.wait_for_selector("[data-test=op-auto-start][aria-checked=true]")
    until(lambda: bool(site.camera("gate")["auto_start"]), "it is switched on again")


def test_deleting_asks_first_and_leads_to_the_other_cameras(looking: Reader, site: Site) -> None:
    send(site, "POST", "/api/v1/cameras", {"id": "gone", "source": {"url": "demo:"}, "auto_start": False})
    open_camera(looking, site, "gone")
    looking.page.click("[data-test=op-more]")
    looking.page.click("[data-test=op-delete]")
    question = looking.page.locator("dialog[open]")
    assert "Delete gone?" in question.inner_text()
    question.get_by_role("button", name="Delete").click()
    looking.page.wait_for_url(f"{site.url}/")
    said(looking, "gone was deleted")
    assert "gone" not in [camera["id"] for camera in site.get("/api/v1/cameras")["items"]]


def test_a_camera_that_somebody_else_deletes_is_said_to_be_gone(looking: Reader, site: Site) -> None:
    send(site, "POST", "/api/v1/cameras", {"id": "short", "source": {"url": "demo:"}, "auto_start": False})
    open_camera(looking, site, "short")
    send(site, "DELETE", "/api/v1/cameras/short")
    looking.page.wait_for_selector("text=There is no such camera")


def test_a_start_that_fails_shows_the_reason_and_the_hint(looking: Reader, site: Site) -> None:
    send(site, "POST", "/api/v1/cameras/gate/stop")
    open_camera(looking, site, "gate")
    looking.page.click("[data-test=op-start]")
    note = looking.page.wait_for_selector("[data-test=op-failure]", timeout=40_000)
    assert note is not None
    assert note.get_attribute("data-code") == "source.unreachable"
    assert "Check that the camera is on" in note.inner_text()


def test_an_operation_that_never_reaches_the_server_says_so_and_can_be_tried_again(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "spare")
    looking.page.route("**/spare/start", lambda route: route.abort())
    looking.page.click("[data-test=op-start]")
    looking.page.wait_for_selector("[data-test=op-failure][data-code=network]")
    looking.page.unroute("**/spare/start")
    looking.page.click("[data-test=op-start]")
    said(looking, "Spare runs")
    assert looking.page.locator("[data-test=op-failure]").count() == 0
    send(site, "POST", "/api/v1/cameras/spare/stop")


def test_the_keyboard_stays_on_the_button_that_it_pressed(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "spare")
    looking.page.focus("[data-test=op-start]")
    looking.page.keyboard.press("Enter")
    looking.page.wait_for_selector("[data-test=op-stop]:focus", timeout=30_000)
    said(looking, "Spare runs")
    looking.page.keyboard.press("Enter")
    looking.page.wait_for_selector("[data-test=op-start]:focus", timeout=30_000)


# --- watching ---


def test_zones_lines_and_masks_lie_over_the_picture_and_can_be_hidden(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.wait_playing('[data-focus="hall"] .live')
    for layer in ("zones", "lines", "masks"):
        looking.page.wait_for_selector(f"[data-layer={layer}]")
        looking.page.click(f"[data-test=layer-{layer}]")
        looking.page.wait_for_selector(f"[data-layer={layer}]", state="detached")
    looking.page.reload(wait_until="commit")
    looking.page.wait_for_selector("[data-test=layer-zones][aria-pressed=false]")
    assert looking.page.locator("[data-layer]").count() == 0


def test_a_zone_lies_where_it_was_drawn(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.wait_playing('[data-focus="hall"] .live')
    picture = looking.page.locator("[data-live-picture][data-shown]").bounding_box()
    zone = looking.page.locator("[data-layer=zones] polygon").bounding_box()
    assert picture is not None
    assert zone is not None
    scale = min(picture["width"] / 16, picture["height"] / 9)  # the picture is fitted whole into its element
    left = picture["x"] + (picture["width"] - 16 * scale) / 2
    assert abs(zone["x"] - (left + 0.5 * 16 * scale)) < 6
    assert abs(zone["width"] - 0.4 * 16 * scale) < 6


def test_boxes_and_trails_are_drawn_until_they_are_switched_off(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.wait_playing('[data-focus="hall"] .live')
    looking.page.wait_for_function(f"() => ({INK})('[data-focus] canvas.overlay') > 200", timeout=30_000)
    looking.page.click("[data-test=layer-boxes]")
    looking.page.click("[data-test=layer-trails]")
    looking.page.wait_for_function(f"() => ({INK})('[data-focus] canvas.overlay') === 0")


def test_facts_say_how_the_camera_does(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.wait_playing('[data-focus="hall"] .live')
    looking.page.wait_for_function("() => document.querySelector('[data-fact=viewers] dd').textContent.trim() === '1'")
    # The page measures it by the pictures of a second.
    looking.page.wait_for_function("() => document.querySelector('[data-fact=fps] dd').textContent.includes('fps')")
    facts = {
        key: looking.page.inner_text(f"[data-fact={key}] dd")
        for key in ("fps", "latency", "size", "decoder", "engine", "load", "drops", "restarts", "source")
    }
    assert "fps" in facts["fps"]
    assert facts["size"].startswith("640 × 360")
    assert facts["source"] == "demo:"
    assert all(facts.values())


def test_a_camera_that_fails_shows_why_and_its_source_can_be_tested(looking: Reader, site: Site) -> None:
    send(site, "POST", "/api/v1/cameras/gate/start")
    open_camera(looking, site, "gate")
    looking.page.wait_for_selector('[data-test=last-error][data-code="source.unreachable"]', timeout=30_000)
    looking.page.click("[data-test=source-test]")
    looking.page.wait_for_selector('[data-test=source-test-failure][data-code="source.unreachable"]', timeout=30_000)


def test_a_source_that_answers_is_shown_with_its_picture(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.page.click("[data-test=source-test]")
    looking.page.wait_for_selector("[data-test=source-test-result] img", timeout=30_000)
    width = looking.page.wait_for_function(
        "() => document.querySelector('[data-test=source-test-result] img').naturalWidth"
    )
    assert width.json_value() == 640


def test_the_picture_is_saved_as_a_file(looking: Reader, site: Site, tmp_path: Path) -> None:
    open_camera(looking, site, "hall")
    with looking.page.expect_download() as download:
        looking.page.click("[data-test=snapshot]")
    file = tmp_path / "snapshot.jpg"
    download.value.save_as(file)
    assert download.value.suggested_filename.startswith("hall_")
    assert file.read_bytes()[:2] == b"\xff\xd8"


def test_without_a_picture_there_is_none_to_save(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "spare")
    looking.page.wait_for_selector("[data-test=snapshot][disabled][title='There is no picture to save now']")


def test_a_picture_that_can_not_be_had_is_said_why(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall")
    looking.page.route(
        "**/api/v1/cameras/hall/preview", lambda route: route.continue_(url=f"{site.url}/api/v1/cameras/spare/preview")
    )
    looking.page.click("[data-test=snapshot]")
    looking.page.wait_for_selector('[data-test=snapshot-failure][data-code="camera.not_running"]')


# --- events ---


def test_an_event_is_seen_with_its_picture_and_leads_to_its_recording(looking: Reader, site: Site) -> None:
    until(lambda: bool(site.get("/api/v1/events?camera=hall&kind=face_appeared")["items"]), "a face appeared", 60)
    open_camera(looking, site, "hall", "/events")
    looking.page.select_option("[data-test=filter-kind]", "face_appeared")
    looking.page.wait_for_url("**kind=face_appeared")
    looking.page.click("[data-test=event][data-kind=face_appeared] >> nth=0")
    looking.page.wait_for_function("() => document.querySelector('[data-test=snapshot]')?.naturalWidth > 0")
    looking.page.click("[data-test=event-recording]", timeout=30_000)
    wait_played(looking, 0.3)


# --- recordings ---


@pytest.fixture
def watching(looking: Reader, site: Site) -> Reader:
    """In front of the recordings, of which two are finished."""
    path = "/api/v1/recordings?camera_id=hall"
    until(lambda: sum(one["finished"] for one in site.get(path)["items"]) >= 2, "two finished recordings", 30)
    open_camera(looking, site, "hall", "/recordings")
    looking.page.wait_for_selector("[data-test=recording]")
    return looking


def finished(watching: Reader) -> Any:
    """Buttons of the finished recordings, newest first."""
    return watching.page.locator("[data-test=recording]:not([data-recording$='.part'])")


def test_a_recording_plays(watching: Reader) -> None:
    # Not the oldest: a camera that has just started shows its first picture for a while.
    finished(watching).first.click()
    wait_played(watching, 0.2)
    before, then_s = watching.page.evaluate(VIDEO_PIXELS), played_s(watching)

    def difference() -> float:
        now = watching.page.evaluate(VIDEO_PIXELS)
        return float(sum(abs(a - b) for a, b in zip(before, now, strict=True)) / len(before))

    until(lambda: difference() > 0.3, "the picture changes", 5)
    assert played_s(watching) != then_s


def test_the_next_recording_plays_on_by_itself(watching: Reader) -> None:
    oldest = finished(watching).last
    name = oldest.get_attribute("data-recording")
    oldest.click()
    watching.page.wait_for_selector(f'{VIDEO}[data-playing="{name}"]')
    wait_played(watching, 0.2)
    watching.page.wait_for_selector(f'{VIDEO}:not([data-playing="{name}"])', timeout=45_000)
    wait_played(watching, 0.2)


def test_a_player_jumps_to_any_moment(watching: Reader) -> None:
    finished(watching).last.click()
    wait_played(watching, 0.1)
    watching.page.eval_on_selector(VIDEO, "video => { video.pause(); video.currentTime = 2; }")
    watching.page.wait_for_function(
        "() => { const v = document.querySelector('[data-test=video]'); return !v.seeking && v.readyState >= 2; }"
    )
    assert abs(played_s(watching) - 2) < 0.2


def test_the_bar_of_the_day_is_operated_by_keyboard(watching: Reader, site: Site) -> None:
    watching.page.focus("[data-test=timeline]")
    watching.page.keyboard.press("Home")
    first = site.get("/api/v1/recordings?camera_id=hall&limit=1000")["items"][-1]["name"]
    watching.page.wait_for_selector(f'{VIDEO}[data-playing="{first}"]')


def test_the_bar_of_an_hour_lets_one_aim(watching: Reader) -> None:
    watching.page.click("[data-test=zoom-hour]")
    finished(watching).last.click()
    wait_played(watching, 0.1)
    name = watching.page.get_attribute(VIDEO, "data-playing")
    watching.page.focus("[data-test=timeline]")
    watching.page.keyboard.press("ArrowRight")  # five seconds: more than the file is long
    watching.page.wait_for_selector(f'{VIDEO}:not([data-playing="{name}"])')
    wait_played(watching, 0.1)


def test_what_is_being_written_plays_and_goes_on_as_it_grows(watching: Reader) -> None:
    writing = watching.page.locator("[data-test=recording][data-recording$='.part']").first
    writing.click(timeout=45_000)
    # Longer than any one file: it plays past the end of what there was when it was opened.
    wait_played(watching, 0.2)
    name = watching.page.get_attribute(VIDEO, "data-playing")
    watching.page.wait_for_selector(f'{VIDEO}:not([data-playing="{name}"])', timeout=30_000)
    wait_played(watching, 0.2)
    assert watching.page.locator("[data-test=player-trouble]").count() == 0


def test_a_recording_can_be_kept(watching: Reader, tmp_path: Path) -> None:
    with watching.page.expect_download() as download:
        watching.page.locator("[data-test=recording-download]").last.click()
    download.value.save_as(tmp_path / "kept.mp4")
    assert (tmp_path / "kept.mp4").read_bytes()[4:8] == b"ftyp"


def test_a_recording_that_no_browser_plays_is_said_to_be_so(looking: Reader, site: Site) -> None:
    start_s = time.time() - 86_400 * 2
    path = recording_path(site.folder / "data" / "recordings" / "spare", start_s, "mkv", duration_s=2.0)
    path.parent.mkdir(parents=True)
    make_video(path, codec="mpeg2video")
    open_camera(looking, site, "spare", "/recordings")
    looking.page.click("[data-test=recording]")
    note = looking.page.wait_for_selector("[data-test=player-trouble][data-trouble=unplayable]", timeout=45_000)
    assert note is not None
    assert "MKV" in note.inner_text()


def test_a_moment_without_a_recording_is_said_to_have_none(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall", f"/recordings?at={time.time() - 86_400 * 3:.0f}")
    looking.page.wait_for_selector("[data-test=no-moment]")


def test_a_camera_that_does_not_record_says_how_to_switch_it_on(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "gate", "/recordings")
    looking.page.wait_for_selector("text=Recording is switched off")


# --- log ---


def test_the_log_follows_what_is_written(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall", "/logs")
    looking.page.wait_for_selector("[data-test=log] >> text=source.opened")
    before = looking.page.locator("[data-test=log] [data-level]").count()
    send(site, "POST", "/api/v1/cameras/hall/restart")
    looking.page.wait_for_function(
        f"() => document.querySelectorAll('[data-test=log] [data-level]').length > {before}", timeout=45_000
    )


def test_a_paused_log_stays_and_says_how_much_waits(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "hall", "/logs")
    looking.page.wait_for_selector("[data-test=log] >> text=source.opened")
    looking.page.click("[data-test=log-follow]")
    before = looking.page.locator("[data-test=log] [data-level]").count()
    send(site, "POST", "/api/v1/cameras/hall/restart")
    looking.page.wait_for_selector("text=/\\d+ new lines/", timeout=45_000)
    assert looking.page.locator("[data-test=log] [data-level]").count() == before
    looking.page.click("[data-test=log-follow]")
    looking.page.wait_for_function(f"() => document.querySelectorAll('[data-test=log] [data-level]').length > {before}")


def test_log_lines_are_filtered_by_level_and_text(looking: Reader, site: Site) -> None:
    open_camera(looking, site, "gate", "/logs")
    looking.page.wait_for_selector('[data-test=log] [data-level="warning"], [data-test=log] [data-level="error"]')
    looking.page.select_option("[data-test=log-level]", "warning")
    assert looking.page.locator('[data-test=log] [data-level="info"]').count() == 0
    looking.page.fill("[data-test=log-filter]", "no line says this")
    looking.page.wait_for_selector("text=No line matches")


def test_the_log_is_downloaded_as_it_was_written(looking: Reader, site: Site, tmp_path: Path) -> None:
    open_camera(looking, site, "hall", "/logs")
    looking.page.wait_for_selector("[data-test=log] >> text=source.opened")
    with looking.page.expect_download() as download:
        looking.page.click("[data-test=log-download]")
    download.value.save_as(tmp_path / "hall.log")
    assert json.loads((tmp_path / "hall.log").read_text("utf-8").splitlines()[0])["event"]


# --- the page for everybody ---


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(site: Site, browser: Browser, tab: str, scheme: str) -> None:
    with reader(browser, viewport={"width": 1280, "height": 900}, color_scheme=scheme) as someone:
        open_camera(someone, site, "hall", tab)
        someone.page.wait_for_timeout(1200)
        assert access_faults(someone.page) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("tab", TABS)
def test_a_phone_does_not_scroll_sideways(site: Site, browser: Browser, tab: str, locale: str) -> None:
    with reader(browser, **PHONE, locale=locale) as someone:
        open_camera(someone, site, "hall", tab)
        someone.page.wait_for_timeout(1000)
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert someone.page.evaluate(TABS_HIDDEN_PX) == 0  # each part of the page is in sight, none waits for a swipe
