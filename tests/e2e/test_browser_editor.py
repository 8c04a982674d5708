"""Settings and zones of a camera, changed on the page of a real server, and seen in the API and on the camera."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import reader
from tests.fakes.popcam_site import Site, running_site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NEAR = 0.012
"""How exactly a hand is followed, as a share of the picture."""
_numbers = count(1)

Corners = list[tuple[float, float]]
TRIANGLE: Corners = [(0.2, 0.3), (0.7, 0.3), (0.5, 0.8)]


def picture(width_px: int, height_px: int, fps: float = 5) -> dict[str, Any]:
    """A small camera that looks for nothing."""
    return {
        "source": {"url": "synthetic:", "width_px": width_px, "height_px": height_px, "fps": fps},
        "detect": {"faces": "off"},
    }


@pytest.fixture(scope="module")
def site(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A wide and an upright camera that run; more are added as tests need them."""
    assert console_dir.is_dir()
    cameras = {"wide": picture(320, 180), "upright": picture(180, 320)}
    with running_site(tmp_path_factory.mktemp("editor"), cameras) as site:
        site.wait_frames("wide")
        site.wait_frames("upright")
        yield site


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An English page on a large screen; whatever the browser complains about fails the test."""
    with reader(browser, viewport={"width": 1440, "height": 1000}) as someone:
        yield someone.page
        # A request that is refused or does not pass is a complaint of the browser, and what these tests are about.
        assert [text for text in someone.complaints if not text.startswith("Failed to load resource")] == []


@pytest.fixture
def resting(site: Site) -> str:
    """A camera of its own for a test, which does not run."""
    camera_id = f"resting-{next(_numbers)}"
    send(site, "POST", "/api/v1/cameras", {"id": camera_id, "name": "Resting", "auto_start": False, "source": "demo:"})
    return camera_id


def send(site: Site, method: str, path: str, body: Any) -> Any:
    request = urllib.request.Request(
        site.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def settings(site: Site, camera_id: str) -> dict[str, Any]:
    found: dict[str, Any] = site.camera(camera_id)["settings"]
    return found


def open_zones(page: Page, site: Site, camera_id: str) -> None:
    page.goto(f"{site.url}/cameras/{camera_id}/zones", wait_until="commit")
    page.wait_for_selector("[data-test=zone-stage]", timeout=45_000)


def open_settings(page: Page, site: Site, camera_id: str) -> None:
    page.goto(f"{site.url}/cameras/{camera_id}/settings", wait_until="commit")
    page.wait_for_selector("[data-setting=name]", timeout=45_000)


def picture_rect(page: Page, width_px: int, height_px: int) -> FloatRect:
    """Where the picture itself lies in the window, once it is known to have this shape."""
    drawing = page.locator("[data-test=zone-stage] svg")
    page.wait_for_function(
        """([wanted]) => {
          const [, , width, height] = document.querySelector("[data-picture]").dataset.picture.split(" ").map(Number);
          return Math.abs(width / height - wanted) < 0.02;
        }""",
        arg=[width_px / height_px],
    )
    left, top, width, height = (float(part) for part in (drawing.get_attribute("data-picture") or "").split())
    box = drawing.bounding_box()
    assert box
    return {"x": box["x"] + left, "y": box["y"] + top, "width": width, "height": height}


def on(rect: FloatRect, corner: tuple[float, float]) -> tuple[float, float]:
    return rect["x"] + corner[0] * rect["width"], rect["y"] + corner[1] * rect["height"]


def draw(page: Page, kind: str, corners: Corners, rect: FloatRect) -> None:
    page.click(f"[data-test=add-{kind}]")
    for corner in corners:
        page.mouse.click(*on(rect, corner))


def drag(page: Page, rect: FloatRect, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*on(rect, start))
    page.mouse.down()
    page.mouse.move(*on(rect, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)))
    page.mouse.move(*on(rect, end))
    page.mouse.up()


def save(page: Page) -> None:
    page.click("[data-test=save]")
    wait_saved(page)


def wait_saved(page: Page) -> None:
    page.wait_for_selector('[data-test=save-bar][data-changes="0"]')


def near(found: Any, wanted: Corners) -> bool:
    return [len(corner) for corner in found] == [2] * len(wanted) and all(
        abs(x - wanted_x) < NEAR and abs(y - wanted_y) < NEAR
        for (x, y), (wanted_x, wanted_y) in zip(found, wanted, strict=True)
    )


# --- zones ------------------------------------------------------------------------------------------------------------


def test_a_zone_is_drawn_named_saved_and_edited(page: Page, site: Site) -> None:
    open_zones(page, site, "wide")
    rect = picture_rect(page, 16, 9)
    draw(page, "zone", TRIANGLE, rect)
    page.click("[data-test=finish]")
    page.fill("[data-test=shape-name] input", "门口 🚪")
    save(page)
    (zone,) = settings(site, "wide")["zones"]
    assert zone["name"] == "门口 🚪"
    assert near(zone["points"], TRIANGLE)

    page.reload(wait_until="commit")
    page.click('[data-entry="门口 🚪"] .pick')
    rect = picture_rect(page, 16, 9)
    drag(page, rect, TRIANGLE[0], (0.1, 0.1))
    insert = page.locator("[data-test=insert-point]").nth(1)  # between the second corner and the third
    insert.click()
    save(page)
    (edited,) = settings(site, "wide")["zones"]
    assert near(edited["points"], [(0.1, 0.1), (0.7, 0.3), (0.6, 0.55), (0.5, 0.8)])

    page.focus('[data-handle="2"]')
    page.keyboard.press("Delete")
    save(page)
    assert near(settings(site, "wide")["zones"][0]["points"], [(0.1, 0.1), (0.7, 0.3), (0.5, 0.8)])


def test_a_mask_and_a_line_are_drawn_and_come_back_after_a_reload(page: Page, site: Site, resting: str) -> None:
    open_zones(page, site, resting)
    rect = picture_rect(page, 16, 9)
    draw(page, "mask", TRIANGLE, rect)
    page.mouse.click(*on(rect, TRIANGLE[0]))  # the first corner again: the outline is closed
    draw(page, "line", [(0.8, 0.1), (0.9, 0.9)], rect)
    page.click("input[type=radio][value=right]")
    save(page)

    saved = settings(site, resting)
    assert near(saved["gate"]["masks"][0], TRIANGLE)
    (line,) = saved["lines"]
    assert near([line["start"], line["end"]], [(0.8, 0.1), (0.9, 0.9)])
    assert (line["name"], line["direction"], line["labels"]) == ("Line 1", "right", ["person", "face"])

    page.reload(wait_until="commit")
    expect(page.locator("g.shape")).to_have_count(2)
    expect(page.locator('[data-shape="Line 1"]')).to_be_visible()


def test_a_zone_of_two_points_is_refused(page: Page, site: Site, resting: str) -> None:
    open_zones(page, site, resting)
    draw(page, "zone", TRIANGLE[:2], picture_rect(page, 16, 9))
    page.click("[data-test=finish]")
    expect(page.locator("[data-test=zone-notice]")).to_contain_text("at least three")
    expect(page.locator("[data-test=save]")).to_be_disabled()
    assert settings(site, resting)["zones"] == []
    page.mouse.click(*on(picture_rect(page, 16, 9), TRIANGLE[2]))  # drawing goes on
    page.click("[data-test=finish]")
    expect(page.locator('[data-test=save-bar][data-changes="1"]')).to_be_visible()


def test_edges_that_cross_are_refused_and_a_drag_goes_back(page: Page, site: Site, resting: str) -> None:
    open_zones(page, site, resting)
    rect = picture_rect(page, 16, 9)
    draw(page, "zone", [(0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)], rect)
    expect(page.locator("[data-test=zone-notice]")).to_contain_text("would cross")
    page.click("[data-test=cancel]")

    draw(page, "zone", [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)], rect)
    page.click("[data-test=finish]")
    drag(page, rect, (0.2, 0.2), (0.95, 0.5))
    expect(page.locator("[data-test=zone-notice]")).to_contain_text("would cross")
    save(page)
    assert near(settings(site, resting)["zones"][0]["points"], [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)])


def test_bars_beside_an_upright_picture_are_not_part_of_it(page: Page, site: Site) -> None:
    open_zones(page, site, "upright")
    rect = picture_rect(page, 9, 16)
    draw(page, "zone", [(-0.3, 0.5)], rect)
    expect(page.locator("[data-test=zone-notice]")).to_have_text("That is outside of the picture.")
    expect(page.locator("[data-test=unplace]")).to_be_disabled()
    for corner in TRIANGLE:
        page.mouse.click(*on(rect, corner))
    page.click("[data-test=finish]")
    save(page)
    assert near(settings(site, "upright")["zones"][0]["points"], TRIANGLE)


def test_the_keyboard_alone_draws_moves_and_undoes(page: Page, site: Site, resting: str) -> None:
    open_zones(page, site, resting)
    page.focus("[data-test=add-zone]")
    page.keyboard.press("Enter")
    for keys in (["Space"], ["Shift+ArrowRight"] * 4 + ["Space"], ["Shift+ArrowDown"] * 4 + ["Space", "Enter"]):
        for key in keys:
            page.keyboard.press(key)
    page.focus('[data-handle="0"]')
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+z")
    save(page)
    (zone,) = settings(site, resting)["zones"]
    assert zone["points"] == [[0.49, 0.5], [0.7, 0.5], [0.7, 0.7]]


def test_a_finger_draws_on_a_phone(browser: Browser, site: Site, resting: str) -> None:
    with reader(browser, **PHONE) as someone:
        page = someone.page
        open_zones(page, site, resting)
        page.tap("[data-test=add-zone]")
        picture_rect(page, 16, 9)  # from now on the stage keeps its size
        page.evaluate("document.querySelector('[data-test=zone-stage]').scrollIntoView({ block: 'center' })")
        rect = picture_rect(page, 16, 9)
        for corner in TRIANGLE:
            page.touchscreen.tap(*on(rect, corner))
        page.tap("[data-test=finish]")
        page.tap("[data-test=save]")
        wait_saved(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # A phone's picture is 358 pixels wide.
    assert near(settings(site, resting)["zones"][0]["points"], TRIANGLE)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_wrong_value_shows_its_reason_and_changes_nothing(page: Page, site: Site, resting: str) -> None:
    before = settings(site, resting)
    open_settings(page, site, resting)
    page.fill("#set-gate-sensitivity", "1.5")
    page.keyboard.press("Tab")
    expect(page.locator("[data-setting='gate.sensitivity'] [data-test=reason]")).to_have_text("must be at most 1")
    page.click("[data-test=save]")
    assert page.evaluate("document.activeElement.id") == "set-gate-sensitivity"

    page.click("[data-setting='gate.sensitivity'] [data-test=undo-field]")
    page.fill("#set-source-url", "rtps://192.0.2.7/main")  # only the server knows what is wrong with it
    page.click("[data-test=save]")
    expect(page.locator("[data-setting='source.url'] [data-test=reason]")).to_contain_text("did you mean")
    assert settings(site, resting) == before
    page.fill("#set-source-url", "demo:")
    expect(page.locator("[data-test=reason]")).to_have_count(0)


def test_a_right_value_reaches_the_running_camera(page: Page, site: Site) -> None:
    send(site, "POST", "/api/v1/cameras", {"id": "changing", **picture(160, 90)})
    site.wait_frames("changing")
    open_settings(page, site, "changing")
    page.check("[data-test=advanced]")
    page.fill("#set-source-fps", "20")
    page.keyboard.press("Tab")
    expect(page.locator("[data-test=save-bar]")).to_contain_text("The stream is opened again")
    save(page)
    page.wait_for_selector('[data-settling="back"]', timeout=30_000)
    site.wait_until(lambda: (site.camera("changing")["pipeline"] or {}).get("source_fps", 0) > 10, 30)
    assert settings(site, "changing")["source"]["fps"] == 20


def test_only_what_changed_is_sent_and_a_default_is_taken_out_of_the_file(page: Page, site: Site, resting: str) -> None:
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"record": {"mode": "events"}})
    open_settings(page, site, resting)
    page.click("[data-setting='record.mode'] [data-test=to-default]")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        save(page)
    assert sent.value.post_data_json == {"record": {"mode": None}}
    assert sent.value.headers["if-match"]
    assert settings(site, resting)["record"]["mode"] == "off"


def test_a_saved_password_is_kept_unseen_until_another_is_typed(page: Page, site: Site, resting: str) -> None:
    source = {"url": "rtsp://192.0.2.7/main", "username": "viewer", "password": "geheim"}
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"source": source})
    open_settings(page, site, resting)
    assert "geheim" not in page.content()
    expect(page.locator("#set-source-password")).to_have_value("")
    page.fill("#set-name", "Yard")
    save(page)
    assert "geheim" in site.settings_file.read_text("utf-8")
    page.fill("#set-source-password", "neu-geheim")
    save(page)
    assert "neu-geheim" in site.settings_file.read_text("utf-8")


def test_search_finds_advanced_settings_by_their_explanation(browser: Browser, site: Site, resting: str) -> None:
    with reader(browser, locale="zh-CN") as someone:
        open_settings(someone.page, site, resting)
        expect(someone.page.locator("[data-setting='preview.jpeg_quality']")).to_have_count(0)
        someone.page.fill("[data-test=search-settings]", "快照的质量")
        expect(someone.page.locator("[data-setting]")).to_have_count(1)
        expect(someone.page.locator("[data-setting='preview.jpeg_quality']")).to_contain_text("JPEG 质量")


def test_a_server_that_is_out_of_reach_loses_nothing(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "Kept")
    page.route("**/api/v1/cameras/*", lambda route: route.abort())
    page.click("[data-test=save]")
    expect(page.locator('[data-code="network"]')).to_be_visible()
    page.unroute("**/api/v1/cameras/*")
    expect(page.locator("#set-name")).to_have_value("Kept")
    save(page)
    assert settings(site, resting)["name"] == "Kept"


def test_leaving_with_unsaved_changes_asks(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "Not saved")
    page.click("[data-test=back]")
    page.click("[data-test=confirm-no]")
    expect(page.locator("#set-name")).to_have_value("Not saved")
    page.click("[data-test=back]")
    page.click("[data-test=confirm-yes]")
    page.wait_for_url(f"{site.url}/")
    assert settings(site, resting)["name"] == "Resting"


# --- two people -------------------------------------------------------------------------------------------------------


def test_the_second_of_two_people_sees_what_changed_and_saves_on_top(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "Mine")
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"gate": {"sensitivity": 0.9}})
    page.click("[data-test=save]")
    change = page.locator("[data-conflict='gate.sensitivity']")
    expect(change).to_contain_text("Motion › Sensitivity")
    assert change.locator("td").all_inner_texts() == ["0.5", "0.9", "0.5"]
    assert settings(site, resting)["name"] == "Resting"
    page.click("[data-test=apply-mine]")
    wait_saved(page)
    expect(page.locator("[data-test=conflict]")).to_have_count(0)
    both = settings(site, resting)
    assert (both["name"], both["gate"]["sensitivity"]) == ("Mine", 0.9)


def test_the_second_of_two_people_can_keep_what_the_first_saved(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "Mine")
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"name": "Theirs"})
    page.click("[data-test=save]")
    expect(page.locator("[data-conflict=name]")).to_contain_text("both changed")
    page.click("[data-test=take-theirs]")
    expect(page.locator("#set-name")).to_have_value("Theirs")
    assert settings(site, resting)["name"] == "Theirs"


def test_two_people_who_each_draw_a_zone_keep_both(page: Page, site: Site, resting: str) -> None:
    open_zones(page, site, resting)
    draw(page, "zone", TRIANGLE, picture_rect(page, 16, 9))
    page.click("[data-test=finish]")
    theirs = {"name": "theirs", "points": [[0.1, 0.1], [0.2, 0.1], [0.1, 0.2]]}
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"zones": [theirs]})
    page.click("[data-test=save]")
    expect(page.locator("[data-conflict='zones theirs']")).to_contain_text("new")
    expect(page.locator("g.shape.ghost")).to_have_count(1)
    page.click("[data-test=apply-mine]")
    wait_saved(page)
    expect(page.locator("g.shape")).to_have_count(2)
    assert sorted(zone["name"] for zone in settings(site, resting)["zones"]) == ["Zone 1", "theirs"]


def test_a_camera_that_somebody_deleted_says_so(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "Mine")
    request = urllib.request.Request(f"{site.url}/api/v1/cameras/{resting}", method="DELETE")
    with urllib.request.urlopen(request, timeout=60):
        pass
    with pytest.raises(urllib.error.HTTPError):
        site.camera(resting)
    # The page of a deleted camera says that it is gone, and does not ask about changes that nobody can save.
    expect(page.locator("main")).to_contain_text("There is no such camera")


# --- for everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["zones", "settings"])
def test_nobody_is_kept_out(browser: Browser, site: Site, resting: str, place: str, scheme: str) -> None:
    gate = {"masks": [[[0.1, 0.1], [0.2, 0.1], [0.1, 0.2]]]}
    line = {"name": "way", "start": [0.5, 0.1], "end": [0.5, 0.9]}
    zone = {"name": "step", "points": TRIANGLE}
    send(site, "PATCH", f"/api/v1/cameras/{resting}", {"zones": [zone], "lines": [line], "gate": gate})
    with reader(browser, color_scheme=scheme) as someone:
        if place == "zones":
            open_zones(someone.page, site, resting)
            someone.page.click('[data-entry="step"] .pick')
        else:
            open_settings(someone.page, site, resting)
            someone.page.check("[data-test=advanced]")
        assert access_faults(someone.page) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("place", ["zones", "settings"])
def test_a_phone_scrolls_only_down(browser: Browser, site: Site, resting: str, place: str, locale: str) -> None:
    with reader(browser, **PHONE, locale=locale) as someone:
        (open_zones if place == "zones" else open_settings)(someone.page, site, resting)
        if place == "settings":
            someone.page.check("[data-test=advanced]")
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_explanations_follow_the_language_and_keep_what_was_typed(page: Page, site: Site, resting: str) -> None:
    open_settings(page, site, resting)
    page.fill("#set-name", "前门")
    page.click("[data-test=language]")
    expect(page.locator("[data-setting='gate.sensitivity']")).to_contain_text("多小的变化算作移动")
    expect(page.locator("#set-name")).to_have_value("前门")
