"""The page of logs: all processes as one, found by level, camera, request and text, and live."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.access import access_faults
from tests.e2e.browsing import Reader, reader, until
from tests.e2e.watched_house import WatchedHouse

pytestmark = pytest.mark.browser

MANY = 700
"""More than come at once."""


def line(event: str, level: str = "info", *, back_s: float = 0.0, **fields: Any) -> str:
    """A line as all processes write it."""
    when = datetime.now(UTC) - timedelta(seconds=back_s)
    return json.dumps({"timestamp": when.isoformat(), "level": level, "event": event, **fields}) + "\n"


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.writelines(lines)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the logs of a server and a worker, some of it from before."""
    folder = tmp_path_factory.mktemp("logged")
    log_dir = folder / "log_dir"
    old = [line(f"step.{number}", back_s=3600 - number) for number in range(MANY)]
    write(log_dir / "server.log", *old, line("request.failed", "error", request_id="req-7", status=500))
    about: dict[str, Any] = {"worker": "w1", "camera": "door"}
    lost = [
        line("source.lost", "warning", **about, code="source.timeout"),
        line("source.lost", "warning", **about, repeated=41, repeats_ended=True),
    ]
    for name in ("workers/w1.log", "cameras/door.log"):  # as a worker does
        write(log_dir / name, *lost)
    return folder


@pytest.fixture(scope="module")
def house(console_dir: Path, logs: Path) -> Iterator[WatchedHouse]:
    house = WatchedHouse(logs, console_dir).start()
    house.add_user("Ann", "admin")
    house.add_user("Chen", "operator", cameras=["door"])
    house.add_user("Bob", "viewer")
    yield house
    house.stop()


@pytest.fixture
def page(someone: Reader) -> Iterator[Page]:
    """A window. What the browser complains about fails the test."""
    yield someone.page
    assert someone.complaints == []


def events(page: Page) -> list[str]:
    found: list[str] = page.locator("[data-event]").evaluate_all("rows => rows.map(row => row.dataset.event)")
    return found


def test_lines_of_all_processes_come_live_in_their_order(house: WatchedHouse, logs: Path, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/logs")
    page.wait_for_selector('[data-test=logs-page][data-live="true"]')
    assert {"request.failed", "source.lost"} <= set(events(page))
    write(logs / "log_dir" / "workers" / "w1.log", line("fresh.of_worker", worker="w1"))
    page.wait_for_selector('[data-event="fresh.of_worker"][data-process="w1"]')
    write(logs / "log_dir" / "server.log", line("fresh.of_server"))
    page.wait_for_selector('[data-event="fresh.of_server"][data-process="server"]')
    assert events(page)[-2:] == ["fresh.of_worker", "fresh.of_server"]
    bottom = "log => log.scrollHeight - log.clientHeight - log.scrollTop"
    until(lambda: page.locator("[data-test=log]").evaluate(bottom) < 5, "the newest line in sight")


def test_filters_stand_in_the_address(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/logs?level=warning")
    page.wait_for_selector('[data-event="request.failed"]')
    assert set(events(page)) == {"request.failed", "source.lost"}
    page.click('[data-event="request.failed"] .tag[title="Only this request"]')
    page.wait_for_url("**/monitor/logs?level=warning&request=req-7", wait_until="commit")
    page.wait_for_selector('[data-event="source.lost"]', state="detached")
    page.click("[data-test=log-clear]")
    page.fill("[data-test=log-text]", "TIMEOUT")
    page.wait_for_url("**/monitor/logs?text=TIMEOUT", wait_until="commit")
    page.wait_for_selector('[data-event="step.699"]', state="detached")
    page.wait_for_selector('[data-event="source.lost"]')
    assert events(page) == ["source.lost"]
    page.fill("[data-test=log-text]", "")
    page.select_option("[data-test=log-camera]", "door")
    page.wait_for_selector('[data-event="source.lost"] .repeats')
    expect(page.locator(".repeats")).to_have_text("again 41 times, over now")


def test_who_reads_is_not_disturbed_and_gets_what_waited(house: WatchedHouse, logs: Path, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/logs")
    page.wait_for_selector('[data-test=logs-page][data-live="true"]')
    page.click("[data-test=log-follow]")
    write(logs / "log_dir" / "server.log", line("while.reading"))
    expect(page.locator("[role=status]").last).to_contain_text("1 new lines wait")
    assert "while.reading" not in events(page)
    page.click("[data-test=log-follow]")
    page.wait_for_selector('[data-event="while.reading"]')


def test_older_lines_are_read_page_by_page_and_all_can_be_saved(house: WatchedHouse, page: Page) -> None:
    house.enter(page, "Ann", "/monitor/logs")
    page.wait_for_selector('[data-event="step.699"]')
    assert "step.0" not in events(page)
    while page.locator("[data-test=log-older]").count() > 0:
        before = len(events(page))
        page.click("[data-test=log-older]")
        until(lambda before=before: len(events(page)) > before, "older lines")  # type: ignore[misc]
    steps = [event for event in events(page) if event.startswith("step.")]
    assert steps == [f"step.{number}" for number in range(MANY)]
    with page.expect_download() as saving:
        page.click("[data-test=log-download]")
    saved = Path(saving.value.path()).read_text("utf-8").splitlines()
    assert sum(" step." in text for text in saved) == MANY


def test_who_is_limited_to_a_camera_reads_its_lines_alone_and_viewers_none(
    house: WatchedHouse, browser: Browser, page: Page
) -> None:
    house.enter(page, "Chen", "/monitor/logs")
    page.wait_for_selector('[data-event="source.lost"]')
    assert set(events(page)) == {"source.lost"}
    with reader(browser) as viewer:
        house.enter(viewer.page, "Bob", "/monitor/health")
        viewer.page.wait_for_selector("[data-test=tab-health]")
        assert viewer.page.locator("[data-test=tab-logs]").count() == 0
        house.enter(viewer.page, "Bob", "/monitor/logs")
        expect(viewer.page.locator("main")).to_contain_text("This page is not for your role")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_kept_out(house: WatchedHouse, browser: Browser, theme: str) -> None:
    size = {"width": 390, "height": 844} if theme == "dark" else {"width": 1280, "height": 900}
    with reader(browser, viewport=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US") as someone:
        house.enter(someone.page, "Ann", "/monitor/logs?level=warning")
        someone.page.wait_for_selector("[data-event]")
        assert access_faults(someone.page) == []
        assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
