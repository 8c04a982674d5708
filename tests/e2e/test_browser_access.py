"""Trust in a real Chromium: set-up, sign-in with a second factor, limits, tokens, audit log, incident mode."""

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.e2e.guarded_house import COOKIE, PASSWORD, GuardedHouse

pytestmark = pytest.mark.browser


@pytest.fixture
def empty_house(console_dir: Path, tmp_path: Path) -> Iterator[GuardedHouse]:
    """A house that nobody has an account for."""
    house = GuardedHouse(tmp_path, console_dir).start()
    yield house
    house.stop()


@pytest.fixture(scope="module")
def house(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    """A house with an administrator, a viewer of one camera, and an operator of a group."""
    house = GuardedHouse(tmp_path_factory.mktemp("guarded"), console_dir).start()
    house.add_user("Ann", "admin")
    house.add_user("Bob", "viewer", cameras=["door"])
    house.add_user("Chen", "operator", groups=["Outside"])
    yield house
    house.stop()


@pytest.fixture
def page(someone: Reader) -> Iterator[Page]:
    """A window. What the browser complains about, such as breaches of the Content-Security-Policy, fails the test."""
    yield someone.page
    assert unexpected(someone) == []


def unexpected(someone: Reader) -> list[str]:
    """Complaints but for refusals, which these tests ask for."""
    refusals = (
        "status of 401",
        "status of 403",
        "status of 422",
        "status of 429",
        "HTTP Authentication failed",
        "Unexpected response code: 401",
    )
    return [text for text in someone.complaints if not any(refusal in text for refusal in refusals)]


def go(page: Page, url: str) -> None:
    """Open an address; live pictures never end, so a page never counts as loaded."""
    page.goto(url, wait_until="commit")


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    go(page, url)
    page.fill("[data-test=login-name]", name)
    page.fill("[data-test=login-password]", password)
    page.click("[data-test=login-submit]")


def enter(page: Page, house: GuardedHouse, name: str, path: str = "/") -> None:
    """Open a page as somebody who has signed in before."""
    page.context.add_cookies([{"name": COOKIE, "value": house.session(name), "url": house.url}])
    go(page, house.url + path)
    if path == "/":
        page.wait_for_selector('[data-camera="door"]')


# --- set-up ---


def test_the_first_administrator_is_made_by_the_printed_address_which_works_once(
    empty_house: GuardedHouse, page: Page
) -> None:
    go(page, empty_house.url + "/events")
    page.wait_for_url("**/setup", wait_until="commit")
    address = empty_house.setup_url()
    go(page, address)
    page.wait_for_selector("[data-test=setup-given]")
    assert page.url == empty_house.url + "/setup"  # the token does not stay in the history
    page.fill("[data-test=setup-name]", "Ann")
    page.fill("[data-test=setup-password]", "password1234")
    page.click("[data-test=setup-submit]")
    expect(page.locator("[data-test=setup-failure]")).to_contain_text("common password")
    page.fill("[data-test=setup-password]", PASSWORD)
    page.click("[data-test=setup-submit]")
    page.wait_for_selector('[data-camera="door"]')
    expect(page.locator("[data-test=account-menu]")).to_have_attribute("aria-label", "Account of Ann")
    go(page, address)  # who is in already is led past it
    page.wait_for_selector('[data-camera="door"]')
    used = httpx.post(
        empty_house.url + "/api/v1/auth/setup",
        json={"token": address.partition("=")[2], "name": "Eve", "password": PASSWORD},
        timeout=60,
    )
    assert (used.status_code, used.json()["code"]) == (403, "access.setup_closed")


# --- sign-in ---


def test_nobody_sees_anything_before_the_sign_in_and_everybody_comes_back_to_their_page(
    house: GuardedHouse, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, house.url + "/events?camera=door")
    page.wait_for_selector("[data-test=login]")
    assert page.url == f"{house.url}/login?to=/events?camera=door"
    assert page.locator("nav").count() == 0
    assert [url for url in asked if "/api/" in url] == [f"{house.url}/api/v1/auth/me"]
    assert page.get_attribute("[data-test=login-name]", "autocomplete") == "username"
    assert page.get_attribute("[data-test=login-password]", "autocomplete") == "current-password"
    page.fill("[data-test=login-name]", "Ann")
    page.fill("[data-test=login-password]", "not this one")
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=login-failure]")).to_contain_text("The login failed")
    expect(page.locator("[data-test=login-password]")).to_be_focused()
    page.fill("[data-test=login-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/events?camera=door", wait_until="commit")
    expect(page.locator("h1")).to_have_text("Events")


def test_another_sites_address_is_no_page_to_return_to(house: GuardedHouse, page: Page) -> None:
    sign_in(page, house.url + "/login?to=//evil.example/", "Ann")
    page.wait_for_selector('[data-camera="door"]')
    assert page.url == house.url + "/"


def test_who_tries_too_often_is_told_when_it_goes_again(house: GuardedHouse, page: Page) -> None:
    problem = {"code": "access.too_many_requests", "title": "Too many requests", "hint": "Wait a moment", "status": 429}
    page.route("**/auth/login", lambda route: route.fulfill(status=429, json=problem, headers={"Retry-After": "2"}))
    sign_in(page, house.url, "Ann")
    expect(page.locator("[data-test=login-wait]")).to_contain_text("try again in")
    expect(page.locator("[data-test=login-submit]")).to_be_disabled()
    page.unroute("**/auth/login")
    expect(page.locator("[data-test=login-submit]")).to_be_enabled()
    page.click("[data-test=login-submit]")
    page.wait_for_selector('[data-camera="door"]')


def test_single_sign_on_is_offered_where_there_is_one_and_its_failure_is_told(house: GuardedHouse, page: Page) -> None:
    def with_provider(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "oidc": True})

    page.route("**/auth/me", with_provider)
    go(page, house.url + "/login?to=/events&problem=access.login_failed")
    expect(page.locator("[data-test=login-oidc]")).to_have_attribute("href", "/api/v1/auth/oidc/start?to=%2Fevents")
    expect(page.locator("[data-test=login-failure]")).to_contain_text("The login failed")


def test_signing_out_leaves_nothing(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Ann")
    page.click("[data-test=account-menu]")
    page.click("[data-test=sign-out]")
    page.wait_for_selector("[data-test=signed-out]")
    assert page.context.cookies() == []
    page.go_back(wait_until="commit")
    page.wait_for_selector("[data-test=login]")
    assert page.locator("[data-camera]").count() == 0


def test_a_session_that_ends_elsewhere_leads_to_the_sign_in_and_back(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Ann")
    page.click("[data-test=nav-events]:visible")
    page.wait_for_url("**/events", wait_until="commit")
    with house.client("Ann") as elsewhere:
        elsewhere.delete("/api/v1/auth/sessions").raise_for_status()
    page.wait_for_selector("[data-test=login]")  # by itself
    expect(page.locator("main")).to_contain_text("Your session has ended")
    page.fill("[data-test=login-name]", "Ann")
    page.fill("[data-test=login-password]", PASSWORD)
    page.click("[data-test=login-submit]")
    page.wait_for_url("**/events", wait_until="commit")


def test_a_second_factor_is_turned_on_asked_for_and_replaced_by_a_recovery_code(
    house: GuardedHouse, page: Page
) -> None:
    house.add_user("Dora", "viewer")
    enter(page, house, "Dora", "/account")
    page.click("[data-test=factor-on]")
    picture = page.locator("[data-test=factor-qr]")
    picture.evaluate("picture => picture.decode()")
    assert picture.evaluate("picture => picture.naturalWidth") > 100
    secret = page.inner_text("[data-test=factor-secret]")
    page.fill("[data-test=factor-code]", "000000")
    page.click("[data-test=factor-confirm]")
    expect(page.locator("[data-test=factor-failure]")).to_contain_text("The code is wrong")
    page.fill("[data-test=factor-code]", pyotp.TOTP(secret).now())
    page.click("[data-test=factor-confirm]")
    page.wait_for_selector("[data-test=recovery-codes]")
    codes = page.locator("[data-test=recovery-codes] li").all_inner_texts()
    page.keyboard.press("Escape")  # they are shown once: no slip of a finger closes them
    assert len(codes) == 10
    page.click("[data-test=recovery-kept]")
    expect(page.locator("[data-test=factor-state]")).to_have_text("On")

    page.context.clear_cookies()
    sign_in(page, house.url, "Dora")
    page.wait_for_selector("[data-test=login-code]:focus")
    assert page.get_attribute("[data-test=login-code]", "autocomplete") == "one-time-code"
    # The code that turned it on is used up; the next one is good half a minute early, as clocks differ.
    page.fill("[data-test=login-code]", pyotp.TOTP(secret).at(time.time() + 30))
    page.click("[data-test=login-submit]")
    page.wait_for_selector('[data-camera="door"]')

    page.context.clear_cookies()
    sign_in(page, house.url, "Dora")
    page.click("[data-test=login-recovery]")
    page.fill("[data-test=login-code]", codes[0])
    page.click("[data-test=login-submit]")
    page.wait_for_selector('[data-camera="door"]')
    go(page, house.url + "/account")
    expect(page.locator("main")).to_contain_text("9 recovery codes left")


# --- limits ---


def test_a_viewer_of_one_camera_sees_only_that_one(house: GuardedHouse, page: Page) -> None:
    heard: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame))))
    enter(page, house, "Bob")
    assert page.locator("[data-camera]").count() == 1
    entries = page.locator("nav.top a").evaluate_all("links => links.map(link => link.dataset.test)")
    assert entries == ["nav-wall", "nav-events", "nav-monitor"]
    page.click("[data-test=account-menu]")
    assert [text.strip() for text in page.locator(".account nav a").all_inner_texts()] == ["My account"]

    go(page, house.url + "/cameras/door")
    page.wait_for_selector("[data-camera-page=door]")
    tabs = page.locator("[data-test^=tab-]").evaluate_all("tabs => tabs.map(tab => tab.dataset.test)")
    assert tabs == ["tab-camera", "tab-camera-events", "tab-camera-recordings"]
    assert page.locator("[data-test^=op-]").count() == 0
    go(page, house.url + "/cameras/lobby")
    expect(page.locator("h1")).to_have_text("There is no such camera")
    for path in ("/users", "/settings", "/jobs", "/cameras/new", "/cameras/door/zones"):
        go(page, house.url + path)
        page.wait_for_selector("[data-test=not-allowed]")
    assert not any("lobby" in text.lower() or "yard" in text for text in heard)


def test_an_operator_of_a_group_starts_and_stops_its_cameras(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Chen")
    shown = page.locator("[data-camera]").evaluate_all("all => all.map(one => one.dataset.camera)")
    assert sorted(shown) == ["door", "yard"]
    go(page, house.url + "/cameras/door")
    page.wait_for_selector("[data-test=op-stop]")
    page.click("[data-test=op-more]")
    assert page.locator("[data-test=op-delete]").count() == 0


def test_a_user_is_added_limited_and_disabled(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Ann", "/users")
    page.click("[data-test=user-add]")
    page.fill("[data-test=user-name]", "Eve")
    page.fill("[data-test=user-first-password]", PASSWORD)
    page.click("[data-test=scope-some]")
    page.click("[data-test=scope-camera-yard]")
    page.click("[data-test=user-create]")
    row = page.locator("[data-user=Eve]")
    expect(row).to_contain_text("Cameras: 后院")
    with house.client("Eve") as eve:
        assert [camera["id"] for camera in eve.get("/api/v1/cameras").json()["items"]] == ["yard"]
        row.locator(".row").click()
        row.locator("[data-test=user-disable]").click()
        page.click("[data-test=confirm-yes]")
        expect(row).to_contain_text("Disabled")
        assert eve.get("/api/v1/cameras").status_code == 401
    own = page.locator("[data-user=Ann]")
    own.locator(".row").click()
    expect(own.locator("[data-test=user-delete]")).to_be_disabled()
    expect(own).to_contain_text("This is your own account")


# --- tokens, audit, incident ---


def test_a_token_is_shown_once_does_what_it_may_and_is_revoked(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Ann", "/account")
    page.click("[data-test=token-add]")
    page.fill("[data-test=token-name]", "Doorbell")
    page.click("[data-test=scope-some]")
    page.click("[data-test=scope-camera-door]")
    page.click("[data-test=token-create]")
    token = page.inner_text("[data-test=token-plain]")
    page.click("[data-test=token-plain-copy]")
    expect(page.locator("[data-test=token-plain-copy]")).to_have_text("Copied")
    page.click("[data-test=token-done]")
    page.wait_for_selector("[data-test=modal]", state="detached")
    row = page.locator("[data-token=Doorbell]")
    expect(row).to_contain_text("Cameras: Front door")
    assert token.startswith("popcam_")
    assert token not in page.content()
    bearer = {"Authorization": f"Bearer {token}"}
    cameras = httpx.get(house.url + "/api/v1/cameras", headers=bearer, timeout=60).json()["items"]
    assert [camera["id"] for camera in cameras] == ["door"]
    row.locator("[data-test=token-revoke]").click()
    page.click("[data-test=confirm-yes]")
    expect(row).to_have_count(0)
    assert httpx.get(house.url + "/api/v1/cameras", headers=bearer, timeout=60).status_code == 401


def test_the_audit_log_is_filtered_followed_exported_and_verified(house: GuardedHouse, page: Page) -> None:
    with house.client("Bob") as bob:
        assert bob.get("/api/v1/users").status_code == 403
    enter(page, house, "Ann", "/audit")
    page.wait_for_selector("[data-test=audit] [data-seq]")
    page.select_option("[data-test=filter-person]", "Bob")
    page.select_option("[data-test=filter-result]", "refused")
    page.wait_for_selector("[data-test=audit] [data-result=refused]")
    assert page.url.endswith("/audit?person=Bob&result=refused")
    assert set(page.locator("[data-test=audit] .who").all_inner_texts()) == {"Bob"}
    with page.expect_download() as saving:
        page.click("[data-test=audit-export]")
    lines = Path(saving.value.path()).read_text("utf-8").splitlines()
    assert any('"Bob"' in line for line in lines)
    page.click("[data-test=filter-clear]")
    page.click("[data-test=audit-follow]")
    page.wait_for_selector("[data-test=audit-follow].on")
    with house.client("Chen") as chen:
        chen.post("/api/v1/cameras/yard/stop").raise_for_status()
        chen.post("/api/v1/cameras/yard/start").raise_for_status()
    news = page.locator("[data-test=audit] [data-action='camera.stop']").first
    expect(news).to_contain_text("Chen")
    news.locator(".row").click()
    expect(news).to_contain_text("127.0.0.1")
    page.click("[data-test=audit-verify]")
    expect(page.locator("[data-test=verified][data-ok=true]")).to_contain_text("intact")


def test_incident_mode_shuts_the_others_out_and_ends(house: GuardedHouse, page: Page, browser: Browser) -> None:
    enter(page, house, "Ann")
    with reader(browser) as other:
        enter(other.page, house, "Bob")
        go(page, house.url + "/security")
        page.click("[data-test=lockdown]")
        page.fill("[data-test=lockdown-reason]", "a stranger in the log")
        page.click("[data-test=lockdown-yes]")
        page.wait_for_selector("[data-test=locked]")
        other.page.wait_for_selector("[data-test=login]")  # by itself
        sign_in(other.page, house.url, "Bob")
        expect(other.page.locator("[data-test=login-failure]")).to_contain_text("locked down")
    go(page, house.url + "/events")
    expect(page.locator("[data-test=lockdown-banner]")).to_contain_text("a stranger in the log")
    go(page, house.url + "/security")
    page.click("[data-test=unlock]")
    page.click("[data-test=confirm-yes]")
    page.wait_for_selector("[data-test=lockdown]")
    expect(page.locator("[data-test=lockdown-banner]")).to_have_count(0)


def test_the_security_page_tells_what_listens_and_what_to_fix(house: GuardedHouse, page: Page) -> None:
    enter(page, house, "Ann", "/security")
    expect(page.locator("[data-test=ports]")).to_contain_text(f"127.0.0.1:{house.port}")
    page.click("[data-test=language]")
    expect(page.locator("[data-test=ports]")).to_contain_text("控制台与 API")


def test_administrators_are_told_quietly_what_is_open_and_may_put_it_off(house: GuardedHouse, page: Page) -> None:
    def in_danger(route: Route) -> None:
        said = route.fetch().json()
        found = {"code": "server.plain_http", "severity": "danger", "on": "server.tls", "what": "no TLS", "fix": ""}
        route.fulfill(json={**said, "findings": [found]})

    page.route("**/api/v1/security", in_danger)
    enter(page, house, "Ann", "/events")
    expect(page.locator("[data-test=warning-banner]")).to_contain_text("no TLS")
    page.click("[data-test=warning-later]")
    expect(page.locator("[data-test=warning-banner]")).to_have_count(0)


def test_the_certificate_authority_can_be_downloaded_and_compared(house: GuardedHouse, page: Page) -> None:
    der = b"the bytes of a certificate"
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n"

    def over_tls(route: Route) -> None:
        said = route.fetch().json()
        found = {"code": "server.tls", "severity": "ok", "on": "server.tls", "what": "served over TLS", "fix": ""}
        route.fulfill(json={**said, "findings": [found]})

    page.route("**/api/v1/security", over_tls)
    page.route("**/api/v1/security/ca.pem", lambda route: route.fulfill(body=pem, content_type="text/plain"))
    enter(page, house, "Ann", "/security")
    expect(page.locator("[data-test=ca]")).to_have_attribute("download", "popcam-ca.pem")
    shown = page.inner_text("[data-test=ca-fingerprint]")
    assert shown.replace(":", "").lower() == hashlib.sha256(der).hexdigest()


# --- for everybody ---


WIDE = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "zh-CN"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
    "locale": "en-US",
}


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_keeps_people_out(house: GuardedHouse, browser: Browser, screen: dict[str, Any]) -> None:
    width_px = screen["viewport"]["width"]
    with reader(browser, **screen) as someone:
        page = someone.page
        go(page, house.url + "/login")
        page.wait_for_selector("[data-test=login]")
        assert access_faults(page) == []
        enter(page, house, "Ann")
        page.click("[data-test=account-menu]")
        assert access_faults(page) == []
        for path, ready in (
            ("/account", "[data-test=sessions]"),
            ("/users", "[data-test=users]"),
            ("/audit", "[data-test=audit]"),
            ("/security", "[data-test=ports]"),
        ):
            go(page, house.url + path)
            page.wait_for_selector(ready)
            assert (path, access_faults(page)) == (path, [])
            assert (path, page.evaluate("document.documentElement.scrollWidth")) == (path, width_px)
        assert unexpected(someone) == []
