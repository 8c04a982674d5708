"""The wall in a real Chromium: focus, arranging, filters, full screen, and what many cameras at once cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader, until
from tests.e2e.loading import first_load
from tests.e2e.picture_show import PictureShow

from popcam.core.protocol import PreviewKind
from popcam.core.spec import ActSpec, CameraSpec, SourceSpec

pytestmark = pytest.mark.browser

NAMES = (
    "Front door",
    "后院",
    "Garage",
    "Lobby",
    "Gate",
    "Roof",
    "Stairs",
    "Kitchen",
    "Dock",
    "Office",
    "Yard",
    "Attic",
)
IDS = [f"cam-{number}" for number in range(1, len(NAMES) + 1)]
BROKEN_ID = "cam-5"
FEW_CORES = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 1 })"
FEW_STREAMS = 4
"""As many as a machine with one core begins with; on one that is busy with other tests, fewer soon."""


def wall_cameras(count: int = len(IDS)) -> dict[str, CameraSpec]:
    """Cameras of two groups; one can't be reached, one hides faces."""
    return {
        camera_id: CameraSpec(
            id=camera_id,
            name=name,
            groups=("Outside" if index % 2 else "Inside",),
            source=SourceSpec(url="rtsp://10.0.0.5/main" if camera_id == BROKEN_ID else "demo:"),
            act=ActSpec(kind="hide" if index == 1 else "pass"),
        )
        for index, (camera_id, name) in enumerate(zip(IDS[:count], NAMES[:count], strict=True))
    }


@pytest.fixture(scope="module")
def wall(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PictureShow]:
    show = PictureShow(tmp_path_factory.mktemp("wall"), console_dir, cameras=wall_cameras()).start()
    yield show
    show.stop()


@pytest.fixture
def looking(wall: PictureShow, someone: Reader) -> Iterator[Reader]:
    """A reader in front of the wall. Whatever the browser complains about fails the test."""
    someone.open(wall.url)
    someone.page.wait_for_selector('[data-camera="cam-1"]')
    yield someone
    assert someone.complaints == []


def order(page: Page) -> list[str]:
    """Ids of the cameras on the wall, in their order."""
    ids: list[str] = page.eval_on_selector_all("[data-camera]", "tiles => tiles.map(tile => tile.dataset.camera)")
    return ids


def focus_on(someone: Reader, camera_id: str) -> None:
    someone.page.click(f'[data-camera="{camera_id}"] [data-test=open]')
    someone.wait_playing(f'[data-focus="{camera_id}"] .live')


def watched(wall: PictureShow) -> dict[str, dict[PreviewKind, int]]:
    """Which cameras are watched, and how."""
    return {camera_id: kinds for camera_id in IDS if (kinds := wall.watched(camera_id))}


# --- one camera, large ---


def test_a_click_shows_one_camera_large_and_back_leads_to_the_wall(looking: Reader) -> None:
    focus_on(looking, "cam-2")
    assert looking.page.url.endswith("?camera=cam-2")
    looking.page.go_back()
    looking.page.wait_for_selector("[data-focus]", state="detached")
    looking.wait_playing(looking.live("cam-1"))


def test_the_address_of_a_focused_camera_opens_it(wall: PictureShow, someone: Reader) -> None:
    someone.open(f"{wall.url}/?camera=cam-3")
    someone.wait_playing('[data-focus="cam-3"] .live')
    someone.page.keyboard.press("Escape")
    someone.wait_playing(someone.live("cam-1"))
    assert "camera=" not in someone.page.url


def test_arrow_keys_lead_to_the_next_and_the_previous_camera_around_the_ends(looking: Reader) -> None:
    focus_on(looking, "cam-2")
    looking.page.keyboard.press("ArrowRight")
    looking.wait_playing('[data-focus="cam-3"] .live')
    looking.page.keyboard.press("ArrowLeft")
    looking.page.keyboard.press("ArrowLeft")
    looking.page.wait_for_selector('[data-focus="cam-1"]')
    looking.page.keyboard.press("ArrowLeft")
    looking.page.wait_for_selector('[data-focus="cam-12"]')
    assert "12 of 12" in looking.page.inner_text("[data-focus]")


def test_closing_leads_the_keyboard_to_the_tile_of_the_camera_that_was_shown_last(looking: Reader) -> None:
    focus_on(looking, "cam-1")
    looking.page.click("[data-test=next]")
    looking.page.wait_for_selector('[data-focus="cam-2"]')
    looking.page.keyboard.press("Escape")
    looking.page.wait_for_selector('[data-camera="cam-2"] [data-test=open]:focus')


def test_only_the_focused_camera_is_watched(looking: Reader, wall: PictureShow) -> None:
    focus_on(looking, "cam-1")
    until(lambda: watched(wall) == {"cam-1": {"preview.h264.full": 1}}, "tiles behind the first one are let go")
    looking.page.keyboard.press("ArrowRight")
    until(lambda: watched(wall) == {"cam-2": {"preview.h264.full": 1}}, "the one before is let go")


def test_a_swipe_leads_to_the_next_camera(wall: PictureShow, browser: Browser) -> None:
    with reader(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as someone:
        someone.open(wall.url)
        someone.page.tap('[data-camera="cam-1"] [data-test=open]')
        someone.wait_playing('[data-focus="cam-1"] .live')
        finger = someone.page.context.new_cdp_session(someone.page)
        box = someone.page.locator("[data-focus] .screen").bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        for kind, x in (("touchStart", 250), ("touchMove", 180), ("touchMove", 100)):
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        someone.wait_playing('[data-focus="cam-2"] .live')


def test_escape_ends_arranging_and_leads_back_to_its_button(looking: Reader) -> None:
    page = looking.page
    page.click("[data-test=arrange]")
    page.focus('[data-camera="cam-3"] [data-test=handle]')
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-test=arrange][aria-pressed=false]:focus")
    assert page.locator("[data-test=handle]").count() == 0


# --- full screen ---


def test_full_screen_of_one_camera_stays_while_one_goes_on(looking: Reader) -> None:
    focus_on(looking, "cam-1")
    looking.page.keyboard.press("f")
    looking.page.wait_for_selector("[data-focus] .screen:fullscreen")
    looking.page.keyboard.press("ArrowRight")
    looking.wait_playing('[data-focus="cam-2"] .screen:fullscreen .live')
    looking.page.keyboard.press("f")
    looking.page.wait_for_selector("[data-focus] .screen:not(:fullscreen)")


def test_full_screen_of_the_wall_shows_every_camera_without_scrolling(looking: Reader) -> None:
    looking.page.click("[data-test=full-wall]")
    looking.page.wait_for_selector(".stage.full:fullscreen")
    bottoms = looking.page.eval_on_selector_all(
        "[data-camera]", "all => all.map(t => t.getBoundingClientRect().bottom)"
    )
    assert max(bottoms) <= looking.page.evaluate("innerHeight")
    looking.page.hover(".stage:fullscreen")
    looking.page.click("[data-test=leave-full]")
    looking.page.wait_for_selector(".stage:not(:fullscreen)")


# --- arranging ---


def drag(page: Page, camera_id: str, beside: str, *, after: bool) -> None:
    """Pull a tile to the left or the right half of another one."""
    page.hover(f'[data-camera="{camera_id}"]')
    page.mouse.down()
    box = page.locator(f'[data-camera="{beside}"]').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * (0.8 if after else 0.2), box["y"] + box["height"] / 2, steps=8)
    page.wait_for_selector(f'[data-camera="{beside}"][data-drop="{"after" if after else "before"}"]')


def test_a_camera_is_dragged_to_its_place_and_stays_there_after_a_reload(looking: Reader) -> None:
    drag(looking.page, "cam-1", "cam-3", after=True)
    looking.page.mouse.up()
    looking.page.wait_for_selector('[data-camera="cam-3"] + [data-camera="cam-1"]')
    assert looking.page.locator("[data-focus]").count() == 0  # letting go is no click
    wanted = ["cam-2", "cam-3", "cam-1", *IDS[3:]]
    assert order(looking.page) == wanted
    looking.wait_playing(looking.live("cam-1"))
    looking.page.reload(wait_until="commit")
    looking.page.wait_for_selector('[data-camera="cam-1"]')
    assert order(looking.page) == wanted


def test_escape_leaves_a_dragged_camera_where_it_was(looking: Reader) -> None:
    drag(looking.page, "cam-1", "cam-3", after=True)
    looking.page.keyboard.press("Escape")
    looking.page.mouse.up()
    looking.page.wait_for_selector("[data-dragging]", state="detached")
    assert order(looking.page) == IDS


def test_the_keyboard_alone_arranges(looking: Reader) -> None:
    page = looking.page
    page.click("[data-test=arrange]")
    page.focus('[data-camera="cam-1"] [data-test=handle]')
    page.keyboard.press("ArrowRight")
    page.wait_for_selector('[data-camera="cam-2"] + [data-camera="cam-1"] [data-test=handle]:focus')
    assert page.inner_text("[data-test=moved]") == "Front door is now at place 2 of 12"
    page.keyboard.press("End")
    page.wait_for_selector('[data-camera="cam-1"]:last-child [data-test=handle]:focus')
    page.reload(wait_until="commit")
    page.wait_for_selector('[data-camera="cam-1"]')
    assert order(page) == [*IDS[1:], "cam-1"]
    page.click("[data-test=arrange]")
    page.click("[data-test=reset-order]")
    page.wait_for_selector('[data-camera="cam-1"] + [data-camera="cam-2"]')
    assert order(page) == IDS


def test_next_and_previous_follow_the_readers_order(looking: Reader) -> None:
    drag(looking.page, "cam-1", "cam-3", after=True)
    looking.page.mouse.up()
    focus_on(looking, "cam-3")
    looking.page.keyboard.press("ArrowRight")
    looking.page.wait_for_selector('[data-focus="cam-1"]')


# --- which cameras, how many in a row ---


def test_cameras_are_found_by_name_group_and_trouble(looking: Reader) -> None:
    page = looking.page
    page.fill("[data-test=search]", "后")
    page.wait_for_selector('[data-camera="cam-1"]', state="detached")
    assert order(page) == ["cam-2"]
    page.fill("[data-test=search]", "nowhere")
    page.click("[data-test=show-all]")
    page.wait_for_selector('[data-camera="cam-1"]')
    page.select_option("[data-test=group]", "Outside")
    page.wait_for_selector('[data-camera="cam-1"]', state="detached")
    assert order(page) == IDS[1::2]
    page.select_option("[data-test=group]", "")
    page.click("[data-test=troubled]")
    page.wait_for_selector('[data-camera="cam-1"]', state="detached")
    assert order(page) == [BROKEN_ID]


def test_columns_are_the_readers_choice_and_are_remembered(looking: Reader) -> None:
    looking.page.select_option("[data-test=columns]", "6")
    looking.page.wait_for_selector("[data-columns='6']")
    looking.page.reload(wait_until="commit")
    looking.page.wait_for_selector("[data-columns='6'] [data-camera]")


# --- many at once ---


def test_beyond_a_bound_tiles_show_stills_that_renew_and_say_so(wall: PictureShow, someone: Reader) -> None:
    page = someone.page
    page.add_init_script(FEW_CORES)
    someone.open(wall.url)
    someone.wait_playing(someone.live("cam-1"))
    still = page.locator('[data-camera="cam-8"]')
    still.locator("[data-stills='1']").wait_for(state="attached")
    assert 1 <= page.locator("[data-mode=stream]").count() <= FEW_STREAMS
    assert still.locator("[data-test=still]").inner_text() == "Still · 3 s"
    assert wall.watched("cam-8") == {}
    still.locator("[data-stills='2']").wait_for(state="attached")


def test_a_still_that_is_pointed_at_comes_alive(wall: PictureShow, someone: Reader) -> None:
    someone.page.add_init_script(FEW_CORES)
    someone.open(wall.url)
    someone.page.wait_for_selector('[data-camera="cam-8"][data-mode="still"]')
    someone.page.hover('[data-camera="cam-8"]')
    someone.wait_playing(someone.live("cam-8"))
    assert 1 <= someone.page.locator("[data-mode=stream]").count() <= FEW_STREAMS
    assert someone.page.locator('[data-camera="cam-8"] [data-test=still]').count() == 0


def test_two_hundred_cameras_hold_pictures_only_where_they_are_seen(
    console_dir: Path, browser: Browser, tmp_path: Path
) -> None:
    cameras = {
        f"n-{number}": CameraSpec(id=f"n-{number}", name=f"Camera {number}", source=SourceSpec(url="demo:"))
        for number in range(200)
    }
    show = PictureShow(tmp_path, console_dir, cameras=cameras).start()
    try:
        with reader(browser, viewport={"width": 1280, "height": 800}) as someone:
            someone.open(show.url)
            someone.wait_playing(someone.live("n-0"))
            assert len(order(someone.page)) == 200
            assert someone.page.locator(".live").count() < 60
            someone.page.evaluate("scrollTo(0, document.body.scrollHeight)")
            someone.page.wait_for_selector('[data-camera="n-199"]:is([data-mode="stream"], [data-mode="still"])')
            until(lambda: show.watched("n-0") == {}, "what was scrolled away is let go")
            assert someone.page.locator(".live").count() < 60
    finally:
        show.stop()


def test_the_first_load_weighs_less_than_300_kib(wall: PictureShow, someone: Reader) -> None:
    load = first_load(someone, wall.url)
    assert len(load.by_path) > 5, "the page was not loaded over the network"
    assert load.size_bytes < 300 * 1024, load.by_path


# --- trouble, phones, access ---


def test_a_lost_server_is_shown_and_the_wall_plays_again_when_it_is_back(
    browser: Browser, console_dir: Path, tmp_path: Path
) -> None:
    first = PictureShow(tmp_path / "a", console_dir, cameras=wall_cameras(4)).start()
    with reader(browser, viewport={"width": 1440, "height": 900}) as someone:
        someone.open(first.url)
        someone.wait_playing(someone.live("cam-4"))
        first.stop()
        someone.page.wait_for_selector('[data-link="offline"]')
        assert "does not answer" in someone.page.inner_text("[role=alert]")
        someone.page.wait_for_selector(f'{someone.live("cam-4")}[data-state="waiting"]')
        assert someone.page.locator("[data-fact]").count() == 0  # rates of a minute ago are no facts
        second = PictureShow(tmp_path / "b", console_dir, first.port, cameras=wall_cameras(5)).start()
        try:
            someone.page.wait_for_selector('[data-link="online"]', timeout=45_000)
            someone.wait_playing(someone.live("cam-4"), timeout_s=60)
            someone.page.wait_for_selector(f'[data-camera="{BROKEN_ID}"]')  # new since then
        finally:
            second.stop()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_shows_the_wall_without_scrolling_sideways(wall: PictureShow, browser: Browser, locale: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "locale": locale}
    with reader(browser, **phone) as someone:
        someone.open(wall.url)
        someone.wait_playing(someone.live("cam-1"))
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390
        heights = someone.page.eval_on_selector_all(
            "[role=toolbar] :is(button, select)", "all => all.map(e => e.offsetHeight)"
        )
        assert [height for height in heights if 0 < height < 44] == []
        someone.page.select_option("[data-test=columns]", "2")
        someone.page.wait_for_selector("[data-columns='2']")
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_finger_arranges_by_the_handle(wall: PictureShow, browser: Browser) -> None:
    with reader(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as someone:
        someone.open(wall.url)
        someone.page.tap("[data-test=arrange]")
        finger = someone.page.context.new_cdp_session(someone.page)
        box = someone.page.locator('[data-camera="cam-1"] [data-test=handle]').bounding_box()
        target = someone.page.locator('[data-camera="cam-2"]').bounding_box()
        assert box is not None
        assert target is not None
        x, y = box["x"] + 20, box["y"] + 20
        to_x, to_y = target["x"] + target["width"] * 0.8, target["y"] + target["height"] / 2
        way = [
            ("touchStart", x, y),
            *(("touchMove", x + (to_x - x) * s / 5, y + (to_y - y) * s / 5) for s in range(1, 6)),
        ]
        for kind, at_x, at_y in way:
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at_x, "y": at_y}]})
        someone.page.wait_for_selector('[data-camera="cam-2"][data-drop]')
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        someone.page.wait_for_selector('[data-camera="cam-2"] + [data-camera="cam-1"]')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(wall: PictureShow, browser: Browser, scheme: str) -> None:
    with reader(browser, viewport={"width": 1440, "height": 900}, color_scheme=scheme) as someone:
        someone.open(wall.url)
        someone.wait_playing(someone.live("cam-1"))
        someone.page.click("[data-test=arrange]")
        assert access_faults(someone.page) == []
        someone.page.click("[data-test=arrange]")
        focus_on(someone, "cam-2")
        assert access_faults(someone.page) == []
