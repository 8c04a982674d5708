"""Alerts in a real Chromium: they pop up with the live picture, are dealt with, ruled, muted, told and mended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader, until
from tests.e2e.watched_house import WatchedHouse

pytestmark = pytest.mark.browser

FIRES_MS = 45_000
FROZEN_POPUP = '[data-popup="camera-frozen"][data-subject="door"]'
FROZEN = '[data-alert="camera-frozen"][data-subject="door"]'


@pytest.fixture(scope="module")
def house(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedHouse]:
    house = WatchedHouse(tmp_path_factory.mktemp("alerts"), console_dir).start()
    house.add_user("Ann", "admin")
    house.add_user("Bob", "viewer", cameras=["lobby"])
    yield house
    house.stop()


@pytest.fixture
def page(someone: Reader) -> Iterator[Page]:
    """A window. What the browser complains about fails the test."""
    yield someone.page
    assert [text for text in someone.complaints if "status of 422" not in text] == []  # one test asks for it


@contextmanager
def frozen(house: WatchedHouse, camera_id: str = "door") -> Iterator[None]:
    """Its picture stands still, for as long as the block lasts; the alert is over afterwards."""
    house.tell(camera_id, frozen_s=34.0, lively=True)
    try:
        yield
    finally:
        house.tell(camera_id)
        with house.client("Ann") as client:
            mine = f"/api/v1/alerts?camera_id={camera_id}"
            until(lambda: client.get(mine).json()["items"] == [], "all is well", 45)


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a real server that takes messages, and what it got."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    thread.join()
    server.server_close()


# --- pop-ups ---


def test_a_frozen_camera_pops_up_with_its_live_picture_and_is_acknowledged_there(
    house: WatchedHouse, someone: Reader, page: Page
) -> None:
    house.enter(page, "Ann", "/events")
    page.wait_for_selector("[data-test=popups]", state="attached")
    with frozen(house):
        page.wait_for_selector(FROZEN_POPUP, timeout=FIRES_MS)
        expect(page.locator(FROZEN_POPUP)).to_contain_text("Front door")
        someone.wait_playing(f"{FROZEN_POPUP} .live")
        expect(page.locator(".top [data-test=alerts-firing]")).to_contain_text("1")
        page.click("[data-test=popup-acknowledge]")
        page.wait_for_selector(FROZEN_POPUP, state="detached")
        page.click("[data-test=nav-monitor]")
        page.click("[data-test=tab-alerts]")
        expect(page.locator(f'{FROZEN} [data-mark="acknowledged"]')).to_contain_text("Ann")
        assert house.fleet.restarted_streams[0] == "door"  # popcam did something about it by itself
        expect(page.locator(f"{FROZEN} [data-outcome]")).to_contain_text("Restart the stream")
    page.wait_for_selector(FROZEN, state="detached")
    page.click("[data-test=part-alert-history]")
    newest = page.locator("[data-test=alert-history] li").first
    expect(newest).to_contain_text("Front door")
    expect(newest).to_have_attribute("data-now", "resolved")


def test_an_alert_that_was_muted_from_its_popup_stays_quiet_until_somebody_ends_that(
    house: WatchedHouse, page: Page
) -> None:
    house.enter(page, "Ann", "/events")
    page.wait_for_selector("[data-test=popups]", state="attached")
    with frozen(house):
        page.wait_for_selector(FROZEN_POPUP, timeout=FIRES_MS)
        page.click("[data-test=popup-mute]")
        page.wait_for_selector(FROZEN_POPUP, state="detached")
        house.enter(page, "Ann", "/monitor/alerts")
        page.wait_for_selector(f'{FROZEN} [data-mark="silenced"]')
        page.wait_for_timeout(1200)  # the server has looked since
        page.click("[data-test=part-alert-silences]")
        silence = page.locator("[data-silence]")
        expect(silence).to_contain_text("Camera picture frozen")
        expect(silence).to_contain_text("Front door")
        page.click("[data-test=silence-end]")
        expect(silence).to_have_count(0)
        page.wait_for_selector(FROZEN_POPUP)  # it calls again


def test_a_popup_leads_to_the_camera_which_shows_its_alert_and_its_recovery(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/events")
    page.wait_for_selector("[data-test=popups]", state="attached")
    with frozen(house):
        page.wait_for_selector(FROZEN_POPUP, timeout=FIRES_MS)
        page.click("[data-test=popup-open]")
        page.wait_for_url("**/cameras/door", wait_until="commit")
        page.wait_for_selector(f"[data-test=camera-alerts] {FROZEN}")
        page.wait_for_selector("[data-test=camera-recovery] [data-run=restart_stream]")
    page.wait_for_selector("[data-test=camera-alerts]", state="detached")
    until(lambda: "–" not in page.inner_text("[data-test=camera-mttr]"), "a mean time to recover", 30)


def test_what_is_done_about_trouble_shows_up_by_itself_and_nothing_is_asked_for_meanwhile(
    house: WatchedHouse, page: Page
) -> None:
    house.enter(page, "Ann", "/monitor/alerts/recovery")
    with frozen(house, "yard"):
        run = page.locator('[data-run="restart_stream"]').filter(has_text="后院").first
        expect(run).to_have_attribute("data-outcome", "running", timeout=FIRES_MS)
    expect(run).to_have_attribute("data-outcome", "recovered", timeout=30_000)
    expect(run).to_contain_text("the stream was opened again")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert [url for url in asked if "/recovery" in url or "/alerts" in url] == []


def hold(page: Page, url: str) -> list[tuple[Route, APIResponse]]:
    """What was answered to the next request of this kind, and the way on which it still has to be sent."""
    held: list[tuple[Route, APIResponse]] = []
    page.route(url, lambda route: held.append((route, route.fetch())), times=1)
    return held


def asked(page: Page, held: list[tuple[Route, APIResponse]]) -> tuple[Route, APIResponse]:
    """Wait until that was asked for; the browser is heard meanwhile."""
    for _ in range(600):
        if held:
            return held[0]
        page.wait_for_timeout(50)
    raise AssertionError("it was not asked for")


def test_what_begins_before_a_page_is_told_of_it_is_shown_too(house: WatchedHouse, page: Page) -> None:
    """A slow way: news are told to a page that has a list, and something began while that was on its way."""
    held = hold(page, "**/api/v1/recovery?*")
    house.enter(page, "Ann", "/monitor/alerts/recovery")
    route, answer = asked(page, held)
    with frozen(house, "lobby"):
        until(lambda: "lobby" in house.fleet.restarted_streams, "something was done", 45)
        route.fulfill(response=answer)
        run = page.locator('[data-run="restart_stream"]').filter(has_text="Lobby").first
        expect(run).to_have_attribute("data-outcome", "running", timeout=FIRES_MS)


def test_an_answer_that_news_have_overtaken_takes_nothing_back(house: WatchedHouse, page: Page) -> None:
    """A slow way: the list of alerts was put together before one fired, and arrives after that was told."""
    house.enter(page, "Ann", "/events")
    page.wait_for_selector("[data-test=popups]", state="attached")
    until(lambda: page.locator(".top [data-test=nav-monitor]").count() == 1, "the page is up")
    held = hold(page, "**/api/v1/alerts")
    page.click("[data-test=nav-monitor]")
    page.click("[data-test=tab-alerts]")
    route, answer = asked(page, held)
    with frozen(house):
        page.wait_for_selector(FROZEN, timeout=FIRES_MS)
        route.fulfill(response=answer)
        page.wait_for_timeout(500)
        expect(page.locator(FROZEN)).to_be_visible()


def test_the_browser_tells_who_looks_at_something_else(house: WatchedHouse, browser: Browser) -> None:
    with reader(browser, permissions=["notifications"]) as someone:
        page = someone.page
        page.add_init_script(
            """window.told = [];
            window.Notification = class {
              static permission = "granted";
              static requestPermission = async () => "granted";
              constructor(title, options) { window.told.push([title, options.tag]); }
              close() {}
            };
            document.hasFocus = () => false;"""
        )
        house.enter(page, "Ann", "/monitor/alerts")
        page.click("[data-test=desktop-switch]")
        expect(page.locator("[data-test=desktop-switch]")).to_have_attribute("aria-pressed", "true")
        with frozen(house):
            until(lambda: page.evaluate("window.told") != [], "a notice of the browser", FIRES_MS / 1000)
        assert page.evaluate("window.told[0]") == ["Camera picture frozen · Front door", "camera-frozen door"]


def test_who_is_limited_to_a_camera_hears_of_its_alerts_alone(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Bob", "/monitor/alerts")
    page.wait_for_selector("[data-test=alerts-now]")
    with frozen(house), frozen(house, "lobby"):
        page.wait_for_selector('[data-alert="camera-frozen"][data-subject="lobby"]', timeout=FIRES_MS)
        page.wait_for_timeout(1500)
        assert page.locator("[data-alert]").count() == 1
        assert page.locator("[data-test=acknowledge], [data-test=mute], [data-test=part-alert-rules]").count() == 0


# --- rules, silences, channels ---


def test_a_rule_is_tried_against_what_was_then_saved_and_fires(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/alerts/rules")
    page.click("[data-test=rule-add]")
    page.fill("[data-test=rule-name]", "Few pictures")
    page.select_option("[data-test=rule-metric]", "popcam_camera_fps")
    page.fill("[data-test=rule-threshold]", "30")
    page.fill("[data-test=rule-window]", "5")
    page.fill("[data-test=rule-for]", "0")
    page.select_option("[data-test=try-range]", "hour")
    page.click("[data-test=try-run]")
    expect(page.locator("[data-test=try-result]")).to_contain_text("Lobby")  # it would have fired: 25 are below 30
    page.click("[data-test=rule-save]")
    row = '[data-rule="few-pictures"]'
    page.wait_for_selector(row)
    page.click("[data-test=part-alerts]")
    page.wait_for_selector('[data-alert="few-pictures"][data-subject="lobby"][data-state="firing"]', timeout=FIRES_MS)
    page.click("[data-test=part-alert-rules]")
    page.click(f"{row} [data-test=rule-delete]")
    page.click("[data-test=confirm-yes]")
    page.wait_for_selector(row, state="detached")
    page.click("[data-test=part-alerts]")
    page.wait_for_selector('[data-alert="few-pictures"]', state="detached")


def test_a_built_in_rule_is_changed_and_brought_back(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/alerts/rules/camera-slow")
    page.click("[data-test=rule-severity-critical]", force=True)
    page.click("[data-test=rule-save]")
    row = page.locator('[data-rule="camera-slow"]')
    expect(row).to_contain_text("built in, changed here")
    row.locator("[data-test=rule-switch]").click()
    expect(row.locator("[data-test=rule-switch]")).to_have_attribute("aria-pressed", "false")
    row.locator("[data-test=rule-delete]").click()
    page.click("[data-test=confirm-yes]")
    expect(row).not_to_contain_text("changed here")
    expect(row.locator("[data-test=rule-switch]")).to_have_attribute("aria-pressed", "true")


def test_a_rule_that_makes_no_sense_is_refused_in_its_place(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/alerts/rules/new")
    page.fill("[data-test=rule-name]", "Nothing")
    page.click("[data-test=rule-kind-check]", force=True)
    page.click("[data-test=rule-save]")
    expect(page.locator("[data-test=rule-failure]")).to_have_attribute("data-code", "alert.rule_invalid")


def test_a_channel_is_tested_and_tells_of_alerts(
    house: WatchedHouse, page: Page, webhook: tuple[str, list[bytes]]
) -> None:
    url, got = webhook
    house.enter(page, "Ann", "/monitor/alerts/channels")
    page.click("[data-test=channel-add]")
    page.fill("[data-test=channel-name]", "My hook")
    page.select_option("[data-test=channel-service]", "webhook")
    page.fill("[data-test=channel-url]", url)
    page.check("[data-test=channel-clip]")
    page.fill("[data-test=channel-clip-max]", "5")
    page.click("[data-test=channel-save]")
    row = '[data-channel="my-hook"]'
    expect(page.locator(row)).to_contain_text("with clip")
    page.click(f"{row} [data-test=channel-test]")
    until(lambda: len(got) == 1, "the test message")
    assert url not in page.content()
    with frozen(house):
        until(lambda: any(b"Front door" in message for message in got), "the alert", 30)
        page.click("[data-test=part-alert-deliveries]")
        expect(page.locator('[data-test=deliveries] [data-state="sent"]').first).to_contain_text("my-hook")
    page.click("[data-test=part-alert-channels]")
    page.click(f"{row} [data-test=channel-delete]")
    page.click("[data-test=confirm-yes]")
    page.wait_for_selector(row, state="detached")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(house: WatchedHouse, browser: Browser, theme: str) -> None:
    size = {"width": 390, "height": 844} if theme == "dark" else {"width": 1280, "height": 900}
    parts = ("", "/history", "/rules", "/rules/camera-offline", "/silences", "/channels", "/deliveries", "/recovery")
    with reader(browser, viewport=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US") as someone:
        for part in parts:
            house.enter(someone.page, "Ann", f"/monitor/alerts{part}")
            someone.page.wait_for_selector("[data-test=alerts-page]")
            someone.page.wait_for_timeout(300)
            assert access_faults(someone.page) == [], part
            assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
