"""The events of all cameras, on a real site whose database holds some hundred of them."""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, Request
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader
from tests.fakes.popcam_site import Site, running_site
from tests.fakes.video_files import picture

from popcam.core.facts import Event, EventKind
from popcam.storage import Database, EventStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KINDS: tuple[EventKind, ...] = ("face_appeared", "motion_started", "zone_entered")
COUNT = 130
DAY_S = 86_400
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SOURCE = {"url": "demo:", "width_px": 320, "height_px": 180, "fps": 10}
CARDS = "[data-test=events] [data-test=event]"
REFUSED = "Failed to load resource"


def jpeg(number: int) -> bytes:
    """A picture of its own for each event."""
    memory = BytesIO()
    with av.open(memory, "w", format="image2pipe") as output:
        stream = output.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuvj420p"
        output.mux(stream.encode(picture(number, 160, 90).reformat(format="yuvj420p")))
        output.mux(stream.encode(None))
    return memory.getvalue()


def event(number: int, now_s: float) -> Event:
    """Number 0 is the newest; they are two hours apart, so that the oldest are more than ten days old."""
    return Event(
        event_id=f"old-{COUNT - number:04d}",
        camera_id="door" if number % 2 else "yard",
        kind=KINDS[number % 3],
        started_unix_s=now_s - 600 - number * 7_200,
        ended_unix_s=now_s - 590 - number * 7_200,
        label="face",
        track_id=number,
        score=0.9,
        box=(0.1, 0.1, 0.5, 0.6),
        place="Lawn" if KINDS[number % 3] == "zone_entered" else "",
        snapshot_jpeg=jpeg(number) if number % 4 else b"",
    )


@pytest.fixture(scope="module")
def site(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "data").mkdir()
    database = Database(folder / "data" / "popcam.db")
    database.open()
    EventStore(database).put([event(number, time.time()) for number in range(COUNT)])
    database.close()
    cameras = {
        "door": {"name": "Front door", "source": SOURCE, "auto_start": False},
        "yard": {"name": "后院", "source": SOURCE, "auto_start": False},
    }
    with running_site(folder, cameras) as site:
        yield site


@pytest.fixture
def looking(site: Site, someone: Reader) -> Iterator[Reader]:
    """A reader in front of the events. The browser may only complain about refused requests."""
    someone.open(f"{site.url}/events")
    someone.page.wait_for_selector(CARDS)
    yield someone
    assert [said for said in someone.complaints if not said.startswith(REFUSED)] == []


def ids(looking: Reader) -> list[str]:
    """Events on the page, in their order."""
    found: list[str] = looking.page.eval_on_selector_all(CARDS, "cards => cards.map(card => card.dataset.event)")
    return found


def open_event(looking: Reader) -> str | None:
    """The event that is shown large."""
    return looking.page.get_attribute("[data-test=event-viewer]", "data-event")


def test_the_newest_come_first(looking: Reader) -> None:
    shown = ids(looking)
    assert shown[:2] == ["old-0130", "old-0129"]
    assert shown == sorted(shown, reverse=True)


def test_scrolling_on_shows_all_of_them_once(looking: Reader) -> None:
    # In each frame, as somebody who holds the End key: what was added is left behind before anybody could notice it.
    looking.page.wait_for_function(
        f"""() => {{
          scrollTo(0, document.body.scrollHeight);
          return document.querySelectorAll("{CARDS}").length === {COUNT};
        }}""",
        timeout=60_000,
        polling="raf",
    )
    assert len(set(ids(looking))) == COUNT
    looking.page.wait_for_selector("text=That is all")


def test_pictures_are_fetched_only_when_they_come_into_sight(site: Site, browser: Browser) -> None:
    fetched: list[str] = []

    def hear(request: Request) -> None:
        if "/snapshot" in request.url:
            fetched.append(request.url)

    with reader(browser, viewport={"width": 1000, "height": 500}) as someone:
        someone.page.on("request", hear)
        someone.open(f"{site.url}/events")
        someone.page.wait_for_selector(CARDS)
        someone.page.wait_for_timeout(1000)
        assert 0 < len(fetched) < len(ids(someone)) * 3 / 4


def test_a_filter_stands_in_the_address_and_outlives_a_reload(looking: Reader) -> None:
    looking.page.select_option("[data-test=filter-camera]", "door")
    looking.page.select_option("[data-test=filter-kind]", "zone_entered")
    looking.page.wait_for_url("**/events?camera=door&kind=zone_entered")
    looking.page.reload(wait_until="commit")
    looking.page.wait_for_selector(CARDS)
    kinds = looking.page.eval_on_selector_all(CARDS, "cards => cards.map(card => card.dataset.kind)")
    assert set(kinds) == {"zone_entered"}
    assert "Front door" in looking.page.inner_text(f"{CARDS} >> nth=0")
    assert looking.page.locator(f'{CARDS}:has-text("后院")').count() == 0


def test_a_time_limits_what_is_shown(looking: Reader) -> None:
    looking.page.select_option("[data-test=filter-range]", "day")
    looking.page.wait_for_function(f'() => document.querySelectorAll("{CARDS}").length === 12')


def test_times_of_ones_own_limit_both_ends(looking: Reader) -> None:
    now_s = time.time()
    looking.page.select_option("[data-test=filter-range]", "custom")
    for field, back_s in (("from", 3 * DAY_S), ("to", 2 * DAY_S)):
        value = time.strftime("%Y-%m-%dT%H:%M", time.localtime(now_s - back_s))
        looking.page.fill(f"[data-test=filter-{field}]", value)
        looking.page.dispatch_event(f"[data-test=filter-{field}]", "change")
    looking.page.wait_for_function(f'() => document.querySelectorAll("{CARDS}").length === 12')
    assert "from=" in looking.page.url
    assert "to=" in looking.page.url


def test_nothing_that_matches_is_said_and_undone(looking: Reader) -> None:
    looking.page.select_option("[data-test=filter-kind]", "line_crossed")
    looking.page.wait_for_selector("text=No events match")
    looking.page.click("[data-test=filter-clear]")
    looking.page.wait_for_selector(CARDS)
    assert looking.page.url.endswith("/events")


def test_an_event_opens_large_and_the_keyboard_goes_on_to_the_next(looking: Reader) -> None:
    looking.page.click(f"{CARDS} >> nth=1")
    looking.page.wait_for_function("() => document.querySelector('[data-test=snapshot]')?.naturalWidth === 160")
    assert "Front door" in looking.page.inner_text("[data-test=event-viewer]")
    looking.page.keyboard.press("ArrowRight")
    looking.page.wait_for_selector("[data-test=event-viewer][data-event=old-0128]")
    looking.page.keyboard.press("ArrowLeft")
    looking.page.keyboard.press("ArrowLeft")
    looking.page.wait_for_selector("[data-test=event-viewer][data-event=old-0130]")
    assert "no picture" in looking.page.inner_text("[data-test=event-viewer]")
    looking.page.keyboard.press("Escape")
    looking.page.wait_for_selector("[data-test=event-viewer]", state="detached")
    assert looking.page.url.endswith("/events")


def test_back_closes_the_event_and_leaves_the_list(looking: Reader) -> None:
    looking.page.click(f"{CARDS} >> nth=3")
    looking.page.keyboard.press("ArrowRight")
    looking.page.wait_for_url("**event=old-0126")
    looking.page.go_back(wait_until="commit")
    looking.page.wait_for_selector("[data-test=event-viewer]", state="detached")
    assert looking.page.url.endswith("/events")


def test_an_address_opens_an_event_of_a_later_page(site: Site, someone: Reader) -> None:
    someone.open(f"{site.url}/events?event=old-0003")
    someone.page.wait_for_function("() => document.querySelector('[data-test=snapshot]')?.naturalWidth === 160")
    assert open_event(someone) == "old-0003"


def test_an_event_that_is_no_longer_kept_is_said_to_be_gone(site: Site, someone: Reader) -> None:
    someone.open(f"{site.url}/events?event=never")
    someone.page.wait_for_selector('[data-test=event-viewer] [data-code="event.not_found"]')
    someone.page.click("[data-test=event-viewer] [data-test=close]")
    someone.page.wait_for_selector("[data-test=event-viewer]", state="detached")
    assert someone.page.url.endswith("/events")


def test_without_a_recording_of_the_moment_there_is_no_link_to_one(looking: Reader) -> None:
    looking.page.click(f"{CARDS} >> nth=1")
    looking.page.wait_for_selector("text=There is no recording of this moment")
    assert looking.page.locator("[data-test=event-recording]").count() == 0


def test_what_happens_now_appears_by_itself(looking: Reader, site: Site) -> None:
    operate(site, "start")
    looking.page.wait_for_selector(f'{CARDS}:not([data-event^="old-"])', timeout=60_000)
    assert not ids(looking)[0].startswith("old-")
    operate(site, "stop")


def operate(site: Site, operation: str) -> None:
    """Start or stop the door's camera."""
    site.post(f"/api/v1/cameras/door/{operation}")


def test_events_that_can_not_be_read_are_said_why_and_tried_again(site: Site, someone: Reader) -> None:
    someone.page.route("**/api/v1/events?*limit=48*", lambda route: route.abort())
    someone.open(f"{site.url}/events")
    someone.page.wait_for_selector('[data-code="network"]')
    someone.page.unroute("**/api/v1/events?*limit=48*")
    someone.page.click("[data-test=retry]")
    someone.page.wait_for_selector(CARDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(site: Site, browser: Browser, scheme: str) -> None:
    with reader(browser, viewport={"width": 1280, "height": 900}, color_scheme=scheme) as someone:
        someone.open(f"{site.url}/events")
        someone.page.wait_for_selector(CARDS)
        assert access_faults(someone.page) == []
        someone.page.click(f"{CARDS} >> nth=1")
        someone.page.wait_for_selector("text=There is no recording of this moment")
        assert access_faults(someone.page) == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_shows_everything_without_scrolling_sideways(site: Site, browser: Browser, locale: str) -> None:
    with reader(browser, **PHONE, locale=locale) as someone:
        someone.open(f"{site.url}/events")
        someone.page.wait_for_selector(CARDS)
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390
        someone.page.tap(f"{CARDS} >> nth=1")
        someone.page.wait_for_selector("[data-test=event-viewer]")
        assert someone.page.evaluate("document.documentElement.scrollWidth") <= 390
