"""The performance page: charts that move, and stand still when somebody looks closer; what limits; cache and memory."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import av
import pytest
from playwright.sync_api import Browser, Page, Response, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader, until
from tests.e2e.watched_house import WatchedHouse

from popcam.core.facts import StageTime

pytestmark = pytest.mark.browser

RESPONSE = '[data-chart="response"]'
CPU = '[data-chart="cpu"]'
DAY_S = 86_400.0
STAGES = tuple(
    StageTime(
        stage=stage, frames=25, mean_ms=p50, p50_ms=p50, p95_ms=p95, p99_ms=p95, max_ms=p95, frames_in=9, frames_out=8
    )
    for stage, p50, p95 in (("decode", 3.0, 4.0), ("detect", 30.0, 40.0))
)


@pytest.fixture(scope="module")
def house(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedHouse]:
    house = WatchedHouse(tmp_path_factory.mktemp("performance"), console_dir).start()
    house.add_user("Ann", "admin")
    house.add_user("Bob", "viewer")
    drops = {"load": 12, "restream.1.offline": 7}
    told: dict[str, Any] = {"stages": STAGES, "bottleneck": "detect", "drops": drops}
    house.tell("door", source_fps=25.0, rtt_s=0.004, lost_packets=3, **told)
    yield house
    house.stop()


@pytest.fixture
def page(someone: Reader) -> Iterator[Page]:
    """A window. What the browser complains about fails the test."""
    yield someone.page
    assert someone.complaints == []


def rows(page: Page, chart: str = RESPONSE) -> int:
    return int(page.get_attribute(chart, "data-rows") or 0)


def open_live(house: WatchedHouse, page: Page, query: str = "") -> None:
    house.enter(page, "Ann", "/monitor/performance" + query)
    page.wait_for_selector('[data-test=charts][data-live="true"]')


def test_charts_move_ten_times_a_second_until_they_are_paused(house: WatchedHouse, page: Page) -> None:
    open_live(house, page, "?hz=10&range=minute")
    until(lambda: rows(page) > 0, "first values")
    before = rows(page)
    page.wait_for_timeout(2000)
    assert rows(page) - before >= 10  # a busy machine may be late, but far more than once a second come
    page.click("[data-test=pause]")
    page.wait_for_selector('[data-test=charts][data-live="false"]')
    page.wait_for_selector('[data-test=charts][data-loading="false"]')
    before = rows(page)
    page.wait_for_timeout(600)
    assert rows(page) == before
    page.click("[data-test=pause]")
    page.wait_for_selector('[data-test=charts][data-live="true"]')


def test_dragging_over_a_chart_looks_closer_and_there_is_a_way_back(house: WatchedHouse, page: Page) -> None:
    open_live(house, page, "?range=minute")
    box = page.locator(f"{RESPONSE} .u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.3, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
    page.mouse.up()
    page.wait_for_url("**/monitor/performance?range=minute&from=*&until=*", wait_until="commit")
    page.wait_for_selector('[data-test=charts][data-live="false"]')
    page.click("[data-test=unzoom]")
    page.wait_for_selector('[data-test=charts][data-live="true"]')
    page.select_option("[data-test=range]", "day")
    page.wait_for_url("**/monitor/performance?range=day", wait_until="commit")
    page.wait_for_selector('[data-test=charts][data-live="false"]')


def saved(page: Page, button: str) -> Path:
    """The file that a button gives."""
    with page.expect_download() as saving:
        page.click(button)
    return Path(saving.value.path())


def test_a_saved_table_has_just_the_points_that_are_drawn(house: WatchedHouse, page: Page) -> None:
    histories: list[Response] = []
    page.on(
        "response", lambda answer: histories.append(answer) if "/popcam_host_cpu_ratio/history" in answer.url else None
    )
    open_live(house, page, "?range=minute")
    until(lambda: rows(page, CPU) > 3, "first values")
    page.click("[data-test=pause]")
    page.wait_for_selector('[data-test=charts][data-live="false"][data-loading="false"]')
    with saved(page, f"{CPU} [data-test=save-csv]").open(newline="", encoding="utf-8") as file:
        head, *lines = list(csv.reader(file))
    assert head[:2] == ["time", "Machine"]
    assert len(lines) == rows(page, CPU)
    history: dict[str, Any] = histories[-1].json()
    drawn = {
        round(at_s): value for at_s, value in zip(history["unix_s"], history["mean"], strict=True) if value is not None
    }
    written = {round(datetime.fromisoformat(line[0]).timestamp()): float(line[1]) for line in lines if line[1]}
    assert len(drawn) > 3
    assert written == drawn


def test_a_saved_picture_shows_the_chart_with_its_title_and_names(house: WatchedHouse, page: Page) -> None:
    open_live(house, page)
    until(lambda: rows(page, CPU) > 0, "first values")
    width_px, height_px = page.eval_on_selector(f"{CPU} canvas", "canvas => [canvas.width, canvas.height]")
    with av.open(str(saved(page, f"{CPU} [data-test=save-png]"))) as file:
        [picture] = [frame.reformat(format="gray") for frame in file.decode(video=0)]
    assert picture.width == width_px + 32
    assert height_px + 32 + 2 * 22 <= picture.height <= height_px + 32 + 5 * 22  # its title, and lines of names
    top = picture.to_ndarray()[: picture.height - height_px]
    assert (top < 128).any()  # something is written on the light ground


def test_what_is_not_there_is_called_absent_and_not_zero(house: WatchedHouse, page: Page) -> None:
    with house.client("Ann") as client:
        if client.get("/api/performance").json()["machine"]["gpus"]:
            pytest.skip("this machine has a graphics card")
    house.enter(page, "Ann", "/monitor/performance")
    expect(page.locator("[data-tile=gpu]")).to_contain_text("Absent")
    expect(page.locator("[data-tile=gpu]")).not_to_contain_text("0%")
    page.wait_for_selector(CPU)
    assert page.locator('[data-chart="gpu"]').count() == 0


# --- a time of one's own ---


def asked(page: Page) -> tuple[int, int]:
    """The time that the address names."""
    query = parse_qs(urlsplit(page.url).query)
    return int(query["from"][0]), int(query["until"][0])


def fill(page: Page, field: str, back_s: float) -> None:
    """Enter a time before now, as the reader's clock has it."""
    page.fill(
        f"[data-test=own-{field}]",
        page.evaluate(
            """back_s => {
              const now = new Date(Date.now() - back_s * 1000);
              return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
            }""",
            back_s,
        ),
    )


def test_any_time_is_drawn_and_its_address_can_be_sent(house: WatchedHouse, page: Page) -> None:
    open_live(house, page)
    page.select_option("[data-test=range]", "own")
    page.wait_for_selector('[data-test=charts][data-live="false"]')
    before = asked(page)
    assert before[1] - before[0] == pytest.approx(300, abs=2)  # what was shown so far
    fill(page, "from", 40)
    fill(page, "until", 10)
    page.focus("[data-test=own-until]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "from=" in url and str(before[0]) not in url)
    since, end = asked(page)
    assert end - since == pytest.approx(30, abs=1)
    address = page.url
    page.goto("about:blank")
    house.enter(page, "Ann", address.removeprefix(house.url))
    page.wait_for_selector('[data-test=charts][data-loading="false"]')
    expect(page.locator("[data-test=own-range]")).to_be_visible()
    with saved(page, f"{CPU} [data-test=save-csv]").open(newline="", encoding="utf-8") as file:
        times = [datetime.fromisoformat(line["time"]).timestamp() for line in csv.DictReader(file)]
    assert times
    assert since - 1 <= times[0] <= times[-1] <= end + 1
    page.click("[data-test=unzoom]")
    page.wait_for_selector('[data-test=charts][data-live="true"]')
    assert page.locator("[data-test=own-range]").count() == 0


def test_a_time_at_which_nothing_was_measured_says_so(house: WatchedHouse, page: Page) -> None:
    open_live(house, page)
    nothing = page.locator(f"{CPU} [data-test=chart-empty]")
    expect(nothing).to_have_count(0)
    page.select_option("[data-test=range]", "own")
    fill(page, "from", 2 * DAY_S)
    fill(page, "until", DAY_S)
    page.click("[data-test=own-show]")
    expect(nothing).to_have_text("Nothing was measured at this time")
    page.click("[data-test=unzoom]")
    expect(nothing).to_have_count(0)


@pytest.mark.parametrize(
    ("since_s", "until_s", "problem"), [(10, 40, "order"), (10, -7200, "future"), (90 * DAY_S, 60 * DAY_S, "tooOld")]
)
def test_a_time_that_makes_no_sense_is_refused_with_words(
    house: WatchedHouse, page: Page, since_s: float, until_s: float, problem: str
) -> None:
    open_live(house, page)
    page.select_option("[data-test=range]", "own")
    fill(page, "from", since_s)
    fill(page, "until", until_s)
    before = asked(page)
    page.click("[data-test=own-show]")
    expect(page.locator("[data-test=own-problem]")).to_have_attribute("data-problem", problem)
    expect(page.locator("[data-test=own-from]")).to_have_attribute("aria-invalid", "true")
    assert asked(page) == before


def test_a_time_of_ones_own_fits_on_a_phone_and_keeps_nobody_out(house: WatchedHouse, browser: Browser) -> None:
    with reader(browser, viewport={"width": 390, "height": 844}, locale="zh-CN") as someone:
        page = someone.page
        open_live(house, page)
        page.select_option("[data-test=range]", "own")
        fill(page, "until", 3600)
        page.click("[data-test=own-show]")
        expect(page.locator("[data-test=own-problem]")).to_have_text("开始时间必须早于结束时间。")
        assert access_faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_limits_a_camera_is_named_beside_it(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/performance")
    page.locator('[data-camera-row="door"]').scroll_into_view_if_needed()
    expect(page.locator('[data-camera-row="door"] [data-test=camera-limit]')).to_have_text("detection")
    expect(page.locator('[data-camera-row="door"] [data-test=camera-drops]')).to_have_text("19")


def test_where_the_time_of_a_cameras_frames_goes_is_shown(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/performance")
    page.click('[data-camera-row="door"] [data-test=camera-stages]')
    stages = page.locator('[data-stages="door"]')
    expect(stages.locator("tbody tr").last).to_contain_text("detection")
    expect(stages).to_contain_text("40 ms")
    expect(stages.locator(".facts")).to_contain_text("4 ms")  # the way there and back
    expect(stages.locator(".facts")).to_contain_text("12 × left out under overload · 7 × restream 2: receiver away")


def test_what_is_kept_is_listed_and_forgotten_by_who_may(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/performance")
    page.click("[data-test=cache-entries]")
    page.wait_for_selector("[data-test=cache-list]")
    page.click("[data-test=cache-clear]")
    expect(page.locator("[data-test=toasts]")).to_contain_text("answers were forgotten")


def test_an_administrator_records_where_memory_goes(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/performance")
    expect(page.locator('[data-process="server"]')).to_contain_text("MB")
    page.click("[data-test=allocations-begin]")
    page.wait_for_selector("[data-test=allocations-end]")
    page.click("[data-test=allocations-end]")
    page.wait_for_selector("[data-test=allocations-begin]")


def test_a_viewer_looks_and_changes_nothing(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Bob", "/monitor/performance")
    page.wait_for_selector("[data-tile=response]")
    page.wait_for_selector("[data-test=cache]")
    assert page.locator("[data-test=cache-clear], [data-test=allocations]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(house: WatchedHouse, browser: Browser, theme: str) -> None:
    size = {"width": 390, "height": 844} if theme == "dark" else {"width": 1280, "height": 900}
    with reader(browser, viewport=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US") as someone:
        house.enter(someone.page, "Ann", "/monitor/performance")
        someone.page.wait_for_selector('[data-test=charts][data-live="true"]')
        assert access_faults(someone.page) == []
        assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
