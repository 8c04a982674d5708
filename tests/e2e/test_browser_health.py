"""The health page: every check with its past and its remedy, and one press that looks again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.e2e.watched_house import WatchedHouse

pytestmark = pytest.mark.browser

FROZEN = '[data-check="camera.frozen:door"]'


@pytest.fixture(scope="module")
def house(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedHouse]:
    house = WatchedHouse(tmp_path_factory.mktemp("health"), console_dir).start()
    house.add_user("Ann", "admin")
    house.add_user("Bob", "viewer", cameras=["lobby"])
    yield house
    house.stop()


@pytest.fixture
def page(someone: Reader) -> Iterator[Page]:
    """A window. What the browser complains about fails the test."""
    yield someone.page
    assert someone.complaints == []


def test_a_camera_that_freezes_shows_at_once_with_its_remedy_and_its_past(house: WatchedHouse, page: Page) -> None:
    house.tell("door")
    house.enter(page, "Ann", "/monitor/health")
    page.fill("[data-test=check-search]", "camera.frozen")
    page.wait_for_selector(f'{FROZEN}[data-state="ok"]')
    house.tell("door", frozen_s=34.0, lively=True)
    page.wait_for_selector(f'{FROZEN}[data-state="failed"]')
    expect(page.locator(f"{FROZEN} .remedy")).to_contain_text("What to do:")
    expect(page.locator("[data-test=health-page]")).to_have_attribute("data-state", "failed")
    expect(page.locator(f"{FROZEN} [data-test=history] .failed")).to_be_visible()
    page.click(f"{FROZEN} [data-test=check-more]")
    expect(page.locator(f"{FROZEN} .more li").first).to_contain_text("Failed")
    house.tell("door")
    page.wait_for_selector(f'{FROZEN}[data-state="ok"]')


def test_one_press_looks_again(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/health")
    row = '[data-check="database.write"]'
    page.click(f"{row} [data-test=check-more]")
    with page.expect_response(lambda answer: answer.url.endswith("/database.write/run")) as asked:
        page.click(f"{row} [data-test=check-run]")
    assert asked.value.json()["state"] == "ok"
    page.wait_for_selector(f'{row}[data-state="ok"]')


def test_checks_are_found_by_state_and_by_the_name_of_the_camera(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/health")
    page.wait_for_selector("[data-check]")
    page.fill("[data-test=check-search]", "后院")
    expect(page.locator("[data-check]").first).to_have_attribute("data-check", "camera.clock:yard")
    subjects = page.locator("[data-check]").evaluate_all("rows => rows.map(row => row.dataset.check.split(':')[1])")
    assert set(subjects) == {"yard"}
    page.fill("[data-test=check-search]", "")
    page.click("[data-test=state-ok]")
    page.wait_for_url("**/monitor/health?state=ok", wait_until="commit")
    states = page.locator("[data-check]").evaluate_all("rows => rows.map(row => row.dataset.state)")
    assert set(states) == {"ok"}


def test_who_is_limited_to_a_camera_sees_its_checks_alone_and_can_only_look(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Bob", "/monitor/health")
    page.wait_for_selector("[data-check]")
    subjects = page.locator("[data-check]").evaluate_all("rows => rows.map(row => row.dataset.check.split(':')[1])")
    assert set(subjects) == {"lobby"}
    assert page.locator("[data-test=check-run]").count() == 0
    assert page.locator("[data-test=tab-performance]").count() == 0


def test_a_change_of_a_check_is_an_event_that_shows_up_by_itself(house: WatchedHouse, page: Page) -> None:
    house.tell("door")
    house.enter(page, "Ann", "/events")
    page.click("[data-test=tab-health]")
    page.wait_for_url("**/events/health", wait_until="commit")
    events = page.locator("[data-test=health-events] li")
    house.tell("door", frozen_s=34.0, lively=True)
    newest = page.locator(f"[data-test=health-events] {FROZEN}").first
    expect(newest).to_have_attribute("data-now", "failed")
    expect(newest).to_contain_text("Front door")
    expect(newest).to_contain_text("before: In order")
    house.tell("door")
    expect(newest).to_have_attribute("data-now", "ok")
    page.select_option("[data-test=filter-camera]", "door")
    page.select_option("[data-test=filter-state]", "failed")
    page.wait_for_url("**/events/health?camera=door&state=failed", wait_until="commit")
    expect(newest).to_have_attribute("data-now", "failed")
    assert set(events.evaluate_all("rows => rows.map(row => row.dataset.now)")) == {"failed"}
    assert {one.split(":")[1] for one in events.evaluate_all("rows => rows.map(row => row.dataset.check)")} == {"door"}
    page.click("[data-test=filter-clear]")
    page.wait_for_url("**/events/health", wait_until="commit")


@pytest.mark.parametrize("path", ["/monitor/health", "/events/health"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(house: WatchedHouse, browser: Browser, theme: str, path: str) -> None:
    size = {"width": 390, "height": 844} if theme == "dark" else {"width": 1280, "height": 900}
    with reader(browser, viewport=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US") as someone:
        house.enter(someone.page, "Ann", path)
        someone.page.wait_for_selector("[data-check]")
        assert access_faults(someone.page) == []
        assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
