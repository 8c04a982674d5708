"""The page itself, in a real Chromium, over cameras that show made pictures."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.e2e.browsing import Reader, reader
from tests.e2e.picture_show import BROKEN, PictureShow

from popcam.core.facts import CameraState, Event, FaultReport

pytestmark = pytest.mark.browser

TRANSPORTS = ("ws-h264", "ws-jpeg", "whep", "mjpeg")


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Wait until something outside the page holds."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"not in time: {what}"
        time.sleep(0.05)


@pytest.fixture
def looking(show: PictureShow, someone: Reader) -> Iterator[Reader]:
    """A reader in front of the open console. Whatever the browser complains about fails the test."""
    someone.open(show.url)
    someone.page.wait_for_selector('[data-camera="door"]')
    yield someone
    assert someone.complaints == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_transport_plays(looking: Reader, transport: str) -> None:
    live = looking.live("door")
    looking.page.select_option("[data-test=transport]", transport)
    looking.wait_playing(live, transport)
    looking.wait_changed(live, looking.pixels(live))


def test_h264_is_chosen_on_a_secure_page(looking: Reader) -> None:
    looking.wait_playing(looking.live("door"), "ws-h264")


def test_a_camera_that_delivers_nothing_does_not_change_the_transport(looking: Reader) -> None:
    looking.page.wait_for_timeout(7500)  # longer than the wait for a first picture
    assert looking.page.get_attribute(looking.live("yard"), "data-transport") in {"ws-h264", ""}
    assert looking.page.get_attribute(looking.live("door"), "data-transport") == "ws-h264"


def test_latency_is_measured_on_the_page(looking: Reader) -> None:
    live = looking.live("door")
    looking.wait_playing(live)
    looking.page.wait_for_timeout(300)
    latency_ms = float(looking.page.get_attribute(live, "data-latency-ms") or "nan")
    assert 0 <= latency_ms < 10_000  # of this machine, not since 1970


def test_boxes_lie_where_the_faces_are(looking: Reader) -> None:
    live = looking.live("door")
    looking.page.select_option("[data-test=transport]", "ws-jpeg")
    looking.wait_playing(live, "ws-jpeg")
    # The show puts the box around its bright bar: the overlay has to be opaque along the bar's left edge.
    apart = looking.page.evaluate(
        """live => {
          const picture = document.querySelector(live + " [data-live-picture][data-shown]");
          const overlay = document.querySelector(live + " .overlay");
          const row = (source, y) => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
            const context = canvas.getContext("2d");
            context.drawImage(source, 0, 0, 320, 180);
            return context.getImageData(0, y, 320, 1).data;
          };
          const pixels = row(picture, 90), drawn = row(overlay, 90);
          let bar = 0, box = 0;
          while (bar < 320 && pixels[4 * bar] < 150) bar++;
          while (box < 320 && drawn[4 * box + 3] < 150) box++;
          return [bar, box];
        }""",
        live,
    )
    assert abs(apart[0] - apart[1]) <= 4
    assert apart[0] < 320


def test_nothing_is_drawn_over_a_picture_whose_faces_are_hidden(looking: Reader) -> None:
    live = looking.live("lobby")
    looking.wait_playing(live)
    looking.page.wait_for_timeout(300)
    drawn = looking.page.evaluate(
        """selector => {
          const overlay = document.querySelector(selector);
          const { data } = overlay.getContext("2d").getImageData(0, 0, overlay.width, overlay.height);
          return data.some(value => value > 0);
        }""",
        f"{live} .overlay",
    )
    assert not drawn
    assert looking.page.inner_text(f"{live} [data-test=faces-hidden]") == "Faces hidden"


def test_a_broken_camera_names_its_failure_and_what_to_do(looking: Reader) -> None:
    fault = looking.page.locator('[data-camera="yard"] .fault')
    assert fault.get_attribute("data-code") == BROKEN.code
    english = fault.inner_text()
    looking.page.click("[data-test=language]")
    assert BROKEN.detail in english
    assert BROKEN.detail in fault.inner_text()
    assert fault.locator(".hint").inner_text() not in english


def test_a_new_state_shows_without_reload(looking: Reader, show: PictureShow) -> None:
    tile = looking.page.locator('[data-camera="yard"]')
    show.report("yard", CameraState.FAILED, FaultReport(code="source.auth", detail="401", at_unix_s=1.0))
    looking.page.wait_for_selector('[data-camera="yard"][data-camera-state="failed"]')
    assert "Failed" in tile.inner_text()
    show.report("yard", CameraState.RECONNECTING, BROKEN)
    looking.page.wait_for_selector('[data-camera="yard"][data-camera-state="reconnecting"]')


def test_an_event_shows_as_it_happens(looking: Reader, show: PictureShow) -> None:
    looking.wait_playing(looking.live("door"))
    show.happen(Event(event_id="e1", camera_id="door", kind="face_appeared", started_unix_s=time.time(), track_id=7))
    event = looking.page.wait_for_selector("[data-test=event][data-kind=face_appeared]")
    assert event is not None
    assert "Front door" in event.inner_text()


def test_the_focused_camera_plays_in_full_quality_and_the_tiles_pause(looking: Reader, show: PictureShow) -> None:
    looking.wait_playing(looking.live("door"))
    looking.page.click('[data-camera="door"] [data-test=open]')
    looking.wait_playing('[data-focus="door"] .live')
    until(lambda: show.watched("door") == {"preview.h264.full": 1}, "only the focused picture is watched")
    until(lambda: show.watched("lobby") == {}, "tiles behind the focused picture are not watched")
    looking.page.keyboard.press("Escape")
    looking.wait_playing(looking.live("door"))
    until(lambda: show.watched("door") == {"preview.h264": 1}, "the tile plays again")


def test_the_keyboard_alone_opens_and_closes_a_camera(looking: Reader) -> None:
    looking.page.focus('[data-camera="door"] [data-test=open]')
    looking.page.keyboard.press("Enter")
    looking.page.wait_for_selector('[data-focus="door"]')
    looking.page.keyboard.press("Escape")
    looking.page.wait_for_selector('[data-focus="door"]', state="detached")


def test_full_screen_shows_the_picture_and_leaves_it_again(looking: Reader) -> None:
    looking.page.click('[data-camera="door"] [data-test=open]')
    looking.page.click("[data-test=fullscreen]")
    looking.page.wait_for_function("document.fullscreenElement?.querySelector('.live') != null")
    looking.page.click("[data-test=fullscreen]")
    looking.page.wait_for_function("document.fullscreenElement === null")


def test_an_address_opens_its_camera(show: PictureShow, someone: Reader) -> None:
    someone.open(f"{show.url}/#/camera/door")
    someone.wait_playing('[data-focus="door"] .live')


def test_tiles_out_of_sight_are_not_watched(show: PictureShow, browser: Browser) -> None:
    with reader(browser, viewport={"width": 390, "height": 300}) as someone:
        someone.open(show.url)
        someone.wait_playing(someone.live("door"))
        someone.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        until(lambda: show.watched("door") == {}, "the tile that was scrolled away is let go")
        someone.page.evaluate("scrollTo(0, 0)")
        someone.wait_playing(someone.live("door"))


def test_a_hidden_page_watches_nothing(looking: Reader, show: PictureShow) -> None:
    live = looking.live("door")
    looking.wait_playing(live)
    looking.page.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { value: true, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    until(lambda: show.watched("door") == {} and show.watched("lobby") == {}, "a hidden page lets go")
    looking.page.evaluate(
        """() => {
          delete document.hidden;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    looking.wait_playing(live)


def test_pictures_that_pause_are_said_to_and_come_back(looking: Reader, show: PictureShow) -> None:
    live = looking.live("door")
    looking.wait_playing(live)
    show.shows = False
    try:
        looking.page.wait_for_selector(f'{live}[data-state="waiting"]', timeout=45_000)
        assert looking.page.locator(f"{live} .notice").inner_text()
    finally:
        show.shows = True
    looking.wait_playing(live)


def test_language_follows_the_browser_and_the_switch_is_remembered(show: PictureShow, browser: Browser) -> None:
    with reader(browser, locale="zh-CN") as someone:
        someone.open(show.url)
        someone.page.wait_for_selector('[data-camera="door"]')
        assert someone.page.inner_text("h1") == "摄像头"
        assert someone.page.get_attribute("html", "lang") == "zh-CN"
        someone.page.click("[data-test=language]")
        assert someone.page.inner_text("h1") == "Cameras"
        someone.page.reload(wait_until="commit")
        someone.page.wait_for_selector('[data-camera="door"]')
        assert someone.page.inner_text("h1") == "Cameras"
        assert someone.page.get_attribute("html", "lang") == "en"


def test_the_theme_follows_the_system_and_the_switch_is_remembered(show: PictureShow, browser: Browser) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with reader(browser, color_scheme="dark") as someone:
        someone.open(show.url)
        someone.page.wait_for_selector('[data-camera="door"]')
        dark = someone.page.evaluate(background)
        someone.page.click("[data-test=theme]")
        light = someone.page.evaluate(background)
        assert light != dark
        someone.page.reload(wait_until="commit")
        someone.page.wait_for_selector('[data-camera="door"]')
        assert someone.page.evaluate(background) == light


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_shows_everything_without_scrolling_sideways(show: PictureShow, browser: Browser, locale: str) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "locale": locale}
    with reader(browser, **phone) as someone:
        someone.open(show.url)
        someone.wait_playing(someone.live("door"))
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 360
        someone.page.tap('[data-camera="door"] [data-test=open]')
        someone.wait_playing('[data-focus="door"] .live')
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_web_codecs_jpeg_plays(show: PictureShow, browser: Browser) -> None:
    with reader(browser) as someone:
        someone.page.add_init_script("delete globalThis.VideoDecoder")
        someone.open(show.url)
        someone.wait_playing(someone.live("door"), "ws-jpeg")


def test_a_decoder_that_fails_falls_back_to_jpeg(show: PictureShow, browser: Browser) -> None:
    with reader(browser) as someone:
        someone.page.add_init_script(
            "VideoDecoder.prototype.decode = () => { throw new DOMException('broken', 'EncodingError'); };"
        )
        someone.open(show.url)
        someone.wait_playing(someone.live("door"), "ws-jpeg")


def test_blocked_web_sockets_leave_states_and_pictures(show: PictureShow, browser: Browser) -> None:
    with reader(browser) as someone:
        someone.page.add_init_script(
            """delete globalThis.RTCPeerConnection;
            globalThis.WebSocket = class {
              constructor() { setTimeout(() => this.onclose?.(new CloseEvent("close")), 5); }
              close() {}
            };"""
        )
        someone.open(show.url)
        someone.wait_playing(someone.live("door"), "mjpeg", timeout_s=30)
        assert "WebSockets blocked" in someone.page.inner_text(".link")


def test_a_server_that_went_away_is_shown_and_comes_back_by_itself(
    browser: Browser, console_dir: Path, tmp_path: Path
) -> None:
    first = PictureShow(tmp_path / "a", console_dir).start()
    with reader(browser) as someone:
        someone.open(first.url)
        live = someone.live("door")
        someone.wait_playing(live)
        first.stop()
        someone.page.wait_for_selector('.link[data-link="offline"]')
        second = PictureShow(tmp_path / "b", console_dir, first.port).start()
        try:
            someone.page.wait_for_selector('.link[data-link="online"]', timeout=45_000)
            someone.wait_playing(live, timeout_s=60)
            before = someone.pixels(live)
            someone.wait_changed(live, before)
        finally:
            second.stop()
