"""What all pages share: the way around, addresses, titles, focus, and what happens when a page can't be fetched."""

import pytest
from playwright.sync_api import Browser, Route, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.e2e.picture_show import PictureShow

pytestmark = pytest.mark.browser


@pytest.fixture
def looking(show: PictureShow, someone: Reader) -> Reader:
    """A reader in front of the wall."""
    someone.open(show.url)
    someone.page.wait_for_selector('[data-camera="door"]')
    return someone


@pytest.mark.parametrize(
    ("entry", "path", "title"),
    [("events", "/events", "events"), ("settings", "/settings", "Settings"), ("add", "/cameras/new", "Add a camera")],
)
def test_the_navigation_leads_to_each_page(looking: Reader, entry: str, path: str, title: str) -> None:
    looking.page.click(f"[data-test=nav-{entry}]:visible")
    looking.page.wait_for_url(f"**{path}", wait_until="commit")
    looking.page.wait_for_selector("#page-title:focus")
    assert looking.page.get_attribute(f"[data-test=nav-{entry}]:visible", "aria-current") == "page"
    assert title.lower() in looking.page.title().lower()
    assert looking.complaints == []


def test_back_leads_to_the_wall_again(looking: Reader) -> None:
    looking.page.click("[data-test=nav-settings]:visible")
    looking.page.wait_for_url("**/settings", wait_until="commit")
    looking.page.go_back(wait_until="commit")
    looking.wait_playing(looking.live("door"))


def test_an_unknown_address_says_so_and_leads_home(show: PictureShow, someone: Reader) -> None:
    someone.open(f"{show.url}/no/such/page")
    assert someone.page.inner_text("h1") == "There is no such page"
    someone.page.click("main a")
    someone.page.wait_for_selector('[data-camera="door"]')


def test_titles_are_in_the_readers_language(looking: Reader) -> None:
    looking.page.click("[data-test=nav-settings]:visible")
    expect(looking.page).to_have_title("Settings · popcam")
    looking.page.click("[data-test=language]")
    expect(looking.page).to_have_title("设置 · popcam")


def test_the_first_tab_skips_the_navigation(looking: Reader) -> None:
    looking.page.keyboard.press("Tab")
    assert looking.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    looking.page.keyboard.press("Enter")
    assert looking.page.evaluate("document.activeElement.id") == "page-title"


def test_a_page_that_cant_be_fetched_leaves_the_reader_where_they_are(looking: Reader) -> None:
    # The whole server is away, as far as the browser can tell.
    looking.page.route("**/*", lambda route: route.abort())
    looking.page.click("[data-test=nav-settings]:visible")
    looking.page.wait_for_selector("[data-test=toasts] [data-tone=bad]")
    assert "can't be loaded" in looking.page.inner_text("[data-test=toasts]")
    assert looking.page.locator('[data-camera="door"]').count() == 1
    looking.page.unroute("**/*")


def test_a_page_whose_files_are_gone_after_an_update_is_opened_anew(show: PictureShow, looking: Reader) -> None:
    pages: list[str] = []
    looking.page.on("request", lambda asked: pages.append(asked.url) if asked.resource_type == "document" else None)

    def be_gone(route: Route) -> None:
        """The file is there again for the new page, which knows its new name."""
        if pages:
            route.continue_()
        else:
            route.fulfill(status=404, body="")

    looking.page.route("**/assets/SettingsPage-*.js", be_gone)
    with looking.page.expect_event("domcontentloaded"):  # a new page, not only a new address
        looking.page.click("[data-test=nav-settings]:visible")
    looking.page.wait_for_selector("#page-title")
    expect(looking.page).to_have_title("Settings · popcam")
    assert looking.page.url == f"{show.url}/settings"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_has_its_navigation_at_the_foot(show: PictureShow, browser: Browser, locale: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": locale}
    with reader(browser, **phone) as someone:
        someone.open(show.url)
        someone.page.wait_for_selector('[data-camera="door"]')
        entry = someone.page.locator("[data-test=nav-events]:visible")
        assert entry.count() == 1
        place = entry.bounding_box()
        assert place is not None
        assert (place["y"] + place["height"] <= 844, place["height"] >= 44, place["y"] > 760) == (True, True, True)
        entry.tap()
        someone.page.wait_for_url("**/events", wait_until="commit")
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["/no/such/page", "/cameras/nobody"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(show: PictureShow, browser: Browser, path: str, scheme: str) -> None:
    with reader(browser, viewport={"width": 1280, "height": 800}, color_scheme=scheme) as someone:
        someone.open(show.url + path)
        someone.page.wait_for_selector("h1")
        assert access_faults(someone.page) == []
